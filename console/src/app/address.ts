import type { InboxView } from "@chorus/sdk";

/** What stands in the address of the inbox besides the view and the conversation. */
export interface InboxSearch {
  readonly queue?: string | undefined;
  readonly assignee?: string | undefined;
  readonly status?: string | undefined;
  readonly sort?: "longestWait" | "priority" | undefined;
  /** A place in the conversation. */
  readonly message?: number | undefined;
}

export const VIEWS = ["queue", "mine", "all", "mentions", "snoozed", "bot"] as const;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu;

/** Read what may be anything: what does not fit is left out. */
export function readSearch(search: Readonly<Record<string, unknown>>): InboxSearch {
  const { sort, message } = search;
  const place = Number(message);
  return {
    ...text("queue", search.queue),
    ...text("assignee", search.assignee),
    ...text("status", search.status),
    ...(sort === "longestWait" || sort === "priority" ? { sort } : {}),
    ...(Number.isSafeInteger(place) && place > 0 ? { message: place } : {}),
  };
}

function text(name: string, value: unknown) {
  if (typeof value === "number") return { [name]: String(value) };
  return typeof value === "string" && value !== "" ? { [name]: value } : {};
}

export function isView(value: string): value is InboxView {
  return VIEWS.some((view) => view === value);
}

export function isConversation(value: string): boolean {
  return UUID.test(value);
}
