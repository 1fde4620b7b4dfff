import { describe, expect, test } from "vitest";
import { readSearch } from "../src/app/address";
import { byTurn } from "../src/app/use-take-next";
import { standingOf } from "../src/features/availability/standing";
import { seenByCustomer } from "../src/features/context/summary-tab";
import { snoozeChoices } from "../src/features/thread/snooze";
import { choicesOf } from "../src/features/transfer/choices";
import { ownershipOf } from "../src/shared/domain/ownership";
import { initials } from "../src/shared/domain/people";
import { bringsFiles } from "../src/shared/files/carried";
import { citations } from "../src/shared/handoff/citations";
import { excerptOf } from "../src/shared/handoff/excerpt";
import { ME, message } from "./support";

const none = { holder: "none", epoch: 0 } as const;

test.each([
  [{ status: "closed", floor: none, session: "active" }, "resolved"],
  [{ status: "snoozed", floor: none }, "snoozed"],
  [{ status: "open", floor: { holder: "bot", epoch: 1 }, session: "queued" }, "waiting"],
  [{ status: "open", floor: { holder: "human", epoch: 2 } }, "agent"],
  [{ status: "open", floor: { holder: "bot", epoch: 1 } }, "bot"],
  [{ status: "open", floor: none }, "open"],
] as const)("%o is %s", (row, badge) => {
  expect(ownershipOf(row)).toBe(badge);
});

test("initials are of the first and the last name, in any script", () => {
  expect(initials("Ada Maria Keller")).toBe("AK");
  expect(initials("ليلى حداد")).toBe("لح");
  expect(initials(" ")).toBe("");
});

describe("the address", () => {
  test("keeps what fits and leaves out the rest", () => {
    const flags = { unread: true, looking: true };
    const asked = { queue: "Billing", sort: "waiting", message: "12", tags: "", ...flags };
    expect(readSearch(asked)).toEqual({
      queue: "Billing",
      sort: "waiting",
      message: 12,
      ...flags,
    });
  });

  test.each([
    { sort: "latest" },
    { looking: "1" },
    { message: "-3" },
    { queue: { a: 1 } },
    { unread: "yes" },
  ])("takes %o for nothing", (asked) => expect(readSearch(asked)).toEqual({}));
});

test.each([
  [["Files"], true],
  [["text/plain", "text/html", "Files"], false],
  [["text/plain"], false],
  [undefined, false],
])("what is dropped or pasted as %o brings files: %s", (types, brings) => {
  expect(bringsFiles(types === undefined ? null : { types })).toBe(brings);
});

test("who waits longest is next, but a higher priority goes before", () => {
  const line = [
    { id: "a", waitingSince: "2026-11-21T09:05:00Z", priority: 0 },
    { id: "b", waitingSince: "2026-11-21T09:01:00Z", priority: 0 },
    { id: "c", waitingSince: "2026-11-21T09:09:00Z", priority: 1 },
    { id: "d", waitingSince: null, priority: 0 },
  ];
  expect(line.sort(byTurn).map(({ id }) => id)).toEqual(["c", "b", "a", "d"]);
});

describe("snoozing", () => {
  const names = (now: Date) => snoozeChoices(now).map(({ key }) => key);

  test("offers this evening only before the evening", () => {
    expect(names(new Date(2026, 10, 18, 10))).toContain("evening");
    expect(names(new Date(2026, 10, 18, 19))).not.toContain("evening");
  });

  test("next week is the Monday that comes, also on a Monday", () => {
    for (const day of [16, 18, 22]) {
      const next = snoozeChoices(new Date(2026, 10, day, 10)).find(({ key }) => key === "nextWeek");
      const at = new Date(next?.atMs ?? 0);
      expect([at.getDay(), at.getHours()]).toEqual([1, 9]);
      expect(at.getTime()).toBeGreaterThan(new Date(2026, 10, day, 10).getTime());
    }
  });
});

describe("whom a conversation can go to", () => {
  const agent = (id: string, presence: string, load: number, disabled = false) =>
    ({ id, name: `Agent ${id}`, presence, load, capacity: 5, disabled }) as never;
  const known = {
    agents: [
      agent("1", "offline", 0),
      agent("2", "online", 3),
      agent("3", "online", 1),
      agent(ME, "online", 0),
      agent("4", "online", 0, true),
    ],
    queues: [{ id: "q", name: "Billing", members: 2 } as never],
    teams: [],
    self: ME,
    search: "",
  };

  test("those who can come at once stand first; oneself and the shut out are left out", () => {
    expect(choicesOf(known).map(({ key }) => key)).toEqual([
      "agent-3",
      "agent-2",
      "agent-1",
      "queue-q",
    ]);
  });

  test("a few letters find it", () => {
    expect(choicesOf({ ...known, search: "BILL" })).toMatchObject([{ to: { queue: "q" } }]);
  });
});

test.each([
  [{ status: "online" }, { presence: "online" }, null],
  [{ status: "online" }, { presence: "offline" }, "unseen"],
  [{ status: "online" }, { presence: "unknown" }, null],
  [{ status: "away" }, { presence: "away" }, "away"],
  [{ status: "offline" }, { presence: "away" }, "offline"],
] as const)("who chose %o and is seen as %o is told %s", (chosen, seen, trouble) => {
  const self = { user: { userId: ME, role: "agent" }, agent: { ...chosen, capacity: 5, load: 0 } };
  expect(standingOf(self, seen as never).trouble).toBe(trouble);
});

test("who has just come is not told that routing does not see them", () => {
  const self = { user: { userId: ME, role: "agent" }, agent: { status: "online" } } as never;
  expect(standingOf(self, { presence: "offline" } as never, true).trouble).toBeNull();
  expect(standingOf(self, { presence: "offline" } as never, false).trouble).toBe("unseen");
});

test("citations are split from the text, each with its place", () => {
  expect(citations("Wrong item. [1, 3] Send it. [5]")).toMatchObject([
    { text: "Wrong item. " },
    { text: "1", seq: 1 },
    { text: "3", seq: 3 },
    { text: " Send it. " },
    { text: "5", seq: 5 },
  ]);
  expect(citations("[x] costs [] 5")).toMatchObject([{ text: "[x] costs [] 5" }]);
});

test("what the customer sees is what was told, and what was said since", () => {
  const items = [
    message(5),
    message(6),
    message(7, { visibility: "agents" }),
    message(8, { deleted: true }),
    message(9, { role: "agent" }),
  ];
  expect(seenByCustomer({ items }, { headSeq: 5, visibleMessages: 3 })).toBe(5);
  expect(seenByCustomer({ items }, { headSeq: 5 })).toBeUndefined();
});

test("an excerpt is the customer's last words before the hand-over", () => {
  const items = [
    message(1),
    message(2),
    message(3, { role: "bot" }),
    message(4),
    message(5),
    message(9),
  ];
  expect(excerptOf(items, 6).map(({ seq }) => seq)).toEqual([2, 4, 5]);
});
