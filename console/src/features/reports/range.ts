/** The days of a report, as they stand in the address. */

export interface ReportSearch {
  /** How many days up to today, or two days of the calendar. */
  readonly days?: number | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** An id. */
  readonly queue?: string | undefined;
}

export interface Range {
  readonly from: string;
  readonly to: string;
}

export const PRESETS = [1, 7, 30, 90] as const;
export const PRESET = 30;
export const DAYS_MAX = 92;
const DAY_MS = 86_400_000;
const DATE = /^\d{4}-\d{2}-\d{2}$/u;

export function readReportSearch(search: Readonly<Record<string, unknown>>): ReportSearch {
  const { days, from, to, queue } = search;
  const chosen = PRESETS.find((one) => one === Number(days));
  const isRange = isDay(from) && isDay(to) && from <= to && lengthOf({ from, to }) <= DAYS_MAX;
  return {
    ...(chosen === undefined || isRange ? {} : { days: chosen }),
    ...(isRange ? { from, to } : {}),
    ...(typeof queue === "string" && queue !== "" ? { queue } : {}),
  };
}

export function rangeOf({ days, from, to }: ReportSearch, today: string): Range {
  if (from !== undefined && to !== undefined) return { from, to };
  return { from: plusDays(today, 1 - (days ?? PRESET)), to: today };
}

export function lengthOf({ from, to }: Range): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1;
}

export function plusDays(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}

/** The day that it is here. */
export function todayOf(now: Date): string {
  const two = (part: number) => String(part).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

export function timeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC";
}

function isDay(value: unknown): value is string {
  return typeof value === "string" && DATE.test(value) && !Number.isNaN(Date.parse(value));
}
