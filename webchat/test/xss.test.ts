// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { messageId } from "../../sdk/test/support/frames";
import corpus from "../../tests/corpus/xss.json";
import { AGENT, CUSTOMER, holdTime, Stage, TS } from "./support/stage";

const TEXTS = corpus.map(({ text }) => text);
/** All that the chat ever draws; whatever else stands there came out of a text. */
const DRAWN = new Set(
  "a,bdi,blockquote,button,div,em,fieldset,form,h2,header,i,input,label,legend,option,p,path,select,small,span,svg,textarea,time".split(
    ",",
  ),
);
const hit = vi.fn();
let stage: Stage;

vi.setConfig({ testTimeout: 60_000 });

beforeEach(() => {
  holdTime();
  hit.mockClear();
  Object.assign(window, { hit });
});

afterEach(() => {
  stage.leave();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Nothing ran, nothing was drawn that is not the chat's own, and no link leads to a script. */
function expectHarmless(part: ParentNode = stage.root): void {
  expect(hit).not.toHaveBeenCalled();
  for (const element of part.querySelectorAll("*")) {
    expect(DRAWN, element.outerHTML.slice(0, 200)).toContain(element.localName);
    const names = element.getAttributeNames();
    expect(names.filter((name) => /^on|^srcdoc$|^formaction$|:href$/u.test(name))).toEqual([]);
    const href = element.getAttribute("href") ?? "";
    if (URL.canParse(href))
      expect(["http:", "https:", "mailto:"]).toContain(new URL(href).protocol);
  }
}

async function chatting(settings: ConstructorParameters<typeof Stage>[0] = {}): Promise<void> {
  stage = new Stage(settings);
  await stage.open();
  await stage.say("Hello?");
}

function messages(part: (text: string, place: number) => Record<string, unknown>): string[] {
  for (const [place, text] of TEXTS.entries()) {
    const whole = { type: "text", ts: TS, visibility: "public", role: "agent", userId: AGENT };
    stage.tell("message", {
      ...whole,
      id: messageId(0x1000 + place),
      content: text,
      ...part(text, place),
    });
  }
  return TEXTS;
}

test("there are enough of them, of many families, and none twice", () => {
  stage = new Stage();
  expect(new Set(TEXTS).size).toBe(TEXTS.length);
  expect(TEXTS.length).toBeGreaterThanOrEqual(160);
  expect(new Set(corpus.map(({ family }) => family)).size).toBe(10);
});

test.each([
  ["agent", AGENT, ".row.other .text"],
  ["bot", messageId(7), ".row.other .text"],
  ["customer", CUSTOMER, ".row.own .text"],
  ["system", undefined, ".log > .change"],
])("what the %s says", async (role, userId, selector) => {
  await chatting();
  messages(() => ({ role, userId }));
  await stage.pass(400);
  const shown = stage.texts(selector).filter((it) => it !== "Hello?");
  expect(shown).toEqual(TEXTS);
  expectHarmless();
});

test("what waits to be sent", async () => {
  await chatting();
  stage.isAway = true;
  stage.chorus.cut();
  await stage.pass(100);
  for (const text of TEXTS) void stage.panel.act("send", [text]);
  await stage.pass(1_000);
  expect(stage.texts(".row.own[data-status=sending] .text")).toEqual(TEXTS);
  expectHarmless();
});

test("what an answer quotes in the thread", async () => {
  await chatting();
  messages(() => ({}));
  for (const place of TEXTS.keys()) {
    const id = messageId(0x9000 + place);
    const reply = { id, content: "Yes.", reply_to: messageId(0x1000 + place) };
    stage.tell("message", { type: "text", ts: TS, visibility: "public", role: "bot", ...reply });
  }
  await stage.pass(400);
  expect(stage.texts(".quoted > [dir]")).toEqual(TEXTS);
  expectHarmless();
});

test("what is quoted above the composer", async () => {
  await chatting();
  stage.chorus.say("Before.");
  await stage.pass(100);
  const target = stage.one(".row.other").dataset.message;
  for (const [place, content] of TEXTS.entries()) {
    stage.tell("message.updated", { target, content, rev: place + 1, by: AGENT });
    await stage.pass(20);
    stage.one(".row.other .reply").click();
    await stage.pass(20);
    expect(stage.texts(".quote > span")).toEqual([`Reply to Support team: ${content}`]);
    expectHarmless();
  }
});

test("an answer as it streams, and one that was edited", async () => {
  await chatting();
  for (const [place, text] of TEXTS.entries()) {
    stage.mention("bot.delta", { stream: `s${place}`, n: 1, text });
  }
  await stage.pass(200);
  expect(stage.texts("[data-stream] .text")).toEqual(TEXTS);
  expectHarmless();
  messages(() => ({ content: "Before." }));
  for (const [place, content] of TEXTS.entries()) {
    const target = messageId(0x1000 + place);
    stage.tell("message.updated", { target, content, rev: 2, by: AGENT });
  }
  await stage.pass(400);
  expect(stage.texts(".row.other[data-seq] .text")).toEqual(TEXTS);
  expectHarmless();
});

test("the name of an agent: in the header, over a message, as it types, joins and leaves", async () => {
  await chatting();
  const floor = { holder: "human", epoch: 1 };
  stage.chorus.say("Good morning.");
  for (const [place, name] of TEXTS.entries()) {
    const session = messageId(0x2000 + place);
    stage.tell("handoff", { session, state: "active", agent: { userId: AGENT, name }, floor });
    stage.mention("typing", { userId: AGENT, role: "agent", state: "start", ttl_ms: 9_000 });
    await stage.pass(20);
    expect(stage.texts(".title bdi")).toEqual([name]);
    expect(stage.texts(".row.other > .visually-hidden")).toEqual([name]);
    expect(stage.texts(".typing")).toEqual([`${name} is typing`]);
    expectHarmless(stage.one(".header"));
    stage.tell("handoff", { session, state: "ended", floor });
  }
  await stage.pass(200);
  expectHarmless();
  const told = TEXTS.flatMap((name) => [`${name} joined the chat`, `${name} left the chat`]);
  expect(stage.texts(".change")).toEqual(told);
});

test("what page and inbox set: title, greeting, fields, choices, consent", async () => {
  for (const text of TEXTS) {
    const field = { name: "topic", label: text, type: "select" as const, options: [text] };
    stage = new Stage({
      settings: { title: text, consent: { text, link: text, linkText: text } },
      config: { settings: { greeting: text, prechat: [field] } },
    });
    await stage.open();
    expect(stage.texts(".title bdi")).toEqual([text]);
    expect(stage.texts(".greeting")).toEqual([text]);
    expect(stage.texts("option")).toEqual(["", text]);
    expect(stage.texts("label[for=chorus-topic]")).toEqual([`${text} (optional)`]);
    expect(stage.texts(".check [dir]")[0]).toContain(text);
    expectHarmless();
    stage.leave();
  }
});

test("a transcript, which is text", async () => {
  await chatting();
  messages(() => ({}));
  await stage.pass(200);
  const files: Blob[] = [];
  URL.createObjectURL = (file: Blob) => {
    files.push(file);
    return "blob:test";
  };
  stage.one("[aria-label=More]").click();
  await stage.pass(200);
  const button = [...stage.root.querySelectorAll("button")].find(
    (it) => it.textContent === "Download this chat",
  );
  button?.click();
  await stage.pass(100);
  expect(files[0]?.type).toBe("text/plain;charset=utf-8");
  const text = (await files[0]?.text()) ?? "";
  for (const one of TEXTS) expect(text).toContain(`Support team: ${one}`);
  expectHarmless();
});
