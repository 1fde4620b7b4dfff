import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createVisitorClient } from "../src/client";
import { MemoryStorage } from "../src/surroundings";
import type { Message } from "../src/timeline";
import type { VisitorClient } from "../src/visitor-client";
import { FakeChorus, fakeFetch } from "./support/fake-chorus";
import { below, pick, seeded } from "./support/random";

let chorus: FakeChorus;
let disk: IDBFactory;
let storage: MemoryStorage;
let client: VisitorClient;

beforeEach(() => {
  // IndexedDB runs on setImmediate, which stays real.
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"],
  });
  vi.stubGlobal("fetch", fakeFetch());
  chorus = new FakeChorus();
  disk = new IDBFactory();
  storage = new MemoryStorage();
  client = openPage();
});

afterEach(() => {
  client.close();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function openPage(): VisitorClient {
  return createVisitorClient({
    apiBase: "http://chorus.test",
    inboxKey: "pk_test",
    storage,
    indexedDB: disk,
    openWebSocket: chorus.open,
  });
}

/** Let the page and its storage work for a while on the fake clock. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    await vi.advanceTimersByTimeAsync(50);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function shown(of = client): string[] {
  const items = of.state.conversation?.items ?? [];
  return items.flatMap((it) => (it.kind === "message" ? [it.content] : []));
}

function waiting(of = client): string[] {
  return (of.state.conversation?.pending ?? []).map((it) => it.body.content);
}

describe("a visit", () => {
  test("begins, speaks, is heard, and hears", async () => {
    await client.send("hello");
    await pass(500);
    chorus.say("hi there");
    await pass(100);
    expect(shown()).toEqual(["hello", "hi there"]);
    expect(client.state).toMatchObject({ connection: { phase: "online" }, unread: 1 });
  });

  test("tells of what others say once, and not of the history", async () => {
    chorus.say("before");
    const heard: string[] = [];
    client.on("message", (message: Message) => heard.push(message.content));
    await pass(500);
    chorus.say("now");
    await pass(100);
    expect(heard).toEqual(["now"]);
  });

  test("a note between two messages is nothing to the customer, and no gap", async () => {
    await pass(500);
    chorus.say("one");
    chorus.say("psst", "agents");
    chorus.say("two");
    await pass(1_000);
    expect(shown()).toEqual(["one", "two"]);
    expect(client.state.conversation?.seq).toBe(3);
    expect([...chorus.sockets][0]?.of("position")).toEqual([]);
  });

  test("what was written before anything could be reached is sent when it can", async () => {
    client.close();
    let reachable = false;
    vi.stubGlobal("fetch", (...args: Parameters<typeof fetch>) =>
      reachable ? fakeFetch()(...args) : Promise.reject(new TypeError("no network")),
    );
    client = openPage();
    await client.send("anybody there?");
    await pass(500);
    expect(waiting()).toEqual(["anybody there?"]);
    expect(client.state.connection.phase).toBe("waiting");
    reachable = true;
    await pass(20_000);
    expect(chorus.contents).toEqual(["anybody there?"]);
    expect(shown()).toEqual(["anybody there?"]);
  });

  test("read marks are told at most once a second, the latest of them", async () => {
    await pass(500);
    for (const content of ["a", "b", "c"]) {
      chorus.say(content);
      await pass(100);
      client.markRead();
    }
    await pass(2_000);
    const [socket] = chorus.sockets;
    const read = socket?.of("receipt").filter((it) => it.data.kind === "read");
    expect(read?.map((it) => it.data.up_to)).toEqual([1, 3]);
    expect(client.state.unread).toBe(0);
  });

  test("typing is told at most once in three seconds and withdrawn after five idle ones", async () => {
    await pass(500);
    for (let stroke = 0; stroke < 8; stroke += 1) {
      client.typing(true);
      await pass(500);
    }
    await pass(6_000);
    const [socket] = chorus.sockets;
    expect(socket?.of("typing").map((it) => it.data.state)).toEqual(["start", "start", "stop"]);
  });
});

describe("a reload", () => {
  test("in the middle of sending loses nothing and shows nothing twice", async () => {
    await pass(500);
    chorus.fate = () => "cut before the answer";
    await client.send("one");
    await client.send("two");
    client.close();
    chorus.fate = () => "answered";
    client = openPage();
    await pass(5_000);
    expect(chorus.contents).toEqual(["one", "two"]);
    expect(shown()).toEqual(["one", "two"]);
    expect(waiting()).toEqual([]);
  });

  test("paints what was there before the network answers", async () => {
    chorus.say("kept");
    await pass(2_000);
    client.close();
    const silent = createVisitorClient({
      apiBase: "http://chorus.test",
      inboxKey: "pk_test",
      storage,
      indexedDB: disk,
      openWebSocket: (url, protocols) => {
        const socket = chorus.open(url, protocols);
        socket.send = () => undefined;
        return socket;
      },
    });
    await pass(200);
    expect(shown(silent)).toEqual(["kept"]);
    silent.close();
  });

  test("of a visitor who starts over remembers nothing", async () => {
    chorus.say("private");
    await pass(2_000);
    await client.reset();
    chorus.log.length = 0;
    client = openPage();
    await pass(1_000);
    expect(shown()).toEqual([]);
  });
});

test("under any schedule of cuts, losses and refusals both sides agree, in order, each once", async () => {
  for (let seed = 0; seed < 120; seed += 1) await live(seed);
}, 60_000);

/** A conversation on a bad network; in the end the network is good and nothing may be missing. */
async function live(seed: number): Promise<void> {
  client.close();
  [chorus, disk, storage] = [new FakeChorus(), new IDBFactory(), new MemoryStorage()];
  client = openPage();
  const random = seeded(seed);
  chorus.fate = () =>
    pick(
      [
        "answered",
        "answered",
        "answered",
        "cut before it was stored",
        "cut before the answer",
        "refused",
        "lost",
      ],
      random,
    );
  const said: string[] = [];
  for (let step = 0; step < 25; step += 1) {
    await act(step, said, random);
    await pass(below(8, random) * 50);
  }
  chorus.fate = () => "answered";
  await pass(60_000);
  expect(waiting(), `seed ${seed}`).toEqual([]);
  expect(shown(), `seed ${seed}`).toEqual(publicContents());
  expect(
    publicContents().filter((content) => content.startsWith("c")),
    `seed ${seed}`,
  ).toEqual(said);
}

async function act(step: number, said: string[], random: () => number): Promise<void> {
  switch (below(6, random)) {
    case 0:
      return chorus.say(`a${step}`, pick(["public", "agents"], random));
    case 1:
      return chorus.cut(pick([1006, 1012, 4102, 4200], random));
    case 2:
      client.close();
      client = openPage();
      return;
    default:
      said.push(`c${step}`);
      await client.send(`c${step}`);
  }
}

function publicContents(): string[] {
  return chorus.log.flatMap((it) =>
    it.event === "message" && it.data.visibility === "public" ? [it.data.content ?? ""] : [],
  );
}
