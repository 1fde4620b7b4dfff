import { BarChart3 } from "lucide-react";
import { Chart, type Tone } from "../../shared/ui/chart";
import { Empty } from "../../shared/ui/empty";
import { Card } from "../../shared/ui/page";
import { Cell, Row, Table } from "../../shared/ui/table";
import { count, duration } from "../../shared/words/figures";
import { useScreenWords } from "../../shared/words/screen-words";
import { HeatMap } from "./heat-map";
import { SPEAKERS, type VolumeReport } from "./shapes";
import { Tile } from "./tile";

interface VolumeProps {
  readonly report: VolumeReport;
}

const TONES: Record<(typeof SPEAKERS)[number], Tone> = {
  customer: "first",
  agent: "second",
  bot: "third",
  note: "quiet",
};

/** How much was said, by whom and when. */
export function Volume({ report }: VolumeProps) {
  const words = useScreenWords();
  const { t } = words;
  const days = report.days.map(({ day }) => day);
  const format = (value: number | null) => count(value, words);
  const said = SPEAKERS.reduce((sum, who) => sum + report.total.messages[who], 0);
  if (report.total.opened + report.total.closed + said === 0) {
    return (
      <Empty icon={BarChart3} title={t("nothingSaidInDays")}>
        {t("noFiguresHint")}
      </Empty>
    );
  }
  return (
    <div className="flex flex-col gap-5">
      <Tiles report={report} />
      <div className="grid gap-5 xl:grid-cols-2">
        <Card title={t("messagesByDay")}>
          <Chart
            kind="bars"
            label={t("messagesByDay")}
            days={days}
            format={format}
            series={SPEAKERS.map((who) => ({
              key: who,
              label: t(`speaker-${who}`),
              tone: TONES[who],
              values: report.days.map(({ messages }) => messages[who]),
            }))}
          />
        </Card>
        <Card title={t("conversationsByDay")}>
          <Chart
            kind="lines"
            label={t("conversationsByDay")}
            days={days}
            format={format}
            series={[
              {
                key: "opened",
                label: t("opened"),
                tone: "first",
                values: report.days.map(({ opened }) => opened),
              },
              {
                key: "closed",
                label: t("closed"),
                tone: "second",
                values: report.days.map(({ closed }) => closed),
              },
            ]}
          />
        </Card>
        <Card title={t("busyHours")} hint={t("busyHoursHint")}>
          <HeatMap hours={report.hours} />
        </Card>
        <Card title={t("byInbox")} isFlush>
          <Table
            label={t("byInbox")}
            head={[t("inboxName"), t("opened"), t("closed")]}
            figuresFrom={1}
          >
            {report.inboxes.map((one) => (
              <Row key={one.inboxId}>
                <Cell isHead>
                  <bdi>{one.inbox}</bdi>
                </Cell>
                <Cell isFigure>{format(one.opened)}</Cell>
                <Cell isFigure>{format(one.closed)}</Cell>
              </Row>
            ))}
          </Table>
        </Card>
      </div>
    </div>
  );
}

function Tiles({ report: { total, firstReplySeconds, replied } }: VolumeProps) {
  const words = useScreenWords();
  const { t } = words;
  return (
    <ul className="grid grid-cols-[repeat(auto-fit,minmax(12rem,1fr))] gap-4">
      <Tile
        name={t("conversations")}
        value={count(total.opened, words)}
        note={t("closedCount", { count: total.closed })}
      />
      <Tile name={t("speaker-customer")} value={count(total.messages.customer, words)} />
      <Tile name={t("speaker-agent")} value={count(total.messages.agent, words)} />
      <Tile name={t("speaker-bot")} value={count(total.messages.bot, words)} />
      <Tile
        name={t("firstReplyP90")}
        value={duration(firstReplySeconds.p90, words)}
        note={t("halfWithin", { time: duration(firstReplySeconds.p50, words) })}
      />
      <Tile name={t("replied")} value={count(replied, words)} note={t("repliedHint")} />
    </ul>
  );
}
