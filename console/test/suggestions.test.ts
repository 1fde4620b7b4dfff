import { describe, expect, it } from "vitest";
import { openSuggestion, sourcesIn } from "../src/features/composer/suggested";
import {
  numberIn,
  POLICY,
  refusalOf,
  withEntry,
  workingAs,
  worksOf,
} from "../src/features/settings/bot-shapes";
import {
  BLANK,
  bodyOf,
  CONTENT_MAX,
  isComplete,
  readSource,
} from "../src/features/settings/source-shapes";
import { message } from "./support";

describe("an answer that the bot proposes", () => {
  const proposed = (seq: number) =>
    message(seq, { role: "bot", type: "suggestion", visibility: "agents" });

  it("is the newest, until somebody puts it in or waves it away", () => {
    const items = [message(1), proposed(2), message(3), proposed(4), message(5)];
    expect(openSuggestion(items, [])?.seq).toBe(4);
    expect(openSuggestion(items, ["m-4"])).toBeUndefined();
  });

  it("is over once anybody has answered, but not by a note", () => {
    const note = message(3, { role: "agent", visibility: "agents" });
    expect(openSuggestion([proposed(2), note], [])?.seq).toBe(2);
    expect(openSuggestion([proposed(2), message(3, { role: "agent" })], [])).toBeUndefined();
    expect(openSuggestion([proposed(2), message(3, { role: "bot" })], [])).toBeUndefined();
  });

  it("that was deleted is none", () => {
    expect(openSuggestion([{ ...proposed(2), deleted: true }], [])).toBeUndefined();
  });

  it("names each source once, and none that has no name", () => {
    const citations = [
      { id: "a#1", title: "Returns" },
      { id: "a#2", title: "Returns" },
      { id: "b", title: " " },
      { id: "c", title: "Delivery" },
    ];
    const item = { seq: 1, id: "m", type: "suggestion", meta: { bot: { citations } } };
    expect(sourcesIn({ items: [item] }).map(({ title }) => title)).toEqual(["Returns", "Delivery"]);
    expect(sourcesIn({ items: [{ seq: 1, id: "m", type: "void" }] })).toEqual([]);
  });
});

describe("what a bot does", () => {
  it.each(["answer", "suggest", "off"] as const)("%s is read as it was chosen", (works) => {
    const bot = { mode: "suggest", enabled: true, ...workingAs(works) } as const;
    expect(worksOf(bot)).toBe(works);
  });

  it("switched off, remembers what it did", () => {
    expect({ mode: "suggest", enabled: true, ...workingAs("off") }).toEqual({
      mode: "suggest",
      enabled: false,
    });
  });

  it("is told beside the field that a refusal is about, and beside no other", () => {
    const said = "settings.policy.angryAt: Input should be less than or equal to 1";
    expect(refusalOf("angryAt", said)).toBe(said);
    expect(refusalOf("angry", said)).toBeUndefined();
    expect(refusalOf("allowedHosts", said)).toBeUndefined();
    expect(refusalOf("angryAt", undefined)).toBeUndefined();
  });

  it("is as usual where nothing is set", () => {
    expect(withEntry({ angry: 5, mood: 6 }, "angry", undefined)).toEqual({ mood: 6 });
    expect(withEntry(undefined, "angry", 7)).toEqual({ angry: 7 });
    expect([numberIn("", true), numberIn("x", true), numberIn("12.7", true)]).toEqual([
      undefined,
      undefined,
      12,
    ]);
    expect(numberIn("-0.35", false)).toBe(-0.35);
    for (const { usual, min, max } of POLICY) {
      expect(usual).toBeGreaterThanOrEqual(min);
      expect(usual).toBeLessThanOrEqual(max);
    }
  });
});

describe("what a source is made of", () => {
  it.each([
    ["faq.json", '[{"question":"a","answer":"b","more":1}]', { kind: "qa", name: "faq" }],
    ["Returns.md", "# Returns", { kind: "markdown", name: "Returns", content: "# Returns" }],
    ["notes.v2.txt", "plain", { kind: "text", name: "notes.v2" }],
    ["faq.json", '{"question":"a"}', null],
    ["faq.json", "[]", null],
    ["faq.json", "no json", null],
    ["picture.txt", "\u0089PNG\u0000", null],
    ["empty.md", " \n", null],
  ])("%s with %j is read as %j", (name, text, read) => {
    if (read === null) expect(readSource(name, text)).toBeNull();
    else expect(readSource(name, text)).toMatchObject(read);
  });

  it("goes as questions or as words, without rows that were left empty", () => {
    const pairs = [
      { question: " a ", answer: "b" },
      { question: " ", answer: "" },
    ];
    expect(bodyOf({ ...BLANK, name: " FAQ ", pairs })).toEqual({
      name: "FAQ",
      language: "",
      pairs: [{ question: "a", answer: "b" }],
    });
    expect(bodyOf({ ...BLANK, name: "A", kind: "text", content: "words" })).toEqual({
      name: "A",
      language: "",
      format: "text",
      content: "words",
    });
  });

  it("can be saved once it is whole", () => {
    expect(isComplete(BLANK)).toBe(false);
    const half = [{ question: "a", answer: "" }];
    expect(isComplete({ ...BLANK, name: "A", pairs: half })).toBe(false);
    const text = { ...BLANK, name: "A", kind: "text" as const };
    expect(isComplete({ ...text, content: "words" })).toBe(true);
    expect(isComplete({ ...text, content: "x".repeat(CONTENT_MAX + 1) })).toBe(false);
  });
});
