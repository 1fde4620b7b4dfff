import type { ServerData } from "./frames";
import type { PresenceStatus, Role, ServerFrame } from "./wire.gen";

export interface Mark {
  readonly delivered: number;
  readonly read: number;
}

export interface Typist {
  readonly role: Role;
  readonly untilMs: number;
}

export interface Presence {
  readonly status: PresenceStatus;
  readonly since: string;
}

/** A bot answer on its way: sentences that were checked already, before the stored message. */
export interface Stream {
  readonly n: number;
  readonly text: string;
}

/** What is true for now: never stored, never numbered, gone with the socket. */
export interface Ephemera {
  /** The user these eyes belong to; known from `ready` on. */
  readonly self: string | null;
  readonly position: number | null;
  readonly etaS: number | null;
  readonly receipts: Readonly<Record<string, Mark>>;
  readonly typing: Readonly<Record<string, Typist>>;
  readonly viewing: readonly string[];
  readonly presence: Readonly<Record<string, Presence>>;
  readonly streams: Readonly<Record<string, Stream>>;
  readonly degraded: readonly string[];
}

/** What is known of all that without a socket. Read marks stay: they only grow. */
export const NOTHING_PASSING = {
  typing: {},
  viewing: [],
  presence: {},
  streams: {},
  degraded: [],
} as const satisfies Partial<Ephemera>;

const DEFAULT_TYPING_TTL_MS = 8_000;

/** Apply a frame that is never stored; every other one leaves the state as it is. */
export function passing<T extends Ephemera>(state: T, frame: ServerFrame, atMs: number): T {
  switch (frame.event) {
    case "receipt":
      return marked(state, frame.data.userId, frame.data.kind, frame.data.up_to);
    case "typing":
      return onTyping(state, frame.data, atMs);
    case "viewing":
      return onViewing(state, frame.data);
    case "presence": {
      const { userId, status, since } = frame.data;
      return { ...state, presence: { ...state.presence, [userId]: { status, since } } };
    }
    case "queue":
      return { ...state, position: frame.data.position, etaS: frame.data.eta_s ?? state.etaS };
    case "bot.delta":
      return onBotDelta(state, frame.data);
    case "degraded":
      return { ...state, degraded: [...new Set([...state.degraded, frame.data.what])] };
    case "recovered":
      return { ...state, degraded: state.degraded.filter((what) => what !== frame.data.what) };
    default:
      return state;
  }
}

/** Raise a read or delivered mark; a lower one changes nothing. */
export function marked<T extends Ephemera>(
  state: T,
  userId: string,
  kind: "delivered" | "read",
  upTo: number,
): T {
  const old = state.receipts[userId] ?? { delivered: 0, read: 0 };
  const read = kind === "read" ? Math.max(old.read, upTo) : old.read;
  const delivered = Math.max(old.delivered, upTo);
  if (read === old.read && delivered === old.delivered) return state;
  return { ...state, receipts: { ...state.receipts, [userId]: { delivered, read } } };
}

function onTyping<T extends Ephemera>(state: T, data: ServerData<"typing">, atMs: number): T {
  if (data.userId === state.self) return state;
  if (data.state === "stop") return { ...state, typing: without(state.typing, data.userId) };
  const untilMs = atMs + (data.ttl_ms || DEFAULT_TYPING_TTL_MS);
  return { ...state, typing: { ...state.typing, [data.userId]: { role: data.role, untilMs } } };
}

/** Forget whose time to type is over. */
export function expireTyping<T extends Ephemera>(state: T, atMs: number): T {
  const alive = Object.entries(state.typing).filter(([, typist]) => typist.untilMs > atMs);
  if (alive.length === Object.keys(state.typing).length) return state;
  return { ...state, typing: Object.fromEntries(alive) };
}

function onViewing<T extends Ephemera>(state: T, data: ServerData<"viewing">): T {
  const others = state.viewing.filter((userId) => userId !== data.userId);
  return { ...state, viewing: data.state === "start" ? [...others, data.userId] : others };
}

function onBotDelta<T extends Ephemera>(state: T, data: ServerData<"bot.delta">): T {
  if (data.dropped === true) return { ...state, streams: without(state.streams, data.stream) };
  const known = state.streams[data.stream] ?? { n: -1, text: "" };
  if (data.n <= known.n) return state;
  const next = { n: data.n, text: known.text + data.text };
  return { ...state, streams: { ...state.streams, [data.stream]: next } };
}
export function without<T>(record: Readonly<Record<string, T>>, key: string | undefined) {
  if (key === undefined || !(key in record)) return record;
  const { [key]: _, ...rest } = record;
  return rest;
}
