import type { ConversationView } from "@chorus/sdk";
import { TEXTS } from "./texts";

export interface Responder {
  readonly name: string;
  readonly presence: "online" | "away" | "gone";
}

/** Who answers, as far as the conversation tells. */
export function responderOf(conversation: ConversationView | null): Responder {
  if (conversation === null) return { name: TEXTS.team, presence: "gone" };
  const name = conversation.session?.agent?.name ?? TEXTS.team;
  return { name, presence: presenceOf(conversation) };
}

function presenceOf(conversation: ConversationView): Responder["presence"] {
  const others = Object.entries(conversation.presence)
    .filter(([userId]) => userId !== conversation.self)
    .map(([, presence]) => presence.status);
  if (others.includes("online")) return "online";
  return others.some((status) => status === "away" || status === "busy") ? "away" : "gone";
}

/** The name to show for somebody who speaks or types. */
export function nameOf(conversation: ConversationView, userId: string | null): string {
  const agent = conversation.session?.agent;
  return agent?.userId === userId && agent?.name != null ? agent.name : TEXTS.team;
}
