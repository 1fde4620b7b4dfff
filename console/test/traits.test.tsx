// @vitest-environment happy-dom
import { readdirSync, readFileSync } from "node:fs";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, describe, expect, test, vi } from "vitest";
import { readSearch } from "../src/app/address";
import { Traits } from "../src/features/context/traits";
import { filterOf, narrowingOf } from "../src/features/inbox/order";
import { rowsOf } from "../src/features/thread/rows";
import { amend } from "../src/shared/live/cache";
import { keys } from "../src/shared/live/keys";
import { type Session, SessionProvider } from "../src/shared/live/session";
import { Chips } from "../src/shared/traits/chips";
import { INTENTS, MOODS } from "../src/shared/traits/traits";
import { LOCALES } from "../src/shared/words/locale";
import { CONV, change, ME } from "./support";

vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);

const FOLDER = new URL("../locales/traits/", `file://${import.meta.dirname}/`);
const TRAITS = { intent: "refund", sentiment: "angry", language: "de", suggested: ["refund"] };
const told = { event: "conversation.updated", data: { traits: TRAITS } };
const catalogue = (locale: string): Record<string, string> =>
  JSON.parse(readFileSync(new URL(`${locale}.json`, FOLDER), "utf8"));
const asked = vi.fn(async (..._: unknown[]) => undefined);
let root: Root | undefined;

function draw(page: React.ReactNode): string {
  root = createRoot(document.body.appendChild(document.createElement("main")));
  act(() => root?.render(page));
  return document.body.textContent ?? "";
}

afterEach(() => {
  act(() => root?.unmount());
  document.body.replaceChildren();
});

test("every language says the same, a word for each topic and mood", () => {
  const english = catalogue("en");
  const there = readdirSync(FOLDER).map((file) => file.replace(".json", ""));
  expect(there.sort()).toEqual(Object.keys(LOCALES).sort());
  for (const locale of there) {
    const words = catalogue(locale);
    expect(Object.keys(words), locale).toEqual(Object.keys(english));
    for (const text of Object.values(words)) expect(text.trim(), locale).not.toBe("");
    expect(words.addSuggested, locale).toContain("{{name}}");
  }
  for (const one of INTENTS) expect(english).toHaveProperty(`intent-${one}`);
  for (const one of MOODS) expect(english).toHaveProperty(`mood-${one}`);
});

describe("chips", () => {
  test("say topic and mood in words", () => {
    expect(draw(<Chips intent="refund" sentiment="angry" />)).toBe("AngryRefund");
    expect(document.querySelectorAll("svg:not([aria-hidden])")).toHaveLength(0);
  });

  test("do not say again what a label says, nor what they have no word for", () => {
    const tags = ["refund"];
    expect(draw(<Chips intent="refund" sentiment="bored" tags={tags} />)).toBe("");
  });
});

describe("beside a conversation", () => {
  function open(tags: readonly string[], isReadOnly = false) {
    const cache = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } });
    cache.setQueryData(keys.snapshot(CONV), { id: CONV, tags, traits: TRAITS });
    const client = { command: asked };
    draw(
      <QueryClientProvider client={cache}>
        <SessionProvider value={{ client, agent: { id: ME } } as unknown as Session}>
          <Traits conv={CONV} isReadOnly={isReadOnly} />
        </SessionProvider>
      </QueryClientProvider>,
    );
    return [...document.querySelectorAll("button")].map((one) => one.getAttribute("aria-label"));
  }

  test("labels that words suggest are offered by name", () => {
    expect(open(["vip"])).toEqual(["Add the label refund"]);
    expect(document.body.textContent).toContain("German");
    act(() => document.querySelector("button")?.click());
    expect(asked.mock.calls[0]).toEqual([CONV, "update", { add_tags: ["refund"] }]);
  });

  test("those it has, and to whom only looks on, are not", () => {
    expect(open(["refund"])).toEqual([]);
    expect(open([], true)).toEqual([]);
  });
});

test("what was read reaches what is shown, and stands in no thread but for its labels", () => {
  const cache = new QueryClient();
  cache.setQueryData(keys.snapshot(CONV), { id: CONV, status: "open", tags: ["vip"] });
  amend(cache, { conv: CONV, frame: { ...told, seq: 9 } as never });
  expect(cache.getQueryData(keys.snapshot(CONV))).toMatchObject({ tags: ["vip"], traits: TRAITS });
  const tagged = { ...told, data: { ...told.data, tags: ["refund"] } };
  const items = [change(1, told), change(2, tagged)];
  const rows = rowsOf({ items, pending: [], newFrom: null, self: ME });
  expect(rows.filter((row) => row.kind !== "new")).toHaveLength(1);
});

test("topic and mood narrow the inbox by address, wire and saved view alike", () => {
  const wanted = { intent: "refund", sentiment: "angry" };
  expect(readSearch(wanted)).toEqual(wanted);
  expect(filterOf(wanted)).toEqual(wanted);
  expect(narrowingOf({ view: "queue", ...wanted })).toEqual(wanted);
});
