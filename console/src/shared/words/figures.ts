import type { Words } from "./locale";

type Unit = "second" | "minute" | "hour" | "day";

const UNITS: readonly (readonly [Unit, number])[] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];
/** What stands where there was nothing to measure. */
export const NOTHING = "–";

const formats = new Map<string, Intl.NumberFormat>();

function numbers(locale: string, options: Intl.NumberFormatOptions = {}): Intl.NumberFormat {
  const key = locale + JSON.stringify(options);
  const known = formats.get(key) ?? new Intl.NumberFormat(locale, options);
  formats.set(key, known);
  return known;
}

export function count(value: number | null, { locale }: Pick<Words, "locale">): string {
  return value === null ? NOTHING : numbers(locale).format(value);
}

export function decimal(value: number | null, { locale }: Pick<Words, "locale">): string {
  return value === null ? NOTHING : numbers(locale, { maximumFractionDigits: 2 }).format(value);
}

/** `0.9625` as `96.3 %`. */
export function share(value: number | null, { locale }: Pick<Words, "locale">): string {
  if (value === null) return NOTHING;
  return numbers(locale, { style: "percent", maximumFractionDigits: 1 }).format(value);
}

/** The two largest units of a time: `52s`, `3m 45s`, `2h 5m`; below zero with its sign. */
export function duration(seconds: number | null, { locale }: Pick<Words, "locale">): string {
  if (seconds === null) return NOTHING;
  const sign = seconds <= -1 ? "−" : "";
  const parts = partsOf(Math.round(Math.abs(seconds)));
  const written = parts.map(([unit, value]) =>
    numbers(locale, { style: "unit", unit, unitDisplay: "narrow" }).format(value),
  );
  return sign + written.join(" ");
}

export function partsOf(seconds: number): readonly (readonly [Unit, number])[] {
  const first = UNITS.findIndex(([, worth]) => seconds >= worth);
  if (first === -1) return [["second", 0]];
  let rest = seconds;
  const two = UNITS.slice(first, first + 2).map(([unit, worth]) => {
    const value = Math.floor(rest / worth);
    rest -= value * worth;
    return [unit, value] as const;
  });
  return two.filter(([, value]) => value > 0);
}

/** A day of the calendar, which has no time zone: `2026-11-21`. */
export function calendarDay(
  day: string,
  { locale }: Pick<Words, "locale">,
  options: Intl.DateTimeFormatOptions = { day: "numeric", month: "short" },
): string {
  const noon = new Date(`${day}T12:00:00Z`);
  return new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" }).format(noon);
}
