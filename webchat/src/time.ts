import { TEXTS } from "./texts";

export function clockTime(ts: string): string {
  return new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" }).format(
    new Date(ts),
  );
}

/** The day of a time in the reader's zone, as a key to group by. */
export function dayKey(ts: string): string {
  const date = new Date(ts);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

export function dayName(ts: string, nowMs: number): string {
  if (dayKey(ts) === dayKey(new Date(nowMs).toISOString())) return TEXTS.today;
  if (dayKey(ts) === dayKey(new Date(nowMs - 86_400_000).toISOString())) return TEXTS.yesterday;
  return new Intl.DateTimeFormat(undefined, { dateStyle: "long" }).format(new Date(ts));
}
