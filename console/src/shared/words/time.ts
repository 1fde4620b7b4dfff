import type { Words } from "./locale";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a format takes a millisecond, and a long list asks for hundreds. */
function format(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options);
  const known = formats.get(key) ?? new Intl.DateTimeFormat(locale, options);
  formats.set(key, known);
  return known;
}

export function clockTime(ts: string, { locale }: Words): string {
  return format(locale, { hour: "2-digit", minute: "2-digit" }).format(new Date(ts));
}

export function dateTime(ts: string, { locale }: Words): string {
  return format(locale, { dateStyle: "medium", timeStyle: "short" }).format(new Date(ts));
}

/** "now", "4 min", "3 h", then the date: what fits beside a name. */
export function age(ts: string, nowMs: number, { locale, t }: Words): string {
  const agoMs = nowMs - Date.parse(ts);
  if (agoMs < MINUTE_MS) return t("now");
  if (agoMs < HOUR_MS) return t("minutesShort", { count: Math.floor(agoMs / MINUTE_MS) });
  if (agoMs < DAY_MS) return t("hoursShort", { count: Math.floor(agoMs / HOUR_MS) });
  return format(locale, { day: "numeric", month: "short" }).format(new Date(ts));
}

/** `1:05`, `59:12`, then `2 h` and `3 d`: a wait that runs. */
export function waited(since: string, nowMs: number, { t }: Words): string {
  const seconds = Math.max(0, Math.floor((nowMs - Date.parse(since)) / 1_000));
  if (seconds < 3_600)
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  if (seconds < 86_400) return t("hoursShort", { count: Math.floor(seconds / 3_600) });
  return t("daysShort", { count: Math.floor(seconds / 86_400) });
}

/** Today, yesterday, else the day by name. */
export function dayName(ts: string, nowMs: number, { locale, t }: Words): string {
  const days = Math.round((dayStart(nowMs) - dayStart(Date.parse(ts))) / DAY_MS);
  if (days === 0) return t("today");
  if (days === 1) return t("yesterday");
  const year = new Date(ts).getFullYear() === new Date(nowMs).getFullYear() ? {} : YEAR;
  return format(locale, { weekday: "long", day: "numeric", month: "long", ...year }).format(
    new Date(ts),
  );
}

const YEAR = { year: "numeric" } as const;

export function dayStart(ms: number): number {
  return new Date(ms).setHours(0, 0, 0, 0);
}
