import { spoken } from "./words";

export function clockTime(ts: string): string {
  return new Date(ts).toLocaleTimeString(spoken(), { hour: "2-digit", minute: "2-digit" });
}

/** The day of a time in the reader's zone, as a key to group by. */
export function dayKey(ts: string | number): string {
  return new Date(ts).toDateString();
}

/** When somebody is there again: the time today, else the day with it. */
export function soon(ts: string, nowMs: number): string {
  if (dayKey(ts) === dayKey(nowMs)) return clockTime(ts);
  const form = { weekday: "long", hour: "2-digit", minute: "2-digit" } as const;
  return new Date(ts).toLocaleString(spoken(), form);
}
