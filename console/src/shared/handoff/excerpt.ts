import type { Message, TimelineItem } from "@chorus/sdk";

const MOST = 3;

/** The last things a customer said before a place: what stands in for a summary. */
export function excerptOf(items: readonly TimelineItem[], before: number): Message[] {
  return items
    .filter(
      (item): item is Message =>
        item.kind === "message" && item.role === "customer" && item.seq < before && !item.deleted,
    )
    .slice(-MOST);
}
