import type { Conversation } from "./conversation";
import type { Message } from "./timeline";

export type MessageStatus = "sent" | "delivered" | "read";

/** How far the other side has got with this message: customers for staff, staff for customers. */
export function messageStatus(conversation: Conversation, message: Message): MessageStatus {
  const others = otherSide(conversation, message);
  if (others.some((mark) => mark.read >= message.seq)) return "read";
  return others.some((mark) => mark.delivered >= message.seq) ? "delivered" : "sent";
}

function otherSide(conversation: Conversation, message: Message) {
  const customer = customerOf(conversation);
  const fromCustomer = message.role === "customer";
  return Object.entries(conversation.receipts)
    .filter(([userId]) => (userId === customer) !== fromCustomer)
    .map(([, mark]) => mark);
}

/** The user id of the customer, as far as it is known from what was said. */
export function customerOf(conversation: Conversation): string | null {
  if (conversation.viewer === "customer") return conversation.self;
  const said = conversation.items.find((it) => it.kind === "message" && it.role === "customer");
  return said?.kind === "message" ? said.userId : null;
}

/** Messages of others after this user's read mark. */
export function unreadCount(conversation: Conversation): number {
  const { self, receipts, items } = conversation;
  const readTo = self === null ? 0 : (receipts[self]?.read ?? 0);
  return items.filter((it) => it.seq > readTo && isFromOther(conversation, it)).length;
}

function isFromOther(conversation: Conversation, item: Conversation["items"][number]): boolean {
  if (item.kind !== "message" || item.hidden) return false;
  return item.userId === null || item.userId !== conversation.self;
}
