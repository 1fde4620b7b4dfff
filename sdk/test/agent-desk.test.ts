import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AgentClient } from "../src/agent-client";
import { createAgentClient } from "../src/client";
import type { HistoryItem } from "../src/rest";
import { FakeNetwork, type FakeWebSocket } from "./support/fake-network";
import { AGENT, CONV, CUSTOMER, message, messageId, TS } from "./support/frames";

/** What an agent's desk needs besides conversations: views, offers, who looks, old pages. */

const COLLEAGUE = messageId(0xcccc);
const SESSION = messageId(0xdddd);

let network: FakeNetwork;
let client: AgentClient;
let asked: string[];

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"],
  });
  asked = [];
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(url);
    return Response.json({ items: HISTORY, nextCursor: null, headSeq: 9, epoch: "e1" });
  });
  network = new FakeNetwork();
  client = createAgentClient({
    apiBase: "http://chorus.test",
    token: "t-1",
    indexedDB: new IDBFactory(),
    openWebSocket: network.open,
  });
});

afterEach(() => {
  client.close();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const HISTORY: readonly HistoryItem[] = [
  { seq: 3, id: messageId(3), type: "text", role: "customer", content: "older", createdAt: TS },
  { seq: 4, id: messageId(4), type: "void" },
  { seq: 5, id: messageId(5), type: "text", role: "agent", content: "answer", createdAt: TS },
];

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    await vi.advanceTimersByTimeAsync(50);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function comeUp(): Promise<FakeWebSocket> {
  await pass(200);
  network.last.greet();
  const agent = { status: "online", capacity: 5, load: 0 } as const;
  const user = { userId: AGENT, role: "agent" };
  network.last.say({ event: "ready", data: { user, agent, token_exp: 2_000_000_000 } });
  return network.last;
}

/** The watched conversation is there, with one message in it. */
async function watched(): Promise<FakeWebSocket> {
  const socket = await comeUp();
  await client.watch(CONV);
  const floor = { holder: "none", epoch: 0 } as const;
  const items = [{ conv: CONV, head_seq: 1, epoch: "e1", recovered: true, floor }];
  socket.say({ event: "subscribed", data: { items, refused: [] } });
  socket.say({ ...message(1), conv: CONV });
  await pass(50);
  return socket;
}

/** Time passes on a socket that shows life. */
async function alive(socket: FakeWebSocket, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 20_000) {
    socket.say({ event: "ping", data: { n: passed } });
    await pass(20_000);
  }
}

function looks(userId: string, state: "start" | "stop" = "start") {
  return { event: "viewing", conv: CONV, data: { userId, state } } as const;
}

test("a view is opened with what narrows it and its order, and again after a cut", async () => {
  const socket = await comeUp();
  await client.open("queue", { tags: ["vip"] }, "waiting");
  const wanted = { view: "queue", filter: { tags: ["vip"] }, sort: "waiting" };
  expect(socket.of("inbox.open").at(-1)?.data).toMatchObject(wanted);
  socket.end(1006);
  await pass(1_000);
  const next = await comeUp();
  expect(next.of("inbox.open")[0]?.data).toMatchObject(wanted);
});

test("the same view opened again keeps its rows; another begins empty", async () => {
  const socket = await comeUp();
  socket.say({ event: "inbox.snapshot", data: { view: "all", items: [], counts: { all: 3 } } });
  await client.open("all");
  expect(client.state.inbox).toMatchObject({ loaded: true, counts: { all: 3 } });
  await client.open("all", { unread: true });
  expect(client.state.inbox.loaded).toBe(false);
});

const STAND = { waiting: 7, offered: 1, active: 3, wrap_up: 0, deferred: 2 };

test("how a queue stands is no counter of a view, whatever the queue is called", async () => {
  const socket = await comeUp();
  socket.say({ event: "inbox.snapshot", data: { view: "all", items: [], counts: { mine: 1 } } });
  socket.say({ event: "inbox.counts", data: { queues: { mine: STAND } } });
  expect(client.state.inbox).toMatchObject({ counts: { mine: 1 }, queues: { mine: STAND } });
});

test("who was slower hears which offer is gone, and who took it", async () => {
  const socket = await comeUp();
  const ended: unknown[] = [];
  client.on("offer-ended", (offer) => ended.push(offer));
  const packet = { waiting_s: 4, contact: { id: CUSTOMER, name: "Mara", verified: false } };
  const offer = { session: SESSION, deadline_ms: 30_000, packet };
  socket.say({ event: "offer", conv: CONV, data: offer });
  expect(client.state.offers).toHaveLength(1);
  const by = { userId: COLLEAGUE, name: "Bo" };
  const gone = { session: SESSION, reason: "taken", by };
  socket.say({ event: "offer.rescinded", conv: CONV, data: gone });
  socket.say({ event: "offer.rescinded", conv: CONV, data: gone });
  expect(client.state.offers).toEqual([]);
  expect(ended).toMatchObject([
    { by, offer: { conv: CONV, packet: { contact: { name: "Mara" } } } },
  ]);
});

test("who watches hears that there is another summary", async () => {
  const socket = await watched();
  const heard: unknown[] = [];
  client.on("summary", (told) => heard.push(told));
  const data = { upto_seq: 1, behind: 0, source: "model" };
  socket.say({ event: "summary", conv: CONV, data });
  expect(heard).toEqual([{ conv: CONV, ...data }]);
});

test("a choice made elsewhere, or by the server, is one's own", async () => {
  const socket = await comeUp();
  socket.say({ event: "presence", data: { userId: COLLEAGUE, status: "busy", since: TS } });
  expect(client.state.self?.agent?.status).toBe("online");
  socket.say({ event: "presence", data: { userId: AGENT, status: "away", since: TS } });
  expect(client.state.self?.agent?.status).toBe("away");
});

test("who looks already says so to who comes later, once", async () => {
  const socket = await watched();
  client.viewing(CONV, true);
  await pass(50);
  expect(socket.of("viewing")).toHaveLength(1);
  socket.say(looks(COLLEAGUE), looks(COLLEAGUE));
  await pass(50);
  expect(socket.of("viewing").map((it) => it.data.state)).toEqual(["start", "start"]);
  expect(client.state.conversations[CONV]?.viewing).toEqual([COLLEAGUE]);
});

test("who does not say it again has gone", async () => {
  const socket = await watched();
  socket.say(looks(COLLEAGUE));
  await alive(socket, 60_000);
  socket.say(looks(COLLEAGUE));
  await alive(socket, 60_000);
  expect(client.state.conversations[CONV]?.viewing).toEqual([COLLEAGUE]);
  await alive(socket, 20_000);
  expect(client.state.conversations[CONV]?.viewing).toEqual([]);
});

test("after a cut it is said again that one looks", async () => {
  const socket = await watched();
  client.viewing(CONV, true);
  await pass(50);
  socket.end(1006);
  await pass(1_000);
  const next = await comeUp();
  expect(next.of("viewing")).toMatchObject([{ conv: CONV, data: { state: "start" } }]);
});

test("a row that is further than its thread makes it ask for what did not come", async () => {
  const socket = await watched();
  socket.say({ event: "synced", conv: CONV, data: { seq: 1 } });
  const floor = { holder: "none", epoch: 0 } as const;
  const contact = { id: CUSTOMER, name: "Mara", verified: false };
  const item = { conv: CONV, status: "open", floor, contact, preview: "", unread: 0 } as const;
  const row = { ...item, priority: 0, tags: [], channel: "web", last_ts: TS };
  socket.say({ event: "inbox.upsert", data: { item: { ...row, rev: 1 } } });
  await pass(1_000);
  expect(socket.of("position")).toEqual([]);
  socket.say({ event: "inbox.upsert", data: { item: { ...row, rev: 4 } } });
  await pass(1_000);
  expect(socket.of("position")[0]).toMatchObject({ conv: CONV, data: { seq: 1, epoch: "e1" } });
  socket.say(...[2, 3, 4].map((seq) => ({ ...message(seq), conv: CONV })));
  await pass(50);
  expect(client.state.conversations[CONV]).toMatchObject({ seq: 4, head: 4, held: [] });
});

test("a conversation that is gone gives back what was never sent, until it is let go", async () => {
  const socket = await watched();
  socket.end(1006);
  const id = await client.send(CONV, "Your parcel is on its way.");
  await pass(1_000);
  const next = await comeUp();
  next.say({ event: "subscribed", data: { items: [], refused: [CONV] } });
  await pass(50);
  expect(client.state.conversations[CONV]).toBeNull();
  const left = await client.unsent(CONV);
  expect(left.map(({ body }) => body.content)).toEqual(["Your parcel is on its way."]);
  await client.discard(CONV, id);
  expect(await client.unsent(CONV)).toEqual([]);
});

test("one that was erased while it was open is looked for as soon as something is refused", async () => {
  const socket = await watched();
  const gone = { code: "NOT_FOUND", title: "Not found" };
  vi.stubGlobal("fetch", async () => Response.json(gone, { status: 404 }));
  const id = await client.send(CONV, "Are you still there?");
  const refusal = { retryable: false, ambiguous: false, reason: "There is no such thing here." };
  socket.say({ event: "nack", data: { id, code: "NOT_FOUND", ...refusal } });
  await pass(50);
  expect(client.state.conversations[CONV]).toBeNull();
  expect((await client.unsent(CONV)).map((one) => one.id)).toEqual([id]);
});

test("what the API knows nothing of is gone, too", async () => {
  const gone = { code: "NOT_FOUND", title: "Not found" };
  vi.stubGlobal("fetch", async () => Response.json(gone, { status: 404 }));
  await watched();
  expect(client.state.conversations[CONV]).toBeNull();
});

test("what became of a message is told for pages that hold it", async () => {
  const socket = await watched();
  const told: string[] = [];
  client.on("amended", ({ conv, frame }) => told.push(`${conv} ${frame.event}`));
  const data = { target: messageId(1), by: AGENT };
  socket.say({ event: "message.deleted", conv: CONV, seq: 2, data });
  socket.say({ ...message(3), conv: CONV });
  expect(told).toEqual([`${CONV} message.deleted`]);
});

test("a stretch of history is read with its bounds, what is not shown included", async () => {
  await comeUp();
  const page = await client.history(CONV, { before: 6, limit: 100 });
  expect(page).toMatchObject({ first: 3, last: 5, head: 9 });
  expect(page.items.map((item) => item.seq)).toEqual([3, 5]);
  expect(asked.at(-1)).toContain("before=6");
  await client.history(CONV, { after: 5 });
  expect(asked.at(-1)).toContain("after=5");
  expect(asked.at(-1)).not.toContain("before=");
});
