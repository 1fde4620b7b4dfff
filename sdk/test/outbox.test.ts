import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, test } from "vitest";
import { ANSWER_TIMEOUT_MS, Outbox } from "../src/outbox";
import { MemoryStore, openStore, type Store } from "../src/store";
import { uuid7 } from "../src/uuid7";
import type { NackCode } from "../src/wire.gen";
import { CONV } from "./support/frames";
import { below, seeded } from "./support/random";

let nowMs = 0;
let store: Store;
let outbox: Outbox;

beforeEach(() => {
  nowMs = 1_000_000;
  store = new MemoryStore();
  outbox = newOutbox(store);
});

function newOutbox(on: Store): Outbox {
  return new Outbox({ store: on, nowMs: () => nowMs, random: () => 0.5 });
}

async function say(content: string, box = outbox, conv = CONV): Promise<string> {
  const id = uuid7();
  await box.add({ id, conv, createdMs: nowMs, body: { content } });
  return id;
}

function leave(box = outbox, conv = CONV): string[] {
  return box.depart(conv).map(({ entry }) => entry.body.content);
}

function nack(id: string, code: NackCode, retryable: boolean, retry_after_ms?: number) {
  const facts = { id, code, retryable, ambiguous: code === "UNAVAILABLE", reason: "no" };
  return retry_after_ms === undefined ? facts : { ...facts, retry_after_ms };
}

describe("order", () => {
  test("messages leave in the order they were said, each once", async () => {
    await Promise.all([say("a"), say("b"), say("c")]);
    expect(leave()).toEqual(["a", "b", "c"]);
    expect(leave()).toEqual([]);
  });

  test("at most eight of a conversation are in flight", async () => {
    const ids = await Promise.all(Array.from({ length: 10 }, (_, n) => say(`m${n}`)));
    expect(leave()).toHaveLength(8);
    outbox.settle(ids[0] as string);
    expect(leave()).toEqual(["m8"]);
  });

  test("a full conversation does not hold up another", async () => {
    await Promise.all(Array.from({ length: 9 }, () => say("here")));
    await say("there", outbox, "other");
    leave();
    expect(leave(outbox, "other")).toEqual(["there"]);
  });

  test("nothing leaves before it is stored, nor does what was said after it", async () => {
    let stored: () => void = () => undefined;
    const slow = new MemoryStore();
    slow.putEntry = () => new Promise((resolve) => (stored = resolve));
    const box = newOutbox(slow);
    const first = say("first", box);
    slow.putEntry = async () => undefined;
    await say("second", box);
    expect(leave(box)).toEqual([]);
    stored();
    await first;
    expect(leave(box)).toEqual(["first", "second"]);
  });

  test("what is added again while it is being stored is safe no sooner, and there once", async () => {
    let stored: () => void = () => undefined;
    const slow = new MemoryStore();
    slow.putEntry = () => new Promise((resolve) => (stored = resolve));
    const box = newOutbox(slow);
    const draft = { id: uuid7(), conv: CONV, createdMs: nowMs, body: { content: "once" } };
    const safe: string[] = [];
    const both = [box.add(draft), box.add(draft)].map((it) => it.then(() => safe.push("safe")));
    await new Promise((resolve) => setImmediate(resolve));
    expect(safe).toEqual([]);
    stored();
    await Promise.all(both);
    expect(leave(box)).toEqual(["once"]);
  });

  test("a retryable refusal starts again from the oldest, after the wait it asked for", async () => {
    const [, second] = await Promise.all([say("a"), say("b"), say("c")]);
    leave();
    outbox.refuse(nack(second as string, "RATE_LIMITED", true, 700), undefined);
    expect(leave()).toEqual([]);
    expect(outbox.nextWakeMs()).toBe(nowMs + 700);
    nowMs += 700;
    expect(leave()).toEqual(["a", "b", "c"]);
  });

  test("a final refusal fails that message and lets the others pass", async () => {
    const [first] = await Promise.all([say("a"), say("b")]);
    leave();
    outbox.refuse(nack(first as string, "FORBIDDEN", false), undefined);
    expect(outbox.pending(CONV).map((it) => [it.status, it.failure?.code])).toEqual([
      ["failed", "FORBIDDEN"],
      ["sending", undefined],
    ]);
    expect(leave()).toEqual([]);
  });

  test("an answer to an earlier transmission does not stop the one under way", async () => {
    const id = await say("a");
    const [early] = outbox.depart(CONV);
    outbox.rewind();
    outbox.depart(CONV);
    outbox.refuse(nack(id, "UNAVAILABLE", true), early?.ref);
    expect(outbox.nextWakeMs()).toBe(nowMs + ANSWER_TIMEOUT_MS);
  });

  test("refusal after refusal waits longer, and a success begins anew", async () => {
    const id = await say("a");
    const waits: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      leave();
      outbox.refuse(nack(id, "UNAVAILABLE", true), undefined);
      waits.push((outbox.nextWakeMs() ?? 0) - nowMs);
      nowMs += 60_000;
    }
    expect(waits).toEqual([350, 600, 1_100, 2_100, 4_100, 8_100, 10_100, 10_100]);
  });

  test("under any mixture of answers the server sees each sender's order", async () => {
    for (let seed = 0; seed < 300; seed += 1) await playAgainstServer(seed);
  });
});

/** A server that loses, refuses and repeats at random, and refuses new ids after a refused one. */
async function playAgainstServer(seed: number): Promise<void> {
  const random = seeded(seed);
  const box = newOutbox(new MemoryStore());
  const said = Array.from({ length: 12 }, (_, n) => `m${n}`);
  for (const content of said) await say(content, box);
  const stored: string[] = [];
  for (let round = 0; round < 400 && box.pending(CONV).length > 0; round += 1) {
    let refusing = false;
    for (const { entry, ref } of box.depart(CONV)) {
      const fate = below(5, random);
      const known = stored.includes(entry.body.content);
      if (!known && (refusing || fate === 0)) {
        refusing = true;
        box.refuse(nack(entry.id, "UNAVAILABLE", true), ref);
      } else {
        if (!known) stored.push(entry.body.content);
        if (fate !== 1) box.settle(entry.id);
      }
    }
    nowMs += 30_000;
    if (below(3, random) === 0) box.rewind();
    else box.overdue();
  }
  expect(stored, `seed ${seed}`).toEqual(said);
  expect(box.pending(CONV), `seed ${seed}`).toEqual([]);
}

describe("repetition", () => {
  test("a new socket gets everything unconfirmed again, with the same ids", async () => {
    const ids = [await say("a"), await say("b"), await say("c")];
    leave();
    outbox.settle(ids[0] as string);
    outbox.rewind();
    expect(outbox.depart(CONV).map(({ entry }) => entry.id)).toEqual(ids.slice(1));
  });

  test("an answer that never comes is no answer", async () => {
    await say("a");
    leave();
    nowMs += ANSWER_TIMEOUT_MS - 1;
    expect(outbox.overdue()).toEqual([]);
    nowMs += 1;
    expect(outbox.overdue()).toEqual([CONV]);
    expect(leave()).toEqual(["a"]);
  });

  test("the same message added twice is one message", async () => {
    const draft = { id: uuid7(), conv: CONV, createdMs: nowMs, body: { content: "once" } };
    await outbox.add(draft);
    await outbox.add(draft);
    expect(outbox.pending(CONV)).toHaveLength(1);
  });

  test("a person's retry goes to the end, keeps the id, and drops what it was conditional on", async () => {
    const id = uuid7();
    const body = { content: "a", expected_seq: 4, floor_epoch: 2 };
    await outbox.add({ id, conv: CONV, createdMs: nowMs, body });
    await say("b");
    leave();
    outbox.refuse(nack(id, "STALE_VIEW", false), undefined);
    await outbox.retry(id);
    const [again] = outbox.depart(CONV);
    expect(again?.entry).toMatchObject({ id, body: { content: "a" } });
    expect(again?.entry.body).not.toHaveProperty("expected_seq");
    expect(outbox.pending(CONV).map((it) => it.body.content)).toEqual(["b", "a"]);
  });

  test("an id that belongs to another message is not used again", async () => {
    const id = await say("a");
    leave();
    outbox.refuse(nack(id, "ID_CONFLICT", false), undefined);
    await outbox.retry(id);
    expect(outbox.pending(CONV)[0]?.id).not.toBe(id);
  });

  test("of several in flight the largest is the one that was too big", async () => {
    await Promise.all([say("short"), say("a much longer one"), say("mid")]);
    leave();
    outbox.failLargest(CONV, { code: "TOO_LARGE", reason: "too long" });
    expect(outbox.pending(CONV).map((it) => it.status)).toEqual(["sending", "failed", "sending"]);
  });
});

describe("a reload", () => {
  let disk: IDBFactory;

  beforeEach(() => {
    disk = new IDBFactory();
  });

  async function freshPage(): Promise<Outbox> {
    const box = newOutbox(await openStore("chorus:test", disk));
    await box.load();
    return box;
  }

  test("loses nothing and keeps order and ids", async () => {
    const before = await freshPage();
    const ids = [await say("a", before), await say("b", before), await say("c", before)];
    leave(before);
    before.settle(ids[0] as string);
    const after = await freshPage();
    expect(after.depart(CONV).map(({ entry }) => [entry.id, entry.body.content])).toEqual([
      [ids[1], "b"],
      [ids[2], "c"],
    ]);
  });

  test("puts new messages after the old ones, even when the clock was set back", async () => {
    await say("old", await freshPage());
    nowMs -= 500_000;
    const after = await freshPage();
    await say("new", after);
    expect(leave(after)).toEqual(["old", "new"]);
  });

  test("shows what had failed, and does not send it by itself", async () => {
    const before = await freshPage();
    const id = await say("a", before);
    leave(before);
    before.refuse(nack(id, "CONVERSATION_CLOSED", false), undefined);
    const after = await freshPage();
    expect(after.pending(CONV)[0]).toMatchObject({ id, status: "failed" });
    expect(leave(after)).toEqual([]);
  });

  test("after more than a day asks the person first", async () => {
    await say("stale", await freshPage());
    nowMs += 25 * 3_600_000;
    const after = await freshPage();
    expect(after.pending(CONV)[0]?.failure?.code).toBe("EXPIRED");
  });

  test("the transcript of a conversation is there at once", async () => {
    const kept = await openStore("chorus:test", disk);
    const transcript = { id: CONV, seq: 7 } as Parameters<Store["putTranscript"]>[0];
    await kept.putTranscript(transcript);
    const again = await openStore("chorus:test", disk);
    expect(await again.transcript(CONV)).toEqual(transcript);
    await again.clear();
    expect(await again.transcript(CONV)).toBeUndefined();
  });
});

describe("without storage", () => {
  test("a browser without IndexedDB still sends", async () => {
    const memory = await openStore("chorus:test", undefined);
    expect(memory.persistent).toBe(false);
    const box = newOutbox(memory);
    await say("a", box);
    expect(leave(box)).toEqual(["a"]);
  });

  test("a browser that refuses to open it still sends", async () => {
    const broken = {
      open: () => {
        throw new DOMException("blocked", "SecurityError");
      },
    } as unknown as IDBFactory;
    expect((await openStore("chorus:test", broken)).persistent).toBe(false);
  });
});

test("more than two hundred unsent messages are refused with a reason", async () => {
  for (let n = 0; n < 200; n += 1) await say(`m${n}`);
  await expect(say("one more")).rejects.toMatchObject({ code: "OUTBOX_FULL" });
});

test("messages said before the conversation had an id move into it in order", async () => {
  await say("a", outbox, "unbound");
  await say("b", outbox, "unbound");
  await outbox.rebind("unbound", CONV);
  expect(leave()).toEqual(["a", "b"]);
  expect(outbox.pending("unbound")).toEqual([]);
});
