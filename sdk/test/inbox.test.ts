import { describe, expect, test } from "vitest";
import type { InboxItem } from "../src/frames";
import { appendPage, emptyInbox, type Inbox, inboxRows, reduceInbox } from "../src/inbox";
import type { ServerFrame } from "../src/wire.gen";
import { CUSTOMER, messageId } from "./support/frames";

function item(n: number, more: Partial<InboxItem> = {}): InboxItem {
  return {
    conv: messageId(n),
    rev: 1,
    status: "open",
    floor: { holder: "none", epoch: 0 },
    contact: { id: CUSTOMER, verified: false },
    preview: "",
    unread: 0,
    priority: 0,
    tags: [],
    channel: "web",
    last_ts: `2026-11-20T09:${String(n).padStart(2, "0")}:00.000Z`,
    ...more,
  };
}

function snapshot(
  items: readonly InboxItem[],
  next?: string,
): ServerFrame & { event: "inbox.snapshot" } {
  const data = { view: "all" as const, items, counts: {} };
  return { event: "inbox.snapshot", data: next === undefined ? data : { ...data, next } };
}

function after(...frames: readonly ServerFrame[]): Inbox {
  return frames.reduce(reduceInbox, emptyInbox("all"));
}

const order = (inbox: Inbox) =>
  inboxRows(inbox).map((row) => Number.parseInt(row.conv.slice(-4), 16));

describe("an inbox", () => {
  test("shows what moved last on top", () => {
    const moved = item(1, { rev: 2, last_ts: "2026-11-20T10:00:00.000Z" });
    const inbox = after(snapshot([item(1), item(2)]), {
      event: "inbox.upsert",
      data: { item: moved },
    });
    expect(order(inbox)).toEqual([1, 2]);
    expect(order(after(snapshot([item(1), item(2)])))).toEqual([2, 1]);
  });

  test("ignores a row that is older than the one it has, wherever it comes from", () => {
    const fresh = item(1, { rev: 9, preview: "new" });
    const stale = item(1, { rev: 8, preview: "old" });
    for (const late of [snapshot([stale]), upsert(stale)]) {
      const inbox = after(snapshot([fresh]), late);
      expect(inboxRows(inbox)[0]?.preview).toBe("new");
    }
  });

  test("forgets a row that left, and one that a new snapshot does not have", () => {
    const gone: ServerFrame = { event: "inbox.remove", data: { conv: messageId(1) } };
    expect(order(after(snapshot([item(1), item(2)]), gone))).toEqual([2]);
    expect(order(after(snapshot([item(1), item(2)]), snapshot([item(2)])))).toEqual([2]);
  });

  test("keeps later pages when the first is sent again", () => {
    const first = after(snapshot([item(9), item(8)], "c1"));
    const both = appendPage(first, snapshot([item(7), item(6)], "c2").data);
    const again = reduceInbox(both, snapshot([item(9), item(8)], "c1"));
    expect(order(again)).toEqual([9, 8, 7, 6]);
    expect(again.next).toBe("c2");
  });

  test("does not mix in the snapshot of another view", () => {
    const other = {
      ...snapshot([item(3)]),
      data: { ...snapshot([item(3)]).data, view: "mine" as const },
    };
    expect(order(after(snapshot([item(1)]), other))).toEqual([1]);
  });
});

function upsert(row: InboxItem): ServerFrame {
  return { event: "inbox.upsert", data: { item: row } };
}
