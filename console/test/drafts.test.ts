import { beforeEach, describe, expect, test, vi } from "vitest";

/** Drafts in one window, with what another window of the same browser and the server say of them. */

const KEY = "me:conversation:reply";
const STORED = `chorus:console:draft:${KEY}`;
let stored: Map<string, string>;
let drafts: typeof import("../src/shared/drafts/drafts");

beforeEach(async () => {
  stored = new Map();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
    removeItem: (key: string) => stored.delete(key),
  });
  vi.useFakeTimers();
  // A window that was just opened.
  vi.resetModules();
  drafts = await import("../src/shared/drafts/drafts");
  return () => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  };
});

describe("what is written here", () => {
  test("outlives the page a moment later, until the server has it", () => {
    drafts.setDraft(KEY, "Hel");
    expect(stored.get(STORED)).toBeUndefined();
    vi.advanceTimersByTime(300);
    expect(stored.get(STORED)).toBe("Hel");
    drafts.toldDraft(KEY, { text: "Hel", files: [] });
    expect(stored.has(STORED)).toBe(false);
    expect(drafts.draftOf(KEY)).toBe("Hel");
  });

  test("is not told away by an answer to what was written before it", () => {
    drafts.setDraft(KEY, "Hel");
    drafts.setDraft(KEY, "Hello");
    vi.advanceTimersByTime(300);
    drafts.toldDraft(KEY, { text: "Hel", files: [] });
    expect(stored.get(STORED)).toBe("Hello");
    expect(drafts.isUntold(KEY)).toBe(true);
  });

  test("is newer than what the server knows, also after a reload", () => {
    stored.set(STORED, "typed before the reload");
    drafts.learnDraft(KEY, { text: "older", files: [] });
    expect(drafts.draftOf(KEY)).toBe("typed before the reload");
    drafts.toldDraft(KEY, { text: "typed before the reload", files: [] });
    drafts.learnDraft(KEY, { text: "newer, from another device", files: [] });
    expect(drafts.draftOf(KEY)).toBe("newer, from another device");
  });
});

describe("what another window of this browser writes", () => {
  test("is shown here, and the server does not put an older one over it", () => {
    stored.set(STORED, "from there");
    drafts.overheard(KEY, "from there");
    drafts.learnDraft(KEY, { text: "", files: [] });
    expect(drafts.draftOf(KEY)).toBe("from there");
  });

  test("is not put over what was typed here in the same moment", () => {
    drafts.setDraft(KEY, "typed here");
    drafts.overheard(KEY, "from there");
    expect(drafts.draftOf(KEY)).toBe("typed here");
  });

  test("is gone here once it was sent there, and stays once it was only saved", () => {
    drafts.overheard(KEY, "from there");
    drafts.overheard(KEY, null);
    expect(drafts.draftOf(KEY)).toBe("from there");
    drafts.overheard(KEY, "");
    expect(drafts.draftOf(KEY)).toBe("");
    expect(drafts.isUntold(KEY)).toBe(false);
  });
});

test("what was sent is told to other windows before it is forgotten", () => {
  const told: (string | null)[] = [];
  vi.stubGlobal("localStorage", {
    getItem: () => null,
    setItem: (_key: string, value: string) => told.push(value),
    removeItem: () => told.push(null),
  });
  drafts.setDraft(KEY, "Hello");
  drafts.dropDraft(KEY);
  vi.advanceTimersByTime(1_000);
  expect(told).toEqual(["", null]);
});

test("what was cleared by hand is cleared in other windows, and after a reload too", async () => {
  drafts.setDraft(KEY, "Hello");
  drafts.toldDraft(KEY, { text: "Hello", files: [] });
  drafts.setDraft(KEY, "");
  vi.advanceTimersByTime(300);
  expect(stored.get(STORED)).toBe("");
  vi.resetModules();
  const reloaded = await import("../src/shared/drafts/drafts");
  reloaded.learnDraft(KEY, { text: "Hello", files: [] });
  expect(reloaded.draftOf(KEY)).toBe("");
  expect(reloaded.isUntold(KEY)).toBe(true);
  reloaded.toldDraft(KEY, { text: "", files: [] });
  expect(stored.has(STORED)).toBe(false);
});

describe("files of a draft", () => {
  test("that were put here are newer than those that the server knows", () => {
    drafts.learnDraft(KEY, { text: "", files: ["a"] });
    expect(drafts.filesOf(KEY)).toEqual(["a"]);
    drafts.setFiles(KEY, ["a", "b"]);
    expect(drafts.isUntold(KEY)).toBe(true);
    drafts.learnDraft(KEY, { text: "", files: ["a"] });
    expect(drafts.filesOf(KEY)).toEqual(["a", "b"]);
    drafts.toldDraft(KEY, { text: "", files: ["a"] });
    expect(drafts.isUntold(KEY)).toBe(true);
    drafts.toldDraft(KEY, { text: "", files: ["a", "b"] });
    expect(drafts.isUntold(KEY)).toBe(false);
  });

  test("are heard of although the text that was written here is newer", () => {
    drafts.setDraft(KEY, "typed here");
    drafts.learnDraft(KEY, { text: "older", files: ["a"] });
    expect(drafts.draftOf(KEY)).toBe("typed here");
    expect(drafts.filesOf(KEY)).toEqual(["a"]);
  });

  test("are gone with what was sent", () => {
    drafts.setFiles(KEY, ["a"]);
    drafts.dropDraft(KEY);
    expect(drafts.filesOf(KEY)).toEqual([]);
    expect(drafts.isUntold(KEY)).toBe(false);
  });
});
