import { Cell, Row, Table } from "../../shared/ui/table";
import { count, decimal, duration, share } from "../../shared/words/figures";
import { useScreenWords } from "../../shared/words/screen-words";
import type { QueueFigures } from "./shapes";

/** The same figures, one line for each queue. */
export function QueueTable({ queues }: { readonly queues: readonly QueueFigures[] }) {
  const words = useScreenWords();
  const { t } = words;
  return (
    <Table
      label={t("byQueue")}
      figuresFrom={1}
      head={[
        t("queue"),
        t("requests"),
        t("answered"),
        t("successRate"),
        t("apart-abandoned"),
        t("waitP50"),
        t("waitP90"),
        t("serviceLevel"),
        t("handleP90"),
        t("csat"),
      ]}
    >
      {queues.map((queue) => (
        <Row key={queue.queueId ?? ""}>
          <Cell isHead>
            <span dir="auto">{queue.queue ?? t("noQueue")}</span>
          </Cell>
          {cellsOf(queue, words).map(([name, value]) => (
            <Cell key={name} isFigure>
              {value}
            </Cell>
          ))}
        </Row>
      ))}
    </Table>
  );
}

function cellsOf(queue: QueueFigures, words: ReturnType<typeof useScreenWords>) {
  return [
    ["requested", count(queue.funnel.requested, words)],
    ["accepted", count(queue.funnel.accepted, words)],
    ["success", share(queue.successRate, words)],
    ["abandoned", share(queue.abandonRate, words)],
    ["wait50", duration(queue.waitSeconds.p50, words)],
    ["wait90", duration(queue.waitSeconds.p90, words)],
    ["level", share(queue.serviceLevel, words)],
    ["handle", duration(queue.handleSeconds.p90, words)],
    ["csat", decimal(queue.csat.mean, words)],
  ] as const;
}
