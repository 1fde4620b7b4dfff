import { expect, test } from "vitest";
import { inDollars, limitOf, shareOf, type Usage } from "../src/features/settings/usage-shapes";

const usage = (micros: number, budgetMicros: number | null, capMicros: number | null) =>
  ({ micros, budgetMicros, capMicros }) as Usage;

test("of two limits the lower holds, and one that is not known is none", () => {
  expect(limitOf(usage(0, 50, 20))).toBe(20);
  expect(limitOf(usage(0, 20, 50))).toBe(20);
  expect(limitOf(usage(0, null, 50))).toBe(50);
  expect(limitOf(usage(0, 50, null))).toBe(50);
  expect(limitOf(usage(0, null, null))).toBeNull();
});

test("a share is of what may be spent and never more than all", () => {
  expect(shareOf(usage(5, 20, null))).toBe(0.25);
  expect(shareOf(usage(50, 20, null))).toBe(1);
  expect(shareOf(usage(0, 0, null))).toBeNull();
  expect(shareOf(usage(5, null, null))).toBeNull();
});

test("a single call costs more than nothing", () => {
  const words = { locale: "en" };
  expect(inDollars(143, words)).toBe("$0.000143");
  expect(inDollars(3_456_789, words)).toBe("$3.46");
  expect(inDollars(0, words)).toBe("$0.00");
  expect(inDollars(50_000_000, { locale: "de" })).toContain("50,00");
});
