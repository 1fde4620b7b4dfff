// @vitest-environment happy-dom
import type { ConversationView } from "@chorus/sdk";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, describe, expect, it, vi } from "vitest";
import { MessageRow } from "../src/features/thread/message-row";
import { TypingLine } from "../src/features/thread/typing-line";
import { type Session, SessionProvider } from "../src/shared/live/session";
import { COLLEAGUE, CONV, message } from "./support";

vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);

let root: Root | undefined;
const request = vi.fn();
const NAMES = new Map([[COLLEAGUE, "Bo"]]);
const ROBIN_THEN_JUNO = [
  { fromSeq: 2, id: "b-1", name: "Robin" },
  { fromSeq: 5, id: null, name: null },
  { fromSeq: 7, id: "b-2", name: "Juno" },
];

/** A thread in which a bot spoke at these places, and writes again; `bots` is what the server tells of it. */
async function open(bots: unknown, ...seqs: number[]): Promise<void> {
  request.mockResolvedValue(bots === undefined ? {} : { bots });
  const typing = { "b-9": { role: "bot" }, [COLLEAGUE]: { role: "agent" } };
  const view = {
    id: CONV,
    self: "me",
    items: [],
    receipts: {},
    typing,
  } as unknown as ConversationView;
  root = createRoot(document.body.appendChild(document.createElement("main")));
  await act(async () =>
    root?.render(
      <QueryClientProvider client={new QueryClient()}>
        <SessionProvider value={{ client: { request } } as unknown as Session}>
          {seqs.map((seq) => (
            <MessageRow
              key={seq}
              view={view}
              message={message(seq, { role: "bot", userId: null })}
              goesOn={false}
              customer="Vera"
              names={NAMES}
              isAnchor={false}
            />
          ))}
          <TypingLine view={view} customer="Vera" names={NAMES} />
        </SessionProvider>
      </QueryClientProvider>,
    ),
  );
  await eventually(() => expect(request).toHaveBeenCalled());
}

const eventually = (check: () => void) => act(async () => void (await vi.waitFor(check)));

const authors = () => [...document.querySelectorAll("article bdi")].map((one) => one.textContent);
const typists = () => document.querySelector("main > p")?.textContent;

afterEach(() => {
  act(() => root?.unmount());
  document.body.replaceChildren();
  vi.clearAllMocks();
});

describe("what a bot says", () => {
  it("has the name of the bot that said it, as far as that is known", async () => {
    await open(ROBIN_THEN_JUNO, 1, 2, 4, 5, 6, 7, 90);
    const names = ["Bot", "Robin", "Robin", "Bot", "Bot", "Juno", "Juno"];
    await eventually(() => expect(authors()).toEqual(names));
    expect(request).toHaveBeenCalledOnce();
  });

  it("is a bot's where nobody knows whose, or an older server does not tell", async () => {
    await open(undefined, 1, 90);
    await eventually(() => expect(authors()).toEqual(["Bot", "Bot"]));
    expect(typists()).toBe("Bot is typing · Bo is typing");
  });

  it("is awaited under the name of the bot that is bound", async () => {
    await open(ROBIN_THEN_JUNO, 2);
    await eventually(() => expect(typists()).toBe("Juno is typing · Bo is typing"));
  });
});
