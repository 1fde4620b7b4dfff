import { Link, useNavigate } from "@tanstack/react-router";
import { Bot, Eye, Hand, PartyPopper } from "lucide-react";
import type { ReactNode } from "react";
import { useConversationActs } from "../../shared/acts/conversation-acts";
import type { ConversationRow } from "../../shared/api/rows";
import { contactName } from "../../shared/domain/people";
import { useNow } from "../../shared/live/hooks";
import { Button } from "../../shared/ui/button";
import { Empty } from "../../shared/ui/empty";
import { Card } from "../../shared/ui/page";
import { Answer } from "../../shared/ui/states";
import { useScreenWords } from "../../shared/words/screen-words";
import { age, waited } from "../../shared/words/time";
import type { useRows } from "./use-board";

const SHOWN_MAX = 12;

interface TalksProps {
  readonly waiting: ReturnType<typeof useRows>;
  readonly bot: ReturnType<typeof useRows>;
}

/** Who waits and whom the bot talks to; a supervisor can look on, or take over. */
export function Talks({ waiting, bot }: TalksProps) {
  const { t } = useScreenWords();
  return (
    <div className="grid items-start gap-5 xl:grid-cols-2">
      <Card title={t("waitingNow")} hint={t("longestFirst")} isFlush>
        <Answer of={waiting}>
          {({ rows }) => (
            <Talk
              rows={rows}
              empty={<Empty icon={PartyPopper} title={t("nobodyWaits")} />}
              isWaiting
            />
          )}
        </Answer>
      </Card>
      <Card title={t("botNow")} hint={t("latestFirst")} isFlush>
        <Answer of={bot}>
          {({ rows }) => <Talk rows={rows} empty={<Empty icon={Bot} title={t("empty-bot")} />} />}
        </Answer>
      </Card>
    </div>
  );
}

interface TalkProps {
  readonly rows: readonly ConversationRow[];
  readonly empty: ReactNode;
  readonly isWaiting?: boolean;
}

function Talk({ rows, empty, isWaiting = false }: TalkProps) {
  if (rows.length === 0) return empty;
  return (
    <ul>
      {rows.slice(0, SHOWN_MAX).map((row) => (
        <Line key={row.id} row={row} isWaiting={isWaiting} />
      ))}
    </ul>
  );
}

function Line({ row, isWaiting }: { readonly row: ConversationRow; readonly isWaiting: boolean }) {
  const words = useScreenWords();
  const { t } = words;
  const nowMs = useNow(1_000);
  const acts = useConversationActs();
  const navigate = useNavigate();
  const name = contactName(row.contact.name, row.contact.id, words);
  const params = { view: "all", conversationId: row.id };
  const takeOver = async () => {
    if (await acts.claim(row.id)) void navigate({ to: "/inbox/$view/$conversationId", params });
  };
  return (
    <li className="flex items-center gap-3 border-b border-line px-5 py-2 text-sm last:border-0">
      <span className="w-14 shrink-0 text-xs text-muted tabular-nums">
        {isWaiting && row.waitingSince !== null
          ? waited(row.waitingSince, nowMs, words)
          : age(row.lastTs, nowMs, words)}
      </span>
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium" dir="auto">
          {name}
        </span>
        <span className="block truncate text-xs text-muted" dir="auto">
          {row.preview ?? t("noMessages")}
        </span>
      </span>
      {row.queue !== null && isWaiting && (
        <span className="rounded bg-sunken px-1.5 py-0.5 text-xs text-muted" dir="auto">
          {row.queue}
        </span>
      )}
      <Link
        to="/inbox/$view/$conversationId"
        params={params}
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
