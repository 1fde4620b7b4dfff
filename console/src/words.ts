import { type AgentState, type ConversationView, type InboxItem, unreadCount } from "@chorus/sdk";

export type Ownership = "Bot" | "Waiting" | "Agent" | "Snoozed" | "Resolved" | "Open";

const WAITING: ReadonlySet<string> = new Set(["requested", "queued", "offered", "deferred"]);

/** The one badge that says who has a conversation. */
export function ownershipOf(row: Pick<InboxItem, "status" | "session" | "floor">): Ownership {
  if (row.status === "closed") return "Resolved";
  if (row.status === "snoozed") return "Snoozed";
  if (row.session !== undefined && WAITING.has(row.session)) return "Waiting";
  if (row.session === "active" || row.floor.holder === "human") return "Agent";
  return row.floor.holder === "bot" ? "Bot" : "Open";
}

export function ownershipOfView(view: ConversationView): Ownership {
  const floor = view.floor ?? ({ holder: "none", epoch: 0 } as const);
  const session = view.session?.state;
  return ownershipOf({ status: view.status, floor, ...(session === undefined ? {} : { session }) });
}

/**
 * What is new in a row. The list hears a moment later than an open conversation that it was read.
 */
export function unreadOf(row: InboxItem, { conversations }: AgentState): number {
  const view = conversations[row.conv];
  return view?.synced === true ? Math.min(row.unread, unreadCount(view)) : row.unread;
}

export function contactName(name: string | null | undefined, id: string): string {
  return name != null && name !== "" ? name : `Visitor ${id.slice(-4)}`;
}

export function initials(name: string): string {
  const words = name.split(/\s+/u).filter((word) => word !== "");
  return [words[0], words.length > 1 ? words.at(-1) : undefined]
    .map((word) => [...(word ?? "")][0] ?? "")
    .join("")
    .toUpperCase();
}

/** One of eight hues, always the same for the same person. */
export function hueOf(id: string): number {
  return [...id].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 8, 0);
}

export function clockTime(ts: string): string {
  return new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" }).format(
    new Date(ts),
  );
}

/** "now", "4 min", "3 h", then the date. */
export function age(ts: string, nowMs: number): string {
  const minutes = Math.floor((nowMs - Date.parse(ts)) / 60_000);
  if (minutes < 1) return "now";
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h`;
  return new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" }).format(
    new Date(ts),
  );
}

/** How long a customer has been without an answer. */
export function waitWords(since: string, nowMs: number): string {
  const words = age(since, nowMs);
  return words === "now" ? "waits under 1 min" : `waits ${words}`;
}

export function dayName(ts: string): string {
  return new Intl.DateTimeFormat(undefined, {
    weekday: "long",
    day: "numeric",
    month: "long",
  }).format(new Date(ts));
}
