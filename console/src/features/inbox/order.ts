import type { InboxItem } from "@chorus/sdk";

export const SORTS = ["newest", "longestWait", "priority"] as const;
export type Sort = (typeof SORTS)[number];

/** As the address says that a state does not matter. */
export const ANY = "any";

/** What narrows a view, as the address spells it. */
export interface Narrowing {
  readonly queue?: string | undefined;
  readonly assignee?: string | undefined;
  readonly status?: string | undefined;
}

/** The conversations of some rows, in the order that is wanted. */
export function arranged(rows: readonly InboxItem[], sort: Sort): string[] {
  return [...rows].sort((a, b) => COMPARE[sort](a, b) || newest(a, b)).map((row) => row.conv);
}

const COMPARE: Readonly<Record<Sort, (a: InboxItem, b: InboxItem) => number>> = {
  newest,
  longestWait: (a, b) => waitKey(a).localeCompare(waitKey(b)),
  priority: (a, b) => b.priority - a.priority || waitKey(a).localeCompare(waitKey(b)),
};

function newest(a: InboxItem, b: InboxItem): number {
  return b.last_ts.localeCompare(a.last_ts) || a.conv.localeCompare(b.conv);
}

/** Who does not wait comes after everybody who does. */
function waitKey({ waiting_since }: InboxItem): string {
  return waiting_since ?? "~";
}

/** Rows come by frames that know the view only; what else was asked for is looked at here. */
export function fits(row: InboxItem, { queue, assignee, status }: Narrowing): boolean {
  if (queue !== undefined && row.queue !== queue) return false;
  if (assignee !== undefined && row.assignee !== assignee) return false;
  return status === undefined || status === ANY || row.status === status;
}

export interface Shown {
  readonly order: readonly string[];
  /** How many would be new in the list, if it moved now. */
  readonly arrived: number;
}

/**
 * What the list shows. While it is held, because a pointer is over it, no row moves, none comes
 * and none goes; who comes later is counted.
 */
export function settled(
  shown: readonly string[],
  wanted: readonly string[],
  isHeld: boolean,
): Shown {
  if (!isHeld || shown.length === 0) return { order: wanted, arrived: 0 };
  const known = new Set(shown);
  return { order: shown, arrived: wanted.filter((conv) => !known.has(conv)).length };
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
