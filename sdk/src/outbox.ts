import { backoffMs, type Random } from "./backoff";
import { ChorusError } from "./errors";
import type { ClientData, ServerData } from "./frames";
import type { Store } from "./store";
import type { FileInfo } from "./uploads";
import { uuid7 } from "./uuid7";

export type MessageBody = Omit<ClientData<"message">, "id">;

export interface SendOptions extends Omit<MessageBody, "content" | "attachments"> {
  /** Uploaded before; the message carries them. */
  readonly files?: readonly FileInfo[] | undefined;
}

export interface Failure {
  readonly code: string;
  readonly reason: string;
}

export interface OutboxEntry {
  readonly id: string;
  readonly conv: string;
  /** Place among all entries of this browser; clocks may step back, this does not. */
  readonly order: number;
  readonly createdMs: number;
  readonly body: MessageBody;
  /** What `body.attachments` names, for the sender's own eyes. */
  readonly files?: readonly FileInfo[] | undefined;
  readonly failure?: Failure;
}

export type Draft = Pick<OutboxEntry, "id" | "createdMs" | "body" | "files">;

export interface PendingMessage extends OutboxEntry {
  readonly status: "sending" | "failed";
}

export interface Departure {
  readonly entry: OutboxEntry;
  readonly ref: number;
}

interface Flight {
  readonly ref: number;
  readonly sentMs: number;
}

interface Lane {
  readonly entries: OutboxEntry[];
  readonly flights: Map<string, Flight>;
  refusals: number;
  pausedUntilMs: number;
}

export interface OutboxOptions {
  readonly store: Store;
  readonly nowMs?: () => number;
  readonly random?: Random;
}

const MAX_IN_FLIGHT = 8;
const MAX_ENTRIES = 200;
const MAX_AGE_MS = 24 * 3_600_000;

/** The gateway answers by itself after `ack_ms` (10 s); this much later the answer itself was lost. */
export const ANSWER_TIMEOUT_MS = 15_000;

/**
 * Messages on their way, first in first out per conversation.
 *
 * An entry is stored before it leaves, leaves this box only when the server has confirmed it,
 * and keeps its id through every repetition, so the server stores it once. At most eight of a
 * conversation are in flight; after a retryable refusal or a new socket all unconfirmed ones
 * leave again, the oldest first.
 */
export class Outbox {
  readonly #store: Store;
  readonly #nowMs: () => number;
  readonly #random: Random;
  readonly #lanes = new Map<string, Lane>();
  readonly #saving = new Map<string, Promise<void>>();
  #lastOrder = 0;
  #lastRef = 0;

  constructor({ store, nowMs = Date.now, random = Math.random }: OutboxOptions) {
    this.#store = store;
    this.#nowMs = nowMs;
    this.#random = random;
  }

  /** Take in what an earlier page or another tab left behind. */
  async load(): Promise<void> {
    const known = await this.#store.entries();
    for (const entry of known.sort((a, b) => a.order - b.order)) {
      if (this.find(entry.id) === undefined) this.#take(this.#agedOut(entry));
    }
  }

  /** Add a message at the end of its conversation; resolves when it outlives a reload. */
  async add(draft: Omit<OutboxEntry, "order">): Promise<void> {
    if (this.find(draft.id) !== undefined) return this.#saving.get(draft.id);
    if (this.#size() >= MAX_ENTRIES) {
      throw new ChorusError("OUTBOX_FULL", "Too many unsent messages are waiting.");
    }
    const entry = { ...draft, order: this.#lastOrder + 1 };
    this.#take(entry);
    const saved = this.#store.putEntry(entry);
    this.#saving.set(entry.id, saved);
    await saved;
    this.#saving.delete(entry.id);
  }

  /** Give every message that may leave now a new ref and count it as in flight. */
  depart(conv: string): Departure[] {
    const lane = this.#lanes.get(conv);
    const nowMs = this.#nowMs();
    if (lane === undefined || lane.pausedUntilMs > nowMs) return [];
    const departures: Departure[] = [];
    for (const entry of lane.entries) {
      if (entry.failure !== undefined || lane.flights.has(entry.id)) continue;
      if (lane.flights.size >= MAX_IN_FLIGHT || this.#saving.has(entry.id)) break;
      const ref = this.nextRef();
      lane.flights.set(entry.id, { ref, sentMs: nowMs });
      departures.push({ entry, ref });
    }
    return departures;
  }

  /** Refs are shared with commands, so that an answer names one thing only. */
  nextRef(): number {
    this.#lastRef += 1;
    return this.#lastRef;
  }

  /** The server has it. Answers the entry, or undefined when it was not waiting. */
  settle(id: string): OutboxEntry | undefined {
    const lane = this.#laneOf(id);
    const entry = lane?.entries.find((it) => it.id === id);
    if (lane === undefined || entry === undefined) return undefined;
    lane.refusals = 0;
    this.#remove(lane, id);
    return entry;
  }

  /**
   * The server refused transmission `ref` of this message. Retryable: the conversation pauses and
   * starts again from its oldest; else the message waits for the person to decide.
   */
  refuse(nack: ServerData<"nack">, ref: number | undefined): void {
    const lane = nack.id === undefined ? undefined : this.#laneOf(nack.id);
    const flight = nack.id === undefined ? undefined : lane?.flights.get(nack.id);
    // An answer to an earlier transmission says nothing about the one under way.
    if (lane === undefined || flight === undefined || nack.id === undefined) return;
    if (ref !== undefined && ref !== flight.ref) return;
    if (!nack.retryable) {
      this.#markFailed(lane, nack.id, { code: nack.code, reason: nack.reason });
      return;
    }
    const waitMs = nack.retry_after_ms ?? backoffMs(lane.refusals, this.#random);
    lane.refusals += 1;
    lane.pausedUntilMs = this.#nowMs() + waitMs;
    lane.flights.clear();
  }

  /** A new socket knows nothing of what the old one carried: everything unconfirmed leaves again. */
  rewind(): void {
    for (const lane of this.#lanes.values()) {
      lane.flights.clear();
      lane.pausedUntilMs = 0;
    }
  }

  /** Start lanes again whose oldest flight never got an answer; answers their conversations. */
  overdue(): string[] {
    const limitMs = this.#nowMs() - ANSWER_TIMEOUT_MS;
    const late = [...this.#lanes].filter(([, lane]) =>
      [...lane.flights.values()].some((flight) => flight.sentMs <= limitMs),
    );
    for (const [, lane] of late) lane.flights.clear();
    return late.map(([conv]) => conv);
  }

  /** Send a failed message again, at the end of the line. */
  async retry(id: string): Promise<void> {
    const lane = this.#laneOf(id);
    const entry = lane?.entries.find((it) => it.id === id);
    if (lane === undefined || entry?.failure === undefined) return;
    const { failure, ...kept } = entry;
    const again: OutboxEntry = {
      ...kept,
      // The refused id belongs to another message for ever.
      id: failure?.code === "ID_CONFLICT" ? uuid7() : id,
      order: this.#lastOrder + 1,
      createdMs: this.#nowMs(),
      body: withoutConditions(entry.body),
    };
    this.#remove(lane, id);
    this.#take(again);
    await this.#store.putEntry(again);
  }

  /** Forget a message that the person does not want to send any more. */
  discard(id: string): void {
    const lane = this.#laneOf(id);
    if (lane !== undefined) this.#remove(lane, id);
  }

  /** The server closed the socket because a frame was too big: fail the biggest in flight. */
  failLargest(conv: string, failure: Failure): void {
    const lane = this.#lanes.get(conv);
    const flying = lane?.entries.filter((entry) => lane.flights.has(entry.id)) ?? [];
    const [largest] = flying.sort((a, b) => b.body.content.length - a.body.content.length);
    if (lane !== undefined && largest !== undefined) this.#markFailed(lane, largest.id, failure);
  }

  /** Move everything of one conversation to another: the first got its id only now. */
  async rebind(from: string, to: string): Promise<void> {
    const lane = this.#lanes.get(from);
    if (lane === undefined || from === to) return;
    this.#lanes.delete(from);
    const moved = lane.entries.map((entry) => ({ ...entry, conv: to }));
    for (const entry of moved) this.#take(entry);
    await Promise.all(moved.map((entry) => this.#store.putEntry(entry)));
  }

  find(id: string): OutboxEntry | undefined {
    return this.#laneOf(id)?.entries.find((entry) => entry.id === id);
  }

  conversations(): string[] {
    return [...this.#lanes].filter(([, lane]) => lane.entries.length > 0).map(([conv]) => conv);
  }

  pending(conv: string): PendingMessage[] {
    const entries = this.#lanes.get(conv)?.entries ?? [];
    return entries.map((entry) => ({
      ...entry,
      status: entry.failure === undefined ? "sending" : "failed",
    }));
  }

  /** True when nothing of this conversation waits for an answer, so a command may leave. */
  idle(conv: string): boolean {
    return this.pending(conv).every((entry) => entry.status === "failed");
  }

  /** When to look again: the end of a pause or of the patience with an answer. */
  nextWakeMs(): number | undefined {
    const nowMs = this.#nowMs();
    const times = [...this.#lanes.values()].flatMap((lane) => [
      ...(lane.pausedUntilMs > nowMs && lane.entries.length > 0 ? [lane.pausedUntilMs] : []),
      ...[...lane.flights.values()].map((flight) => flight.sentMs + ANSWER_TIMEOUT_MS),
    ]);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  #take(entry: OutboxEntry): void {
    const lane = this.#lanes.get(entry.conv) ?? emptyLane();
    lane.entries.push(entry);
    this.#lanes.set(entry.conv, lane);
    this.#lastOrder = Math.max(this.#lastOrder, entry.order);
  }

  #agedOut(entry: OutboxEntry): OutboxEntry {
    if (entry.failure !== undefined || this.#nowMs() - entry.createdMs < MAX_AGE_MS) return entry;
    return { ...entry, failure: { code: "EXPIRED", reason: "It waited longer than a day." } };
  }

  #markFailed(lane: Lane, id: string, failure: Failure): void {
    const at = lane.entries.findIndex((entry) => entry.id === id);
    const entry = lane.entries[at];
    if (entry === undefined) return;
    const failed = { ...entry, failure };
    lane.entries[at] = failed;
    lane.flights.delete(id);
    void this.#store.putEntry(failed);
  }

  #remove(lane: Lane, id: string): void {
    const at = lane.entries.findIndex((entry) => entry.id === id);
    if (at >= 0) lane.entries.splice(at, 1);
    lane.flights.delete(id);
    void this.#store.deleteEntry(id);
  }

  #laneOf(id: string): Lane | undefined {
    return [...this.#lanes.values()].find((lane) => lane.entries.some((it) => it.id === id));
  }

  #size(): number {
    return [...this.#lanes.values()].reduce((sum, lane) => sum + lane.entries.length, 0);
  }
}

export function draftOf(id: string, content: string, { files, ...told }: SendOptions): Draft {
  const body = { ...told, content, attachments: files?.map((file) => file.id) };
  return { id, createdMs: Date.now(), body, files } as Draft;
}

/** Sending again by hand means: whatever was said or decided meanwhile. */
function withoutConditions(body: MessageBody): MessageBody {
  const { expected_seq: _seq, floor_epoch: _epoch, ...rest } = body;
  return rest;
}

function emptyLane(): Lane {
  return { entries: [], flights: new Map(), refusals: 0, pausedUntilMs: 0 };
}
