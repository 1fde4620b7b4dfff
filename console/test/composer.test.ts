import { describe, expect, test } from "vitest";
import { matching } from "../src/features/composer/canned";
import {
  cannedAt,
  isTooLong,
  keyMeaning,
  mentionAt,
  mentionedIn,
  remember,
  replaced,
} from "../src/features/composer/meaning";

function press(key: string, held: object = {}) {
  const none = { ctrlKey: false, metaKey: false, shiftKey: false, altKey: false };
  return { key, isComposing: false, ...none, ...held };
}

describe("keys in the composer", () => {
  test.each([
    [press("Enter"), true, "send"],
    [press("Enter"), false, null],
    [press("Enter", { shiftKey: true }), true, null],
    [press("Enter", { ctrlKey: true }), false, "send"],
    [press("Enter", { metaKey: true, shiftKey: true }), false, "sendAndResolve"],
    [press("M", { ctrlKey: true, shiftKey: true }), true, "switch"],
    [press("Escape"), true, "leave"],
    [press("Enter", { isComposing: true }), true, null],
    [press("Enter", { ctrlKey: true, altKey: true }), false, null],
  ] as const)("%o with Enter sending %s means %s", (event, enterSends, meaning) => {
    expect(keyMeaning(event, enterSends)).toBe(meaning);
  });
});

test("the limit counts bytes, not letters", () => {
  expect(isTooLong("a".repeat(16_384))).toBe(false);
  expect(isTooLong("a".repeat(16_385))).toBe(true);
  expect(isTooLong("ä".repeat(8_193))).toBe(true);
});

describe("what is begun at the caret", () => {
  test.each([
    ["Hello @Ad", 9, "Ad"],
    ["@", 1, ""],
    ["ada@example", 11, null],
    ["Hello @Ada and", 7, ""],
  ])("a mention in %o at %i is %o", (text, caret, begun) => {
    expect(mentionAt(text, caret)).toBe(begun);
  });

  test.each([
    ["/gre", 4, "gre"],
    ["Hello /gre", 10, "gre"],
    ["and/or", 6, null],
    ["https://a", 9, null],
  ])("a canned reply in %o at %i is %o", (text, caret, begun) => {
    expect(cannedAt(text, caret)).toBe(begun);
  });

  test("is replaced where it stands, and the rest is kept", () => {
    expect(replaced("Hi /gre there", 7, /\/\S*$/u, "$& hello")).toEqual({
      text: "Hi $& hello there",
      caret: 11,
    });
  });
});

test("only who still stands in the text is mentioned", () => {
  remember("1", "Ada Keller");
  remember("2", "Bo");
  expect(mentionedIn("please, @Ada Keller")).toEqual(["1"]);
  expect(mentionedIn("nobody")).toEqual([]);
});

test("canned replies: shortcuts first, then titles, then texts", () => {
  const reply = (shortcut: string, title: string, body: string) => ({
    id: shortcut,
    shortcut,
    title,
    body,
    language: "en",
    shared: true,
  });
  const all = [
    reply("bye", "Farewell", "thanks for the refund question"),
    reply("refund", "Money back", "…"),
    reply("late", "Refund comes late", "…"),
    reply("hello", "Greeting", "…"),
  ];
  expect(matching(all, "refund").map((one) => one.shortcut)).toEqual(["refund", "late", "bye"]);
});
