// @vitest-environment happy-dom
import { act, StrictMode } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ChorusWidgetProps } from "../src/react.tsx";
import { Page, settled } from "./page.ts";

const SERVER = "https://chat.example.com";
let page: Page;
let root: Root;
let react: typeof import("../src/react.tsx");

beforeEach(async () => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  vi.resetModules();
  page = new Page();
  await page.arrive();
  react = await import("../src/react.tsx");
  root = createRoot(document.body.appendChild(document.createElement("div")));
});

afterEach(async () => {
  await act(async () => root.unmount());
  document.body.replaceChildren();
  Reflect.deleteProperty(window, "Chorus");
  vi.unstubAllGlobals();
});

const drawn = vi.fn();

function Badge() {
  const { unread, open, chorus } = react.useChorus();
  drawn();
  return (
    <button type="button" onClick={() => void chorus("open")}>
      {`${unread} ${open}`}
    </button>
  );
}

async function render(props: Partial<ChorusWidgetProps> = {}, more: React.ReactNode = null) {
  const { ChorusWidget } = react;
  await act(async () => {
    root.render(
      <StrictMode>
        <ChorusWidget server={SERVER} inboxKey="pk_a" {...props} />
        {more}
      </StrictMode>,
    );
    await settled();
  });
}

test("mounted twice, as React's strict mode does, the chat starts once and stays", async () => {
  await render({ theme: "dark" });
  expect(page.acts).toEqual([["boot", { key: "pk_a", apiBase: SERVER, theme: "dark" }]]);
});

test("rendered again with equal settings nothing is told; with others those are", async () => {
  await render({ offset: { x: 8 }, color: "#aa0000" });
  await render({ offset: { x: 8 }, color: "#aa0000" });
  expect(page.acts).toHaveLength(1);
  await render({ offset: { x: 9 } });
  expect(page.acts.slice(1)).toEqual([
    ["update", { key: "pk_a", apiBase: SERVER, offset: { x: 9 }, color: undefined }],
  ]);
});

test("taken away it hides, put back it shows, and the visitor is never forgotten", async () => {
  await render();
  await act(async () => root.render(null));
  await settled();
  expect(page.acts.slice(1)).toEqual([["close"], ["hide"]]);
  await render();
  expect(page.acts.slice(3)).toEqual([["show"]]);
});

test("another person is told as such, and so is nobody", async () => {
  await render({ user: { token: "a.b.c", name: "Nora" } });
  await render({ user: { token: "a.b.c", name: "Nora" } });
  await render({ user: { token: "d.e.f", name: "Olav" } });
  await render();
  expect(page.acts.slice(1)).toEqual([
    ["identify", { token: "d.e.f", name: "Olav" }],
    ["identify", {}],
  ]);
});

test("a function for tokens is asked as it is now, and anew for another identity", async () => {
  await render({ identity: "1", user: { token: () => "first" } });
  const [, { user }] = page.acts[0] as unknown as [string, { user: { token(): Promise<string> } }];
  await render({ identity: "1", user: { token: async () => "second" } });
  expect(page.acts).toHaveLength(1);
  expect(await user.token()).toBe("second");
  await render({ identity: "2", user: { token: () => "third" } });
  expect(page.acts.map(([method]) => method)).toEqual(["boot", "identify"]);
});

test("listeners are the newest, are heard once, and may answer", async () => {
  const old = vi.fn();
  await render({ on: { unread: old } });
  expect(page.listening("unread")).toBe(1);
  const newer = vi.fn();
  await render({ on: { unread: newer, "before:send": () => false } });
  await page.emit("unread", 2);
  expect(old).not.toHaveBeenCalled();
  expect(newer).toHaveBeenCalledTimes(1);
  expect(newer.mock.calls[0]?.[0]).toBe(2);
  expect(await page.emit("before:send", { text: "Hi" })).toEqual([false]);
  await render();
  expect(page.listening("unread") + page.listening("before:send")).toBe(0);
});

test("the hook draws the facts, before the widget is there and whenever they change", async () => {
  const { ChorusWidget } = react;
  await act(async () => root.render(<Badge />));
  expect(document.body.textContent).toBe("0 false");
  await act(async () =>
    root.render([<Badge key="b" />, <ChorusWidget key="w" server={SERVER} inboxKey="pk_a" />]),
  );
  page.facts.unread = 4;
  await act(async () => {
    await page.emit("unread", 4);
  });
  expect(document.body.textContent).toBe("4 false");
  drawn.mockClear();
  await act(async () => {
    await page.emit("unread", 4);
  });
  expect(drawn).not.toHaveBeenCalled();
  await act(async () => document.querySelector("button")?.click());
  await settled();
  expect(page.acts.at(-1)).toEqual(["open"]);
});
