import { Link } from "@tanstack/react-router";
import { useNow } from "../../shared/live/hooks";
import { Cell, Row, Table } from "../../shared/ui/table";
import { count, NOTHING } from "../../shared/words/figures";
import { useScreenWords } from "../../shared/words/screen-words";
import { waited } from "../../shared/words/time";
import { type BoardQueue, queuesInOrder, sinceOf } from "./board";

interface QueueTableProps {
  readonly queues: readonly BoardQueue[];
  readonly readAtMs: number;
}

/** Each queue: who waits, how long, and how many longer than promised. */
export function QueueTable({ queues, readAtMs }: QueueTableProps) {
  const words = useScreenWords();
  const { t } = words;
  return (
    <Table
      label={t("queues")}
      head={[
        t("queue"),
        t("waiting"),
        t("longestWait"),
        t("tooLate"),
        t("withAgents"),
        t("apart-deferred"),
      ]}
      figuresFrom={1}
    >
      {queuesInOrder(queues).map((queue) => (
        <Row key={queue.id}>
          <Cell>
            <Link
              to="/inbox/$view"
              params={{ view: "queue" }}
              search={{ queue: queue.name, sort: "waiting" }}
              className="rounded font-medium hover:text-accent-text hover:underline"
              dir="auto"
            >
              {queue.name}
            </Link>
          </Cell>
          <Cell isFigure className="font-semibold">
            {count(queue.waiting, words)}
          </Cell>
          <Cell isFigure className={queue.late > 0 ? "text-danger" : ""}>
            <Wait seconds={queue.longestWaitSeconds} readAtMs={readAtMs} />
          </Cell>
          <Cell isFigure className={queue.late > 0 ? "text-danger" : ""}>
            {count(queue.late, words)}
          </Cell>
          <Cell isFigure>{count(queue.active, words)}</Cell>
          <Cell isFigure>{count(queue.deferred, words)}</Cell>
        </Row>
      ))}
    </Table>
  );
}

interface WaitProps {
  readonly seconds: number | null;
  readonly readAtMs: number;
}

/** A wait that runs on between two answers of the server. */
export function Wait({ seconds, readAtMs }: WaitProps) {
  const words = useScreenWords();
  const nowMs = useNow(1_000);
  return seconds === null ? NOTHING : waited(sinceOf(seconds, readAtMs), nowMs, words);
}
