import { dayKey } from "../panel/time";
import { spoken, t } from "../panel/words";

const DAY_MS = 86_400_000;

export function dayName(ts: string, nowMs: number): string {
  if (dayKey(ts) === dayKey(nowMs)) return t("today");
  if (dayKey(ts) === dayKey(nowMs - DAY_MS)) return t("yesterday");
  return new Date(ts).toLocaleDateString(spoken(), { dateStyle: "long" });
}
