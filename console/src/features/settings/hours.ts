/** When a queue is open, as its editor holds it. The JSON is that of `chat_service/hours.py`. */

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Day = (typeof DAYS)[number];

export interface Interval {
  readonly from: string;
  /** At or before `from`: it ends the next morning. */
  readonly until: string;
}

export interface Holiday {
  readonly date: string;
  /** None: closed all day. */
  readonly intervals: readonly Interval[];
}

export interface Hours {
  readonly timezone: string;
  readonly week: Readonly<Record<Day, readonly Interval[]>>;
  readonly holidays: readonly Holiday[];
}

export interface HoursJson {
  readonly timezone: string;
  readonly week?: Readonly<Partial<Record<Day, readonly (readonly [string, string])[]>>>;
  readonly holidays?: Readonly<Record<string, readonly (readonly [string, string])[]>>;
}

type Pairs = readonly (readonly [string, string])[];

const CLOCK = /^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/u;
const DATE = /^\d{4}-\d{2}-\d{2}$/u;
const DAY_MIN = 24 * 60;
const WEEK_MIN = 7 * DAY_MIN;
const USUAL: Interval = { from: "09:00", until: "17:00" };

export function usualHours(timezone: string): Hours {
  const week = weekOf((_, at) => (at < 5 ? [USUAL] : []));
  return { timezone, week, holidays: [] };
}

export function readHours(json: HoursJson): Hours {
  const week = weekOf((day) => readAll(json.week?.[day] ?? []));
  const holidays = Object.entries(json.holidays ?? {})
    .map(([date, intervals]) => ({ date, intervals: readAll(intervals) }))
    .sort((one, other) => one.date.localeCompare(other.date));
  return { timezone: json.timezone, week, holidays };
}

function weekOf(pick: (day: Day, at: number) => readonly Interval[]): Hours["week"] {
  const [mon, tue, wed, thu, fri, sat, sun] = DAYS.map(pick);
  const none: readonly Interval[] = [];
  return {
    mon: mon ?? none,
    tue: tue ?? none,
    wed: wed ?? none,
    thu: thu ?? none,
    fri: fri ?? none,
    sat: sat ?? none,
    sun: sun ?? none,
  };
}

/** The same as the server keeps it; days without intervals are left out. */
export function writeHours({ timezone, week, holidays }: Hours): HoursJson {
  const open = DAYS.filter((day) => week[day].length > 0);
  return {
    timezone,
    week: Object.fromEntries(open.map((day) => [day, writeAll(week[day])])),
    holidays: Object.fromEntries(holidays.map((one) => [one.date, writeAll(one.intervals)])),
  };
}

function readAll(pairs: Pairs): Interval[] {
  return pairs.map(([from, until]) => ({ from, until }));
}

function writeAll(intervals: readonly Interval[]): Pairs {
  const sorted = [...intervals].sort((one, other) => one.from.localeCompare(other.from));
  return sorted.map(({ from, until }) => [from, until] as const);
}

export function isOvernight({ from, until }: Interval): boolean {
  return until <= from;
}

/** One more interval behind the last one, or the usual day. */
export function nextInterval(intervals: readonly Interval[]): Interval {
  const last = intervals.at(-1);
  if (last === undefined || isOvernight(last)) return USUAL;
  const start = Math.min(minutesOf(last.until) + 60, DAY_MIN - 60);
  return { from: clockOf(start), until: clockOf(Math.min(start + 240, DAY_MIN)) };
}

export type HoursProblem =
  | { readonly kind: "time" | "overlap"; readonly where: Day | string }
  | { readonly kind: "date" | "twice"; readonly where: string }
  | { readonly kind: "zone"; readonly where: "" };

/** What the server would refuse, or what nobody means. */
export function problemsOf(hours: Hours): readonly HoursProblem[] {
  const days = DAYS.flatMap((day): HoursProblem[] => wrongIn(hours.week[day], day));
  const dates = hours.holidays.map(({ date }) => date);
  const holidays = hours.holidays.flatMap(({ date, intervals }, at): HoursProblem[] => [
    ...(isDate(date) ? [] : [{ kind: "date", where: date } as const]),
    ...(dates.indexOf(date) < at ? [{ kind: "twice", where: date } as const] : []),
    ...wrongIn(intervals, date),
  ]);
  const zone = isZone(hours.timezone) ? [] : [{ kind: "zone", where: "" } as const];
  return [...zone, ...days, ...holidays];
}

function wrongIn(intervals: readonly Interval[], where: string): HoursProblem[] {
  if (intervals.some(({ from, until }) => !isClock(from, DAY_MIN - 1) || !isClock(until, DAY_MIN)))
    return [{ kind: "time", where }];
  return overlaps(intervals) ? [{ kind: "overlap", where }] : [];
}

function overlaps(intervals: readonly Interval[]): boolean {
  const spans = intervals.map(spanOf).sort(([one], [other]) => one - other);
  return spans.some(([from], at) => at > 0 && from < (spans[at - 1]?.[1] ?? 0));
}

/** Minutes since midnight; over a day it is the next morning. */
export function spanOf(interval: Interval): readonly [from: number, until: number] {
  const until = minutesOf(interval.until) + (isOvernight(interval) ? DAY_MIN : 0);
  return [minutesOf(interval.from), until];
}

/** What each day shows of a week: shares of a day, with what runs over from the day before. */
export function stripsOf(
  week: Hours["week"],
): readonly (readonly [from: number, until: number][])[] {
  const spans = DAYS.flatMap((day, at) =>
    week[day]
      .map(spanOf)
      .map(([from, until]) => [at * DAY_MIN + from, at * DAY_MIN + until] as const),
  );
  return DAYS.map((_, at) => {
    const start = at * DAY_MIN;
    // Sunday's night is Monday's morning.
    const around = spans.flatMap(([from, until]) => [
      [from, until] as const,
      [from - WEEK_MIN, until - WEEK_MIN] as const,
    ]);
    return around
      .map(([from, until]): [number, number] => [
        Math.max(0, from - start) / DAY_MIN,
        Math.min(DAY_MIN, until - start) / DAY_MIN,
      ])
      .filter(([from, until]) => until > from);
  });
}

export function minutesOf(clock: string): number {
  const [hours = 0, minutes = 0] = clock.split(":").map(Number);
  return hours * 60 + minutes;
}

function clockOf(minutes: number): string {
  const two = (part: number) => String(part).padStart(2, "0");
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

function isClock(text: string, most: number): boolean {
  return CLOCK.test(text) && minutesOf(text) <= most;
}

function isDate(text: string): boolean {
  return DATE.test(text) && !Number.isNaN(Date.parse(text));
}

function isZone(name: string): boolean {
  try {
    return name !== "" && new Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

export function zones(): readonly string[] {
  return Intl.supportedValuesOf("timeZone");
}
