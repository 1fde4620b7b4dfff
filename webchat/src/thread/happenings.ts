import type { ConversationView, TimelineItem, VisitorState } from "@chorus/sdk";
import type { Emit } from "../loader/bus";
import type { Agent } from "./people";

/** What a page may hear of, and who answers, where that is not said in the session. */
export type Scenery = VisitorState & { readonly agent?: Agent | undefined };

/** Tell the page what is new between two states. Pure but for `emit`. */
export function tellHappenings(before: Scenery, after: Scenery, emit: Emit): void {
  if (before.connection.phase !== after.connection.phase)
    emit("connection", after.connection.phase);
  if (before.unread !== after.unread) emit("unread", after.unread);
  tellConversation(before, after, emit);
  tellAgent(before, after, emit);
  tellOwn(before, after, emit);
}

function tellConversation(before: VisitorState, after: VisitorState, emit: Emit): void {
  const [old, now] = [before.conversation, after.conversation];
  if (now === null) return;
  const isNew = old?.id !== now.id;
  if (isGreeted(after) && (isNew || !isGreeted(before)) && isFresh(old, now)) {
    emit("conversation:started", { id: now.id });
  }
  if (!isNew && old.status !== "closed" && now.status === "closed") {
    emit("conversation:ended", { id: now.id });
  }
  const state = now.session?.state;
  if (!isNew && state !== undefined && old.session?.state !== state) emit("bot:handoff", { state });
  if ((old?.position ?? null) !== now.position || (old?.etaS ?? null) !== now.etaS) {
    emit("queue:position", { position: now.position, etaSeconds: now.etaS });
  }
}

/** Nothing is in it but what was on its way from here when it began. */
function isFresh(old: ConversationView | null, now: ConversationView): boolean {
  const own = new Set(old?.pending.map(({ id }) => id));
  const messages = now.items.filter((item) => item.kind === "message");
  return now.head === messages.length && messages.every(({ id }) => own.has(id));
}

/** The server has said that it is there. */
function isGreeted({ conversation }: VisitorState): boolean {
  return conversation !== null && conversation.epoch !== null;
}

function tellAgent(before: Scenery, after: Scenery, emit: Emit): void {
  const old = before.agent ?? before.conversation?.session?.agent;
  const now = after.agent ?? after.conversation?.session?.agent;
  if (old?.userId === now?.userId) return;
  if (old != null) emit("agent:left", { id: old.userId, name: old.name });
  if (now != null) emit("agent:joined", { id: now.userId, name: now.name });
}

/** A message of one's own leaves what is pending when it is stored, or is marked as failed. */
function tellOwn(before: VisitorState, after: VisitorState, emit: Emit): void {
  const now = after.conversation;
  for (const { id, status, body } of before.conversation?.pending ?? []) {
    const still = now?.pending.find((entry) => entry.id === id);
    const text = body.content;
    if (still === undefined && now?.items.some((item) => isMessage(item, id)) === true) {
      emit("message:sent", { id, text });
    }
    if (status === "sending" && still?.failure !== undefined) {
      emit("message:failed", { id, text, ...still.failure });
    }
  }
}

function isMessage(item: TimelineItem, id: string): boolean {
  return item.kind === "message" && item.id === id;
}
