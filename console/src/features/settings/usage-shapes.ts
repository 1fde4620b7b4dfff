/** Money is in millionths of a dollar. */
export interface Usage {
  readonly month: string;
  readonly micros: number;
  readonly calls: number;
  /** What the plan of the installation allows; null: nobody knows yet. */
  readonly budgetMicros: number | null;
  /** The most this workspace wants to spend; null: what the plan allows. */
  readonly capMicros: number | null;
  readonly standing: "unused" | "within" | "near" | "over";
  readonly models: readonly ModelSpent[];
  readonly months: readonly MonthSpent[];
}

type Feature = "bot" | "summary_fast" | "summary_rich" | "assist" | "moderate" | "embed";

export interface ModelSpent {
  readonly feature: Feature;
  readonly model: string;
  readonly calls: number;
  /** Calls whose answer was of use. */
  readonly answered: number;
  readonly tokensIn: number;
  readonly tokensOut: number;
  readonly micros: number;
}

interface MonthSpent {
  readonly month: string;
  readonly micros: number;
  readonly calls: number;
  readonly budgetMicros: number | null;
}

const MICROS = 1_000_000;
const CENT = 10_000;

/** What may be spent: the lower of both limits, as far as they are known. */
export function limitOf({ budgetMicros, capMicros }: Usage): number | null {
  const known = [budgetMicros, capMicros].filter((one) => one !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** How much of it is spent, from 0 to 1; null where there is nothing to spend. */
export function shareOf(usage: Usage): number | null {
  const limit = limitOf(usage);
  if (limit === null || limit === 0) return null;
  return Math.min(1, usage.micros / limit);
}

/** Dollars, with as many places as a single call needs to be more than nothing. */
export function inDollars(micros: number, { locale }: { readonly locale: string }): string {
  const places = micros !== 0 && Math.abs(micros) < CENT ? 6 : 2;
  return new Intl.NumberFormat(locale, {
    style: "currency",
    currency: "USD",
    minimumFractionDigits: 2,
    maximumFractionDigits: places,
  }).format(micros / MICROS);
}
