// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Page, settled } from "./page.ts";

const SERVER = "https://chat.example.com";
let page: Page;
let loadChorus: typeof import("../src/chorus.ts").loadChorus;

beforeEach(async () => {
  vi.resetModules();
  // The scripts of this page are answered by the test.
  vi.spyOn(document.head, "append").mockImplementation((node) => {
    document.body.appendChild(Object.assign(node as HTMLScriptElement, { type: "text/test" }));
  });
  ({ loadChorus } = await import("../src/chorus.ts"));
  page = new Page();
});

afterEach(() => {
  vi.restoreAllMocks();
  document.body.replaceChildren();
  Reflect.deleteProperty(window, "Chorus");
});

test("one script is fetched, whoever asks and however often", async () => {
  const chorus = loadChorus({ server: SERVER, nonce: "n0" });
  void chorus("open");
  void loadChorus({ server: `${SERVER}/` })("close");
  await settled();
  expect(page.scripts.map((it) => it.src)).toEqual([`${SERVER}/widget/v1/chorus.js`]);
  expect(page.scripts[0]?.dataset).toHaveProperty("manual");
  expect(page.scripts[0]?.nonce).toBe("n0");
});

test("calls wait for the script and keep their order", async () => {
  const chorus = loadChorus({ server: SERVER });
  const done = [chorus("boot", { key: "pk_a" }), chorus("open"), chorus("prefill", "Hi")];
  await settled();
  expect(page.told).toEqual([]);
  await page.arrive();
  await Promise.all(done);
  expect(page.told).toEqual([["boot", { key: "pk_a" }], ["open"], ["prefill", "Hi"]]);
});

test("a page that has the script already is not given another", async () => {
  await page.arrive();
  page.facts.unread = 3;
  expect(await loadChorus({ server: SERVER })("get", "unread")).toBe(3);
  expect(page.scripts).toEqual([]);
});

test("the queue of a snippet is not taken for the widget", async () => {
  Object.assign(window, { Chorus: Object.assign(() => undefined, { q: [] }) });
  void loadChorus({ server: SERVER })("open");
  await settled();
  expect(page.scripts).toHaveLength(1);
});

test("a blocked script answers nothing, is told once, and may be tried again", async () => {
  const told = vi.fn();
  window.addEventListener("chorus:error", told);
  const chorus = loadChorus({ server: SERVER });
  const answers = Promise.all([chorus("open"), chorus("get", "unread")]);
  await settled();
  page.scripts[0]?.dispatchEvent(new Event("error"));
  expect(await answers).toEqual([undefined, undefined]);
  expect(told).toHaveBeenCalledTimes(1);
  expect(told.mock.calls[0]?.[0].detail.code).toBe("SCRIPT_BLOCKED");
  void chorus("open");
  await settled();
  await page.arrive();
  expect(page.told).toEqual([["open"]]);
});
