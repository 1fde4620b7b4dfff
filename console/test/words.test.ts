import { expect, test } from "vitest";
import { age, contactName, initials, ownershipOf, waitWords } from "../src/words";

const none = { holder: "none", epoch: 0 } as const;

test.each([
  [{ status: "closed", floor: none, session: "active" }, "Resolved"],
  [{ status: "snoozed", floor: none }, "Snoozed"],
  [{ status: "open", floor: { holder: "bot", epoch: 1 }, session: "queued" }, "Waiting"],
  [{ status: "open", floor: { holder: "human", epoch: 2 } }, "Agent"],
  [{ status: "open", floor: { holder: "bot", epoch: 1 } }, "Bot"],
  [{ status: "open", floor: none }, "Open"],
] as const)("%o is %s", (row, badge) => {
  expect(ownershipOf(row)).toBe(badge);
});

test("ages are short and never negative", () => {
  const nowMs = Date.parse("2026-11-20T12:00:00Z");
  expect(age("2026-11-20T12:00:30Z", nowMs)).toBe("now");
  expect(age("2026-11-20T11:56:00Z", nowMs)).toBe("4 min");
  expect(age("2026-11-20T08:00:00Z", nowMs)).toBe("4 h");
});

test("a wait is told in words that make a sentence", () => {
  const nowMs = Date.parse("2026-11-20T12:00:00Z");
  expect(waitWords("2026-11-20T11:59:30Z", nowMs)).toBe("waits under 1 min");
  expect(waitWords("2026-11-20T11:56:00Z", nowMs)).toBe("waits 4 min");
});

test("a visitor without a name still has one", () => {
  expect(contactName(null, "0000abcd")).toBe("Visitor abcd");
  expect(initials("Mara van Quist")).toBe("MQ");
  expect(initials("")).toBe("");
});
