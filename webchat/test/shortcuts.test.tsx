// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { messageId } from "../../sdk/test/support/frames";
import type { Settings } from "../src/api";
import { AGENT, AT_HOME, CONV, holdTime, Stage } from "./support/stage";

const TALK = "Talk to a person";

let stage: Stage;
/** Each test asks for a person of its own. */
let session = 0;

vi.setConfig({ testTimeout: 30_000 });

beforeEach(() => {
  holdTime();
  session += 1;
});

afterEach(() => {
  stage.leave();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

async function chatting(settings: Partial<Settings> = {}): Promise<void> {
  stage = new Stage({ settings, config: AT_HOME });
  await stage.open();
  // The stage says when things were said; here that is now.
  vi.setSystemTime(new Date("2026-11-20T09:30:01Z"));
  await stage.say("Hello?");
}

const offered = () => stage.texts(".shortcuts button");

function tellHandoff(state: string, more: Readonly<Record<string, unknown>> = {}): void {
  const floor = { holder: state === "active" ? "human" : "none", epoch: 1 };
  stage.tell("handoff", { state, session: messageId(session), floor, ...more });
}

async function choose(word: string): Promise<void> {
  const buttons = [...stage.root.querySelectorAll<HTMLElement>(".shortcuts button")];
  const found = buttons.find((it) => it.textContent === word);
  if (found === undefined) throw new Error(`there is no ${word} among ${offered()}`);
  found.click();
  await stage.pass(200);
}

describe("a person", () => {
  test("is one press away as long as the bot answers, and asked for once", async () => {
    await chatting();
    expect(offered()).toEqual([]);
    stage.tell("conversation.updated", { floor: { holder: "bot", epoch: 1 }, by: AGENT });
    await stage.pass(50);
    expect(offered()).toEqual([TALK]);
    stage.onEscalate = () => tellHandoff("queued");
    await choose(TALK);
    expect(offered()).toEqual([]);
    const frames = [...stage.chorus.sockets].flatMap(
      (it) => (it as unknown as { sent: { event: string }[] }).sent,
    );
    expect(frames.filter(({ event }) => event === "escalate")).toHaveLength(1);
  });

  test("is offered to who waits for an answer, and not any more when it is there", async () => {
    await chatting();
    await stage.pass(18_000);
    expect(offered()).toEqual([]);
    await stage.pass(3_000);
    expect(offered()).toEqual([TALK]);
    stage.chorus.say("Hello!");
    await stage.pass(100);
    expect(offered()).toEqual([]);
  });

  test("is not offered where the page does not want that, nor while one is there", async () => {
    await chatting({ features: { human: false } });
    stage.tell("conversation.updated", { floor: { holder: "bot", epoch: 1 }, by: AGENT });
    await stage.pass(25_000);
    expect(offered()).toEqual([]);
    stage.leave();
    await chatting();
    tellHandoff("active", { agent: { userId: AGENT, name: "Ada Keller" } });
    await stage.pass(25_000);
    expect(offered()).toEqual([]);
  });
});

describe("who has waited long", () => {
  const OPTIONS = ["wait", "message", "callback", "bot", "something newer"];

  async function waitedLong(): Promise<void> {
    await chatting();
    tellHandoff("queued");
    tellHandoff("queued", { reason: "waited_long", options: OPTIONS });
    await stage.pass(100);
  }

  const asked = () => stage.asked.filter(({ url }) => url.endsWith("/livechat/escalate"));

  test("may choose what else there is; what this page does not know is left out", async () => {
    await waitedLong();
    expect(offered()).toEqual([
      "Keep waiting",
      "Leave a message",
      "Call me back",
      "Back to the assistant",
    ]);
  });

  test.each([
    ["Keep waiting", "wait"],
    ["Leave a message", "message"],
    ["Call me back", "callback"],
  ])("by %s, which the server hears once", async (word, choice) => {
    await waitedLong();
    await choose(word);
    expect(asked()).toMatchObject([{ body: { conversationId: CONV, choice } }]);
    expect(offered()).toEqual([]);
  });

  test("is asked again where the choice did not reach the server", async () => {
    await waitedLong();
    const { fetch } = globalThis;
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("away")));
    await choose("Call me back");
    expect(stage.errors).toMatchObject([{ code: "UNREACHABLE" }]);
    vi.stubGlobal("fetch", fetch);
    await choose("Call me back");
    expect(asked()).toHaveLength(1);
    expect(offered()).toEqual([]);
  });

  test("has nothing to choose once somebody is on their way", async () => {
    await waitedLong();
    tellHandoff("offered");
    await stage.pass(50);
    expect(offered()).toEqual([]);
  });
});

describe("beside what others say", () => {
  test.each([
    ["initials", undefined, "S", 0],
    ["nothing, where the page wants that", false, undefined, 0],
    ["a picture that the page gave", { [AGENT]: "https://shop.test/ada.png" }, "", 1],
  ])("stands %s", async (_, avatars, letter, pictures) => {
    await chatting(avatars === undefined ? {} : { avatars });
    stage.chorus.say("Hello!");
    await stage.pass(100);
    expect(stage.texts(".row.other .face")).toEqual(letter === undefined ? [] : [letter]);
    expect(stage.root.querySelectorAll(".face img")).toHaveLength(pictures);
    expect(stage.texts(".row.own .face")).toEqual([]);
  });
});

describe("a view that the page asks for", () => {
  test("is the menu, or the conversation again", async () => {
    await chatting();
    await stage.panel.act("open", ["menu"]);
    await stage.pass(50);
    expect(stage.texts(".menu button")).toContain("Download this chat");
    await stage.panel.act("open", ["chat"]);
    await stage.pass(50);
    expect(stage.root.querySelector(".menu")).toBeNull();
  });

  test("is a sentence where there is none of that name", async () => {
    await chatting();
    await expect(stage.panel.act("open", ["news"])).rejects.toThrow("There is no view 'news'.");
  });
});

test("the picture of a visitor goes with what is known of them", async () => {
  await chatting({ user: { name: "Nia", avatar: "https://shop.test/nia.png" } });
  const visit = stage.asked.find(({ url }) => url.endsWith("/livechat/visitors"));
  expect(visit?.body).toMatchObject({
    traits: { name: "Nia", attributes: { avatar: "https://shop.test/nia.png" } },
  });
});
