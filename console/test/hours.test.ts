import { describe, expect, it } from "vitest";
import {
  DAYS,
  type Hours,
  isOvernight,
  nextInterval,
  problemsOf,
  readHours,
  stripsOf,
  usualHours,
  writeHours,
} from "../src/features/settings/hours";

const CLOSED = Object.fromEntries(DAYS.map((day) => [day, []])) as unknown as Hours["week"];
const VIENNA: Hours = { timezone: "Europe/Vienna", week: CLOSED, holidays: [] };

function open(part: Partial<Hours["week"]>, holidays: Hours["holidays"] = []): Hours {
  return { ...VIENNA, week: { ...CLOSED, ...part }, holidays };
}

describe("what the server keeps", () => {
  const json = {
    timezone: "Europe/Vienna",
    week: {
      mon: [
        ["08:00", "12:00"],
        ["13:00", "17:00"],
      ],
      fri: [["22:00", "02:00"]],
    },
    holidays: { "2026-12-25": [], "2026-12-24": [["08:00", "12:00"]] },
  } as const;

  it("comes back as it was", () => {
    expect(writeHours(readHours(json))).toEqual(json);
  });

  it("leaves out days that are closed, but not holidays that are", () => {
    const written = writeHours(open({ tue: [] }, [{ date: "2026-12-25", intervals: [] }]));
    expect(written.week).toEqual({});
    expect(written.holidays).toEqual({ "2026-12-25": [] });
  });

  it("has the intervals of a day in their order, whatever order they were typed in", () => {
    const typed = open({
      mon: [
        { from: "13:00", until: "17:00" },
        { from: "08:00", until: "12:00" },
      ],
    });
    expect(writeHours(typed).week?.mon).toEqual([
      ["08:00", "12:00"],
      ["13:00", "17:00"],
    ]);
  });

  it("shows holidays in their order", () => {
    expect(readHours(json).holidays.map(({ date }) => date)).toEqual(["2026-12-24", "2026-12-25"]);
  });
});

describe("an interval", () => {
  it.each([
    ["22:00", "02:00", true],
    ["08:00", "08:00", true],
    ["08:00", "00:00", true],
    ["08:00", "24:00", false],
    ["08:00", "12:00", false],
  ])("%s to %s runs over midnight: %s", (from, until, is) => {
    expect(isOvernight({ from, until })).toBe(is);
  });

  it("follows an hour behind the last one and ends with the day at the latest", () => {
    expect(nextInterval([{ from: "08:00", until: "12:00" }])).toEqual({
      from: "13:00",
      until: "17:00",
    });
    expect(nextInterval([{ from: "20:00", until: "23:30" }])).toEqual({
      from: "23:00",
      until: "24:00",
    });
    expect(nextInterval([])).toEqual({ from: "09:00", until: "17:00" });
  });
});

describe("problems", () => {
  it("are none of usual hours", () => {
    expect(problemsOf(usualHours("Europe/Vienna"))).toEqual([]);
  });

  it("are intervals that overlap, the one over midnight too", () => {
    const hours = open({
      mon: [
        { from: "08:00", until: "12:00" },
        { from: "11:59", until: "13:00" },
      ],
      fri: [
        { from: "20:00", until: "02:00" },
        { from: "23:00", until: "23:30" },
      ],
    });
    expect(problemsOf(hours)).toEqual([
      { kind: "overlap", where: "mon" },
      { kind: "overlap", where: "fri" },
    ]);
  });

  it("are none of intervals that only touch", () => {
    const touching = [
      { from: "08:00", until: "12:00" },
      { from: "12:00", until: "16:00" },
    ];
    expect(problemsOf(open({ mon: touching }))).toEqual([]);
  });

  it.each(["", "8:00", "24:01", "25:00", "12:60"])("is %j, which is no time", (from) => {
    const problems = problemsOf(open({ mon: [{ from, until: "17:00" }] }));
    expect(problems).toEqual([{ kind: "time", where: "mon" }]);
  });

  it("is 24:00 as a beginning", () => {
    const problems = problemsOf(open({ mon: [{ from: "24:00", until: "24:00" }] }));
    expect(problems).toEqual([{ kind: "time", where: "mon" }]);
  });

  it("are holidays that are no day or twice the same, and a zone that there is none of", () => {
    const hours = open({}, [
      { date: "2026-02-30x", intervals: [] },
      { date: "2026-12-25", intervals: [] },
      { date: "2026-12-25", intervals: [] },
    ]);
    expect(problemsOf({ ...hours, timezone: "Europe/Nowhere" }).map(({ kind }) => kind)).toEqual([
      "zone",
      "date",
      "twice",
    ]);
  });
});

describe("the week at a glance", () => {
  it("shows what runs over midnight on both days", () => {
    const strips = stripsOf(open({ fri: [{ from: "18:00", until: "06:00" }] }).week);
    expect(strips[4]).toEqual([[0.75, 1]]);
    expect(strips[5]).toEqual([[0, 0.25]]);
  });

  it("shows Sunday's night on Monday", () => {
    const strips = stripsOf(open({ sun: [{ from: "12:00", until: "12:00" }] }).week);
    expect(strips[6]).toEqual([[0.5, 1]]);
    expect(strips[0]).toEqual([[0, 0.5]]);
  });
});
