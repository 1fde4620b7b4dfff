import type { ConversationView } from "@chorus/sdk";
import { CircleCheck, CircleHelp, CircleX, Frown, RefreshCw, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { useNames } from "../api/queries";
import { clockTime } from "../words/time";
import { useWords } from "../words/words";
import { Excerpt } from "./excerpt-list";
import { SummaryText } from "./summary-text";
import { behind, type Evidence, type Summary, type Tried, useSummary } from "./use-summary";

interface SummaryCardProps {
  readonly view: ConversationView;
  readonly onAnchor: (seq: number) => void;
  /** Only what matters before the first word. */
  readonly isShort?: boolean;
  /** Where the excerpt ends that stands in while there is no summary. */
  readonly before?: number;
}

/** A summary as it comes: a skeleton first, and an excerpt where there is none; never an empty box. */
export function SummaryCard(props: SummaryCardProps) {
  const { view, onAnchor, before = Number.POSITIVE_INFINITY } = props;
  const { t } = useWords();
  const found = useSummary(view.id);
  if (found.data !== undefined) {
    return <Told {...props} summary={found.data} onRefresh={() => void found.refetch()} />;
  }
  if (found.isError) return <Excerpt view={view} seq={before} onAnchor={onAnchor} />;
  return (
    <div role="status" className="skeleton flex flex-col gap-2">
      <span className="sr-only">{t("loading")}</span>
      <span className="h-3 w-4/5 rounded bg-sunken" />
      <span className="h-3 w-3/5 rounded bg-sunken" />
    </div>
  );
}

interface ToldProps extends SummaryCardProps {
  readonly summary: Summary;
  readonly onRefresh: () => void;
}

function Told({ view, summary, onAnchor, isShort = false, onRefresh }: ToldProps) {
  const { t } = useWords();
  const { body, text, source } = summary;
  const { issue, tried = [], openQuestions = [], commitments = [], nextStep = "" } = body;
  if (source === "human" || body.headline === undefined || body.headline === "") {
    return (
      <>
        <SummaryText text={text} onAnchor={onAnchor} />
        <Origin view={view} summary={summary} onRefresh={onRefresh} />
      </>
    );
  }
  return (
    <div className="flex flex-col gap-2.5 text-sm">
      <p dir="auto" className="font-medium">
        {body.headline}
      </p>
      {issue != null && issue.text !== body.headline && (
        <Lines title={t("summary-issue")} lines={[issue]} onAnchor={onAnchor} />
      )}
      <Facts summary={summary} onAnchor={onAnchor} />
      {!isShort && <Attempts tried={tried} onAnchor={onAnchor} />}
      {!isShort && (
        <Lines title={t("summary-questions")} lines={openQuestions} onAnchor={onAnchor} />
      )}
      {!isShort && (
        <Lines title={t("summary-commitments")} lines={commitments} onAnchor={onAnchor} />
      )}
      {nextStep !== "" && (
        <Part title={t("summary-next")}>
          <p dir="auto">{nextStep}</p>
        </Part>
      )}
      <Origin view={view} summary={summary} onRefresh={onRefresh} />
    </div>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section>
      <p className="text-xs font-semibold text-muted">{title}</p>
      {children}
    </section>
  );
}

type Anchor = Pick<SummaryCardProps, "onAnchor">;

function Lines({ title, lines, onAnchor }: Anchor & { title: string; lines: readonly Evidence[] }) {
  if (lines.length === 0) return null;
  return (
    <Part title={title}>
      {lines.map((line) => (
        <p key={line.text} dir="auto">
          {line.text} <Cited seqs={line.seqs} onAnchor={onAnchor} />
        </p>
      ))}
    </Part>
  );
}

/** The numbers of the messages a line comes from; each leads there. */
function Cited({ seqs, onAnchor }: Anchor & { readonly seqs: readonly number[] }) {
  const { t } = useWords();
  return (
    <span className="whitespace-nowrap">
      {seqs.map((seq) => (
        <button
          key={seq}
          type="button"
          className="link me-1 cursor-pointer align-super text-[11px] leading-none"
          aria-label={t("citedMessage", { seq })}
          data-cites={seq}
          onClick={() => onAnchor(seq)}
        >
          {seq}
        </button>
      ))}
    </span>
  );
}

const OUTCOMES = { worked: CircleCheck, failed: CircleX, unknown: CircleHelp };

function Attempts({ tried, onAnchor }: Anchor & { readonly tried: readonly Tried[] }) {
  const { t } = useWords();
  if (tried.length === 0) return null;
  return (
    <Part title={t("summary-tried")}>
      <ul className="flex flex-col gap-0.5">
        {tried.map(({ action, outcome, seqs }) => {
          const Sign = OUTCOMES[outcome];
          return (
            <li key={action} className="flex gap-1.5">
              <Sign className="mt-0.5 size-3.5 shrink-0 text-muted" aria-hidden="true" />
              <span dir="auto">
                <span className="sr-only">{t(`outcome-${outcome}`)}: </span>
                {action} <Cited seqs={seqs} onAnchor={onAnchor} />
              </span>
            </li>
          );
        })}
      </ul>
    </Part>
  );
}

/** What can be looked up, and how the customer sounds. */
function Facts({ summary, onAnchor }: Anchor & { readonly summary: Summary }) {
  const { t } = useWords();
  const { facts = [], sentiment, urgency } = summary.body;
  const mood = sentiment?.label;
  return (
    <ul aria-label={t("summary-facts")} className="flex flex-wrap gap-1.5 empty:hidden">
      {urgency === "high" && (
        <li className="inline-flex items-center gap-1 rounded-full bg-danger-soft px-2 py-0.5 text-xs text-danger">
          <TriangleAlert className="size-3" aria-hidden="true" /> {t("urgent")}
        </li>
      )}
      {(mood === "negative" || mood === "angry") && (
        <li className="inline-flex items-center gap-1 rounded-full bg-warn-soft px-2 py-0.5 text-xs text-warn">
          <Frown className="size-3" aria-hidden="true" /> {t(`mood-${mood}`)}
        </li>
      )}
      {facts.map(({ kind, value, seqs }) => (
        <li key={`${kind} ${value}`}>
          <button
            type="button"
            dir="auto"
            className="cursor-pointer rounded-full bg-sunken px-2 py-0.5 text-xs wrap-anywhere hover:bg-hover"
            onClick={() => seqs[0] !== undefined && onAnchor(seqs[0])}
          >
            {value}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Whose words these are, of when, and what they do not cover yet. */
function Origin({ view, summary, onRefresh }: Omit<ToldProps, "onAnchor">) {
  const words = useWords();
  const { t } = words;
  const names = useNames();
  const { source, model, by, generatedAt, changed } = summary;
  const name = names.get(by ?? "") ?? t("colleague");
  const newer = behind(view, summary);
  return (
    <p
      className="flex flex-wrap items-center gap-x-1.5 text-[11px] text-muted"
      data-summary-source={source}
    >
      <span>
        {t(`source-${source}`, { model, name })} · {clockTime(generatedAt, words)}
      </span>
      {changed && (
        <span className="inline-flex items-center gap-1 text-warn" data-summary-changed>
          <TriangleAlert className="size-3" aria-hidden="true" /> {t("summaryChanged")}
        </span>
      )}
      {newer > 0 && (
        <button
          type="button"
          className="link inline-flex cursor-pointer items-center gap-1"
          onClick={onRefresh}
        >
          <RefreshCw className="size-3" aria-hidden="true" /> {t("summaryBehind", { count: newer })}
        </button>
      )}
    </p>
  );
}
