import type { InboxItem } from "@chorus/sdk";

/** A conversation in a list, as REST spells it. */
export interface ConversationRow {
  readonly id: string;
  readonly headSeq: number;
  readonly status: "open" | "snoozed" | "closed";
  readonly floor: InboxItem["floor"];
  readonly session: InboxItem["session"] | null;
  readonly queue: string | null;
  readonly preview: string | null;
  readonly channel: string;
  readonly lastTs: string;
  readonly assignee: string | null;
  readonly contact: {
    readonly id: string;
    readonly name: string | null;
    readonly verified: boolean;
  };
  readonly unread: number;
  readonly waitingSince: string | null;
  readonly priority: number;
  readonly tags: readonly string[];
}
