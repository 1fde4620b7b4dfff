import type { InboxView } from "@chorus/sdk";
import type { InboxFilter } from "@chorus/sdk/inbox";
import type { InboxSort } from "@chorus/sdk/wire.gen";

/** Where the query cache keeps things. What starts with `live` is patched by frames only. */
export const keys = {
  live: ["live"],
  connection: ["live", "connection"],
  persistent: ["live", "persistent"],
  self: ["live", "self"],
  offers: ["live", "offers"],
  inbox: (view: InboxView, filter: InboxFilter, sort: InboxSort) => [
    "live",
    "inbox",
    view,
    sort,
    JSON.stringify(filter),
  ],
  conversation: (conv: string) => ["live", "conversation", conv],
  contact: (conv: string) => ["live", "contact", conv],
  snapshot: (conv: string) => ["snapshot", conv],
  summary: (conv: string) => ["summary", conv],
  summaries: ["summary"],
  history: (conv: string, anchor: number) => ["history", conv, anchor],
  histories: (conv: string) => ["history", conv],
  agents: ["agents"],
  queues: ["queues"],
  teams: ["teams"],
  me: (id: string) => ["agent", id],
} as const;
