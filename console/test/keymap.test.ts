import { describe, expect, test } from "vitest";
import {
  ACTIONS,
  KEYS,
  read,
  type Surroundings,
  spelled,
  strokeOf,
} from "../src/shared/keys/keymap";

const FREE: Surroundings = { keys: {}, singleKeys: true, isWriting: false, isOnControl: false };

function press(
  key: string,
  held: Partial<Record<"ctrlKey" | "altKey" | "shiftKey" | "metaKey", true>> = {},
) {
  return { key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held };
}

const actionOf = (event: ReturnType<typeof press>, around = FREE, begun = "") =>
  read(begun, event, around).action;

test("every action has a key of its own", () => {
  expect(new Set(Object.values(KEYS)).size).toBe(ACTIONS.length);
});

test.each([
  [press("j"), "next"],
  [press("e"), "resolve"],
  [press("E", { shiftKey: true }), "resolveNext"],
  [press("k", { ctrlKey: true }), "palette"],
  [press("K", { metaKey: true }), "palette"],
  [press("?", { shiftKey: true }), "cheatSheet"],
  [press("Enter"), "reply"],
  [press("x"), null],
])("%o is %s", (event, action) => {
  expect(actionOf(event)).toBe(action);
});

describe("while somebody writes", () => {
  const writing = { ...FREE, isWriting: true };

  test.each(["j", "e", "?", "[", "1", "/"])("%s only writes", (key) => {
    expect(actionOf(press(key), writing)).toBeNull();
  });

  test("commands with Ctrl and Escape work", () => {
    expect(actionOf(press("k", { ctrlKey: true }), writing)).toBe("palette");
    expect(actionOf(press("Escape"), writing)).toBe("leave");
  });
});

test("AltGr types letters, so it is never a command", () => {
  // Polish ń is AltGr+N, a German [ is AltGr+8: both arrive as Ctrl+Alt.
  for (const key of ["ń", "[", "k"]) {
    expect(actionOf(press(key, { ctrlKey: true, altKey: true }))).toBeNull();
  }
});

test("a combination of the browser is left alone", () => {
  for (const key of ["p", "d", "t", "w", "n", "r"]) {
    expect(actionOf(press(key, { ctrlKey: true }))).toBeNull();
  }
});

test("it goes by the letter, wherever it is on the keyboard", () => {
  // On a French keyboard the key beside Tab types `a`.
  expect(actionOf(press("a"))).toBe("take");
});

describe("two keys after each other", () => {
  test("go somewhere", () => {
    const begun = read("", press("g"), FREE);
    expect(begun).toEqual({ action: null, begun: "g" });
    expect(actionOf(press("q"), FREE, begun.begun)).toBe("goQueue");
    expect(actionOf(press("s"), FREE, "g")).toBe("goSnoozed");
  });

  test("a second key that goes nowhere does nothing and begins anew", () => {
    expect(read("g", press("x"), FREE)).toEqual({ action: null, begun: "" });
    expect(read("g", press("g"), FREE)).toEqual({ action: null, begun: "g" });
  });
});

test("Enter belongs to a button that has the focus", () => {
  expect(actionOf(press("Enter"), { ...FREE, isOnControl: true })).toBeNull();
});

test("single keys can be switched off, commands cannot", () => {
  const off = { ...FREE, singleKeys: false };
  expect(actionOf(press("j"), off)).toBeNull();
  expect(read("", press("g"), off).begun).toBe("");
  expect(actionOf(press("k", { ctrlKey: true }), off)).toBe("palette");
});

test("a key of one's own takes the place of the usual one", () => {
  const own = { ...FREE, keys: { resolve: "x" } };
  expect(actionOf(press("x"), own)).toBe("resolve");
  expect(actionOf(press("e"), own)).toBeNull();
});

test("strokes are spelled as people read them", () => {
  expect(spelled("Mod+k", true)).toBe("⌘ K");
  expect(spelled("Mod+Shift+Enter", false)).toBe("Ctrl Shift Enter");
  expect(spelled("g q", false)).toBe("G Q");
  expect(strokeOf(press("Ö", { shiftKey: true }))).toBe("Shift+Ö");
});
