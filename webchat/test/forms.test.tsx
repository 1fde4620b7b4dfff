// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import german from "../locales/de.json";
import english from "../locales/en.json";
import { holdTime, Stage } from "./support/stage";

const CLOSED = { open: false, opensAt: null, staffed: false };
let stage: Stage;

vi.setConfig({ testTimeout: 30_000 });
beforeEach(holdTime);

afterEach(() => {
  stage.leave();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function become(state: string, session = "s-1"): void {
  const floor = { holder: "none", epoch: 0 };
  stage.tell("handoff", { session, state, floor });
}

async function submit(): Promise<void> {
  stage.one(".form").dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
  await stage.pass(600);
}

async function fillIn(values: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(values)) {
    (stage.one(`[name=${name}]`) as HTMLInputElement).value = value;
  }
  await submit();
}

function told(): unknown[] {
  return stage.asked.filter(({ url }) => url.endsWith("/escalate")).map(({ body }) => body);
}

describe("who comes after hours", () => {
  const SAID = { name: "Nia", email: "nia@customer.test", message: "Do you ship to Norway?" };

  test("leaves name, address and message once, is thanked, and not asked again", async () => {
    stage = new Stage({ config: { availability: CLOSED } });
    stage.onEscalate = () => become("deferred");
    await stage.open();
    const forms = new Set<string>();
    new MutationObserver(() => {
      for (const text of stage.texts(".form button")) forms.add(text);
    }).observe(stage.root, { childList: true, subtree: true });
    await fillIn(SAID);
    expect(stage.texts(".row .text")).toEqual([SAID.message]);
    const contact = { name: "Nia", email: "nia@customer.test" };
    expect(told()).toMatchObject([{ contact, choice: "message" }]);
    expect(stage.root.querySelector(".form")).toBeNull();
    expect([...forms]).not.toContain(english.reach);
    expect(stage.texts(".banner[role=status]")).toEqual([english.kept]);
    const submitted = stage.heard.filter(([event]) => event === "offline:submit");
    expect(submitted).toHaveLength(1);
  });

  test("is not put off when somebody came while they wrote", async () => {
    stage = new Stage({ config: { availability: CLOSED } });
    stage.onEscalate = () => become("queued");
    await stage.open();
    await fillIn(SAID);
    expect(told()).toEqual([]);
    expect(stage.texts("[data-banner=queue] [role=status]")).toEqual([english.line]);
  });
});

describe("who is put off in a chat", () => {
  test("finds one button that sends, and another that leaves what is asked for", async () => {
    stage = new Stage();
    await stage.open();
    await stage.say("Hello?");
    become("deferred");
    await stage.pass(200);
    const button = stage.one(".form button");
    expect(button.textContent).toBe("Leave these details");
    expect(button.classList).toContain("deferred");
    await fillIn({ email: "nia@customer.test" });
    expect(told()).toHaveLength(1);
    expect(stage.root.querySelector(".form")).toBeNull();
    expect(stage.texts(".banner[role=status]")).toEqual([english.kept]);
    become("deferred", "s-2");
    await stage.pass(200);
    expect(stage.texts(".form button")).toEqual(["Leave these details"]);
  });
});

describe("what is wrong in a form", () => {
  const prechat = [
    { name: "nick", label: "Nick", required: true },
    { name: "email", label: "E-mail", type: "email" as const },
  ];
  const problems = () => stage.texts(".problem").filter((it) => it !== "");

  async function speak(locale: string, words: Record<string, string>): Promise<void> {
    stage.locale = locale;
    stage.words = words;
    await stage.panel.update();
    await stage.pass(100);
  }

  test("is said in the language of the moment", async () => {
    stage = new Stage({ settings: { prechat } });
    await stage.open();
    await fillIn({ email: "not an address" });
    expect(problems()).toEqual([english.required, english.invalid]);
    await speak("de", german);
    expect(problems()).toEqual([german.required, german.invalid]);
  });

  test("is said in the language of the moment where stars are asked for, too", async () => {
    stage = new Stage();
    await stage.open();
    await stage.say("Hello?");
    stage.tell("conversation.closed", { csat: true });
    await stage.pass(200);
    await submit();
    expect(problems()).toEqual([english.required]);
    await speak("de", german);
    expect(problems()).toEqual([german.required]);
  });

  test("takes the visitor to the field with its name in view", async () => {
    stage = new Stage({ settings: { prechat } });
    await stage.open();
    const shown: Element[] = [];
    Element.prototype.scrollIntoView = function scrollIntoView() {
      shown.push(this);
    };
    await submit();
    const field = stage.one("[name=nick]");
    expect(stage.root.activeElement).toBe(field);
    expect(shown).toEqual([field.closest(".input")]);
    expect(shown[0]?.querySelector("label")?.textContent).toContain("Nick");
  });
});
