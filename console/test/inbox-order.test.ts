import { describe, expect, test } from "vitest";
import {
  ANY,
  filterOf,
  narrowingOf,
  neighbour,
  settled,
  urgency,
} from "../src/features/inbox/order";

describe("a list that somebody points at", () => {
  test("keeps every row where it is, and counts who came", () => {
    const { order, arrived } = settled(["a", "b", "c"], ["d", "c", "a", "e", "b"], true);
    expect(order).toEqual(["a", "b", "c"]);
    expect(arrived).toBe(2);
  });

  test("goes on below: the next page of who scrolls moves nothing", () => {
    const { order, arrived } = settled(["a", "b", "c"], ["d", "c", "a", "e", "f"], true);
    expect(order).toEqual(["a", "b", "c", "e", "f"]);
    expect(arrived).toBe(1);
  });

  test("counts all of a view that nothing is left of", () => {
    expect(settled(["a"], ["b", "c"], true)).toEqual({ order: ["a"], arrived: 2 });
  });

  test("keeps one that left the view", () => {
    expect(settled(["a", "b"], ["b"], true)).toEqual({ order: ["a", "b"], arrived: 0 });
  });

  test("fills at once while it is empty", () => {
    expect(settled([], ["a"], true)).toEqual({ order: ["a"], arrived: 0 });
  });

  test("moves as soon as nobody does", () => {
    expect(settled(["a", "b"], ["b", "c"], false)).toEqual({ order: ["b", "c"], arrived: 0 });
  });
});

test.each([
  [undefined, 1, "a"],
  ["a", 1, "b"],
  ["b", -1, "a"],
  ["c", 1, undefined],
  ["a", -1, undefined],
  ["gone", 1, "a"],
] as const)("from %s by %i is %s", (conv, step, next) => {
  expect(neighbour(["a", "b", "c"], conv, step)).toBe(next);
});

test.each([
  [119_000, "fine"],
  [120_000, "late"],
  [299_000, "late"],
  [300_000, "bad"],
] as const)("a wait of %i ms is %s", (ms, level) => {
  const since = new Date(1_000_000).toISOString();
  expect(urgency(since, 1_000_000 + ms)).toBe(level);
});

describe("what narrows a view", () => {
  test("is spelled for the server without what does not matter", () => {
    expect(filterOf({ status: ANY, tags: "vip,delivery", assignee: "me", priority: 1 })).toEqual({
      tags: ["vip", "delivery"],
      assignee: "me",
      priority: 1,
    });
  });

  test.each([
    { view: "all", status: "closed", tags: ["vip"], unread: true },
    { view: "all" },
    { view: "queue", queue: "Billing", priority: 2 },
  ] as const)("survives the address: %o", (saved) => {
    const { view, ...filter } = saved;
    expect({ view, ...filterOf(narrowingOf({ view, ...filter })) }).toEqual(saved);
  });
});
