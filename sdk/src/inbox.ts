import type { InboxItem, ServerData } from "./frames";
import type { InboxSort, InboxView, QueueCounts, ServerFrame } from "./wire.gen";

/** What narrows a view, as `inbox.open` spells it: `queue`, `assignee`, `tags` … */
export type InboxFilter = Readonly<Record<string, unknown>>;

/** The open view of an agent's inbox. */
export interface Inbox {
  readonly view: InboxView;
  readonly filter: InboxFilter;
  readonly sort: InboxSort;
  readonly rows: Readonly<Record<string, InboxItem>>;
  /** By view. */
  readonly counts: Readonly<Record<string, number>>;
  /** How many sessions stand where, by queue. */
  readonly queues: Readonly<Record<string, QueueCounts>>;
  /** Where the next page begins; null at the end. */
  readonly next: string | null;
  readonly loaded: boolean;
}

export function emptyInbox(
  view: InboxView,
  filter: InboxFilter = {},
  sort: InboxSort = "latest",
): Inbox {
  return { view, filter, sort, rows: {}, counts: {}, queues: {}, next: null, loaded: false };
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

/** The rows in the order of the view. */
export function inboxRows({ rows, sort }: Pick<Inbox, "rows" | "sort">): InboxItem[] {
  return Object.values(rows).sort(ORDERS[sort]);
}

type Order = (a: InboxItem, b: InboxItem) => number;

/** The orders of the server: ties go by id, the same way. */
const ORDERS: Readonly<Record<InboxSort, Order>> = {
  latest: (a, b) => compare(b.last_ts, a.last_ts) || compare(b.conv, a.conv),
  oldest: (a, b) => compare(a.last_ts, b.last_ts) || compare(a.conv, b.conv),
  waiting: (a, b) => compare(waitKey(a), waitKey(b)) || compare(a.conv, b.conv),
  priority: (a, b) => b.priority - a.priority || compare(a.conv, b.conv),
};

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Who does not wait comes after everybody who does. */
function waitKey({ waiting_since }: InboxItem): string {
  return waiting_since ?? "~";
}

/**
 * A page replaces what it covers. Rows that come after its last one belong to later pages, which
 * the server does not send again, so they stay.
 */
function onSnapshot(inbox: Inbox, snapshot: ServerData<"inbox.snapshot">): Inbox {
  const order = ORDERS[inbox.sort];
  const last = [...snapshot.items].sort(order).at(-1);
  const beyond = Object.values(inbox.rows).filter(
    (row) => snapshot.next !== undefined && last !== undefined && order(row, last) > 0,
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
