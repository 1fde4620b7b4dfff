import { Link } from "@tanstack/react-router";
import type { ConversationRow } from "../api/rows";
import { ownershipOf } from "../domain/ownership";
import { contactName } from "../domain/people";
import { useNow } from "../live/hooks";
import { useScreenWords } from "../words/screen-words";
import { age } from "../words/time";
import { Avatar } from "./avatar";
import { OwnershipBadge } from "./badge";

interface LineProps {
  readonly row: ConversationRow;
  /** Where all are of one person, their name says nothing. */
  readonly hidesName?: boolean;
}

const MINUTE_MS = 60_000;

/** A conversation in a list outside of the inbox; it leads there. */
export function ConversationLine({ row, hidesName = false }: LineProps) {
  const words = useScreenWords();
  const nowMs = useNow(MINUTE_MS);
  const name = contactName(row.contact.name, row.contact.id, words);
  const { session, ...rest } = row;
  const owned = ownershipOf({ ...rest, ...(session == null ? {} : { session }) });
  return (
    <Link
      to="/inbox/$view/$conversationId"
      params={{ view: "all", conversationId: row.id }}
      className="flex items-center gap-3 border-b border-line px-5 py-2.5 text-sm last:border-0 hover:bg-hover"
    >
      {!hidesName && <Avatar id={row.contact.id} name={name} size="small" />}
      <span className="min-w-0 flex-1">
        {!hidesName && (
          <span className="block truncate font-medium" dir="auto">
            {name}
          </span>
        )}
        <span className="block truncate text-muted" dir="auto">
          {row.preview ?? words.t("noMessages")}
        </span>
      </span>
      {row.tags.slice(0, 3).map((tag) => (
        <span key={tag} className="rounded bg-sunken px-1.5 py-0.5 text-xs text-muted" dir="auto">
          {tag}
        </span>
      ))}
      <OwnershipBadge of={owned} />
      <time
        dateTime={row.lastTs}
        className="w-16 shrink-0 text-end text-xs text-muted tabular-nums"
      >
        {age(row.lastTs, nowMs, words)}
      </time>
    </Link>
  );
}
