import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { reasonOf } from "../src/features/reports/bot-figures";
import { isEmpty, stepsOf, verdictOn } from "../src/features/reports/figures";
import { rangeOf, readReportSearch } from "../src/features/reports/range";
import { HANDOFF_REASONS } from "../src/features/reports/shapes";
import {
  axisOf,
  type Box,
  barsOf,
  indexAt,
  linesOf,
  middleOf,
} from "../src/shared/ui/chart-shapes";
import { calendarDay, duration, share } from "../src/shared/words/figures";

const EN = { locale: "en" };
const FUNNEL = { requested: 80, queued: 80, offered: 78, accepted: 60, resolved: 40, rated: 20 };
const APART = {
  deferred: 0,
  abandoned: 0,
  waiting: 0,
  returnedToBot: 0,
  failed: 0,
  cancelled: 0,
  unasked: 0,
};

describe("the days of a report", () => {
  it("are thirty up to today where nothing is said", () => {
    expect(rangeOf({}, "2026-11-21")).toEqual({ from: "2026-10-23", to: "2026-11-21" });
  });

  it("are one when only today is wanted", () => {
    expect(rangeOf({ days: 1 }, "2026-11-21")).toEqual({ from: "2026-11-21", to: "2026-11-21" });
  });

  it("cross the end of a year and the change of clocks", () => {
    expect(rangeOf({ days: 7 }, "2027-01-03").from).toBe("2026-12-28");
    expect(rangeOf({ days: 7 }, "2026-10-27").from).toBe("2026-10-21");
  });

  it.each([
    [{ from: "2026-11-20", to: "2026-11-10" }, {}],
    [{ from: "2026-01-01", to: "2026-11-10" }, {}],
    [{ from: "yesterday", to: "2026-11-10" }, {}],
    [{ from: "2026-11-10" }, {}],
    [{ days: 5 }, {}],
    [{ days: "7" }, { days: 7 }],
    [
      { days: 7, from: "2026-11-01", to: "2026-11-10" },
      { from: "2026-11-01", to: "2026-11-10" },
    ],
    [{ queue: "", days: 90 }, { days: 90 }],
    [{ queue: "q-1" }, { queue: "q-1" }],
  ])("read %j as %j", (search, read) => {
    expect(readReportSearch(search)).toEqual(read);
  });
});

describe("figures", () => {
  it("are shares of all wishes, step by step", () => {
    const steps = stepsOf({ funnel: FUNNEL });
    expect(steps.map(({ share: part }) => part)).toEqual([1, 1, 0.975, 0.75, 0.5, 0.25]);
  });

  it("have no shares where nobody asked", () => {
    const funnel = { ...FUNNEL, requested: 0 };
    expect(stepsOf({ funnel })[3]?.share).toBeNull();
  });

  it("are there also when everybody took their wish back", () => {
    const funnel = { ...FUNNEL, requested: 0 };
    expect(isEmpty({ funnel, apart: APART })).toBe(true);
    expect(isEmpty({ funnel, apart: { ...APART, cancelled: 1 } })).toBe(false);
  });

  it("find their target", () => {
    const target = {
      figure: "csat.mean",
      bound: "min",
      target: 4.5,
      value: 4,
      met: false,
    } as const;
    expect(verdictOn([target], "csat.mean")).toBe(target);
    expect(verdictOn([target], "successRate")).toBeUndefined();
  });

  it.each([
    [0, "0s"],
    [52, "52s"],
    [60, "1m"],
    [225, "3m 45s"],
    [3_600, "1h"],
    [7_505, "2h 5m"],
    [90_000, "1d 1h"],
    [-75, "−1m 15s"],
    [null, "–"],
  ])("spell %s seconds %s", (seconds, spelled) => {
    expect(duration(seconds, EN)).toBe(spelled);
  });

  it("spell shares and days as a reader does", () => {
    expect(share(0.9625, EN)).toBe("96.3%");
    expect(share(0.9625, { locale: "de" })).toBe("96,3\u00a0%");
    expect(calendarDay("2026-11-01", EN)).toBe("Nov 1");
  });
});

describe("a chart", () => {
  const box: Box = {
    width: 460,
    height: 190,
    edge: { top: 10, bottom: 30, start: 50, end: 10 },
    count: 4,
    isMirrored: false,
  };
  const series = (values: (number | null)[], key = "one") => ({ key, tone: "first", values });

  it("has an axis in even steps that covers everything", () => {
    expect(axisOf([series([3, 4])], { isStacked: false, unit: 1 })).toEqual([0, 1, 2, 3, 4]);
    expect(axisOf([series([0, 38])], { isStacked: false, unit: 1 })).toEqual([0, 10, 20, 30, 40]);
    expect(axisOf([series([])], { isStacked: false, unit: 1 })).toEqual([0, 1]);
  });

  it("counts seconds in steps that people count in", () => {
    expect(axisOf([series([110])], { isStacked: false, unit: 60 })).toEqual([0, 30, 60, 90, 120]);
    expect(axisOf([series([470])], { isStacked: false, unit: 60 })).toEqual([
      0, 120, 240, 360, 480,
    ]);
  });

  it("piles stacked series up", () => {
    const both = [series([2, 3]), series([4, 9], "two")];
    expect(axisOf(both, { isStacked: true, unit: 1 }).at(-1)).toBe(15);
    const [, high] = barsOf(both, box, 15).filter(({ key }) => key.endsWith("-1"));
    expect(high?.y).toBe(10 + 150 * (1 - 12 / 15));
    expect(high?.height).toBeCloseTo((150 * 9) / 15);
  });

  it("breaks a line where nothing was measured, and keeps a lone day as a dot", () => {
    const [line] = linesOf([series([1, null, 2, 3])], box, 4);
    expect(line?.path.match(/M/gu)).toHaveLength(2);
    expect(line?.dots).toHaveLength(3);
  });

  it("finds the day under the pointer, and none beside them", () => {
    expect([49, 51, 249, 449, 451].map((x) => indexAt(x, box))).toEqual([null, 0, 1, 3, null]);
  });

  it("runs from right to left where the language does", () => {
    const mirrored = { ...box, isMirrored: true };
    expect(middleOf(0, mirrored)).toBe(box.width - middleOf(0, box));
    expect(indexAt(box.width - 51, mirrored)).toBe(0);
  });
});

describe("why bots hand over", () => {
  const t = (key: string) => `<${key}>`;

  it("is said in words where it is known", () => {
    expect(reasonOf("low_confidence", t)).toBe("<why-low_confidence>");
  });

  it("is shown as it is where a newer server knows more", () => {
    expect(reasonOf("bored", t)).toBe("bored");
  });

  it("has words for every reason of the server's policy", () => {
    const policy = readFileSync(new URL("../../bot/policy.py", import.meta.url), "utf8");
    const written = policy.slice(policy.indexOf("class Reason"), policy.indexOf("class Policy"));
    const reasons = [...written.matchAll(/ = "(\w+)"/g)].map(([, reason]) => reason);
    expect(reasons.length).toBeGreaterThan(10);
    expect(HANDOFF_REASONS).toEqual([...reasons, "other"]);
  });
});
