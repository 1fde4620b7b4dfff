/** A source of numbers in [0, 1). */
export type Random = () => number;

export interface BackoffRange {
  readonly minMs: number;
  readonly maxMs: number;
}

export const DEFAULT_BACKOFF: BackoffRange = { minMs: 500, maxMs: 20_000 };

const FLOOR_MS = 100;

/** A socket must have been `ready` this long before the next failure counts as the first again. */
export const STABLE_AFTER_MS = 10_000;

/**
 * Full-jitter wait before reconnect number `attempt` (0 is the first): U(0, min(max, min·2ⁿ)) + 100 ms.
 * The jitter starts at zero on purpose: a fleet of clients that lost one server must not return together.
 */
export function backoffMs(
  attempt: number,
  random: Random,
  range: BackoffRange = DEFAULT_BACKOFF,
): number {
  return random() * ceilingMs(attempt, range) + FLOOR_MS;
}

/** The longest that `backoffMs` may answer for this attempt, without its floor. */
export function ceilingMs(attempt: number, range: BackoffRange = DEFAULT_BACKOFF): number {
  return Math.min(range.maxMs, range.minMs * 2 ** Math.min(attempt, 30));
}

/** Pick a moment in a window that the server gave. */
export function spreadMs([minMs, maxMs]: readonly [number, number], random: Random): number {
  return minMs + random() * Math.max(0, maxMs - minMs);
}
