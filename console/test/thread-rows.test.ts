import type { PendingMessage } from "@chorus/sdk";
import { describe, expect, test } from "vitest";
import { rowsOf } from "../src/features/thread/rows";
import { COLLEAGUE, change, handoff, ME, message } from "./support";

function kinds(items: Parameters<typeof rowsOf>[0]["items"], newFrom: number | null = null) {
  return rowsOf({ items, pending: [], newFrom, self: ME }).map((row) => row.kind);
}

test("a day stands above its first message, and whoever speaks then is named again", () => {
  const next = { ts: "2026-11-23T12:00:00.000Z" };
  const items = [message(1), message(2), message(3, next), message(4, next)];
  const rows = rowsOf({ items, pending: [], newFrom: null, self: ME });
  expect(rows).toMatchObject([
    { isOfNewDay: true, goesOn: false },
    { isOfNewDay: false, goesOn: true },
    { isOfNewDay: true, goesOn: false },
    { isOfNewDay: false, goesOn: true },
  ]);
});

test("whatever stands on top is still there under its key when older ones come above it", () => {
  const older = [message(1), handoff(2, "offered"), handoff(3, "active")];
  const known = [handoff(4, "wrap_up"), handoff(5, "closed"), message(6), message(7)];
  const keysOf = (items: Parameters<typeof rowsOf>[0]["items"]) =>
    rowsOf({ items, pending: [], newFrom: null, self: ME }).map(({ key }) => key);
  const before = keysOf(known);
  expect(keysOf([...older, ...known]).slice(-before.length)).toEqual(before);
});

test("what one person says in a row goes on without their name", () => {
  const rows = rowsOf({
    items: [message(1), message(2), message(3, { userId: ME, role: "agent" })],
    pending: [],
    newFrom: null,
    self: ME,
  });
  expect(rows.flatMap((row) => (row.kind === "message" ? [row.goesOn] : []))).toEqual([
    false,
    true,
    false,
  ]);
});

test("a note never goes on after a reply of the same person", () => {
  const own = { userId: ME, role: "agent" } as const;
  const [, note] = rowsOf({
    items: [message(1, own), message(2, { ...own, visibility: "agents" })],
    pending: [],
    newFrom: null,
    self: ME,
  });
  expect(note).toMatchObject({ kind: "message", goesOn: false });
});

describe("what is new", () => {
  test("is marked once, before the first message of somebody else", () => {
    const own = message(3, { userId: ME, role: "agent" });
    const items = [message(1), message(2), own, message(4), message(5)];
    expect(kinds(items, 3)).toEqual(["message", "message", "message", "new", "message", "message"]);
  });

  test("is not marked where nothing is", () => {
    expect(kinds([message(1), message(2)], 3)).not.toContain("new");
  });
});

describe("events", () => {
  const joined = {
    event: "participant",
    data: { userId: COLLEAGUE, role: "agent", change: "joined" },
  };

  test("in a row are folded, with what the system told the customer", () => {
    const told = message(3, { role: "system", userId: null });
    const rows = rowsOf({
      items: [message(1), change(2, joined), told, handoff(4, "active"), message(5)],
      pending: [],
      newFrom: null,
      self: ME,
    });
    expect(rows.map((row) => row.kind)).toEqual(["message", "changes", "message"]);
    expect(rows[1]).toMatchObject({ changes: [{ seq: 2 }, { seq: 3 }, { seq: 4 }] });
  });

  test("the first word of a session is its card, each session once", () => {
    const items = [
      handoff(1, "requested", "s-1"),
      handoff(2, "queued", "s-1"),
      handoff(3, "ended", "s-1"),
      handoff(4, "queued", "s-2"),
    ];
    expect(kinds(items)).toEqual(["handoff", "changes", "handoff"]);
  });

  test("of customers who come and go say nothing", () => {
    const came = { event: "participant", data: { userId: ME, role: "customer", change: "joined" } };
    expect(kinds([change(1, came)])).toEqual([]);
  });
});

test("what was moderated away is not drawn, and what is on its way stands last", () => {
  const entry = {
    id: "p",
    conv: "c",
    order: 1,
    createdMs: 0,
    body: { content: "x" },
    status: "sending",
  };
  const rows = rowsOf({
    items: [message(1, { hidden: true })],
    pending: [entry as PendingMessage],
    newFrom: null,
    self: ME,
  });
  expect(rows.map((row) => row.kind)).toEqual(["pending"]);
});
