import type { ConversationView, InboxItem } from "@chorus/sdk";

export type Ownership = "bot" | "waiting" | "agent" | "snoozed" | "resolved" | "open";

const WAITING: ReadonlySet<string> = new Set(["requested", "queued", "offered", "deferred"]);

/** The one badge that says who has a conversation. */
export function ownershipOf(row: Pick<InboxItem, "status" | "session" | "floor">): Ownership {
  if (row.status === "closed") return "resolved";
  if (row.status === "snoozed") return "snoozed";
  if (row.session !== undefined && WAITING.has(row.session)) return "waiting";
  if (row.session === "active" || row.floor.holder === "human") return "agent";
  return row.floor.holder === "bot" ? "bot" : "open";
}

export function ownershipOfView(view: ConversationView): Ownership {
  const floor = view.floor ?? ({ holder: "none", epoch: 0 } as const);
  const session = view.session?.state;
  return ownershipOf({ status: view.status, floor, ...(session === undefined ? {} : { session }) });
}
