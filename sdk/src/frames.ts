import { type ClientFrame, REQUIRED_KEYS, type ServerFrame } from "./wire.gen";

export type ServerEvent = ServerFrame["event"];
export type ServerFrameOf<E extends ServerEvent> = Extract<ServerFrame, { event: E }>;
export type ServerData<E extends ServerEvent> = ServerFrameOf<E>["data"];

export type ClientEvent = ClientFrame["event"];
export type ClientFrameOf<E extends ClientEvent> = Extract<ClientFrame, { event: E }>;
export type ClientData<E extends ClientEvent> = ClientFrameOf<E>["data"];

/** Client frames that carry an id of their own and are no message: each is answered once. */
export type CommandEvent = Exclude<
  Extract<ClientFrame, { data: { id: string } }>["event"],
  "message"
>;

export type FloorState = ServerData<"handoff">["floor"];
export type InboxItem = ServerData<"inbox.upsert">["item"];

/** A frame that takes a place in its conversation. `delivered` is one only to its sender. */
export type DurableFrame = ServerFrame & { seq: number };

/**
 * True for anything in the shape of a frame. A known event must have the keys that are always
 * there; an unknown one passes, because it may take a place in its conversation.
 */
export function isServerFrame(value: unknown): value is ServerFrame {
  if (typeof value !== "object" || value === null) return false;
  const { event, data, seq, ref, conv } = value as Record<string, unknown>;
  return (
    typeof event === "string" &&
    typeof data === "object" &&
    data !== null &&
    !Array.isArray(data) &&
    requiredKeys(event).every((key) => key in data) &&
    isAbsentOr(seq, Number.isSafeInteger) &&
    isAbsentOr(ref, Number.isSafeInteger) &&
    isAbsentOr(conv, (it) => typeof it === "string")
  );
}

function requiredKeys(event: string): readonly string[] {
  return Object.hasOwn(REQUIRED_KEYS, event) ? REQUIRED_KEYS[event as ServerEvent] : [];
}

function isAbsentOr(value: unknown, check: (value: unknown) => boolean): boolean {
  return value === undefined || check(value);
}

/**
 * Read what one socket frame holds: one object, or several joined by newlines.
 * What cannot be read is left out, so a newer server never breaks an older page.
 */
export function decodeFrames(text: string): ServerFrame[] {
  return text.split("\n").flatMap((line) => {
    try {
      const value: unknown = JSON.parse(line);
      return isServerFrame(value) ? [value] : [];
    } catch {
      return [];
    }
  });
}

export function isDurable(frame: ServerFrame): frame is DurableFrame {
  return frame.seq !== undefined && frame.event !== "delivered" && frame.event !== "nack";
}
