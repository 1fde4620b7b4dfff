import { Bot } from "lucide-react";
import { Chart } from "../../shared/ui/chart";
import { Empty } from "../../shared/ui/empty";
import { Card } from "../../shared/ui/page";
import { Cell, Row, Table } from "../../shared/ui/table";
import { count, share } from "../../shared/words/figures";
import { type ScreenKey, useScreenWords } from "../../shared/words/screen-words";
import { Bar } from "./parts";
import { BOT_OUTCOMES, type BotReport, HANDOFF_REASONS } from "./shapes";
import { Tile } from "./tile";

interface BotProps {
  readonly report: BotReport;
}

/** Whom bots helped, handed over, and saw again. */
export function BotFigures({ report }: BotProps) {
  const { t } = useScreenWords();
  const { total } = report;
  if (total.conversations === 0 && total.suggestions.made === 0) {
    return (
      <Empty icon={Bot} title={t("noBotFigures")}>
        {t("noFiguresHint")}
      </Empty>
    );
  }
  return (
    <div className="flex flex-col gap-5">
      <Tiles report={report} />
      <div className="grid gap-5 xl:grid-cols-2">
        <Card title={t("botOutcomes")} hint={t("botOutcomesHint")}>
          <Shares
            rows={BOT_OUTCOMES.map((key) => [t(`botOutcome-${key}`), total[key]])}
            whole={total.conversations}
          />
        </Card>
        <Card title={t("handoffReasons")} hint={t("handoffReasonsHint")}>
          <Reasons report={report} />
        </Card>
      </div>
      <Card title={t("botByDay")}>
        <Days report={report} />
      </Card>
      <Card title={t("byBot")} isFlush>
        <Bots report={report} />
      </Card>
    </div>
  );
}

function Tiles({ report: { total, reopenedWithin } }: BotProps) {
  const words = useScreenWords();
  const { t } = words;
  const { made, used } = total.suggestions;
  return (
    <ul className="grid grid-cols-[repeat(auto-fit,minmax(12rem,1fr))] gap-4">
      <Tile
        name={t("botTalks")}
        value={count(total.conversations, words)}
        note={t("botTalksHint", { count: total.answered })}
      />
      <Tile
        name={t("botOutcome-resolved")}
        value={share(total.resolutionRate, words)}
        note={t("botOver")}
      />
      <Tile
        name={t("botOutcome-handedOff")}
        value={share(total.handoffRate, words)}
        note={t("botOver")}
      />
      <Tile
        name={t("cameBack")}
        value={share(total.reopenRate, words)}
        note={t("botReopened", { days: reopenedWithin })}
      />
      <Tile
        name={t("suggestionsSent")}
        value={count(used, words)}
        note={t("suggestionsMade", { count: made })}
      />
    </ul>
  );
}

interface SharesProps {
  readonly rows: readonly (readonly [name: string, value: number])[];
  readonly whole: number;
}

function Shares({ rows, whole }: SharesProps) {
  const words = useScreenWords();
  return (
    <ol className="flex flex-col gap-2.5">
      {rows.map(([name, value]) => (
        <li key={name} className="grid grid-cols-[11rem_1fr_4rem] items-center gap-3 text-sm">
          <span className="text-muted">{name}</span>
          <Bar share={whole === 0 ? 0 : value / whole} />
          <span className="text-end font-semibold tabular-nums">{count(value, words)}</span>
        </li>
      ))}
    </ol>
  );
}

function Reasons({ report: { total } }: BotProps) {
  const { t } = useScreenWords();
  const reasons = Object.entries(total.handoffReasons).sort(([, one], [, other]) => other - one);
  if (reasons.length === 0) return <p className="text-sm text-muted">{t("noHandoffs")}</p>;
  const rows = reasons.map(([reason, value]) => [reasonOf(reason, t), value] as const);
  return <Shares rows={rows} whole={total.handedOff} />;
}

/** A reason in words; one that a newer server gives, as it is. */
export function reasonOf(reason: string, t: (key: ScreenKey) => string): string {
  const known = HANDOFF_REASONS.find((one) => one === reason);
  return known === undefined ? reason : t(`why-${known}`);
}

function Days({ report: { days } }: BotProps) {
  const words = useScreenWords();
  const { t } = words;
  const of = (pick: (day: BotReport["days"][number]) => number) => days.map(pick);
  return (
    <Chart
      kind="bars"
      label={t("botByDay")}
      days={days.map(({ day }) => day)}
      format={(value) => count(value, words)}
      series={[
        {
          key: "resolved",
          label: t("botOutcome-resolved"),
          tone: "first",
          values: of(({ resolved }) => resolved),
        },
        {
          key: "handedOff",
          label: t("botOutcome-handedOff"),
          tone: "third",
          values: of(({ handedOff }) => handedOff),
        },
        {
          key: "others",
          label: t("others"),
          tone: "quiet",
          values: of(({ toPerson, open, left }) => toPerson + open + left),
        },
      ]}
    />
  );
}

function Bots({ report }: BotProps) {
  const words = useScreenWords();
  const { t } = words;
  return (
    <Table
      label={t("byBot")}
      figuresFrom={1}
      head={[
        t("bot"),
        t("botTalks"),
        t("answered"),
        ...BOT_OUTCOMES.map((key) => t(`botOutcome-${key}`)),
        t("cameBack"),
        t("suggestionsSent"),
      ]}
    >
      {report.bots.map((one) => (
        <Row key={one.botId}>
          <Cell isHead>
            <bdi>{one.bot ?? ""}</bdi>
          </Cell>
          <Cell isFigure>{count(one.conversations, words)}</Cell>
          <Cell isFigure>{count(one.answered, words)}</Cell>
          {BOT_OUTCOMES.map((key) => (
            <Cell key={key} isFigure>
              {count(one[key], words)}
            </Cell>
          ))}
          <Cell isFigure>{count(one.reopened, words)}</Cell>
          <Cell isFigure>{count(one.suggestions.used, words)}</Cell>
        </Row>
      ))}
    </Table>
  );
}
