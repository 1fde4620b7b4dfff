// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { messageId } from "../../sdk/test/support/frames";
import { AGENT, AT_HOME, CONV, holdTime, Stage, TS } from "./support/stage";

let stage: Stage;

vi.setConfig({ testTimeout: 30_000 });

beforeEach(holdTime);

afterEach(() => {
  stage.leave();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

async function chatting(standing: ConstructorParameters<typeof Stage>[0] = {}): Promise<void> {
  stage = new Stage(standing);
  await stage.open();
  await stage.say("Hello?");
  expect(stage.texts(".row .text")).toEqual(["Hello?"]);
}

test("whatever the rhythm of a burst, nothing of it is unread in a chat that is looked at", async () => {
  await chatting();
  const counts = new Set<number>();
  for (let gap = 0; gap < 24; gap += 1) {
    stage.chorus.say(`Message ${gap}`);
    await vi.advanceTimersByTimeAsync(gap);
    counts.add(stage.unread);
  }
  await stage.pass(1_000);
  expect(stage.panel.facts().unread).toBe(0);
  expect([...counts]).toEqual([0]);
  expect(stage.heard.filter(([event]) => event === "unread")).toEqual([]);
});

describe("a screen reader", () => {
  const spoken = () => stage.texts("div[role=status].visually-hidden p").join("");

  test("hears both of two quick messages, in their order, within a second of the first", async () => {
    await chatting();
    stage.chorus.say("One moment.");
    await stage.pass(400);
    stage.chorus.say("Here it is.");
    await stage.pass(650);
    expect(spoken()).toBe("Support team: One moment.\nSupport team: Here it is.");
  });

  test("hears a second message that says the same", async () => {
    await chatting();
    stage.chorus.say("ok");
    await stage.pass(1_200);
    const first = stage.one("div[role=status].visually-hidden p");
    expect(spoken()).toBe("Support team: ok");
    stage.chorus.say("ok");
    await stage.pass(1_200);
    expect(spoken()).toBe("Support team: ok");
    expect(first.isConnected).toBe(false);
  });

  test("hears a steady flow as it comes, everything once", async () => {
    await chatting();
    const heard = new Set<string>();
    for (let place = 0; place < 20; place += 1) {
      stage.chorus.say(`Number ${place}`);
      await stage.pass(300);
      if (spoken() !== "") heard.add(spoken());
    }
    await stage.pass(1_500);
    heard.add(spoken());
    expect(heard.size).toBeGreaterThanOrEqual(4);
    const lines = [...heard].flatMap((batch) => batch.split("\n"));
    expect(lines).toEqual(Array.from({ length: 20 }, (_, at) => `Support team: Number ${at}`));
  });

  test("hears nothing of what was there before, nor what the visitor says", async () => {
    stage = new Stage();
    stage.chorus.say("From yesterday.");
    await stage.open();
    await stage.say("Hello?");
    await stage.pass(1_500);
    expect(stage.texts(".row .text")).toEqual(["From yesterday.", "Hello?"]);
    expect(spoken()).toBe("");
  });

  test("hears that the connection is lost once, not each second of the wait", async () => {
    await chatting();
    const region = stage.one(".window > [role=status]");
    stage.isAway = true;
    stage.chorus.cut();
    await stage.pass(300);
    const banner = stage.one("[data-banner=waiting]");
    expect(region.contains(banner)).toBe(true);
    const audible = () =>
      [...banner.children].filter((it) => it.ariaHidden !== "true").map((it) => it.textContent);
    const before = audible();
    expect(before[0]).toMatch(/^No connection\./u);
    await stage.pass(2_000);
    if (banner.isConnected) expect(audible()).toEqual(before);
  });

  test("hears that live updates are slow", async () => {
    await chatting();
    const region = stage.one(".window > [role=status]");
    stage.mention("degraded", { what: "presence" });
    await stage.pass(100);
    expect(region.textContent).toContain("Live updates are slow");
  });
});

describe("an agent who simply answers", () => {
  const ADA = { userId: AGENT, name: "Ada Keller", role: "agent" };

  function answer(): void {
    const floor = { holder: "human", epoch: 1 };
    stage.tell("participant", { userId: AGENT, role: "agent", change: "joined" });
    stage.tell("conversation.updated", { assignee: AGENT, floor, by: AGENT });
    stage.chorus.say("It is on its way.");
  }

  test("has a name in the header and where it is read out, and joins for the page", async () => {
    await chatting();
    stage.participants = [ADA];
    answer();
    await stage.pass(500);
    expect(stage.texts(".title")).toEqual(["Ada Keller"]);
    expect(stage.texts(".row.other > .visually-hidden")).toEqual(["Ada Keller"]);
    const joined = stage.heard.filter(([event]) => event.startsWith("agent:"));
    expect(joined).toEqual([["agent:joined", { id: AGENT, name: "Ada Keller" }]]);
    stage.chorus.say("Anything else?");
    await stage.pass(500);
    const asked = stage.asked.filter(({ url }) => url.endsWith(`/conversations/${CONV}`));
    expect(asked).toHaveLength(1);
  });

  test("is one of the team where the API does not say, and nobody is asked again", async () => {
    await chatting();
    answer();
    await stage.pass(500);
    stage.chorus.say("Anything else?");
    await stage.pass(500);
    expect(stage.texts(".title")).toEqual(["Chat with us"]);
    expect(stage.texts(".row.other > .visually-hidden")).toEqual(["Support team", "Support team"]);
    const asked = stage.asked.filter(({ url }) => url.endsWith(`/conversations/${CONV}`));
    expect(asked).toHaveLength(1);
  });
});

describe("a bot", () => {
  const floor = { holder: "bot", epoch: 1 };
  const title = () => stage.one(".title").textContent;

  async function answered(bot: string | null | undefined): Promise<void> {
    await chatting({ config: { ...AT_HOME, ...(bot === undefined ? {} : { bot }) } });
    stage.tell("conversation.updated", { floor, by: null });
    const said = { content: "Within 30 days.", visibility: "public", type: "text" };
    stage.tell("message", { id: messageId(0xb001), role: "bot", ts: TS, ...said });
    await stage.pass(1_200);
  }

  test.each([
    ["Juno", "Juno"],
    [null, "Assistant"],
    [undefined, "Assistant"],
  ])(
    "that is called %s is %s in the header, to a screen reader and to the page",
    async (bot, name) => {
      await answered(bot);
      expect(title()).toBe(name);
      expect(stage.texts("div[role=status].visually-hidden p")).toContain(
        `${name}: Within 30 days.`,
      );
      const heard = stage.heard.filter(([event]) => event === "message:received");
      expect(heard).toEqual([["message:received", expect.objectContaining({ from: "bot", name })]]);
    },
  );
});

describe("the header", () => {
  const presence = () => stage.one(".presence").dataset.presence;

  test("says that somebody is there where that is so, and goes on saying so", async () => {
    await chatting({ config: AT_HOME });
    expect(presence()).toBe("online");
  });

  test.each([false, null])("does not say so where it is not, or not known: %s", async (staffed) => {
    stage = new Stage({ config: { availability: { open: true, opensAt: null, staffed } } });
    await stage.open();
    expect(presence()).toBe("gone");
    expect(stage.texts(".presence")).toEqual(["We answer as soon as we can"]);
    await stage.say("Hello?");
    expect(presence()).toBe("gone");
  });

  test("knows better of an agent who is in the conversation", async () => {
    await chatting({ config: AT_HOME });
    stage.mention("presence", { userId: AGENT, status: "offline", since: TS });
    await stage.pass(100);
    expect(presence()).toBe("gone");
    stage.mention("presence", { userId: AGENT, status: "online", since: TS });
    await stage.pass(100);
    expect(presence()).toBe("online");
  });
});
