import { Link, useNavigate } from "@tanstack/react-router";
import { Bot, Eye, Hand, PartyPopper } from "lucide-react";
import type { ReactNode } from "react";
import { useConversationActs } from "../../shared/acts/conversation-acts";
import { contactName } from "../../shared/domain/people";
import { useNow } from "../../shared/live/hooks";
import { Button } from "../../shared/ui/button";
import { Empty } from "../../shared/ui/empty";
import { Answer } from "../../shared/ui/states";
import { useScreenWords } from "../../shared/words/screen-words";
import { age } from "../../shared/words/time";
import type { BoardAgent, Waiter } from "./board";
import { Wait } from "./queue-table";
import { useBotTalks } from "./use-board";

interface WaitingProps {
  readonly waiters: readonly Waiter[];
  readonly agents: readonly BoardAgent[];
  readonly readAtMs: number;
}

/** Who waits; a supervisor can look on, or take over. */
export function Waiting({ waiters, agents, readAtMs }: WaitingProps) {
  const words = useScreenWords();
  const { t } = words;
  if (waiters.length === 0) return <Empty icon={PartyPopper} title={t("nobodyWaits")} />;
  const nameOf = (id: string) => agents.find((one) => one.id === id)?.name ?? t("colleague");
  return (
    <ul>
      {waiters.map((one) => (
        <Line
          key={one.sessionId}
          conv={one.conversationId}
          name={contactName(one.contact, one.contactId, words)}
          isLate={one.late}
          time={<Wait seconds={one.waitingSeconds} readAtMs={readAtMs} />}
          note={one.offeredTo === null ? one.queue : t("ringsAt", { name: nameOf(one.offeredTo) })}
        />
      ))}
    </ul>
  );
}

const MINUTE_MS = 60_000;

/** Whom the bot talks to. */
export function BotTalks() {
  const words = useScreenWords();
  const nowMs = useNow(MINUTE_MS);
  const talks = useBotTalks();
  return (
    <Answer of={talks}>
      {(rows) =>
        rows.length === 0 ? (
          <Empty icon={Bot} title={words.t("empty-bot")} />
        ) : (
          <ul>
            {rows.map((row) => (
              <Line
                key={row.id}
                conv={row.id}
                name={contactName(row.contact.name, row.contact.id, words)}
                time={age(row.lastTs, nowMs, words)}
                note={row.preview}
              />
            ))}
          </ul>
        )
      }
    </Answer>
  );
}

interface LineProps {
  readonly conv: string;
  readonly name: string;
  readonly time: ReactNode;
  readonly note: string | null;
  readonly isLate?: boolean;
}

function Line({ conv, name, time, note, isLate = false }: LineProps) {
  const { t } = useScreenWords();
  const acts = useConversationActs();
  const navigate = useNavigate();
  const params = { view: "all", conversationId: conv };
  const takeOver = async () => {
    if (await acts.claim(conv)) void navigate({ to: "/inbox/$view/$conversationId", params });
  };
  return (
    <li
      className="flex items-center gap-3 border-b border-line px-5 py-2 text-sm last:border-0"
      data-talk={conv}
    >
      <span
        className={`w-14 shrink-0 text-xs tabular-nums ${isLate ? "text-danger" : "text-muted"}`}
      >
        {time}
        {isLate && <span className="sr-only"> {t("tooLate")}</span>}
      </span>
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">
          <bdi>{name}</bdi>
        </span>
        <span className="block truncate text-xs text-muted">
          <bdi>{note ?? t("noMessages")}</bdi>
        </span>
      </span>
      <Link
        to="/inbox/$view/$conversationId"
        params={params}
        search={{ looking: true }}
        className="inline-flex h-7 shrink-0 items-center gap-1.5 rounded-md px-2 text-xs font-medium text-muted hover:bg-hover hover:text-ink"
        aria-label={t("lookOnAt", { name })}
      >
        <Eye className="size-3.5" aria-hidden="true" /> {t("lookOn")}
      </Link>
      <Button size="small" aria-label={t("takeOverOf", { name })} onClick={() => void takeOver()}>
        <Hand className="size-3.5" aria-hidden="true" /> {t("takeOver")}
      </Button>
    </li>
  );
}
