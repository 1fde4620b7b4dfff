import { BarChart3 } from "lucide-react";
import { Chart } from "../../shared/ui/chart";
import { Empty } from "../../shared/ui/empty";
import { Card } from "../../shared/ui/page";
import { count, decimal, duration, share } from "../../shared/words/figures";
import { useScreenWords } from "../../shared/words/screen-words";
import { isEmpty, verdictOn } from "./figures";
import { Funnel, Outcomes, Promises } from "./parts";
import { QueueTable } from "./queue-table";
import type { EscalationReport } from "./shapes";
import { Tile } from "./tile";

/** All of one report on one page, the most asked for at the top. */
export function Escalation({ report }: { readonly report: EscalationReport }) {
  const { t } = useScreenWords();
  if (isEmpty(report.total)) {
    return (
      <Empty icon={BarChart3} title={t("noFigures")}>
        {t("noFiguresHint")}
      </Empty>
    );
  }
  return (
    <div className="flex flex-col gap-5">
      <Tiles report={report} />
      <div className="grid gap-5 xl:grid-cols-2">
        <Card title={t("funnel")} hint={t("funnelHint")}>
          <Funnel total={report.total} />
        </Card>
        <Card title={t("volumeByDay")} hint={t("volumeByDayHint")}>
          <Volume report={report} />
        </Card>
        <Card title={t("waits")} hint={t("waitsHint")}>
          <Waits report={report} />
        </Card>
        <Card title={t("handleTime")} hint={t("handleTimeHint")}>
          <Handling report={report} />
        </Card>
        <Card title={t("promises")} hint={t("promisesHint")}>
          <Promises total={report.total} />
        </Card>
        <Card title={t("outcomes")} hint={t("outcomesHint")}>
          <Outcomes total={report.total} />
        </Card>
      </div>
      <Card title={t("byQueue")} isFlush>
        <QueueTable queues={report.queues} />
      </Card>
    </div>
  );
}

function Tiles({ report }: { readonly report: EscalationReport }) {
  const words = useScreenWords();
  const { t } = words;
  const { total, targets } = report;
  const { waitSeconds, handleSeconds, csat } = total;
  return (
    <ul className="grid grid-cols-[repeat(auto-fit,minmax(12rem,1fr))] gap-4">
      <Tile
        name={t("requests")}
        value={count(total.funnel.requested, words)}
        note={t("answeredCount", { count: total.funnel.accepted })}
      />
      <Tile
        name={t("successRate")}
        value={share(total.successRate, words)}
        target={verdictOn(targets, "successRate")}
        format={(value) => share(value, words)}
      />
      <Tile
        name={t("waitP90")}
        value={duration(waitSeconds.p90, words)}
        note={t("halfWithin", { time: duration(waitSeconds.p50, words) })}
      />
      <Tile
        name={t("serviceLevel")}
        value={share(total.serviceLevel, words)}
        note={t("serviceLevelHint")}
      />
      <Tile
        name={t("handleP90")}
        value={duration(handleSeconds.p90, words)}
        target={verdictOn(targets, "handleSeconds.p90")}
        format={(value) => duration(value, words)}
      />
      <Tile
        name={t("csat")}
        value={decimal(csat.mean, words)}
        target={verdictOn(targets, "csat.mean")}
        format={(value) => decimal(value, words)}
        note={t("ratings", { count: csat.count })}
      />
    </ul>
  );
}

function Volume({ report: { days } }: { readonly report: EscalationReport }) {
  const words = useScreenWords();
  const { t } = words;
  const of = (pick: (day: EscalationReport["days"][number]) => number) => days.map(pick);
  return (
    <Chart
      kind="bars"
      label={t("volumeByDay")}
      days={days.map(({ day }) => day)}
      format={(value) => count(value, words)}
      series={[
        {
          key: "accepted",
          label: t("answered"),
          tone: "first",
          values: of(({ funnel }) => funnel.accepted),
        },
        {
          key: "abandoned",
          label: t("apart-abandoned"),
          tone: "third",
          values: of(({ apart }) => apart.abandoned),
        },
        {
          key: "others",
          label: t("others"),
          tone: "quiet",
          values: of(({ funnel, apart }) =>
            Math.max(0, funnel.requested - funnel.accepted - apart.abandoned),
          ),
        },
      ]}
    />
  );
}

function Waits({ report: { days } }: { readonly report: EscalationReport }) {
  const { t } = useScreenWords();
  return (
    <Times
      label={t("waits")}
      days={days.map(({ day }) => day)}
      spreads={days.map(({ waitSeconds }) => waitSeconds)}
    />
  );
}

function Handling({ report: { days } }: { readonly report: EscalationReport }) {
  const { t } = useScreenWords();
  return (
    <Times
      label={t("handleTime")}
      days={days.map(({ day }) => day)}
      spreads={days.map(({ handleSeconds }) => handleSeconds)}
    />
  );
}

interface TimesProps {
  readonly label: string;
  readonly days: readonly string[];
  readonly spreads: readonly { readonly p50: number | null; readonly p90: number | null }[];
}

function Times({ label, days, spreads }: TimesProps) {
  const words = useScreenWords();
  const { t } = words;
  return (
    <Chart
      kind="lines"
      label={label}
      days={days}
      unit={60}
      format={(value) => duration(value, words)}
      series={[
        { key: "p50", label: t("p50"), tone: "first", values: spreads.map(({ p50 }) => p50) },
        { key: "p90", label: t("p90"), tone: "third", values: spreads.map(({ p90 }) => p90) },
      ]}
    />
  );
}
