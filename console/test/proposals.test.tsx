// @vitest-environment happy-dom
import { ChorusError, type ConversationView } from "@chorus/sdk";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, Suspense } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Proposals } from "../src/features/composer/proposals";
import { hasWrittenSince, sourcesOf } from "../src/features/composer/proposed";
import { perform } from "../src/shared/keys/use-keys";
import { type Session, SessionProvider } from "../src/shared/live/session";
import { CONV, message } from "./support";

vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);

const REPLIES = ["Within 30 days.", "Shoes within 60 days."].map((text, at) => ({
  text,
  kind: at === 0 ? "written" : "quoted",
  citations: [{ title: `Source ${at}`, source: `s-${at}`, chunk: `s-${at}:1:0` }],
}));
const BASIS = { uptoSeq: 3, confidence: 0.8 };

let root: Root | undefined;
const onInsert = vi.fn();
const onClose = vi.fn();
const request = vi.fn();

/** The panel over a conversation whose customer has written at these places. */
async function open(...seqs: number[]): Promise<void> {
  const view = { id: CONV, items: seqs.map((seq) => message(seq)) } as unknown as ConversationView;
  root = createRoot(document.body.appendChild(document.createElement("main")));
  await act(async () =>
    root?.render(
      <QueryClientProvider client={new QueryClient()}>
        <SessionProvider value={{ client: { request } } as unknown as Session}>
          <Suspense>
            <Proposals conv={CONV} view={view} onInsert={onInsert} onClose={onClose} />
          </Suspense>
        </SessionProvider>
      </QueryClientProvider>,
    ),
  );
}

const said = () => document.querySelector("[data-proposals]")?.textContent ?? "";
const settled = (text: string) =>
  act(async () => void (await vi.waitFor(() => expect(said()).toContain(text))));

function press(name: string, at = 0): Promise<void> {
  const found = [...document.querySelectorAll("button")].filter((one) =>
    one.textContent?.includes(name),
  );
  return act(async () => found[at]?.click());
}

afterEach(() => {
  act(() => root?.unmount());
  document.body.replaceChildren();
  vi.clearAllMocks();
  request.mockReset();
});

describe("answers that were asked for", () => {
  it("are looked for, and then stand there with what they rest on", async () => {
    let resolve: (answer: object) => void = () => undefined;
    request.mockReturnValue(new Promise((done) => (resolve = done)));
    await open(3);
    expect(said()).toContain("Looking for answers");
    await act(async () => resolve({ id: "p-1", items: REPLIES, basis: BASIS }));
    await settled("Within 30 days.");
    expect(request).toHaveBeenCalledExactlyOnceWith(
      `/livechat/conversations/${CONV}/assist/replies`,
      { method: "POST" },
    );
    expect(said()).not.toContain("Looking for answers");
    expect(said()).toContain("In a model's words");
    expect(said()).toContain("Source 1");
    expect(said()).not.toContain("has written since");
  });

  it("are put in by a click or by their number, and never sent", async () => {
    request.mockResolvedValue({ id: "p-1", items: REPLIES, basis: BASIS });
    await open(3);
    await settled("Within 30 days.");
    await press("Insert", 1);
    expect(onInsert).toHaveBeenLastCalledWith({ proposal: "p-1", text: "Shoes within 60 days." });
    act(() => void perform("suggest1"));
    expect(onInsert).toHaveBeenLastCalledWith({ proposal: "p-1", text: "Within 30 days." });
    expect(perform("suggest3")).toBe(false);
    expect(onClose).toHaveBeenCalledTimes(2);
    expect(request).toHaveBeenCalledOnce();
  });

  it.each([
    [BASIS, "Nothing that is written down answers"],
    [null, "There is nothing to answer"],
  ])("are none where %j, and that is said", async (basis, words) => {
    request.mockResolvedValue({ id: null, items: [], basis });
    await open(3);
    await settled(words);
  });

  it("are refused in the server's words, and can be asked for again", async () => {
    const away = "Nobody is there just now who could look this up.";
    request.mockRejectedValueOnce(new ChorusError("UNAVAILABLE", away, 503));
    await open(3);
    await settled(away);
    expect(request).toHaveBeenCalledOnce();
    request.mockResolvedValue({ id: "p-1", items: REPLIES, basis: BASIS });
    await press("Try again");
    await settled("Within 30 days.");
    expect(said()).not.toContain(away);
  });

  it("say so when the customer has written since", async () => {
    request.mockResolvedValue({ id: "p-1", items: REPLIES, basis: BASIS });
    await open(3, 5);
    await settled("The customer has written since.");
    request.mockResolvedValue({ id: null, items: [], basis: { ...BASIS, uptoSeq: 5 } });
    await press("Try again");
    await settled("Nothing that is written down answers");
    expect(said()).not.toContain("has written since");
  });
});

it("only what the customer says makes an answer old", () => {
  expect(hasWrittenSince([message(3), message(4, { role: "agent" })], BASIS)).toBe(false);
  expect(hasWrittenSince([message(4)], BASIS)).toBe(true);
  expect(hasWrittenSince([message(4)], null)).toBe(false);
});

it("an answer names each source once", () => {
  const citations = ["A", "A", "B"].map((title, at) => ({ title, source: "s", chunk: `s:${at}` }));
  const told = sourcesOf({ text: "x", kind: "quoted", citations });
  expect(told.map(({ title }) => title)).toEqual(["A", "B"]);
});
