import type { ConversationView } from "@chorus/sdk";
import { t } from "../panel/words";

export interface Responder {
  /** Undefined where it is nobody in particular. */
  readonly name: string | undefined;
  readonly presence: "online" | "away" | "gone";
}

const WAITING: ReadonlySet<string> = new Set(["requested", "queued", "offered"]);

/** Who answers, as far as the conversation tells. */
export function responderOf(conversation: ConversationView | null): Responder | undefined {
  if (conversation === null) return undefined;
  const bot = conversation.floor?.holder === "bot";
  const name = conversation.session?.agent?.name ?? (bot ? t("bot") : undefined);
  return { name, presence: bot ? "online" : presenceOf(conversation) };
}

function presenceOf(conversation: ConversationView): Responder["presence"] {
  const others = Object.entries(conversation.presence)
    .filter(([userId]) => userId !== conversation.self)
    .map(([, presence]) => presence.status);
  if (others.includes("online")) return "online";
  return others.some((status) => status === "away" || status === "busy") ? "away" : "gone";
}

/** The name to show for somebody who speaks or types. */
export function nameOf(
  conversation: ConversationView | null,
  userId: string | null,
  role?: string,
): string {
  if (role === "bot") return t("bot");
  const agent = conversation?.session?.agent;
  return agent?.userId === userId && agent?.name != null ? agent.name : t("team");
}

export function isWaiting(conversation: ConversationView): boolean {
  return WAITING.has(conversation.session?.state ?? "");
}
