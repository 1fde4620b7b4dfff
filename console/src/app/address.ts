import type { InboxView } from "@chorus/sdk";
import type { InboxSort } from "@chorus/sdk/wire.gen";

/** What stands in the address of the inbox besides the view and the conversation. */
export interface InboxSearch {
  readonly queue?: string | undefined;
  readonly assignee?: string | undefined;
  readonly status?: string | undefined;
  readonly tags?: string | undefined;
  readonly priority?: number | undefined;
  readonly unread?: true | undefined;
  readonly intent?: string | undefined;
  readonly sentiment?: string | undefined;
  readonly sort?: InboxSort | undefined;
  /** A supervisor reads along, and no more. */
  readonly looking?: true | undefined;
  /** A place in the conversation. */
  readonly message?: number | undefined;
}

const SORTS: readonly InboxSort[] = ["oldest", "waiting", "priority"];
export const VIEWS = ["queue", "mine", "all", "mentions", "snoozed", "bot"] as const;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu;

/** Read what may be anything: what does not fit is left out. */
export function readSearch(search: Readonly<Record<string, unknown>>): InboxSearch {
  const { sort, unread, looking } = search;
  return {
    ...text("queue", search.queue),
    ...text("assignee", search.assignee),
    ...text("status", search.status),
    ...text("tags", search.tags),
    ...text("intent", search.intent),
    ...text("sentiment", search.sentiment),
    ...count("priority", search.priority),
    ...(unread === true ? { unread } : {}),
    ...(looking === true ? { looking } : {}),
    ...(SORTS.some((one) => one === sort) ? { sort: sort as InboxSort } : {}),
    ...count("message", search.message),
  };
}

function text(name: string, value: unknown) {
  if (typeof value === "number") return { [name]: String(value) };
  return typeof value === "string" && value !== "" ? { [name]: value } : {};
}

function count(name: string, value: unknown) {
  const number = Number(value);
  return Number.isSafeInteger(number) && number > 0 ? { [name]: number } : {};
}

export function isView(value: string): value is InboxView {
  return VIEWS.some((view) => view === value);
}

export function isConversation(value: string): boolean {
  return UUID.test(value);
}
