import type { VisitorState } from "@chorus/sdk";
import { newConversation } from "@chorus/sdk/conversation";
import type { ConversationView } from "@chorus/sdk/thread";
import { expect, test } from "vitest";
import type { EventName, Events } from "../src/api";
import type { Emit } from "../src/loader/bus";
import { tellHappenings } from "../src/thread/happenings";

const CONV = "01990000-0000-7000-8000-000000000001";
const EMPTY: VisitorState = {
  connection: { phase: "idle" },
  conversation: null,
  unread: 0,
  persistent: true,
};

function view(part: Partial<ConversationView> = {}): ConversationView {
  const fresh = newConversation(CONV, "customer", "me");
  return { ...fresh, epoch: "e", pending: [], complete: true, ...part };
}

function state(part: Partial<ConversationView> = {}, rest: Partial<VisitorState> = {}) {
  return { ...EMPTY, conversation: view(part), ...rest };
}

function told(before: VisitorState, after: VisitorState): [EventName, unknown][] {
  const events: [EventName, unknown][] = [];
  const emit: Emit = (event, payload: Events[typeof event]) => {
    events.push([event, payload]);
    return [];
  };
  tellHappenings(before, after, emit);
  return events;
}

const ADA = { id: "s", state: "active", agent: { userId: "ada", name: "Ada" } } as const;

test("a conversation begins when the server has greeted it, once", () => {
  expect(told(EMPTY, state({ epoch: null }))).toEqual([]);
  expect(told(state({ epoch: null }), state())).toEqual([["conversation:started", { id: CONV }]]);
  expect(told(state(), state({ seq: 1, head: 1 }))).toEqual([]);
});

test("one that began and took the first word in the same moment has begun, too", () => {
  const body = { content: "Hi" };
  const entry = { id: "m", conv: "unbound", order: 1, createdMs: 0, body } as const;
  const waiting = state({ id: "unbound", epoch: null, pending: [{ ...entry, status: "sending" }] });
  const stored = { kind: "message", id: "m", seq: 1 } as ConversationView["items"][number];
  const begun = state({ seq: 1, head: 1, items: [stored] });
  expect(told(waiting, begun)).toContainEqual(["conversation:started", { id: CONV }]);
  const foreign = { ...stored, id: "other" } as ConversationView["items"][number];
  const found = state({ seq: 1, head: 1, items: [foreign] });
  expect(told(waiting, found).map(([event]) => event)).not.toContain("conversation:started");
});

test("one that was there before, painted from the cache, does not begin again", () => {
  expect(told(EMPTY, state({ seq: 7, head: 7 }))).toEqual([]);
});

test("an agent who joins and one who leaves are told, with the state of the handoff", () => {
  const queued = state({ head: 1, session: { id: "s", state: "queued", agent: null } });
  const active = state({ head: 2, session: ADA });
  expect(told(queued, active)).toEqual([
    ["bot:handoff", { state: "active" }],
    ["agent:joined", { id: "ada", name: "Ada" }],
  ]);
  const ended = state({ head: 3, session: { ...ADA, state: "ended", agent: null } });
  expect(told(active, ended)).toEqual([
    ["bot:handoff", { state: "ended" }],
    ["agent:left", { id: "ada", name: "Ada" }],
  ]);
});

test("a new place in line is told, and the same one is not", () => {
  const third = state({ head: 1, position: 3, etaS: 120 });
  expect(told(state({ head: 1 }), third)).toEqual([
    ["queue:position", { position: 3, etaSeconds: 120 }],
  ]);
  expect(told(third, state({ head: 1, position: 3, etaS: 120 }))).toEqual([]);
});

test("a message of one's own is sent when it is stored, and failed when it was refused", () => {
  const entry = { id: "m", conv: CONV, order: 1, createdMs: 0, body: { content: "Hi" } };
  const sending = state({ head: 1, pending: [{ ...entry, status: "sending" }] });
  const stored = { kind: "message", id: "m", seq: 2 } as ConversationView["items"][number];
  expect(told(sending, state({ head: 2, items: [stored] }))).toEqual([
    ["message:sent", { id: "m", text: "Hi" }],
  ]);
  const failure = { code: "INVALID", reason: "No." };
  const failed = state({ head: 1, pending: [{ ...entry, status: "failed", failure }] });
  expect(told(sending, failed)).toEqual([["message:failed", { id: "m", text: "Hi", ...failure }]]);
  expect(told(failed, state({ head: 1 }))).toEqual([]);
});

test("what is unread, the connection and the end are told when they change", () => {
  const open = state({ head: 1 });
  const after = state(
    { head: 1, status: "closed" },
    { unread: 2, connection: { phase: "online" } },
  );
  expect(told(open, after)).toEqual([
    ["connection", "online"],
    ["unread", 2],
    ["conversation:ended", { id: CONV }],
  ]);
});
