import type { AgentClient, AgentState } from "@chorus/sdk";
import { newConversation } from "@chorus/sdk/conversation";
import { emptyInbox } from "@chorus/sdk/inbox";
import { QueryObserver } from "@tanstack/react-query";
import { describe, expect, test, vi } from "vitest";
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

/** A cache and what its client tells it. */
function bound(cache: ReturnType<typeof newCache>) {
  const told = new Map<string, (payload: unknown) => void>();
  const client = {
    state: state({ connection: { phase: "connecting" } as AgentState["connection"] }),
    on: (name: string, hear: (payload: unknown) => void) => {
      told.set(name, hear);
      return () => told.delete(name);
    },
  };
  return { told, release: bindCache(client as unknown as AgentClient, cache) };
}

const isOld = (cache: ReturnType<typeof newCache>, conv: string) =>
  cache.getQueryState(keys.summary(conv))?.isInvalidated;

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

  const change = (event: string) => ({
    conv: CONV,
    frame: { event, seq: 9, data: { target: "m-1", by: "x" } },
  });

  test.each([
    ["summary", { conv: CONV }],
    ["amended", change("message.updated")],
    ["amended", change("message.deleted")],
    ["state", state()],
  ])(
    "after %s the summary is read anew, and no other conversation's: %o",
    async (name, payload) => {
      const cache = newCache();
      cache.setQueryData(keys.summary(CONV), { text: "old" });
      const { told, release } = bound(cache);
      cache.setQueryData(keys.summary("another"), { text: "old" });
      told.get(name)?.(payload);
      await vi.waitFor(() => expect(isOld(cache, CONV)).toBe(true));
      // Back on the line nobody knows of which conversations something was missed.
      expect(isOld(cache, "another")).toBe(name === "state");
      release();
      expect(told.size).toBe(0);
    },
  );

  test("labels of a conversation make no summary old", async () => {
    const cache = newCache();
    cache.setQueryData(keys.summary(CONV), { text: "as it is" });
    const { told } = bound(cache);
    told.get("amended")?.(change("conversation.updated"));
    await new Promise((resolve) => setTimeout(resolve));
    expect(isOld(cache, CONV)).toBe(false);
  });

  test("a summary that was read before a message was deleted, and comes after, is not shown", async () => {
    const cache = newCache();
    const answers: ((text: string) => void)[] = [];
    const queryFn = () => new Promise<string>((answer) => answers.push(answer));
    const reader = new QueryObserver(cache, { queryKey: keys.summary(CONV), queryFn });
    const leave = reader.subscribe(() => undefined);
    const { told } = bound(cache);
    told.get("amended")?.(change("message.deleted"));
    await vi.waitFor(() => expect(answers).toHaveLength(2));
    answers[0]?.("my card is 4111");
    answers[1]?.("nothing");
    await vi.waitFor(() => expect(reader.getCurrentResult().data).toBe("nothing"));
    leave();
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
