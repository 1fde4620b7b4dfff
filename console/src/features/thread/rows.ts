import type { Change, Message, PendingMessage, TimelineItem } from "@chorus/sdk";
import { dayStart } from "../../shared/words/time";

/**
 * What the timeline draws, from top to bottom. A row keeps its key when older ones come above it: by
 * its key the place is kept where somebody reads.
 */
export type Row =
  | { readonly kind: "new"; readonly key: string }
  | {
      readonly kind: "message";
      readonly key: string;
      readonly message: Message;
      /** The same person went on speaking: their name stands above already. */
      readonly goesOn: boolean;
      /** The first of its day: the day stands above it. */
      readonly isOfNewDay: boolean;
    }
  | { readonly kind: "changes"; readonly key: string; readonly changes: readonly Quiet[] }
  | { readonly kind: "handoff"; readonly key: string; readonly change: HandoffChange }
  | { readonly kind: "pending"; readonly key: string; readonly entry: PendingMessage };

/** What is folded away: events, and what the system told the customer of them. */
export type Quiet = Change | Message;

export type HandoffChange = Change & { readonly frame: { readonly event: "handoff" } };

export interface Drawn {
  readonly items: readonly TimelineItem[];
  readonly pending: readonly PendingMessage[];
  /** The first place that was not read when the thread was opened. */
  readonly newFrom: number | null;
  readonly self: string | null;
}

const GOES_ON_MS = 5 * 60_000;

/** Lay a thread out: days, what is new, messages, and events in a row folded into one. */
export function rowsOf({ items, pending, newFrom, self }: Drawn): Row[] {
  const rows: Row[] = [];
  const escalated = new Set<string>();
  let day = Number.NaN;
  let isNewMarked = newFrom === null;
  for (const item of items) {
    if (item.kind === "change") {
      addChange(rows, item, escalated);
      continue;
    }
    if (item.hidden) continue;
    if (item.role === "system") {
      fold(rows, item);
      continue;
    }
    const today = dayStart(Date.parse(item.ts));
    const isOfNewDay = today !== day;
    day = today;
    if (!isNewMarked && newFrom !== null && item.seq >= newFrom && item.userId !== self) {
      rows.push({ kind: "new", key: "new" });
      isNewMarked = true;
    }
    const goesOn = !isOfNewDay && continues(rows.at(-1), item);
    rows.push({ kind: "message", key: item.id, message: item, goesOn, isOfNewDay });
  }
  return [...rows, ...pending.map((entry) => ({ kind: "pending", key: entry.id, entry }) as const)];
}

function continues(above: Row | undefined, message: Message): boolean {
  if (above?.kind !== "message") return false;
  const { userId, role, visibility, ts } = above.message;
  return (
    userId === message.userId &&
    role === message.role &&
    visibility === message.visibility &&
    Date.parse(message.ts) - Date.parse(ts) < GOES_ON_MS
  );
}

/** The first word of a session is its card; everything else is folded with its neighbours. */
function addChange(rows: Row[], change: Change, escalated: Set<string>): void {
  if (isHandoff(change) && isAsking(change) && !escalated.has(sessionOf(change))) {
    escalated.add(sessionOf(change));
    rows.push({ kind: "handoff", key: `handoff-${change.seq}`, change });
    return;
  }
  if (isShown(change)) fold(rows, change);
}

function fold(rows: Row[], quiet: Quiet): void {
  const above = rows.at(-1);
  if (above?.kind === "changes") {
    rows.pop();
    rows.push({ ...above, key: `changes-${quiet.seq}`, changes: [...above.changes, quiet] });
  } else {
    rows.push({ kind: "changes", key: `changes-${quiet.seq}`, changes: [quiet] });
  }
}

export function isHandoff(change: Change): change is HandoffChange {
  return change.frame.event === "handoff";
}

function isAsking({ frame }: Change): boolean {
  return (
    frame.event === "handoff" && (frame.data.state === "requested" || frame.data.state === "queued")
  );
}

function sessionOf({ frame }: Change): string {
  return frame.event === "handoff" ? frame.data.session : "";
}

const SHOWN: ReadonlySet<string> = new Set([
  "handoff",
  "participant",
  "conversation.updated",
  "conversation.closed",
]);

function isShown({ frame }: Change): boolean {
  if (frame.event === "participant") return frame.data.role === "agent";
  // An offer that goes from agent to agent is no news for who reads the thread.
  if (frame.event === "handoff") return frame.data.reason !== "customer_idle";
  // What rules read stands beside the thread; labels that they put are told like those of people.
  if (frame.event === "conversation.updated" && frame.data.traits !== undefined) {
    return frame.data.tags !== undefined;
  }
  return SHOWN.has(frame.event);
}
