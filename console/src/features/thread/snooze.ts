export interface SnoozeChoice {
  readonly key: "hour" | "evening" | "tomorrow" | "nextWeek";
  readonly atMs: number;
}

const HOUR_MS = 3_600_000;
const EVENING_H = 18;
const MORNING_H = 9;

/** When a conversation may come back, as people say it. An evening that is over is left out. */
export function snoozeChoices(now: Date): SnoozeChoice[] {
  const daysToMonday = (8 - now.getDay()) % 7 || 7;
  const choices: SnoozeChoice[] = [
    { key: "hour", atMs: now.getTime() + HOUR_MS },
    { key: "evening", atMs: at(now, 0, EVENING_H) },
    { key: "tomorrow", atMs: at(now, 1, MORNING_H) },
    { key: "nextWeek", atMs: at(now, daysToMonday, MORNING_H) },
  ];
  return choices.filter(({ atMs }) => atMs >= now.getTime() + HOUR_MS);
}

function at(now: Date, days: number, hour: number): number {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour).getTime();
}
