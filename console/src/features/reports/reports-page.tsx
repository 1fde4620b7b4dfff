import { useNavigate, useSearch } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { useQueues } from "../../shared/api/queries";
import { isSenior } from "../../shared/domain/roles";
import { useSession } from "../../shared/live/session";
import { Button } from "../../shared/ui/button";
import { Pick } from "../../shared/ui/form";
import { Loading, Page } from "../../shared/ui/page";
import { Answer, NotAllowed } from "../../shared/ui/states";
import { calendarDay } from "../../shared/words/figures";
import { useScreenWords } from "../../shared/words/screen-words";
import { Overview } from "./overview";
import { type Range, type ReportSearch, rangeOf, readReportSearch, todayOf } from "./range";
import { RangePick } from "./range-pick";
import { useCsv, useEscalation } from "./use-report";

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
  if (isSenior(agent.role)) return <Reports />;
  return (
    <Page title={t("reports")}>
      <NotAllowed />
    </Page>
  );
}

/** What became of the wishes for a person: range and queue stand in the address. */
function Reports() {
  const words = useScreenWords();
  const { t } = words;
  const search = readReportSearch(useSearch({ strict: false }));
  const navigate = useNavigate();
  const range = rangeOf(search, todayOf(new Date()));
  const report = useEscalation(range, search.queue);
  const save = useCsv(range, search.queue);
  const go = (wanted: ReportSearch) => void navigate({ to: ".", search: wanted });
  return (
    <Page
      title={t("reports")}
      hint={spelled(range, words)}
      actions={
        <>
          <RangePick search={search} range={range} onChange={go} />
          <QueuePick search={search} onChange={go} />
          <Button onClick={() => void save()}>
            <Download className="size-4" aria-hidden="true" /> {t("downloadCsv")}
          </Button>
        </>
      }
    >
      <div aria-busy={report.isFetching} className={report.isPlaceholderData ? "opacity-60" : ""}>
        <Answer of={report} rows={8}>
          {(data) => <Overview report={data} />}
        </Answer>
      </div>
    </Page>
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
