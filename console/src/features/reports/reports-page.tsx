import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Download } from "lucide-react";
import type { ComponentType } from "react";
import { useQueues } from "../../shared/api/queries";
import { isSenior } from "../../shared/domain/roles";
import { useSession } from "../../shared/live/session";
import { Button } from "../../shared/ui/button";
import { Pick } from "../../shared/ui/form";
import { Loading, Page } from "../../shared/ui/page";
import { Answer, NotAllowed } from "../../shared/ui/states";
import { calendarDay } from "../../shared/words/figures";
import { useScreenWords } from "../../shared/words/screen-words";
import { AgentFigures } from "./agent-figures";
import { AssistFigures } from "./assist-figures";
import { BotFigures } from "./bot-figures";
import { Csat } from "./csat";
import { Escalation } from "./escalation";
import { type Range, type ReportSearch, rangeOf, readReportSearch, todayOf } from "./range";
import { RangePick } from "./range-pick";
import { REPORTS, type ReportName, type Reports } from "./shapes";
import { knowsQueues, useCsv, useReport } from "./use-report";
import { Volume } from "./volume";

export function ReportsPage() {
  return (
    <Loading>
      <Guarded />
    </Loading>
  );
}

function Guarded() {
  const { t } = useScreenWords();
  const { agent } = useSession();
  if (isSenior(agent.role)) return <Report />;
  return (
    <Page title={t("reports")}>
      <NotAllowed />
    </Page>
  );
}

/** Figures of some days: which report is the path, range and queue stand behind it. */
function Report() {
  const words = useScreenWords();
  const { t } = words;
  const { report: asked } = useParams({ strict: false });
  const name = REPORTS.find((one) => one === asked) ?? "escalation";
  const search = readReportSearch(useSearch({ strict: false }));
  const navigate = useNavigate();
  const range = rangeOf(search, todayOf(new Date()));
  const save = useCsv(name, range, search.queue);
  const go = (wanted: ReportSearch) => void navigate({ to: ".", search: wanted });
  return (
    <Page
      title={t("reports")}
      hint={spelled(range, words)}
      actions={
        <>
          <RangePick search={search} range={range} onChange={go} />
          {knowsQueues(name) && <QueuePick search={search} onChange={go} />}
          <Button onClick={() => void save()}>
            <Download className="size-4" aria-hidden="true" /> {t("downloadCsv")}
          </Button>
        </>
      }
    >
      <Tabs search={search} />
      <Shown key={name} name={name} range={range} queue={search.queue} />
    </Page>
  );
}

function Tabs({ search }: { readonly search: ReportSearch }) {
  const { t } = useScreenWords();
  return (
    <nav aria-label={t("reports")} className="flex flex-wrap gap-5 border-b border-line text-sm">
      {REPORTS.map((report) => (
        <Link
          key={report}
          to="/reports/$report"
          params={{ report }}
          search={search}
          activeOptions={{ includeSearch: false }}
          className="-mb-px border-b-2 border-transparent px-1 pb-2 text-muted hover:text-ink data-[status=active]:border-accent data-[status=active]:font-medium data-[status=active]:text-ink"
        >
          {t(`report-${report}`)}
        </Link>
      ))}
    </nav>
  );
}

interface ShownProps<N extends ReportName = ReportName> {
  readonly name: N;
  readonly range: Range;
  readonly queue: string | undefined;
}

const VIEWS: { readonly [N in ReportName]: ComponentType<{ readonly report: Reports[N] }> } = {
  escalation: Escalation,
  volume: Volume,
  csat: Csat,
  agents: AgentFigures,
  bot: BotFigures,
  assist: AssistFigures,
};

function Shown<N extends ReportName>({ name, range, queue }: ShownProps<N>) {
  const report = useReport(name, range, queue);
  const View = VIEWS[name] as ComponentType<{ readonly report: Reports[N] }>;
  return (
    <div aria-busy={report.isFetching} className={report.isPlaceholderData ? "opacity-60" : ""}>
      <Answer of={report} rows={8}>
        {(data) => <View report={data as Reports[N]} />}
      </Answer>
    </div>
  );
}

function spelled({ from, to }: Range, words: ReturnType<typeof useScreenWords>): string {
  const full = { day: "numeric", month: "long", year: "numeric" } as const;
  const days = [from, ...(from === to ? [] : [to])];
  return days.map((day) => calendarDay(day, words, full)).join(" – ");
}

interface QueuePickProps {
  readonly search: ReportSearch;
  readonly onChange: (search: ReportSearch) => void;
}

function QueuePick({ search, onChange }: QueuePickProps) {
  const { t } = useScreenWords();
  const queues = useQueues().data ?? [];
  return (
    <Pick
      label={t("queue")}
      value={search.queue ?? ""}
      options={[
        { value: "", label: t("allQueues") },
        ...queues.map(({ id, name }) => ({ value: id, label: name })),
      ]}
      onChange={(queue) => onChange({ ...search, queue: queue === "" ? undefined : queue })}
    />
  );
}
