import { Link } from "@tanstack/react-router";
import { useNow } from "../../shared/live/hooks";
import { Cell, Row, Table } from "../../shared/ui/table";
import { count, duration, NOTHING } from "../../shared/words/figures";
import { useScreenWords } from "../../shared/words/screen-words";
import { waited } from "../../shared/words/time";
import { type QueueState, type Urgency, urgencyOf } from "./board";

const TONES: Record<Urgency, string> = { calm: "", soon: "text-warn", late: "text-danger" };

/** Each queue: who waits, how long, what was promised, and who could come. */
export function QueueTable({ queues }: { readonly queues: readonly QueueState[] }) {
  const words = useScreenWords();
  const { t } = words;
  const nowMs = useNow(1_000);
  return (
    <Table
      label={t("queues")}
      head={[t("queue"), t("waiting"), t("longestWait"), t("promised"), t("online"), t("room")]}
      figuresFrom={1}
    >
      {queues.map((queue) => {
        const urgency = urgencyOf(queue.since, queue.promisedS, nowMs);
        return (
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
            <Cell isFigure className={TONES[urgency]}>
              {queue.since === null ? NOTHING : waited(queue.since, nowMs, words)}
              {urgency === "late" && <span className="sr-only"> {t("late")}</span>}
            </Cell>
            <Cell isFigure>{duration(queue.promisedS, words)}</Cell>
            <Cell isFigure className={queue.online === 0 && queue.waiting > 0 ? "text-danger" : ""}>
              {t("loadOf", { load: queue.online, capacity: queue.members })}
            </Cell>
            <Cell isFigure>{count(queue.room, words)}</Cell>
          </Row>
        );
      })}
    </Table>
  );
}
