import type { AgentClient, AgentState } from "@chorus/sdk";
import { newConversation } from "@chorus/sdk/conversation";
import { emptyInbox } from "@chorus/sdk/inbox";
import { describe, expect, test } from "vitest";
import { amended } from "../src/features/thread/use-timeline";
import { amend, bindCache, newCache, patch } from "../src/shared/live/cache";
import { keys } from "../src/shared/live/keys";
import { CONV, message, row } from "./support";

function state(more: Partial<AgentState> = {}): AgentState {
  return {
    connection: { phase: "online" },
    self: null,
    inbox: emptyInbox("all"),
    offers: [],
    conversations: {},
    contacts: {},
    persistent: true,
    ...more,
  };
}

const view = (seq: number) => ({
  ...newConversation(CONV, "agent", null),
  seq,
  pending: [],
  complete: true,
});

describe("frames in the cache", () => {
  test("a view is kept while it is opened anew, and each order has its own", () => {
    const cache = newCache();
    const full = { ...emptyInbox("all"), loaded: true, rows: { a: row("a") } };
    const first = state({ inbox: full });
    patch(cache, {}, first);
    patch(cache, first, state({ inbox: emptyInbox("all") }));
    expect(cache.getQueryData(keys.inbox("all", {}, "latest"))).toBe(full);
    expect(cache.getQueryData(keys.inbox("all", {}, "waiting"))).toBeUndefined();
  });

  test("only what changed is written: everything else keeps its identity", () => {
    const cache = newCache();
    const offers = [] as const;
    const one = view(1);
    const before = state({ offers, conversations: { [CONV]: one } });
    patch(cache, {}, before);
    const writes: string[] = [];
    cache.getQueryCache().subscribe((event) => {
      if (event.type === "updated") writes.push(String(event.query.queryKey[1]));
    });
    patch(cache, before, { ...before, conversations: { [CONV]: view(2) } });
    expect([...new Set(writes)]).toEqual(["conversation"]);
    expect(cache.getQueryData(keys.conversation(CONV))).toMatchObject({ seq: 2 });
  });

  test("another summary is read anew, and no other conversation's", async () => {
    const cache = newCache();
    cache.setQueryData(keys.summary(CONV), { text: "old" });
    cache.setQueryData(keys.summary("another"), { text: "old" });
    const told = new Map<string, (payload: { conv: string }) => void>();
    const client = {
      state: state(),
      on: (name: string, hear: (payload: { conv: string }) => void) => {
        told.set(name, hear);
        return () => told.delete(name);
      },
    };
    const release = bindCache(client as unknown as AgentClient, cache);
    told.get("summary")?.({ conv: CONV });
    expect(cache.getQueryState(keys.summary(CONV))?.isInvalidated).toBe(true);
    expect(cache.getQueryState(keys.summary("another"))?.isInvalidated).toBe(false);
    release();
    expect(told.size).toBe(0);
  });

  test("a conversation that is not ours any more is null, not the last that was seen", () => {
    const cache = newCache();
    const before = state({ conversations: { [CONV]: view(1) } });
    patch(cache, {}, before);
    patch(cache, before, state({ conversations: { [CONV]: null } }));
    expect(cache.getQueryData(keys.conversation(CONV))).toBeNull();
  });
});

describe("what REST told", () => {
  const known = {
    id: CONV,
    status: "open",
    tags: ["vip"],
    priority: 0,
    visibleMessages: 4,
    headSeq: 5,
  };

  test.each([
    [{ event: "conversation.updated", data: { tags: ["vip", "late"] } }, { tags: ["vip", "late"] }],
    [
      { event: "conversation.updated", data: { priority: 2 } },
      { priority: 2, tags: ["vip"] },
    ],
    [{ event: "conversation.updated", data: { status: "snoozed" } }, { status: "snoozed" }],
    [
      { event: "message.updated", data: { target: "m-1", by: "x", rev: 1, visible: 3 } },
      { visibleMessages: 3, headSeq: 9 },
    ],
  ])("takes in %o", (frame, expected) => {
    const cache = newCache();
    cache.setQueryData(keys.snapshot(CONV), known);
    amend(cache, { conv: CONV, frame: { ...frame, seq: 9 } as never });
    expect(cache.getQueryData(keys.snapshot(CONV))).toMatchObject({ ...known, ...expected });
  });

  test.each([
    [["vip", "late"], ["refund"]],
    [[], ["late", "refund"]],
    [["vip"], ["late", "refund"]],
  ])("suggests no label again that people put or took away: %o", (tags, suggested) => {
    const cache = newCache();
    const traits = { intent: "refund", suggested: ["vip", "late", "refund"] };
    cache.setQueryData(keys.snapshot(CONV), { ...known, traits });
    const frame = { event: "conversation.updated", seq: 9, data: { tags } };
    amend(cache, { conv: CONV, frame: frame as never });
    const expected = { tags, traits: { intent: "refund", suggested } };
    expect(cache.getQueryData(keys.snapshot(CONV))).toMatchObject(expected);
  });

  test("is not made up where nothing was told", () => {
    const cache = newCache();
    const frame = { event: "conversation.updated", seq: 9, data: { priority: 2 } };
    amend(cache, { conv: CONV, frame: frame as never });
    expect(cache.getQueryData(keys.snapshot(CONV))).toBeUndefined();
  });
});

test("an old page of a thread changes with its message, and no other does", () => {
  const pages = [
    { items: [message(1), message(2)], first: 1, last: 2, head: 9 },
    { items: [message(3)], first: 3, last: 3, head: 9 },
  ];
  const frame = { event: "message.deleted", seq: 9, data: { target: "m-2", by: "x" } };
  const after = amended({ pages, pageParams: [] }, frame as never);
  expect(after.pages[0]?.items[1]).toMatchObject({ deleted: true, content: "" });
  expect(after.pages[1]).toBe(pages[1]);
});
