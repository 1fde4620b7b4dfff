import { describe, expect, test } from "vitest";
import {
  type Action,
  type Conversation,
  type Effect,
  newConversation,
  reduce,
  revived,
} from "../src/conversation";
import type { DurableFrame } from "../src/frames";
import { messageStatus, unreadCount } from "../src/selectors";
import type { Message } from "../src/timeline";
import type { ServerFrame } from "../src/wire.gen";
import {
  AGENT,
  CONV,
  CUSTOMER,
  history,
  message,
  messageId,
  ready,
  synced,
  TS,
} from "./support/frames";
import { below, seeded, shuffled } from "./support/random";

function frame(it: ServerFrame): Action {
  return { type: "frame", frame: it, atMs: 0 };
}

function run(start: Conversation, actions: readonly Action[]): [Conversation, Effect[]] {
  let state = start;
  const effects: Effect[] = [];
  for (const action of actions) {
    const step = reduce(state, action);
    state = step.state;
    effects.push(...step.effects);
  }
  return [state, effects];
}

function opened(headSeq = 0): Conversation {
  return run(newConversation(CONV, "customer", null), [frame(ready(headSeq))])[0];
}

function after(...frames: ServerFrame[]): Conversation {
  return run(opened(), frames.map(frame))[0];
}

function texts(state: Conversation): string[] {
  return state.items.flatMap((item) => (item.kind === "message" ? [item.content] : []));
}

/** What every reader must agree on, whatever way the frames came. */
function agreed({ gapTries: _, ...rest }: Conversation) {
  return rest;
}

describe("order", () => {
  test("any order and any repetition of the same frames ends in the same state", () => {
    for (let seed = 0; seed < 600; seed += 1) {
      const random = seeded(seed);
      const frames = history(1 + below(40, random), random);
      const repeated = frames.flatMap((it) => (random() < 0.4 ? [it, it] : [it]));
      const expected = after(...frames);
      const actual = after(...shuffled(repeated, random));
      expect(agreed(actual), `seed ${seed}`).toEqual(agreed(expected));
      expect(actual.seq, `seed ${seed}`).toBe(frames.length);
      expect(actual.held, `seed ${seed}`).toEqual([]);
    }
  });

  test("what got lost on the way is asked for and then nothing is missing", () => {
    for (let seed = 0; seed < 500; seed += 1) {
      const random = seeded(10_000 + seed);
      const frames = history(2 + below(40, random), random);
      const arriving = shuffled(
        frames.filter(() => random() < 0.6),
        random,
      );
      const state = repaired(after(...arriving, synced(frames.length)), frames);
      expect(agreed(state), `seed ${seed}`).toEqual(
        agreed(after(...frames, synced(frames.length))),
      );
    }
  });

  test("a cut at any point followed by a resume shows each event once", () => {
    for (let seed = 0; seed < 500; seed += 1) {
      const random = seeded(20_000 + seed);
      const frames = history(1 + below(30, random), random);
      const heard = frames.slice(0, below(frames.length + 1, random));
      const cut = run(after(...heard), [{ type: "disconnected" }])[0];
      const overlap = Math.max(0, cut.seq - below(4, random));
      const replay = [
        ready(frames.length, {}, { resumed: true, replay_from: cut.seq + 1 }),
        ...frames.slice(overlap),
        synced(frames.length),
      ];
      const [state] = run(cut, replay.map(frame));
      expect(agreed(state), `seed ${seed}`).toEqual(
        agreed(run(opened(frames.length), [...frames, synced(frames.length)].map(frame))[0]),
      );
    }
  });

  test("a void between two messages is counted and not drawn", () => {
    const state = after(message(1), { event: "void", seq: 2, data: {} }, message(3));
    expect(state.seq).toBe(3);
    expect(texts(state)).toEqual(["message 1", "message 3"]);
  });

  test("an event of a newer server takes its place and draws nothing", () => {
    const newer = { event: "hologram", seq: 1, data: {} } as unknown as DurableFrame;
    expect(texts(after(newer, message(2)))).toEqual(["message 2"]);
  });
});

/** Play the server: answer every `position` with what comes after it. */
function repaired(start: Conversation, frames: readonly DurableFrame[]): Conversation {
  let state = start;
  for (let round = 0; round < 3 && state.seq < frames.length; round += 1) {
    const step = reduce(state, { type: "gap-timeout" });
    const position = step.effects.find((it) => it.type === "position");
    expect(position).toBeDefined();
    const missing = frames.filter((it) => position !== undefined && it.seq > position.seq);
    [state] = run(step.state, [...missing, synced(frames.length)].map(frame));
  }
  return state;
}

describe("gaps", () => {
  test("a gap waits 300 ms and then asks from the last applied place on", () => {
    const [state, effects] = run(opened(), [frame(message(1)), frame(message(3))]);
    expect(effects).toContainEqual({ type: "gap-timer", ms: 300 });
    expect(reduce(state, { type: "gap-timeout" }).effects[0]).toEqual({
      type: "position",
      seq: 1,
      epoch: "e1",
    });
  });

  test("a gap that closed meanwhile asks for nothing", () => {
    const state = after(message(1), message(3), message(2));
    expect(reduce(state, { type: "gap-timeout" }).effects).toEqual([]);
  });

  test("an answer that gets lost is asked for again, each time later", () => {
    let state = after(message(2));
    const waits: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      const step = reduce(state, { type: "gap-timeout" });
      state = step.state;
      waits.push(...step.effects.flatMap((it) => (it.type === "gap-timer" ? [it.ms] : [])));
    }
    expect(waits).toEqual([600, 1_200, 2_400, 4_800, 9_600, 10_000, 10_000, 10_000]);
  });

  test("a pong that knows more than we do starts the wait", () => {
    const quiet = after(message(1), synced(1));
    const { effects } = reduce(quiet, frame({ event: "pong", data: { n: 1, seq: 2 } }));
    expect(effects).toEqual([{ type: "gap-timer", ms: 300 }]);
  });

  test("the answer to a command that made an event starts the wait for it", () => {
    const quiet = after(message(1), synced(1));
    const delivered = { id: messageId(9), seq: 2, ts: TS, dup: false };
    const step = reduce(quiet, frame({ event: "delivered", seq: 2, data: delivered }));
    expect(step.effects).toEqual([{ type: "gap-timer", ms: 300 }]);
    expect(step.state.seq).toBe(1);
  });
});

describe("a lost cursor", () => {
  const lost = ready(900, {}, { recovered: false });

  test("reads the history, shows it, and tells its position", () => {
    const [adrift, effects] = run(after(message(1)), [frame(lost)]);
    expect(effects).toEqual([{ type: "history" }]);
    const page = { frames: [message(899), message(900)], headSeq: 900, epoch: "e1" };
    const step = reduce(adrift, { type: "history", page });
    expect(texts(step.state)).toEqual(["message 899", "message 900"]);
    expect(step.state.oldest).toBe(899);
    expect(step.effects).toEqual([{ type: "position", seq: 900, epoch: "e1" }]);
  });

  test("keeps what is known when the page reaches it", () => {
    const [adrift] = run(after(message(1)), [frame(lost)]);
    const page = { frames: [message(2), message(3)], headSeq: 3, epoch: "e1" };
    const { state } = reduce(adrift, { type: "history", page });
    expect(texts(state)).toEqual(["message 1", "message 2", "message 3"]);
  });

  test("forgets everything of another epoch", () => {
    const [state, effects] = run(after(message(1)), [
      frame(ready(1, { epoch: "e2" }, { recovered: false })),
    ]);
    expect(state.items).toEqual([]);
    expect(state.seq).toBe(0);
    expect(effects).toEqual([{ type: "history" }]);
  });

  test("is also what UNRECOVERABLE means", () => {
    const data = { code: "UNRECOVERABLE", retryable: false, ambiguous: false, reason: "" } as const;
    expect(reduce(after(message(1)), frame({ event: "nack", data })).effects).toEqual([
      { type: "history" },
    ]);
  });

  test("a beginning that retention took is no gap", () => {
    const [state] = run(newConversation(CONV, "customer", null), [
      frame(ready(101, { first_seq: 100 }, { replay_from: 100 })),
      frame(message(100)),
      frame(message(101)),
    ]);
    expect(state.seq).toBe(101);
    expect(state.oldest).toBe(100);
  });

  test("older pages go before what is loaded", () => {
    const [adrift] = run(opened(), [frame(lost)]);
    const newest = { frames: [message(3), message(4)], headSeq: 4, epoch: "e1" };
    const older = { frames: [message(1), message(2)], headSeq: 4, epoch: "e1" };
    const [state] = run(adrift, [
      { type: "history", page: newest },
      { type: "older", page: older },
    ]);
    expect(texts(state)).toEqual(["message 1", "message 2", "message 3", "message 4"]);
    expect(state.oldest).toBe(1);
  });
});

describe("what happens to a message", () => {
  test("an edit changes the text and says so", () => {
    const edit = { target: messageId(1), content: "better", by: AGENT, rev: 1 };
    const [item] = after(message(1), { event: "message.updated", seq: 2, data: edit }).items;
    expect(item).toMatchObject({ content: "better", edited: true });
  });

  test("a deletion leaves a tombstone in its place", () => {
    const deleted = { target: messageId(1), by: AGENT };
    const [item] = after(message(1), { event: "message.deleted", seq: 2, data: deleted }).items;
    expect(item).toMatchObject({ content: "", deleted: true, seq: 1 });
  });

  test.each([
    ["hidden", "agent", true],
    ["shadowed", "agent", true],
    ["shadowed", "customer", false],
    ["public", "agent", false],
  ] as const)(
    "moderation to %s of a message by the %s hides it from the customer: %s",
    (...row) => {
      const [visibility, role, hidden] = row;
      const data = { target: messageId(1), visibility, by: AGENT, rev: 1 };
      const state = after(message(1, { role }), { event: "message.updated", seq: 2, data });
      expect(state.items[0]).toMatchObject({ hidden, content: hidden ? "" : "message 1" });
    },
  );

  test("a status grows from sent over delivered to read with the receipts of the other side", () => {
    const own = message(1, { role: "customer", userId: CUSTOMER });
    const status = (...receipts: ServerFrame[]) => {
      const state = after(own, ...receipts);
      return messageStatus(state, state.items[0] as Message);
    };
    const receipt = (kind: "delivered" | "read", userId = AGENT): ServerFrame => ({
      event: "receipt",
      data: { kind, up_to: 1, userId, ts: TS },
    });
    expect(status()).toBe("sent");
    expect(status(receipt("read", CUSTOMER))).toBe("sent");
    expect(status(receipt("delivered"))).toBe("delivered");
    expect(status(receipt("read"), receipt("delivered"))).toBe("read");
  });

  test("what others said after the read mark is unread", () => {
    const state = after(message(1), message(2), message(3, { role: "customer", userId: CUSTOMER }));
    expect(unreadCount(state)).toBe(2);
    expect(unreadCount(reduce(state, { type: "read", upTo: 1 }).state)).toBe(1);
  });
});

describe("what passes", () => {
  const typing = (state: "start" | "stop"): ServerFrame => ({
    event: "typing",
    data: { role: "agent", state, userId: AGENT, ttl_ms: 8_000 },
  });

  test("typing ends with its time, with a stop, or with the message", () => {
    const typed = after(typing("start"));
    expect(Object.keys(typed.typing)).toEqual([AGENT]);
    expect(reduce(typed, { type: "expire", atMs: 7_999 }).state.typing).toEqual(typed.typing);
    expect(reduce(typed, { type: "expire", atMs: 8_000 }).state.typing).toEqual({});
    expect(reduce(typed, frame(typing("stop"))).state.typing).toEqual({});
    expect(reduce(typed, frame(message(1))).state.typing).toEqual({});
  });

  test("a bot bubble grows, and goes with its message, with a drop, or with the floor", () => {
    const delta = (n: number, text: string, dropped = false): ServerFrame => ({
      event: "bot.delta",
      data: { stream: "s1", n, text, ...(dropped ? { dropped } : {}) },
    });
    const grown = after(delta(0, "One. "), delta(0, "One. "), delta(1, "Two."));
    expect(grown.streams.s1?.text).toBe("One. Two.");
    const stored = message(1, { role: "bot", stream: "s1" });
    expect(reduce(grown, frame(stored)).state.streams).toEqual({});
    expect(reduce(grown, frame(delta(2, "", true))).state.streams).toEqual({});
    const takenOver: ServerFrame = {
      event: "conversation.updated",
      seq: 1,
      data: { floor: { holder: "human", epoch: 9 } },
    };
    const taken = reduce(grown, frame(takenOver)).state;
    expect(taken.streams).toEqual({});
    expect(reduce(taken, frame(delta(2, "Three."))).state.streams).toEqual({});
  });

  test("a revived transcript keeps what is stored and nothing that was true only then", () => {
    const state = after(message(1), typing("start"), synced(1));
    const again = revived(state);
    expect(again.items).toEqual(state.items);
    expect(again.typing).toEqual({});
    expect(again.synced).toBe(false);
  });
});
