import type { ConversationView, Message } from "@chorus/sdk";
import { t } from "../panel/words";
import { botName, nameKnown } from "./names";

export interface Responder {
  /** Undefined where it is nobody in particular. */
  readonly name: string | undefined;
  /** Undefined as long as nobody is known to be in the conversation. */
  readonly presence: "online" | "away" | "gone" | undefined;
}

export interface Agent {
  readonly userId: string;
  readonly name: string | null;
}

const WAITING: ReadonlySet<string> = new Set(["requested", "queued", "offered"]);

/** Who answers, as far as the conversation tells. */
export function responderOf(conversation: ConversationView | null): Responder | undefined {
  if (conversation === null) return undefined;
  const bot = conversation.floor?.holder === "bot";
  const name = agentOf(conversation)?.name ?? (bot ? botName() : undefined);
  return { name, presence: bot ? "online" : presenceOf(conversation) };
}

/** Who was sent for, or simply answers. */
export function agentOf(conversation: ConversationView | null): Agent | undefined {
  const sent = conversation?.session?.agent;
  if (conversation === null || sent != null) return sent ?? undefined;
  if (conversation.floor?.holder !== "human" || isWaiting(conversation)) return undefined;
  const userId = conversation.assignee ?? lastAgent(conversation);
  return userId == null ? undefined : { userId, name: nameKnown(userId) ?? null };
}

function lastAgent({ items }: ConversationView): string | null | undefined {
  return items.findLast((it): it is Message => it.kind === "message" && it.role === "agent")
    ?.userId;
}

function presenceOf(conversation: ConversationView): Responder["presence"] {
  const others = Object.entries(conversation.presence)
    .filter(([userId]) => userId !== conversation.self)
    .map(([, presence]) => presence.status);
  if (others.includes("online")) return "online";
  if (others.some((status) => status === "away" || status === "busy")) return "away";
  return others.includes("offline") ? "gone" : undefined;
}

/** The name to show for somebody who speaks or types. */
export function nameOf(
  conversation: ConversationView | null,
  userId: string | null,
  role?: string,
): string {
  if (role === "bot") return botName();
  const agent = conversation?.session?.agent;
  return (agent?.userId === userId ? agent?.name : nameKnown(userId)) ?? t("team");
}

export function isWaiting(conversation: ConversationView): boolean {
  return WAITING.has(conversation.session?.state ?? "");
}
