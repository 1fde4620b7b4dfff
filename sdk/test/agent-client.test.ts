import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { AgentClient } from "../src/agent-client";
import { createAgentClient } from "../src/client";
import type { ServerFrame } from "../src/wire.gen";
import { FakeNetwork, type FakeWebSocket } from "./support/fake-network";
import { AGENT, CONV, message, messageId, TS } from "./support/frames";

const OTHER = messageId(0xbbbb);

let network: FakeNetwork;
let client: AgentClient;

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"],
  });
  vi.stubGlobal("fetch", async (url: string) => snapshotOf(url));
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

function snapshotOf(url: string): Response {
  return Response.json({
    id: url.split("/").at(-1),
    status: "snoozed",
    epoch: "e1",
    headSeq: 0,
    firstSeq: 1,
    floor: null,
    session: null,
    queue: null,
    position: null,
    etaSeconds: null,
    assignee: null,
    contact: { id: CONV, name: "Mara" },
    receipts: [{ userId: CONV, delivered: 1, read: 1 }],
    messages: [],
  });
}

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    await vi.advanceTimersByTimeAsync(50);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Let time go by on a socket that is not silent. */
async function alive(socket: FakeWebSocket, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10_000) {
    await pass(Math.min(10_000, ms - passed));
    socket.say({ event: "ping", data: { n: 1 } });
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

function subscribed(conv = CONV, head = 0): ServerFrame {
  const floor = { holder: "none", epoch: 0 } as const;
  const items = [{ conv, head_seq: head, epoch: "e1", recovered: true, floor }];
  return { event: "subscribed", data: { items, refused: [] } };
}

function contents(conv = CONV): string[] {
  const items = client.state.conversations[conv]?.items ?? [];
  return items.flatMap((it) => (it.kind === "message" ? [it.content] : []));
}

describe("the inbox socket", () => {
  test("opens the view and follows what is watched, each with its place", async () => {
    const socket = await comeUp();
    expect(socket.of("inbox.open")[0]?.data.view).toBe("all");
    await client.watch(CONV);
    expect(socket.of("subscribe")[0]?.data.items).toEqual([{ conv: CONV }]);
    socket.say(subscribed(), { ...message(1), conv: CONV }, { ...message(1), conv: OTHER });
    await pass(100);
    expect(contents()).toEqual(["message 1"]);
  });

  test("after a cut it follows again from where it was", async () => {
    const socket = await comeUp();
    await client.watch(CONV);
    socket.say(subscribed(), { ...message(1), conv: CONV });
    socket.end(1006);
    await pass(1_000);
    const next = await comeUp();
    expect(next.of("subscribe")[0]?.data.items).toEqual([{ conv: CONV, last_seq: 1, epoch: "e1" }]);
  });

  test("a touch is told once a minute, and after a cut how long ago it was", async () => {
    const socket = await comeUp();
    expect(socket.of("auth")[0]?.data.client?.idle_s).toBe(0);
    client.active();
    client.active();
    expect(socket.of("active")).toHaveLength(1);
    await alive(socket, 61_000);
    client.active();
    expect(socket.of("active")).toHaveLength(2);
    await alive(socket, 30_000);
    socket.end(1006);
    await pass(1_000);
    const next = await comeUp();
    const idle = next.of("auth")[0]?.data.client?.idle_s;
    expect(idle).toBeGreaterThanOrEqual(30);
    expect(idle).toBeLessThan(60);
    expect(next.of("active")).toEqual([]);
  });

  test("what is said carries the conversation and needs no subscription", async () => {
    const socket = await comeUp();
    const id = await client.send(CONV, "hello", { visibility: "agents" });
    const [frame] = socket.of("message");
    expect(frame).toMatchObject({
      conv: CONV,
      data: { id, content: "hello", visibility: "agents" },
    });
    socket.say(subscribed());
    const data = { id, seq: 1, ts: TS, dup: false };
    socket.say({ event: "delivered", conv: CONV, seq: 1, data });
    await pass(100);
    expect(client.state.conversations[CONV]).toMatchObject({
      pending: [],
      items: [{ content: "hello", role: "agent", userId: AGENT, visibility: "agents", seq: 1 }],
    });
  });

  test("learns marks and status that no event told", async () => {
    const socket = await comeUp();
    await client.watch(CONV);
    socket.say(subscribed());
    await pass(100);
    expect(client.state.conversations[CONV]).toMatchObject({
      status: "snoozed",
      receipts: { [CONV]: { delivered: 1, read: 1 } },
    });
    expect(client.state.contacts[CONV]?.name).toBe("Mara");
  });

  test("a conversation that is not this agent's to see is said to be so", async () => {
    const socket = await comeUp();
    await client.watch(OTHER);
    socket.say({ event: "subscribed", data: { items: [], refused: [OTHER] } });
    await pass(100);
    expect(client.state.conversations[OTHER]).toBeNull();
  });

  test("rows come, move and go", async () => {
    const socket = await comeUp();
    const floor = { holder: "none", epoch: 0 } as const;
    const contact = { id: CONV, name: "Mara", verified: false };
    const item = { conv: CONV, rev: 1, status: "open", floor, contact, preview: "hi", unread: 1 };
    const row = { ...item, priority: 0, tags: [], channel: "web", last_ts: TS } as const;
    socket.say({ event: "inbox.snapshot", data: { view: "all", items: [], counts: {} } });
    socket.say({ event: "inbox.upsert", data: { item: { ...row, status: "open" } } });
    expect(client.state.inbox.rows[CONV]?.preview).toBe("hi");
    socket.say({ event: "inbox.remove", data: { conv: CONV } });
    expect(client.state.inbox.rows).toEqual({});
  });
});

describe("commands", () => {
  test("resolve with the answer, or reject with the nack", async () => {
    const socket = await comeUp();
    const resolving = client.command(CONV, "resolve");
    const claiming = client.command(CONV, "claim").catch((cause: unknown) => cause);
    await pass(100);
    const [resolve, claim] = [socket.of("resolve")[0], socket.of("claim")[0]];
    expect(resolve?.conv).toBe(CONV);
    socket.say({
      event: "delivered",
      data: { id: resolve?.data.id ?? "", seq: 4, ts: TS, dup: false },
    });
    const refusal = { retryable: false, ambiguous: false, reason: "A colleague has it." };
    socket.say({
      event: "nack",
      data: { id: claim?.data.id ?? "", code: "ALREADY_ASSIGNED", ...refusal },
    });
    expect(await resolving).toBe(4);
    expect(await claiming).toMatchObject({ code: "ALREADY_ASSIGNED" });
  });

  test("wait until everything said before them is confirmed", async () => {
    const socket = await comeUp();
    const id = await client.send(CONV, "goodbye");
    void client.command(CONV, "resolve").catch(() => undefined);
    await pass(100);
    expect(socket.of("resolve")).toEqual([]);
    socket.say({
      event: "delivered",
      conv: CONV,
      seq: 1,
      data: { id, seq: 1, ts: TS, dup: false },
    });
    expect(socket.of("resolve")).toHaveLength(1);
  });

  test("leave again with the same id on the next socket", async () => {
    const socket = await comeUp();
    void client.command(null, "agent.status", { status: "away" }).catch(() => undefined);
    await pass(100);
    const [first] = socket.of("agent.status");
    socket.end(1006);
    await pass(1_000);
    const next = await comeUp();
    expect(next.of("agent.status")[0]?.data).toEqual(first?.data);
  });
});
