import type { InboxFilter } from "@chorus/sdk/inbox";
import type { InboxSort } from "@chorus/sdk/wire.gen";
import type { ViewFilter } from "../../shared/api/desk";

export const SORTS = ["latest", "waiting", "priority", "oldest"] as const;

/** As the address says that a state does not matter. */
export const ANY = "any";

/** What narrows a view, as the address spells it. */
export interface Narrowing {
  readonly queue?: string | undefined;
  /** An id, `me` or `none`. */
  readonly assignee?: string | undefined;
  readonly status?: string | undefined;
  /** Names with commas between; all of them. */
  readonly tags?: string | undefined;
  /** At least. */
  readonly priority?: number | undefined;
  readonly unread?: true | undefined;
  /** What the customer's words are about, and how they sound. */
  readonly intent?: string | undefined;
  readonly sentiment?: string | undefined;
}

export type Arrangement = Narrowing & { readonly sort: InboxSort };

/** The same as `inbox.open` and saved views spell it. */
export function filterOf(narrowing: Narrowing): InboxFilter & Omit<ViewFilter, "view"> {
  const { status, tags, priority, unread, queue, assignee, intent, sentiment } = narrowing;
  const known = {
    queue,
    assignee,
    intent,
    sentiment,
    status: status === ANY ? undefined : status,
    tags: tags?.split(",").filter(Boolean),
    priority,
    unread,
  };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
}

/** What a saved view narrows, as the address spells it. */
export function narrowingOf({ view, status, tags, unread, ...rest }: ViewFilter): Narrowing {
  const state = view === "all" ? { status: status ?? ANY } : {};
  return {
    ...rest,
    ...state,
    ...(tags === undefined || tags.length === 0 ? {} : { tags: tags.join(",") }),
    ...(unread === true ? { unread } : {}),
  };
}

export interface Shown {
  readonly order: readonly string[];
  /** How many would be new in the list, if it moved now. */
  readonly arrived: number;
}

/**
 * What the list shows. While it is held, because a pointer is over it, no row moves and none goes;
 * who comes later is counted, except below all others, where the next page of who scrolls comes.
 */
export function settled(
  shown: readonly string[],
  wanted: readonly string[],
  isHeld: boolean,
): Shown {
  if (!isHeld || shown.length === 0) return { order: wanted, arrived: 0 };
  const known = new Set(shown);
  const lastAt = wanted.findLastIndex((conv) => known.has(conv));
  const below = lastAt === -1 ? [] : wanted.slice(lastAt + 1);
  const arrived = wanted.filter((conv) => !known.has(conv)).length - below.length;
  return { order: below.length === 0 ? shown : [...shown, ...below], arrived };
}

/** The neighbour of a row; the first where none is chosen yet. */
export function neighbour(
  order: readonly string[],
  conv: string | undefined,
  step: 1 | -1,
): string | undefined {
  const at = conv === undefined ? -1 : order.indexOf(conv);
  return at === -1 ? order[0] : order[at + step];
}

const WARN_AFTER_MS = 2 * 60_000;
const ALARM_AFTER_MS = 5 * 60_000;

/** How bad a wait is; the time itself stands beside the colour. */
export function urgency(since: string, nowMs: number): "fine" | "late" | "bad" {
  const ms = nowMs - Date.parse(since);
  if (ms >= ALARM_AFTER_MS) return "bad";
  return ms >= WARN_AFTER_MS ? "late" : "fine";
}
