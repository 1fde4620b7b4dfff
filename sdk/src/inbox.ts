import type { InboxItem, ServerData } from "./frames";
import type { InboxView, ServerFrame } from "./wire.gen";

/** What narrows a view, by name: `queue`, `assignee`, `status` … */
export type InboxFilter = Readonly<Record<string, string>>;

/** The open view of an agent's inbox. */
export interface Inbox {
  readonly view: InboxView;
  readonly filter: InboxFilter;
  readonly rows: Readonly<Record<string, InboxItem>>;
  /** By view. */
  readonly counts: Readonly<Record<string, number>>;
  /** How many wait, by queue. */
  readonly queues: Readonly<Record<string, number>>;
  /** Where the next page begins; null at the end. */
  readonly next: string | null;
  readonly loaded: boolean;
}

export function emptyInbox(view: InboxView, filter: InboxFilter = {}): Inbox {
  return { view, filter, rows: {}, counts: {}, queues: {}, next: null, loaded: false };
}

/** Apply a frame of the inbox; every other frame leaves it as it is. */
export function reduceInbox(inbox: Inbox, frame: ServerFrame): Inbox {
  switch (frame.event) {
    case "inbox.snapshot":
      return frame.data.view === inbox.view ? onSnapshot(inbox, frame.data) : inbox;
    case "inbox.upsert":
      return { ...inbox, rows: { ...inbox.rows, ...newer(inbox, [frame.data.item]) } };
    case "inbox.remove": {
      const { [frame.data.conv]: _, ...rows } = inbox.rows;
      return { ...inbox, rows };
    }
    case "inbox.counts":
      return { ...inbox, queues: frame.data.queues };
    default:
      return inbox;
  }
}

/** Newest first: what moves is on top. */
export function inboxRows(inbox: Inbox): InboxItem[] {
  return Object.values(inbox.rows).sort(
    (a, b) => b.last_ts.localeCompare(a.last_ts) || a.conv.localeCompare(b.conv),
  );
}

/**
 * A page replaces what it covers. Rows older than its last one belong to later pages, which the
 * server does not send again, so they stay.
 */
function onSnapshot(inbox: Inbox, snapshot: ServerData<"inbox.snapshot">): Inbox {
  const oldest = snapshot.items.map((item) => item.last_ts).sort()[0];
  const beyond = Object.values(inbox.rows).filter(
    (row) => snapshot.next !== undefined && oldest !== undefined && row.last_ts < oldest,
  );
  const rows = { ...byConversation(beyond), ...newer(inbox, snapshot.items) };
  const next = beyond.length > 0 ? inbox.next : (snapshot.next ?? null);
  return { ...inbox, rows, counts: snapshot.counts, next, loaded: true };
}

/** A later page is added to what is there. */
export function appendPage(inbox: Inbox, snapshot: ServerData<"inbox.snapshot">): Inbox {
  const rows = { ...inbox.rows, ...newer(inbox, snapshot.items) };
  return { ...inbox, rows, counts: snapshot.counts, next: snapshot.next ?? null };
}

function newer(inbox: Inbox, items: readonly InboxItem[]): Record<string, InboxItem> {
  return byConversation(
    items.map((item) => {
      const known = inbox.rows[item.conv];
      return known !== undefined && known.rev > item.rev ? known : item;
    }),
  );
}

function byConversation(items: readonly InboxItem[]): Record<string, InboxItem> {
  return Object.fromEntries(items.map((item) => [item.conv, item]));
}
