import { readdirSync, readFileSync } from "node:fs";
import { ChorusError } from "@chorus/sdk";
import { describe, expect, it } from "vitest";
import { invitationIn } from "../src/app/invitation-link";
import { readContactSearch } from "../src/features/contacts/shapes";
import { agentsInOrder, loadOf, queuesInOrder, sinceOf } from "../src/features/live/board";
import { queryOf, readSearchParams } from "../src/features/search/search-params";
import { attributeOf, withoutEmpty } from "../src/features/settings/queue-conditions";
import { withStep } from "../src/features/settings/relaxations";
import { mayOpen, SECTIONS } from "../src/features/settings/sections";
import { readSettingsSearch } from "../src/features/settings/settings-search";
import { freeActs, insertVariable, matches, newAction } from "../src/features/settings/texts";
import { problemOf } from "../src/shared/api/changes";
import { withMember } from "../src/shared/ui/check-list";
import { changesOf } from "../src/shared/ui/use-draft";

describe("the live board", () => {
  const agent = (name: string, presence: string, load = 0) =>
    ({ id: name, name, presence, load, capacity: 5 }) as Parameters<typeof loadOf>[0][number];

  it("shows who is there first, and of those who has most", () => {
    const agents = [
      agent("Off", "offline", 3),
      agent("Idle", "online"),
      agent("Away", "away", 2),
      agent("Full", "online", 5),
    ];
    expect(agentsInOrder(agents).map(({ name }) => name)).toEqual(["Full", "Idle", "Away", "Off"]);
    expect(loadOf(agents)).toEqual({ online: 2, load: 5, capacity: 10 });
  });

  it("shows the queue first in which somebody waits longest", () => {
    const queue = (name: string, longestWaitSeconds: number | null) =>
      ({ name, longestWaitSeconds }) as Parameters<typeof queuesInOrder>[0][number];
    const queues = [queue("B", null), queue("A", null), queue("C", 5), queue("D", 60)];
    expect(queuesInOrder(queues).map(({ name }) => name)).toEqual(["D", "C", "A", "B"]);
  });

  it("lets a wait run on from when the answer came", () => {
    expect(sinceOf(90, Date.UTC(2026, 10, 21, 9, 1, 30))).toBe("2026-11-21T09:00:00.000Z");
  });
});

describe("what is looked for", () => {
  it.each([
    [{ q: "  " }, {}],
    [{ q: 55_610 }, { q: "55610" }],
    [{ q: "lamp", kind: "messages" }, { q: "lamp" }],
    [{ q: "lamp", kind: "people", role: "owner", since: "soon" }, { q: "lamp" }],
    [
      { q: "lamp", role: "customer", notes: "none", since: "2026-11-01" },
      { q: "lamp", role: "customer", notes: "none", since: "2026-11-01" },
    ],
  ])("%j is read as %j", (search, read) => {
    expect(readSearchParams(search)).toEqual(read);
  });

  it("asks only for what narrows its kind", () => {
    const params = { q: "lamp", role: "agent", status: "open", tag: "vip" } as const;
    expect(queryOf({ ...params, kind: "contacts" })).toEqual({ q: "lamp", kind: "contacts" });
    expect(queryOf({ ...params, kind: "conversations" })).not.toHaveProperty("role");
    expect(queryOf({ ...params, notes: "only" })).toMatchObject({ role: "agent", notes: "true" });
  });

  it("asks for whole days of here, the last one included", () => {
    const asked = queryOf({ q: "lamp", since: "2026-11-20", until: "2026-11-20" });
    const hours = (Date.parse(asked.until ?? "") - Date.parse(asked.since ?? "")) / 3_600_000;
    expect(hours).toBe(24);
    expect(new Date(asked.since ?? "").getHours()).toBe(0);
  });

  it("may be the number of an order, also among contacts", () => {
    expect(readContactSearch({ q: 4_711 })).toEqual({ q: "4711" });
    expect(readContactSearch({ q: "" })).toEqual({});
  });
});

describe("settings", () => {
  it("are shown by role", () => {
    const open = (role: string) =>
      SECTIONS.filter((one) => mayOpen(one, role)).map(({ key }) => key);
    expect(open("agent")).toEqual(["replies", "macros", "labels"]);
    expect(open("supervisor")).toContain("queues");
    expect(open("supervisor")).not.toContain("audit");
    expect(open("admin")).toEqual(SECTIONS.map(({ key }) => key));
  });

  it("read an address that may say anything", () => {
    expect(readSettingsSearch({ tab: "widget", action: "queue", actor: 5 })).toEqual({
      tab: "widget",
      action: "queue",
    });
    expect(readSettingsSearch({ tab: "general", action: "<b>" })).toEqual({});
  });

  it("send only what differs", () => {
    const saved = { name: "Support", skills: ["a"], slaSeconds: 60 };
    expect(changesOf(saved, { name: "Support", skills: ["a"], slaSeconds: 90 })).toEqual({
      slaSeconds: 90,
    });
    expect(changesOf(saved, {})).toEqual({});
  });

  it("give wishes up in the order of their times", () => {
    const steps = withStep([{ demand: "language", afterSeconds: 30 }], "optional_skills", 10);
    expect(steps.map(({ demand }) => demand)).toEqual(["optional_skills", "language"]);
    expect(withStep(steps, "language", null)).toHaveLength(1);
  });

  it("leave out conditions that ask for nothing", () => {
    expect(withoutEmpty({ inboxes: [], languages: ["de"], attributes: {} })).toEqual({
      languages: ["de"],
    });
    expect(["true", "12", "gold", "1.5", ""].map(attributeOf)).toEqual([
      true,
      12,
      "gold",
      "1.5",
      "",
    ]);
  });

  it("let a box be ticked twice without harm", () => {
    expect(withMember(["a"], "a", true)).toEqual(["a"]);
    expect(withMember(["a", "b"], "a", false)).toEqual(["b"]);
  });

  it("find the field that a refusal is about", () => {
    const refusal = (message: string, status = 422) => new ChorusError("INVALID", message, status);
    const detail = "offerSeconds: Input should be greater than or equal to 5";
    expect(problemOf(refusal(detail))).toEqual({ offerSeconds: detail });
    expect(Object.keys(problemOf(refusal("`hours.week.mon` is wrong.")))).toEqual(["hours"]);
    expect(problemOf(refusal("Sign in again first.", 401))).toEqual({});
    expect(problemOf(null)).toEqual({});
  });
});

describe("texts", () => {
  const reply = {
    id: "1",
    shortcut: "late",
    title: "Late parcel",
    body: "It is on its way",
    language: "en",
    shared: true,
  };

  it("are found by all words, wherever they stand", () => {
    expect(matches(reply, "PARCEL way")).toBe(true);
    expect(matches(reply, "parcel refund")).toBe(false);
    expect(matches(reply, "")).toBe(true);
  });

  it("get a variable where the caret is", () => {
    expect(insertVariable("Hi , hello", 3, "contact.first_name")).toEqual({
      text: "Hi {{contact.first_name}}, hello",
      caret: 25,
    });
  });

  it("end a conversation's stay by one act at most", () => {
    expect(freeActs([])).toContain("resolve");
    expect(freeActs([newAction("snooze")])).not.toContain("resolve");
    expect(freeActs([newAction("snooze")])).not.toContain("transfer");
    expect(freeActs([newAction("reply")])).toContain("note");
  });
});

describe("an invitation", () => {
  it.each([
    ["/console/invite", "#abc.def", "abc.def"],
    ["/console/invite", "#", undefined],
    ["/console/inbox", "#abc", undefined],
  ])("%s%s leads to %s", (pathname, hash, token) => {
    expect(invitationIn({ pathname, hash })).toBe(token);
  });
});

describe("the words of these screens", () => {
  const folder = new URL("../locales/screens/", import.meta.url);
  const read = (file: string) =>
    JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Record<string, string>;
  const base = (keys: string[]) =>
    new Set(keys.map((key) => key.replace(/_(zero|one|two|few|many|other)$/u, "")));
  const english = read("en.json");
  const variables = (text: string) => [...text.matchAll(/\{\{\w+\}\}/gu)].map(String).sort();

  it.each(readdirSync(folder))("are whole in %s, with the same variables", (file) => {
    const words = read(file);
    expect(base(Object.keys(words))).toEqual(base(Object.keys(english)));
    for (const [key, text] of Object.entries(words)) {
      const like = english[key] ?? english[key.replace(/_\w+$/u, "_other")] ?? "";
      // A plural of one or two may say the number in words.
      if (!/_(zero|one|two)$/u.test(key)) expect(variables(text), key).toEqual(variables(like));
    }
  });

  it("are there in every language of the console", () => {
    const others = readdirSync(new URL("../locales/", import.meta.url)).filter((one) =>
      one.endsWith(".json"),
    );
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(others));
  });
});
