import type { DurableFrame, ServerFrameOf } from "../../src/frames";
import { below, pick } from "./random";

export const CUSTOMER = "01936b5e-0000-7000-8000-00000000000c";
export const AGENT = "01936b5e-0000-7000-8000-00000000000a";
export const CONV = "01936b5e-0000-7000-8000-000000000001";
export const TS = "2026-11-20T09:30:00.123Z";

export function messageId(n: number): string {
  return `01936b5e-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;
}

export function message(
  seq: number,
  data: Partial<ServerFrameOf<"message">["data"]> = {},
): DurableFrame {
  return {
    event: "message",
    seq,
    data: {
      id: messageId(seq),
      role: "agent",
      userId: AGENT,
      content: `message ${seq}`,
      type: "text",
      visibility: "public",
      ts: TS,
      ...data,
    },
  };
}

export function ready(
  headSeq: number,
  conversation: Partial<NonNullable<ServerFrameOf<"ready">["data"]["conversation"]>> = {},
  more: Partial<ServerFrameOf<"ready">["data"]> = {},
): ServerFrameOf<"ready"> {
  return {
    event: "ready",
    data: {
      user: { userId: CUSTOMER, role: "visitor" },
      conversation: {
        id: CONV,
        epoch: "e1",
        head_seq: headSeq,
        first_seq: 1,
        status: "open",
        ...conversation,
      },
      floor: { holder: "none", epoch: 0 },
      receipts: [],
      resumed: false,
      recovered: true,
      replay_from: 1,
      token_exp: 2_000_000_000,
      ...more,
    },
  };
}

export function synced(seq: number): ServerFrameOf<"synced"> {
  return { event: "synced", data: { seq } };
}

/** A conversation of `length` durable events of every kind, as one server might have told it. */
export function history(length: number, random: () => number): DurableFrame[] {
  const frames: DurableFrame[] = [];
  for (let seq = 1; seq <= length; seq += 1) frames.push(anyDurable(seq, random));
  return frames;
}

function anyDurable(seq: number, random: () => number): DurableFrame {
  const target = messageId(1 + below(seq, random));
  const kind = below(10, random);
  switch (kind) {
    case 0:
      return { event: "void", seq, data: {} };
    case 1:
      return {
        event: "message.updated",
        seq,
        data: { target, content: `edited at ${seq}`, by: AGENT, rev: seq },
      };
    case 2:
      return { event: "message.deleted", seq, data: { target, by: AGENT } };
    case 3:
      return {
        event: "message.updated",
        seq,
        data: { target, visibility: pick(["hidden", "public"], random), by: AGENT, rev: seq },
      };
    case 4:
      return {
        event: "handoff",
        seq,
        data: {
          state: pick(["requested", "queued", "offered", "active", "ended"], random),
          session: messageId(0xffff),
          floor: { holder: pick(["human", "none"], random), epoch: seq },
          position: below(5, random),
        },
      };
    case 5:
      return {
        event: "participant",
        seq,
        data: { userId: AGENT, role: "agent", change: pick(["joined", "left"], random) },
      };
    default:
      return pick([message(seq), message(seq, { role: "customer", userId: CUSTOMER })], random);
  }
}
