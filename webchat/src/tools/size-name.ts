import { spoken } from "../panel/words";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** As people say it: `3 MB`. */
export function sizeName(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const form = {
    style: "unit",
    unit: UNITS[power],
    unitDisplay: "short",
    maximumFractionDigits: power > 1 ? 1 : 0,
  } as const;
  return new Intl.NumberFormat(spoken(), form).format(bytes / 1024 ** power);
}
