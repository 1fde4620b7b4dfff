import { type ConversationView, type InboxItem, unreadCount } from "@chorus/sdk";
import { skipToken, useQuery } from "@tanstack/react-query";
import { ChevronsUp, Clock, Eye } from "lucide-react";
import { memo, Suspense } from "react";
import { useMarked } from "../../shared/acts/marked";
import { ownershipOf } from "../../shared/domain/ownership";
import { contactName } from "../../shared/domain/people";
import { keys } from "../../shared/live/keys";
import { Avatar } from "../../shared/ui/avatar";
import { OwnershipBadge } from "../../shared/ui/badge";
import { cx } from "../../shared/ui/class";
import { decoration } from "../../shared/ui/decoration";
import { age, waited } from "../../shared/words/time";
import { useWords } from "../../shared/words/words";
import { urgency } from "./order";

interface RowProps {
  readonly row: InboxItem;
  readonly href: string;
  readonly nowMs: number;
  readonly isSelected: boolean;
  readonly isCurrent: boolean;
  readonly assignee: string | undefined;
  readonly onSelect: (conv: string) => void;
}

const Chips = decoration(async () => (await import("../../shared/traits/chips")).Chips);
const URGENCY = { fine: "text-muted", late: "text-warn", bad: "text-danger" };

/** Drawn again only when something of it changed: scrolling through thousands must cost nothing. */
export const Row = memo(function Row({
  row,
  href,
  nowMs,
  isSelected,
  isCurrent,
  assignee,
  onSelect,
}: RowProps) {
  const words = useWords();
  const view = useWatched(row.conv);
  const name = contactName(row.contact.name, row.contact.id, words);
  const isMarked = useMarked(({ convs }) => convs.has(row.conv));
  const unread = isMarked ? Math.max(1, row.unread) : unreadOf(row, view);
  return (
    <a
      href={href}
      data-conv={row.conv}
      aria-current={isSelected}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        onSelect(row.conv);
      }}
      className={cx(
        "flex h-full gap-3 border-s-2 py-(--gap) ps-3 pe-3 -outline-offset-2",
        isSelected ? "border-accent bg-selected" : "border-transparent hover:bg-hover",
        !isCurrent && "opacity-60",
      )}
    >
      <Avatar id={row.contact.id} name={name} />
      <span className="flex min-w-0 flex-1 flex-col justify-center gap-0.5">
        <span className="flex items-baseline gap-2">
          <strong
            dir="auto"
            className={cx("flex-1 truncate", unread > 0 ? "font-semibold" : "font-medium")}
          >
            {name}
          </strong>
          <time dateTime={row.last_ts} className="shrink-0 text-xs text-muted">
            {age(row.last_ts, nowMs, words)}
          </time>
        </span>
        <span className="flex items-center gap-2">
          <Preview row={row} view={view} isUnread={unread > 0} />
          {unread > 0 && (
            <span className="min-w-5 shrink-0 rounded-full bg-accent px-1.5 text-center text-[11px] leading-5 font-semibold text-accent-ink tabular-nums">
              {unread > 99 ? "99+" : unread}
              <span className="sr-only"> {words.t("unread")}</span>
            </span>
          )}
        </span>
        <Foot row={row} nowMs={nowMs} assignee={assignee} viewing={view?.viewing.length ?? 0} />
      </span>
    </a>
  );
});

/** The list hears a moment later than an open conversation that it was read. */
function unreadOf(row: InboxItem, view: ConversationView | null | undefined): number {
  return view?.synced === true ? Math.min(row.unread, unreadCount(view)) : row.unread;
}

/** What is known of it live, for those that are or were open here. */
function useWatched(conv: string): ConversationView | null | undefined {
  const queryKey = keys.conversation(conv);
  return useQuery<ConversationView | null>({ queryKey, queryFn: skipToken }).data;
}

interface PreviewProps {
  readonly row: InboxItem;
  readonly view: ConversationView | null | undefined;
  readonly isUnread: boolean;
}

function Preview({ row, view, isUnread }: PreviewProps) {
  const { t } = useWords();
  const isTyping = Object.values(view?.typing ?? {}).some(({ role }) => role === "customer");
  if (isTyping)
    return <span className="flex-1 truncate text-accent-text italic">{t("typingShort")}</span>;
  return (
    <span
      dir="auto"
      className={cx("flex-1 truncate text-[13px]", isUnread ? "text-ink" : "text-muted")}
    >
      {row.preview === "" ? t("noMessages") : row.preview}
    </span>
  );
}

interface FootProps {
  readonly row: InboxItem;
  readonly nowMs: number;
  readonly assignee: string | undefined;
  readonly viewing: number;
}

function Foot({ row, nowMs, assignee, viewing }: FootProps) {
  const words = useWords();
  const since = row.waiting_since;
  return (
    <span className="flex h-5 items-center gap-2 text-xs text-muted">
      {/* What is too much is cut off here: how long somebody waits is always to be seen. */}
      <span className="flex min-w-0 flex-1 items-center gap-2 overflow-hidden">
        <OwnershipBadge of={ownershipOf(row)} />
        {row.priority > 0 && (
          <span className="inline-flex shrink-0 items-center gap-0.5 font-medium text-danger">
            <ChevronsUp className="size-3.5" aria-hidden="true" />
            {words.t("priorityIs", { level: row.priority })}
          </span>
        )}
        {viewing > 0 && (
          <span className="inline-flex shrink-0 items-center gap-0.5 whitespace-nowrap">
            <Eye className="size-3.5" aria-hidden="true" />
            {words.t("viewingCount", { count: viewing })}
          </span>
        )}
        {(row.intent ?? row.sentiment) !== undefined && (
          <Suspense>
            <Chips {...row} />
          </Suspense>
        )}
        <span className="truncate">
          {[assignee, row.queue, ...row.tags].filter(Boolean).join(" · ")}
        </span>
      </span>
      {since !== undefined && row.status === "open" && (
        <span
          className={cx(
            "inline-flex shrink-0 items-center gap-1 font-medium tabular-nums",
            URGENCY[urgency(since, nowMs)],
          )}
          title={words.t("waits")}
        >
          <Clock className="size-3" aria-hidden="true" />
          <span className="sr-only">{words.t("waits")} </span>
          {waited(since, nowMs, words)}
        </span>
      )}
    </span>
  );
}
