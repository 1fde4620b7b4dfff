import { type Command, Commands } from "./commands";
import {
  type Action,
  type Conversation,
  type Effect,
  type Facts,
  type HistoryPage,
  reduce,
  revived,
} from "./conversation";
import { asChorusError } from "./errors";
import type { ServerFrameOf } from "./frames";
import type { Outbox, OutboxEntry, PendingMessage } from "./outbox";
import { ReceiptPace, TypingPace } from "./pacing";
import type { Store } from "./store";
import type { Message } from "./timeline";
import type { ClientFrame, ServerFrame } from "./wire.gen";

/** A conversation as a page draws it: what is stored, then what is on its way. */
export interface ConversationView extends Conversation {
  readonly pending: readonly PendingMessage[];
  /** True once older history than `oldest` was read to its beginning. */
  readonly complete: boolean;
}

export interface ThreadOptions {
  readonly start: Conversation;
  readonly outbox: Outbox;
  readonly store: Store;
  /** Send on the socket, with the envelope this endpoint needs; false when nothing left. */
  send(frame: ClientFrame): boolean;
  history(before?: number): Promise<HistoryPage>;
  changed(view: ConversationView): void;
  received(message: Message): void;
  /** The server wants a new credential before it takes this again. */
  unauthenticated(): void;
}

const SAVE_AFTER_MS = 400;
const HISTORY_RETRY_MS = 3_000;
const REDRAW_AFTER_MS = 10;

/** One live conversation: the pure reducer, its timers, and what it sends. */
export class Thread {
  readonly #options: ThreadOptions;
  readonly #commands = new Commands(() => this.flush());
  readonly #typing: TypingPace;
  readonly #delivered: ReceiptPace;
  readonly #read: ReceiptPace;
  #state: Conversation;
  #online = false;
  #closed = false;
  #typingVisibility: "public" | "agents" = "public";
  #changeTimer: ReturnType<typeof setTimeout> | undefined;
  #gapTimer: ReturnType<typeof setTimeout> | undefined;
  #typingTimer: ReturnType<typeof setTimeout> | undefined;
  #saveTimer: ReturnType<typeof setTimeout> | undefined;
  #wakeTimer: ReturnType<typeof setTimeout> | undefined;
  #historyTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ThreadOptions) {
    this.#options = options;
    this.#state = revived(options.start);
    this.#typing = new TypingPace((state) => this.#sendTyping(state));
    this.#delivered = new ReceiptPace((upTo) => this.#sendReceipt("delivered", upTo));
    this.#read = new ReceiptPace((upTo) => this.#sendReceipt("read", upTo));
    this.#changed();
  }

  get state(): Conversation {
    return this.#state;
  }

  view(): ConversationView {
    const state = this.#state;
    const pending = this.#options.outbox.pending(state.id);
    return { ...state, pending, complete: state.oldest <= Math.max(1, state.first) };
  }

  /** The socket carries this conversation from now on: everything unconfirmed leaves again. */
  attach(): void {
    this.#online = true;
    this.#commands.rewind();
    this.#delivered.repeat();
    this.#read.repeat();
    this.flush();
  }

  detach(): void {
    this.#online = false;
    clearTimeout(this.#gapTimer);
    this.#gapTimer = undefined;
    this.#dispatch({ type: "disconnected" });
  }

  receive(frame: ServerFrame): void {
    if (frame.event === "delivered") this.#onDelivered(frame);
    else if (frame.event === "nack") this.#onNack(frame);
    else this.#apply(frame);
    if (frame.event === "message" && this.#options.outbox.settle(frame.data.id)) this.flush();
    this.#changed();
  }

  /** Keep the message and send it as soon as its turn comes. Resolves when it outlives a reload. */
  async send(entry: Omit<OutboxEntry, "order">): Promise<void> {
    this.#typing.stop();
    const kept = this.#options.outbox.add(entry);
    this.#changed();
    await kept;
    this.flush();
  }

  async retry(id: string): Promise<void> {
    await this.#options.outbox.retry(id);
    this.flush();
    this.#changed();
  }

  discard(id: string): void {
    this.#options.outbox.discard(id);
    this.flush();
    this.#changed();
  }

  /** Send a command once nothing said before it is on its way any more. */
  command(command: Command): Promise<number | null> {
    const answer = this.#commands.add(command);
    this.flush();
    return answer;
  }

  /** True when an answer to this id belongs here. */
  awaits(id: string): boolean {
    return this.#commands.has(id);
  }

  typed(visibility: "public" | "agents" = "public"): void {
    this.#typingVisibility = visibility;
    this.#typing.typed();
  }

  stoppedTyping(): void {
    this.#typing.stop();
  }

  /** What the API knows besides the events: read marks, and a state that events may predate. */
  learn(facts: Facts): void {
    this.#dispatch({ type: "facts", facts });
  }

  markRead(upTo: number = this.#state.seq): void {
    this.#dispatch({ type: "read", upTo });
    this.#read.reach(upTo);
  }

  async loadOlder(): Promise<void> {
    if (this.#state.oldest <= Math.max(1, this.#state.first)) return;
    const page = await this.#options.history(this.#state.oldest);
    this.#dispatch({ type: "older", page });
  }

  /** Send whatever may leave now. */
  flush(): void {
    if (!this.#online || this.#closed) return;
    const { outbox, send } = this.#options;
    outbox.overdue();
    for (const { entry, ref } of outbox.depart(this.#state.id)) {
      send({ event: "message", ref, data: { ...entry.body, id: entry.id } });
    }
    if (outbox.idle(this.#state.id)) this.#commands.send(send, () => outbox.nextRef());
    this.#planWake();
  }

  /** The server closed the socket over the size of a frame. */
  onTooBig(): void {
    const failure = { code: "TOO_LARGE", reason: "This message is too long." };
    this.#options.outbox.failLargest(this.#state.id, failure);
    this.#changed();
  }

  close(): void {
    this.#closed = true;
    this.#save();
    for (const timer of [this.#gapTimer, this.#typingTimer, this.#wakeTimer, this.#historyTimer]) {
      clearTimeout(timer);
    }
    this.#typing.close();
    this.#delivered.close();
    this.#read.close();
    this.#commands.close();
  }

  #apply(frame: ServerFrame): void {
    this.#dispatch({ type: "frame", frame, atMs: Date.now() });
  }

  #onDelivered(frame: ServerFrameOf<"delivered">): void {
    const entry = this.#options.outbox.settle(frame.data.id);
    if (entry !== undefined) this.#apply(this.#ownMessage(frame, entry));
    this.#commands.settle(frame.data);
    this.#apply(frame);
    this.flush();
  }

  /** To its sender `delivered` is the event itself; after a repeat the event comes by itself. */
  #ownMessage(frame: ServerFrameOf<"delivered">, { id, body, files }: OutboxEntry): ServerFrame {
    if (frame.seq === undefined || frame.data.dup) return frame;
    return {
      event: "message",
      seq: frame.seq,
      data: {
        id,
        role: this.#state.viewer,
        content: body.content,
        type: body.type ?? "text",
        visibility: body.visibility ?? "public",
        ts: frame.data.ts,
        ...(this.#state.self === null ? {} : { userId: this.#state.self }),
        ...(body.reply_to === undefined ? {} : { reply_to: body.reply_to }),
        files,
        attachments: body.attachments,
      },
    } as ServerFrame;
  }

  #onNack(frame: ServerFrameOf<"nack">): void {
    const nack = frame.data;
    if (nack.code === "UNAUTHENTICATED") this.#options.unauthenticated();
    this.#options.outbox.refuse(nack, frame.ref);
    this.#commands.refuse(nack);
    this.#apply(frame);
    this.flush();
  }

  #dispatch(action: Action): void {
    const { state, effects } = reduce(this.#state, action);
    if (state === this.#state && effects.length === 0) return;
    const moved = state.seq > this.#state.seq;
    this.#state = state;
    if (moved) this.#onMoved();
    for (const effect of effects) this.#perform(effect);
    this.#planTypingExpiry();
    this.#changed();
  }

  #onMoved(): void {
    this.#saveTimer ??= setTimeout(() => this.#save(), SAVE_AFTER_MS);
    const last = this.#state.items.at(-1);
    if (last?.kind === "message" && last.userId !== this.#state.self) {
      this.#delivered.reach(this.#state.seq);
    }
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case "position":
        this.#options.send({ event: "position", data: { seq: effect.seq, epoch: effect.epoch } });
        return;
      case "gap-timer":
        this.#gapTimer ??= setTimeout(() => this.#onGapTimeout(), effect.ms);
        return;
      case "history":
        void this.#readHistory();
        return;
      case "received":
        this.#options.received(effect.message);
    }
  }

  #onGapTimeout(): void {
    this.#gapTimer = undefined;
    if (this.#online) this.#dispatch({ type: "gap-timeout" });
  }

  async #readHistory(): Promise<void> {
    clearTimeout(this.#historyTimer);
    try {
      const page = await this.#options.history();
      if (!this.#closed && this.#state.adrift) this.#dispatch({ type: "history", page });
    } catch (cause) {
      const { status } = asChorusError(cause);
      // Gone or forbidden will not change; anything else may.
      if (this.#closed || status === 403 || status === 404) return;
      this.#historyTimer = setTimeout(() => void this.#readHistory(), HISTORY_RETRY_MS);
    }
  }

  #sendTyping(state: "start" | "stop"): boolean {
    if (!this.#online) return false;
    const visibility = this.#typingVisibility;
    return this.#options.send({ event: "typing", data: { state, visibility } });
  }

  #sendReceipt(kind: "delivered" | "read", upTo: number): boolean {
    if (!this.#online) return false;
    return this.#options.send({ event: "receipt", data: { kind, up_to: upTo } });
  }

  #planTypingExpiry(): void {
    clearTimeout(this.#typingTimer);
    const ends = Object.values(this.#state.typing).map((typist) => typist.untilMs);
    if (ends.length === 0) return;
    const expire = () => this.#dispatch({ type: "expire", atMs: Date.now() });
    this.#typingTimer = setTimeout(expire, Math.max(0, Math.min(...ends) - Date.now()));
  }

  #planWake(): void {
    clearTimeout(this.#wakeTimer);
    const atMs = this.#options.outbox.nextWakeMs();
    if (atMs === undefined) return;
    this.#wakeTimer = setTimeout(() => this.flush(), Math.max(10, atMs - Date.now()));
  }

  #save(): void {
    clearTimeout(this.#saveTimer);
    this.#saveTimer = undefined;
    void this.#options.store.putTranscript(this.#state);
  }

  /** A burst of frames is one redraw. */
  #changed(): void {
    this.#changeTimer ??= setTimeout(() => {
      this.#changeTimer = undefined;
      if (!this.#closed) this.#options.changed(this.view());
    }, REDRAW_AFTER_MS);
  }
}
