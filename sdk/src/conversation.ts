import {
  type Ephemera,
  expireTyping,
  type Mark,
  marked,
  NOTHING_PASSING,
  passing,
  without,
} from "./ephemera";
import type { DurableFrame, ServerData } from "./frames";
import { isDurable } from "./frames";
import {
  applyDurable,
  EMPTY_TIMELINE,
  type Message,
  newerFloor,
  type Timeline,
  type Viewer,
} from "./timeline";
import type { ServerFrame } from "./wire.gen";

export interface Conversation extends Timeline, Ephemera {
  readonly id: string;
  readonly epoch: string | null;
  /** The highest place known to exist, here or on the server. */
  readonly head: number;
  /** The lowest place that is loaded; older ones are read on demand. */
  readonly oldest: number;
  /** The lowest place the server still has. */
  readonly first: number;
  /** Durable frames that came before their turn, by place. */
  readonly held: readonly DurableFrame[];
  readonly synced: boolean;
  /** True from a lost cursor until the history was read over REST. */
  readonly adrift: boolean;
  /** How often in a row a gap was asked for in vain. */
  readonly gapTries: number;
}

export type Action =
  | { readonly type: "frame"; readonly frame: ServerFrame; readonly atMs: number }
  | { readonly type: "gap-timeout" }
  | { readonly type: "expire"; readonly atMs: number }
  | { readonly type: "history"; readonly page: HistoryPage }
  | { readonly type: "older"; readonly page: HistoryPage }
  | { readonly type: "facts"; readonly facts: Facts }
  | { readonly type: "read"; readonly upTo: number }
  | { readonly type: "disconnected" };

export interface HistoryPage {
  readonly frames: readonly DurableFrame[];
  readonly headSeq: number;
  readonly epoch: string;
}

/** A snapshot of the API at `headSeq`. */
export interface Facts
  extends Pick<Timeline, "status" | "floor" | "session" | "queue" | "position" | "assignee"> {
  readonly headSeq: number;
  readonly firstSeq: number;
  readonly receipts: readonly ReceiptMark[];
}

export type ReceiptMark = NonNullable<ServerData<"ready">["receipts"]>[number];

export type Effect =
  | { readonly type: "position"; readonly seq: number; readonly epoch: string }
  | { readonly type: "gap-timer"; readonly ms: number }
  | { readonly type: "history" }
  | { readonly type: "received"; readonly message: Message };

export interface Step {
  readonly state: Conversation;
  readonly effects: readonly Effect[];
}

export const GAP_WAIT_MS = 300;
const MAX_GAP_WAIT_MS = 10_000;
const MAX_HELD = 1_000;

export function newConversation(id: string, viewer: Viewer, self: string | null): Conversation {
  return {
    ...EMPTY_TIMELINE,
    ...NOTHING_PASSING,
    receipts: {},
    viewer,
    id,
    self,
    epoch: null,
    head: 0,
    oldest: 1,
    first: 1,
    held: [],
    synced: false,
    adrift: false,
    gapTries: 0,
  };
}

/** What a cached transcript is worth: the durable part; nothing that was true only then. */
export function revived(cached: Conversation): Conversation {
  const fresh = newConversation(cached.id, cached.viewer, cached.self);
  const { held, synced, adrift, gapTries } = fresh;
  const now = { held, synced, adrift, gapTries, ...NOTHING_PASSING };
  return { ...fresh, ...cached, ...now };
}

/**
 * The whole client side of a conversation, without clock or network.
 *
 * A durable frame is applied only when its turn has come; later ones wait in `held`, earlier ones
 * are dropped. So any order and any repetition of the same frames ends in the same state.
 */
export function reduce(state: Conversation, action: Action): Step {
  switch (action.type) {
    case "frame":
      return onFrame(state, action.frame, action.atMs);
    case "gap-timeout":
      return onGapTimeout(state);
    case "expire":
      return only(expireTyping(state, action.atMs));
    case "history":
      return onHistory(state, action.page);
    case "older":
      return only(prepend(state, action.page));
    case "facts":
      return only(withFacts(state, action.facts));
    case "read":
      return only(state.self === null ? state : marked(state, state.self, "read", action.upTo));
    case "disconnected":
      return only({ ...state, ...NOTHING_PASSING, synced: false });
  }
}

function only(state: Conversation): Step {
  return { state, effects: [] };
}

function onFrame(state: Conversation, frame: ServerFrame, atMs: number): Step {
  if (isDurable(frame)) return onDurable(state, frame);
  switch (frame.event) {
    case "ready":
      return onReady(state, frame.data);
    case "subscribed":
      return onSubscribed(state, frame.data);
    case "synced":
      return noticeHead({ ...state, synced: true }, frame.data.seq);
    case "delivered":
      return noticeHead(state, frame.data.seq ?? 0);
    case "pong":
      return noticeHead(state, frame.data.seq ?? 0);
    case "nack":
      return frame.data.code === "UNRECOVERABLE" ? lost(state) : only(state);
    case "bot.delta":
      // A sentence that crossed with a person who took the floor: nobody reads both.
      return only(isAnothers(state) ? state : passing(state, frame, atMs));
    default:
      return only(passing(state, frame, atMs));
  }
}

function isAnothers(state: Conversation): boolean {
  return state.floor?.holder === "human";
}

function onReady(state: Conversation, ready: ServerData<"ready">): Step {
  const { conversation, user } = ready;
  if (conversation === undefined) return only({ ...state, self: user.userId });
  const base = sameEpoch(state, conversation.epoch) ? state : emptied(state);
  const known: Conversation = {
    ...base,
    self: user.userId,
    epoch: conversation.epoch,
    first: conversation.first_seq,
    head: Math.max(base.seq, conversation.head_seq),
    status: conversation.status,
    queue: conversation.queue ?? base.queue,
    position: conversation.position ?? base.position,
    floor: newerFloor(base.floor, ready.floor),
    receipts: { ...base.receipts, ...marksOf(ready.receipts ?? []) },
    synced: false,
  };
  return resumed(known, ready.recovered !== false, ready.replay_from ?? known.seq + 1);
}

function onSubscribed(state: Conversation, subscribed: ServerData<"subscribed">): Step {
  const item = subscribed.items.find(({ conv }) => conv === state.id);
  if (item === undefined) return only(state);
  const base = sameEpoch(state, item.epoch) ? state : emptied(state);
  const head = Math.max(base.seq, item.head_seq);
  const floor = newerFloor(base.floor, item.floor);
  const known = { ...base, epoch: item.epoch, head, floor, synced: false };
  return resumed(known, item.recovered, known.seq + 1);
}

function resumed(state: Conversation, recovered: boolean, replayFrom: number): Step {
  if (!recovered) return lost(state);
  // Retention may have taken the beginning: what is gone for every reader is no gap.
  const skipped = state.seq === 0 && replayFrom > 1;
  const seq = skipped ? replayFrom - 1 : state.seq;
  const oldest = skipped ? replayFrom : state.oldest;
  return only({ ...state, seq, oldest, adrift: false, gapTries: 0 });
}

function lost(state: Conversation): Step {
  return { state: { ...state, adrift: true, synced: false }, effects: [{ type: "history" }] };
}

function sameEpoch(state: Conversation, epoch: string): boolean {
  return state.epoch === null || state.epoch === epoch;
}

/** The server's history was replaced (restored from a backup): every known place is void. */
function emptied(state: Conversation): Conversation {
  return { ...newConversation(state.id, state.viewer, state.self), presence: state.presence };
}

function onDurable(state: Conversation, frame: DurableFrame): Step {
  if (frame.seq <= state.seq) return only(state);
  if (state.held.some((held) => held.seq === frame.seq)) return only(state);
  const held = [...state.held, frame].sort((a, b) => a.seq - b.seq).slice(0, MAX_HELD);
  return noticeHead({ ...state, held }, frame.seq);
}

/** Apply what is in turn; if something is still known to be missing, start to wait for it. */
function noticeHead(before: Conversation, head: number): Step {
  const { state, effects } = catchUp({ ...before, head: Math.max(before.head, head) });
  const missing = state.adrift ? false : state.held.length > 0 || (state.synced && behind(state));
  if (!missing) return { state, effects };
  return { state, effects: [...effects, { type: "gap-timer", ms: gapWaitMs(state) }] };
}

function behind(state: Conversation): boolean {
  return state.seq < state.head;
}

function gapWaitMs(state: Conversation): number {
  return Math.min(MAX_GAP_WAIT_MS, GAP_WAIT_MS * 2 ** state.gapTries);
}

function catchUp(before: Conversation): Step {
  let state = before;
  const effects: Effect[] = [];
  for (const frame of before.held) {
    if (frame.seq !== state.seq + 1) continue;
    state = settleEphemera(applyDurable(state, frame), frame);
    if (before.synced) effects.push(...announcement(state, frame));
  }
  if (state === before) return only(state);
  const held = state.held.filter((frame) => frame.seq > state.seq);
  return { state: { ...state, held, gapTries: 0 }, effects };
}

function announcement(state: Conversation, frame: DurableFrame): Effect[] {
  if (frame.event !== "message" || frame.data.userId === state.self) return [];
  const last = state.items.at(-1);
  return last?.kind === "message" ? [{ type: "received", message: last }] : [];
}

/** A stored message ends the typing and the bot bubble that announced it; a new floor, every bubble. */
function settleEphemera(state: Conversation, frame: DurableFrame): Conversation {
  if (frame.event === "handoff") return { ...state, streams: {} };
  if (frame.event !== "message") return isAnothers(state) ? { ...state, streams: {} } : state;
  const typing = without(state.typing, frame.data.userId);
  return { ...state, typing, streams: without(state.streams, frame.data.stream) };
}

function onGapTimeout(state: Conversation): Step {
  const whole = state.held.length === 0 && !behind(state);
  if (whole || state.adrift || state.epoch === null) return only(state);
  const effect: Effect = { type: "position", seq: state.seq, epoch: state.epoch };
  const waiting = { ...state, gapTries: state.gapTries + 1 };
  // The answer may be lost too, so the wait goes on, longer each time.
  const again: Effect = { type: "gap-timer", ms: gapWaitMs(waiting) };
  return { state: waiting, effects: [effect, again] };
}

function onHistory(state: Conversation, page: HistoryPage): Step {
  const start = page.frames[0]?.seq ?? page.headSeq + 1;
  const joins = sameEpoch(state, page.epoch) && start <= state.seq + 1;
  const base: Conversation = joins
    ? state
    : { ...state, items: [], seq: start - 1, oldest: start, head: page.headSeq };
  const fresh = page.frames.filter((frame) => frame.seq > base.seq);
  const applied = fresh.reduce((it, frame) => applyDurable(it, frame), base);
  const held = state.held.filter((frame) => frame.seq > applied.seq);
  const head = Math.max(applied.seq, page.headSeq);
  const known = { ...applied, held, head, epoch: page.epoch, adrift: false, gapTries: 0 };
  return { state: known, effects: [{ type: "position", seq: known.seq, epoch: page.epoch }] };
}

function prepend(state: Conversation, page: HistoryPage): Conversation {
  const older = page.frames.filter((frame) => frame.seq < state.oldest);
  const start = older[0]?.seq;
  if (start === undefined) return { ...state, oldest: state.first };
  const blank: Timeline = { ...EMPTY_TIMELINE, viewer: state.viewer, seq: start - 1 };
  const { items } = older.reduce((it, frame) => applyDurable(it, frame), blank);
  return { ...state, items: [...items, ...state.items], oldest: start };
}

function withFacts(state: Conversation, facts: Facts): Conversation {
  const { headSeq, firstSeq, receipts, ...timeline } = facts;
  const marks = { ...marksOf(receipts), ...state.receipts };
  const known = { ...state, receipts: marks, first: Math.max(state.first, firstSeq) };
  if (state.seq > headSeq) return known;
  return { ...known, ...timeline, floor: newerFloor(state.floor, timeline.floor) };
}

function marksOf(marks: readonly ReceiptMark[]): Record<string, Mark> {
  return Object.fromEntries(
    marks.map(({ userId, delivered, read }) => [userId, { delivered, read }]),
  );
}
