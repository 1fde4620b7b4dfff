import { expect, test } from "vitest";
import { uuid7, uuid7Of } from "../src/uuid7";

const FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u;

test("ids are UUIDv7 and sort as they were made, within a millisecond too", () => {
  const ids = Array.from({ length: 10_000 }, () => uuid7());
  for (const id of ids) expect(id).toMatch(FORM);
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
});

test("a clock that steps back does not make an id sort before an earlier one", () => {
  const soon = Date.now() + 60_000;
  const first = uuid7(soon);
  expect(uuid7(soon - 30_000) > first).toBe(true);
});

test("the id of a moment and what was drawn in it is the same on every page", () => {
  const drawn = new Uint8Array([255, 2, 3, 4, 5, 6, 7, 8]);
  const id = uuid7Of(1_790_000_000_000, drawn);
  expect(id).toMatch(FORM);
  expect(uuid7Of(1_790_000_000_000, drawn)).toBe(id);
  expect(uuid7Of(1_790_000_000_001, drawn) > id).toBe(true);
  expect(uuid7Of(1_790_000_000_000, drawn.toReversed())).not.toBe(id);
});
