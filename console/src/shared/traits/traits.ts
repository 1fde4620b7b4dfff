/** What rules can read of a customer's words and that stands out, as the server spells it. */

export const INTENTS = [
  "delivery",
  "refund",
  "billing",
  "technical",
  "account",
  "cancellation",
  "change",
  "product",
  "complaint",
  "human",
] as const;
export const MOODS = ["angry", "negative", "positive"] as const;

export type Intent = (typeof INTENTS)[number];
export type Mood = (typeof MOODS)[number];

/** A newer server may know more than we have a word for. */
export function isIntent(value: string | undefined): value is Intent {
  return INTENTS.some((one) => one === value);
}

export function isMood(value: string | undefined): value is Mood {
  return MOODS.some((one) => one === value);
}
