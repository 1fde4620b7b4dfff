import { spoken } from "../panel/words";

const UNITS = ["kilobyte", "megabyte", "gigabyte"] as const;

/** As people say it: `3 MB`. */
export function sizeName(bytes: number): string {
  const kibs = Math.max(1, bytes / 1024);
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(kibs) / 10));
  const form = {
    style: "unit",
    unit: UNITS[power],
    unitDisplay: "short",
    maximumFractionDigits: power > 0 ? 1 : 0,
  } as const;
  return new Intl.NumberFormat(spoken(), form).format(kibs / 1024 ** power);
}
