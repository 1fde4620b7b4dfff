import { createVisitorClient, type VisitorClient } from "@chorus/sdk";
import { wantedKey } from "@chorus/sdk/credentials";
import { visitorSessionKey } from "@chorus/sdk/session-key";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeChorus, fakeFetch } from "../../sdk/test/support/fake-chorus";
import type { Emit } from "../src/loader/bus";
import type { Load } from "../src/loader/chunks";
import { forgetVisitors, hasChat, stored, storedNames } from "../src/loader/identity";
import { Scene } from "../src/panel/scene";
import { say, sayHeld } from "../src/thread/say";

const KEY = "pk_test";

/** What a browser keeps, whose items are its own properties, as those of the real one. */
class Kept {
  [name: string]: unknown;
  getItem(name: string): string | null {
    return Object.hasOwn(this, name) ? String(this[name]) : null;
  }
  setItem(name: string, value: string): void {
    this[name] = value;
  }
  removeItem(name: string): void {
    delete this[name];
  }
}

let chorus: FakeChorus;
let disk: IDBFactory;
let pages: Page[];

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"],
  });
  vi.stubGlobal("fetch", fakeFetch());
  vi.stubGlobal("localStorage", new Kept());
  vi.stubGlobal("location", new URL("http://shop.test/cart"));
  chorus = new FakeChorus();
  disk = new IDBFactory();
  pages = [];
});

afterEach(() => {
  for (const page of pages) page.leave();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

interface Page {
  readonly scene: Scene;
  /** Let the parts arrive that it waits for. */
  arrive(): void;
  leave(): void;
}

/** A page of the shop whose parts are on their way; `emit` is how its listeners answer. */
function openPage(emit: Emit = () => []): Page {
  let arrive: () => void = () => undefined;
  const parts = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const clients: VisitorClient[] = [];
  let gone = false;
  const modules: Record<string, unknown> = {
    line: {
      openLine: (_: Load, options: Parameters<typeof createVisitorClient>[0]) => {
        const surroundings = { storage: stored((it) => it) as Storage, indexedDB: disk };
        const openWebSocket = chorus.open;
        clients.push(createVisitorClient({ ...options, ...surroundings, openWebSocket }));
        return clients[0];
      },
    },
    thread: {
      say,
      attach: (scene: Scene, client: VisitorClient) => {
        sayHeld(scene, client);
        return () => undefined;
      },
    },
  };
  const load = (name: string) =>
    parts.then(() => (gone ? new Promise(() => undefined) : modules[name]));
  const scene = new Scene({
    root: { adoptedStyleSheets: [] } as unknown as ShadowRoot,
    base: "http://chorus.test",
    scope: "",
    load: load as Load,
    words: async () => ({}),
    emit,
    settings: () => ({ key: KEY }),
    locale: () => "en",
    token: async () => undefined,
    onUnread: () => undefined,
    onClose: () => undefined,
    onError: () => undefined,
  });
  const page: Page = {
    scene,
    arrive,
    leave: () => {
      gone = true;
      for (const client of clients) client.close();
    },
  };
  pages.push(page);
  return page;
}

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    await vi.advanceTimersByTimeAsync(50);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function shown({ scene }: Page): string[] {
  const items = scene.state.conversation?.items ?? [];
  return items.flatMap((it) => (it.kind === "message" ? [it.content] : []));
}

function held(): string[] {
  return storedNames(`chorus:${KEY}:held-`);
}

test("what is said while the parts are on their way is said by the next page, in its order", async () => {
  const first = openPage();
  void first.scene.say("one");
  void first.scene.say("two");
  expect(held()).toHaveLength(2);
  expect(hasChat(KEY, "")).toBe(true);
  first.leave();
  const next = openPage();
  void next.scene.say("three");
  next.arrive();
  await pass(1_000);
  expect(shown(next)).toEqual(["one", "two", "three"]);
  expect(held()).toEqual([]);
});

test("what two pages say at once, and the one that held it still lives, is there once", async () => {
  const first = openPage();
  const said = first.scene.say("once");
  const second = openPage();
  second.arrive();
  void second.scene.line.open();
  await pass(1_000);
  first.arrive();
  await pass(1_000);
  await said;
  expect(shown(second)).toEqual(["once"]);
  expect(chorus.contents).toEqual(["once"]);
  expect(held()).toEqual([]);
});

test("nothing is held any more once it is safe", async () => {
  const page = openPage();
  page.arrive();
  await Promise.all([page.scene.say("Hi"), pass(500)]);
  expect(held()).toEqual([]);
});

test("what the page objects to goes back where it was written, before what stands there", async () => {
  const first = openPage();
  void first.scene.say("my password");
  first.leave();
  const next = openPage((event) => (event === "before:send" ? [false] : []));
  next.scene.write("half a sen");
  next.arrive();
  void next.scene.line.open();
  await pass(500);
  expect(next.scene.draft).toBe("my password\nhalf a sen");
  expect(chorus.contents).toEqual([]);
  expect(held()).toEqual([]);
});

test("what was said long ago is not said now, but not thrown away either", async () => {
  const first = openPage();
  void first.scene.say("Is it still raining?");
  first.leave();
  await vi.advanceTimersByTimeAsync(25 * 3_600_000);
  const next = openPage();
  next.arrive();
  void next.scene.line.open();
  await pass(500);
  expect(next.scene.draft).toBe("Is it still raining?");
  expect(chorus.contents).toEqual([]);
});

test("what somebody else wrote under such a name is dropped, and harms nothing", async () => {
  for (const [at, value] of ["", "{", "[]", "null", '{"text":7}'].entries()) {
    localStorage.setItem(`chorus:${KEY}:held-${at}-1-2`, value);
  }
  localStorage.setItem(`chorus:${KEY}:held-`, '{"text":"odd"}');
  const page = openPage();
  page.arrive();
  await Promise.all([page.scene.say("Hello"), pass(500)]);
  expect(shown(page)).toEqual(["Hello"]);
  expect(held()).toEqual([]);
});

test("what a visitor left of themselves goes with the first word", async () => {
  const first = openPage();
  first.scene.line.traits = { name: "Nia", attributes: { consentAt: "today" } };
  void first.scene.say("Hello");
  first.leave();
  const next = openPage();
  next.arrive();
  void next.scene.line.open();
  await pass(500);
  expect(next.scene.line.traits).toMatchObject({
    name: "Nia",
    attributes: { consentAt: "today", page: "http://shop.test/cart" },
  });
});

test("a draft outlives the page, and a word that went leaves none", async () => {
  openPage().scene.write("half a sen");
  expect(openPage().scene.draft).toBe("half a sen");
  openPage().scene.write("");
  expect(openPage().scene.draft).toBe("");
});

test("who is forgotten leaves neither words nor drafts, even if the answer comes late", async () => {
  const page = openPage();
  const said = page.scene.say("secret").catch(() => page.scene.write("secret"));
  page.scene.write("half a secret");
  await page.scene.line.forget();
  forgetVisitors(KEY, undefined);
  page.arrive();
  await Promise.all([said, pass(500)]);
  expect(storedNames("chorus:")).toEqual([]);
  expect(hasChat(KEY, "")).toBe(false);
});

test("who waits for a session with something said has a chat", () => {
  expect(hasChat(KEY, "")).toBe(false);
  localStorage.setItem(wantedKey(visitorSessionKey(KEY)), "1");
  expect(hasChat(KEY, "")).toBe(true);
});

test("an identity that is called like what is kept is still another's", () => {
  for (const sub of ["session", "session-42", "held-1"]) {
    localStorage.setItem(`chorus:${KEY}:${sub}:session`, "{}");
    expect(hasChat(KEY, sub)).toBe(true);
  }
  expect(hasChat(KEY, "")).toBe(false);
});

test("one person's words are no other's, and go when somebody else is vouched for", () => {
  const names = ["nora:held-1-2-3", "nora:session", "omar:draft", "draft"];
  for (const name of names) localStorage.setItem(`chorus:${KEY}:${name}`, "{}");
  expect(hasChat(KEY, "")).toBe(false);
  expect(hasChat(KEY, "nora")).toBe(true);
  // Nobody in particular yet: the page may say later that it is Nora.
  forgetVisitors(KEY, "");
  expect(storedNames(`chorus:${KEY}:`)).toEqual([...names].sort());
  forgetVisitors(KEY, "nora");
  expect(storedNames(`chorus:${KEY}:`)).toEqual(["draft", "nora:held-1-2-3", "nora:session"]);
  forgetVisitors(KEY, undefined);
  expect(storedNames("chorus:")).toEqual([]);
});

test("without storage everything goes on, unkept", async () => {
  vi.stubGlobal("localStorage", undefined);
  const page = openPage();
  page.scene.write("half");
  page.arrive();
  await Promise.all([page.scene.say("Hello"), pass(500)]).catch(() => undefined);
  expect(hasChat(KEY, "")).toBe(false);
  expect(page.scene.draft).toBe("half");
});
