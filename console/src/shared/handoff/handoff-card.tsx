import type { ConversationView } from "@chorus/sdk";
import type { ServerData } from "@chorus/sdk/frames";
import { Headset, Quote, Sparkles } from "lucide-react";
import { useMemo } from "react";
import { useSnapshot } from "../api/queries";
import { useWords } from "../words/words";
import { excerptOf } from "./excerpt";
import { SummaryText } from "./summary-text";

interface HandoffCardProps {
  readonly view: ConversationView;
  readonly handoff: Pick<ServerData<"handoff">, "reason" | "queue">;
  /** Where in the conversation somebody asked for a person. */
  readonly seq: number;
  readonly onAnchor: (seq: number) => void;
}

/** What an agent must know of a hand-over before the first word: why, and what it is about. */
export function HandoffCard({ view, handoff, seq, onAnchor }: HandoffCardProps) {
  const { t } = useWords();
  const summary = useSnapshot(view.id).data?.summary?.text;
  const { reason, queue } = handoff;
  return (
    <section
      aria-label={t("handoff")}
      data-handoff
      className="my-3 rounded-xl border border-line bg-surface p-4 text-sm"
    >
      <p className="mb-2 flex items-center gap-2 font-semibold">
        <Headset className="size-4 text-warn" aria-hidden="true" /> {t("handoff")}
        {queue !== undefined && (
          <span className="rounded bg-sunken px-1.5 py-0.5 text-xs font-medium text-muted">
            {queue}
          </span>
        )}
      </p>
      {reason !== undefined && reason !== "" && (
        <p className="mb-2" dir="auto">
          <span className="text-muted">{t("reason")}: </span>
          {reason}
        </p>
      )}
      {summary === undefined ? (
        <Excerpt view={view} seq={seq} onAnchor={onAnchor} />
      ) : (
        <div className="flex gap-2">
          <Sparkles className="mt-0.5 size-4 shrink-0 text-(--bot)" aria-hidden="true" />
          <SummaryText text={summary} onAnchor={onAnchor} />
        </div>
      )}
    </section>
  );
}

type ExcerptProps = Pick<HandoffCardProps, "view" | "seq" | "onAnchor">;

/** The customer's own last words, each a link to its place; labelled as what it is. */
export function Excerpt({ view, seq, onAnchor }: ExcerptProps) {
  const { t } = useWords();
  const said = useMemo(() => excerptOf(view.items, seq), [view.items, seq]);
  if (said.length === 0) return <p className="text-muted">{t("nothingSaid")}</p>;
  return (
    <>
      <p className="mb-1 text-xs font-medium text-muted">{t("excerpt")}</p>
      <ul className="flex flex-col gap-1">
        {said.map((message) => (
          <li key={message.id}>
            <button
              type="button"
              className="flex w-full cursor-pointer gap-2 rounded-md px-1 py-0.5 text-start hover:bg-hover"
              onClick={() => onAnchor(message.seq)}
            >
              <Quote
                className="mt-1 size-3 shrink-0 text-faint rtl:-scale-x-100"
                aria-hidden="true"
              />
              <span dir="auto" className="line-clamp-2">
                {message.content}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
