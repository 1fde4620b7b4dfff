import type { ConversationView } from "@chorus/sdk";
import type { PanelHost, Scene } from "../panel/scene";
import { t } from "../panel/words";

/** By id of an agent; undefined while the API is asked, or where it did not say. */
const names = new Map<string | null, string | null | undefined>();
let here: Scene;

/** Whoever chats from now on, and where, may be somebody else. */
export function forgetNames(scene: Scene): void {
  names.clear();
  here = scene;
}

/** As its tenant calls it; the inbox may say so after the first words. */
export function botName(): string {
  return here.told?.bot ?? t("bot");
}

export function nameKnown(userId: string | null): string | null | undefined {
  return names.get(userId);
}

/**
 * Ask for the names that no frame tells: of those who answer without having been sent for. Each is
 * asked for once; who has none is the team. True when there are new ones.
 */
export async function learnNames(host: PanelHost, conversation: ConversationView) {
  const { id, items, session, synced } = conversation;
  const strangers = items.flatMap((it) =>
    it.kind === "message" && it.role === "agent" && !names.has(it.userId) ? [it.userId] : [],
  );
  const asked = strangers.filter((it) => it !== session?.agent?.userId);
  if (!synced || asked.length === 0) return false;
  for (const userId of asked) names.set(userId, undefined);
  const { askNames } = await host.load("extras");
  for (const { userId, name } of await askNames(host, id)) names.set(userId, name);
  return true;
}
