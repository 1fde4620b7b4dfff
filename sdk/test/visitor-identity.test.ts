import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createVisitorClient, hasVisitor } from "../src/client";
import { wantedKey } from "../src/credentials";
import { visitorSessionKey } from "../src/session-key";
import { MemoryStorage } from "../src/surroundings";
import type { VisitorClient, VisitorOptions } from "../src/visitor-client";
import { FakeChorus } from "./support/fake-chorus";

const CONV = "01990000-0000-7000-8000-0000000000c1";

interface Asked {
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly authorization: string | undefined;
}

let asked: Asked[];
let storage: MemoryStorage;
let hold: Promise<void>;
const clients: VisitorClient[] = [];

beforeEach(() => {
  asked = [];
  storage = new MemoryStorage();
  hold = Promise.resolve();
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const { Authorization: authorization } = init.headers as Record<string, string>;
    const body = JSON.parse(String(init.body)) as Record<string, unknown>;
    asked.push({ path: new URL(url).pathname, body, authorization });
    await hold;
    const session = { token: `t${asked.length}`, refreshToken: "r", expiresAt: "" };
    return Response.json({ ...session, contactId: "c", conversationId: CONV });
  });
});

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  vi.unstubAllGlobals();
});

function open(options: Partial<VisitorOptions> = {}): VisitorClient {
  const client = createVisitorClient({
    apiBase: "http://chorus.test",
    inboxKey: "pk",
    storage,
    indexedDB: new IDBFactory(),
    openWebSocket: new FakeChorus().open,
    ...options,
  });
  clients.push(client);
  return client;
}

function visits(): Asked[] {
  return asked.filter(({ path }) => path === "/livechat/visitors");
}

test("who the page vouches for, and what it knows of them, is told with the first word", async () => {
  open({ identity: async () => "signed", traits: () => ({ name: "Nora" }), scope: "nora" });
  await vi.waitFor(() => expect(visits()).toHaveLength(1));
  const [{ body }] = visits() as [Asked];
  expect(body).toEqual({ inboxKey: "pk", identityToken: "signed", traits: { name: "Nora" } });
});

test("each identity has a session of its own", async () => {
  open({ scope: "nora" });
  await vi.waitFor(() => expect(hasVisitor("pk", storage, "nora")).toBe(true));
  expect(hasVisitor("pk", storage)).toBe(false);
  open();
  await vi.waitFor(() => expect(hasVisitor("pk", storage)).toBe(true));
  expect(visits()).toHaveLength(2);
});

test("more about a visitor goes to the conversation they have, and renews their session", async () => {
  const client = open();
  await client.describe({ name: "Too early" });
  expect(asked).toEqual([]);
  await vi.waitFor(() => expect(hasVisitor("pk", storage)).toBe(true));
  await client.describe({ attributes: { plan: "gold" } });
  const last = asked.at(-1);
  expect(last?.body).toMatchObject({
    traits: { attributes: { plan: "gold" } },
    conversationId: CONV,
  });
  expect(last?.authorization).toBe("Bearer t1");
  expect(JSON.parse(storage.getItem(visitorSessionKey("pk")) ?? "")).toMatchObject({ token: "t2" });
});

test("how somebody can be reached is left with their own conversation only", async () => {
  const client = open();
  // Asked for before there is one: it waits for that.
  await client.leaveContact({ contact: { email: "nora@customer.test" }, choice: "message" });
  expect(asked.at(-1)).toMatchObject({
    path: "/livechat/escalate",
    body: { conversationId: CONV, contact: { email: "nora@customer.test" } },
  });
});

test("words that are kept before anybody knows whose they are, call the next page", async () => {
  let answer = () => {};
  hold = new Promise((resolve) => {
    answer = resolve;
  });
  const client = open();
  await client.send("Is anybody there?");
  expect(storage.getItem(visitorSessionKey("pk"))).toBeNull();
  expect(hasVisitor("pk", storage)).toBe(true);
  answer();
  await vi.waitFor(() => expect(storage.getItem(visitorSessionKey("pk"))).not.toBeNull());
  expect(storage.getItem(wantedKey(visitorSessionKey("pk")))).toBeNull();
});

test("words that die with the page call no other", async () => {
  hold = new Promise(() => {});
  const denied = () => {
    throw new DOMException("denied", "SecurityError");
  };
  const client = open({ indexedDB: { open: denied } as unknown as IDBFactory });
  await client.send("Is anybody there?");
  expect(client.state.persistent).toBe(false);
  expect(hasVisitor("pk", storage)).toBe(false);
});

test("nothing is kept of who was forgotten, whatever they still say", async () => {
  hold = new Promise(() => {});
  const client = open();
  await client.send("Is anybody there?");
  await client.reset();
  expect(hasVisitor("pk", storage)).toBe(false);
});

test("a session that comes after it was forgotten is not kept", async () => {
  let answer = () => {};
  hold = new Promise((resolve) => {
    answer = resolve;
  });
  const client = open();
  await vi.waitFor(() => expect(visits()).toHaveLength(1));
  const gone = client.reset();
  answer();
  await gone;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(hasVisitor("pk", storage)).toBe(false);
});
