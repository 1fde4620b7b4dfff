import type { Change } from "@chorus/sdk";
import type { ServerData } from "@chorus/sdk/frames";
import type { Words } from "../../shared/words/locale";
import { dateTime } from "../../shared/words/time";

type Names = ReadonlyMap<string, string>;

/** An event in words, for those who read the thread. */
export function eventWords({ frame }: Change, names: Names, words: Words): string {
  const { t } = words;
  switch (frame.event) {
    case "handoff":
      return handoffWords(frame.data, words);
    case "participant": {
      const name = names.get(frame.data.userId) ?? t("colleague");
      return t(frame.data.change === "joined" ? "eventJoined" : "eventLeft", { name });
    }
    case "conversation.closed":
      return t("eventResolved", { name: byWords(frame.data.by, names, words) });
    case "conversation.updated":
      return updateWords(frame.data, names, words);
    default:
      return frame.event;
  }
}

function handoffWords({ state, agent, queue }: ServerData<"handoff">, { t }: Words): string {
  switch (state) {
    case "active":
      return t("eventActive", { name: agent?.name ?? t("colleague") });
    case "offered":
      return t("eventOffered");
    case "requested":
    case "queued":
      return queue === undefined ? t("eventQueued") : t("eventQueuedIn", { queue });
    case "wrap_up":
      return t("eventWrapUp");
    case "deferred":
      return t("eventDeferred");
    case "cancelled":
      return t("eventCancelled");
    case "failed":
      return t("eventFailed");
    case "ended":
      return t("eventEnded");
  }
}

function updateWords(data: ServerData<"conversation.updated">, names: Names, words: Words): string {
  const { t } = words;
  const name = byWords(data.by, names, words);
  if (data.contact !== undefined) {
    return t("eventContact", { what: Object.values(data.contact).join(", ") });
  }
  if (data.status === "snoozed") {
    const until = data.until === undefined ? "" : dateTime(data.until, words);
    return t("eventSnoozed", { name, until });
  }
  if (data.status === "open") return t("eventReopened", { name });
  if (data.assignee !== undefined) {
    return t("eventAssigned", { name: names.get(data.assignee) ?? t("colleague") });
  }
  if (data.tags !== undefined) return t("eventTags", { tags: data.tags.join(", ") || "–" });
  if (data.priority !== undefined) return t("eventPriority", { level: data.priority });
  return t("eventUpdated", { name });
}

function byWords(by: string | undefined, names: Names, { t }: Words): string {
  return (by === undefined ? undefined : names.get(by)) ?? t("system");
}
