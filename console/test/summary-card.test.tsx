// @vitest-environment happy-dom
import { type AgentClient, createAgentClient } from "@chorus/sdk";
import { QueryClientProvider } from "@tanstack/react-query";
import { IDBFactory } from "fake-indexeddb";
import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeLocks } from "../../sdk/test/support/fake-locks";
import { FakeNetwork, type FakeWebSocket } from "../../sdk/test/support/fake-network";
import { message, messageId, TS } from "../../sdk/test/support/frames";
import { SummaryCard } from "../src/shared/handoff/summary-card";
import type { Summary } from "../src/shared/handoff/use-summary";
import { behind } from "../src/shared/handoff/use-summary";
import { bindCache, newCache } from "../src/shared/live/cache";
import { useConversation } from "../src/shared/live/hooks";
import { type Session, SessionProvider } from "../src/shared/live/session";
import { COLLEAGUE, CONV, message as item, ME } from "./support";

/** What an agent sees of a summary: frames of the socket go through the whole client. */

vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);

const BY_RULES: Summary = {
  uptoSeq: 1,
  changed: false,
  source: "extractive",
  model: "rules",
  body: {},
  text: "My card is 4111.",
  generatedAt: TS,
  by: null,
};

let kept: Summary;
let client: AgentClient;
let network: FakeNetwork;
let release: () => void;
let root: Root;

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"],
  });
  vi.stubGlobal("fetch", async (url: string) =>
    Response.json(url.includes("/livechat/summary/") ? kept : { items: [], nextCursor: null }),
  );
  network = new FakeNetwork();
  client = createAgentClient({
    apiBase: "http://chorus.test",
    token: "t-1",
    indexedDB: new IDBFactory(),
    locks: new FakeLocks().asLockManager(),
    openWebSocket: network.open,
  });
});

afterEach(() => {
  act(() => root.unmount());
  release();
  client.close();
  document.body.replaceChildren();
  vi.unstubAllGlobals();
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  vi.useRealTimers();
});

function pass(ms: number): Promise<void> {
  return act(async () => {
    for (let passed = 0; passed < ms; passed += 50) {
      await vi.advanceTimersByTimeAsync(50);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
}

function Page() {
  const view = useConversation(CONV);
  return view ? <SummaryCard view={view} onAnchor={() => undefined} /> : null;
}

/** The conversation is open, and its summary is there. */
async function open(): Promise<FakeWebSocket> {
  const cache = newCache();
  release = bindCache(client, cache);
  root = createRoot(document.body.appendChild(document.createElement("main")));
  await act(async () =>
    root.render(
      <QueryClientProvider client={cache}>
        <SessionProvider value={{ client, agent: { id: ME } } as unknown as Session}>
          <Page />
        </SessionProvider>
      </QueryClientProvider>,
    ),
  );
  await pass(200);
  network.last.greet();
  const user = { userId: ME, role: "agent" };
  const agent = { status: "online", capacity: 5, load: 0 } as const;
  network.last.say({ event: "ready", data: { user, agent, token_exp: 2_000_000_000 } });
  await pass(100);
  const floor = { holder: "none", epoch: 0 } as const;
  const items = [{ conv: CONV, head_seq: 1, epoch: "e1", recovered: true, floor }];
  network.last.say({ event: "subscribed", data: { items, refused: [] } });
  network.last.say({ ...message(1, { role: "customer" }), conv: CONV });
  await pass(300);
  return network.last;
}

const shown = () => document.body.textContent ?? "";

test.each([
  ["message.deleted", { target: messageId(1), by: COLLEAGUE }],
  ["message.updated", { target: messageId(1), by: COLLEAGUE, rev: 1, content: "Hello." }],
  ["message.updated", { target: messageId(1), by: COLLEAGUE, rev: 1, visibility: "hidden" }],
])("after %s it quotes the words no more: %o", async (event, data) => {
  kept = BY_RULES;
  const socket = await open();
  expect(shown()).toContain("My card is 4111.");
  kept = { ...BY_RULES, uptoSeq: 2, text: "Say hello." };
  socket.say({ event, seq: 2, conv: CONV, data } as never);
  await pass(200);
  expect(shown()).not.toContain("4111");
  expect(shown()).toContain("Say hello.");
});

test("a person's words stay, and say that what they are about was changed", async () => {
  kept = { ...BY_RULES, source: "human", by: COLLEAGUE, text: "Wants a refund." };
  const socket = await open();
  expect(shown()).not.toContain("edited or deleted");
  kept = { ...kept, changed: true };
  const data = { target: messageId(1), by: COLLEAGUE };
  socket.say({ event: "message.deleted", seq: 2, conv: CONV, data });
  await pass(200);
  expect(shown()).toContain("Wants a refund.");
  expect(shown()).toContain("Messages it is about were edited or deleted since");
});

test("a message that was deleted is no newer one", () => {
  const items = [item(1), item(2, { deleted: true }), item(3)];
  expect(behind({ items } as never, { ...BY_RULES, uptoSeq: 1 })).toBe(1);
});
