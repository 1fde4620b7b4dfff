/** `GET /reports/escalation`, docs/reports.md. Seconds are seconds, shares go from 0 to 1. */

export const FUNNEL = ["requested", "queued", "offered", "accepted", "resolved", "rated"] as const;
export const APART = [
  "deferred",
  "abandoned",
  "waiting",
  "returnedToBot",
  "failed",
  "cancelled",
  "unasked",
] as const;
export const OFFERS = ["made", "accepted", "declined", "expired", "rescinded"] as const;

export interface Percentiles {
  readonly p50: number | null;
  readonly p90: number | null;
}

export interface Figures {
  readonly funnel: Readonly<Record<(typeof FUNNEL)[number], number>>;
  readonly apart: Readonly<Record<(typeof APART)[number], number>>;
  readonly successRate: number | null;
  readonly abandonRate: number | null;
  readonly serviceLevel: number | null;
  readonly waitSeconds: Percentiles & { readonly max: number | null };
  readonly handleSeconds: Percentiles;
  readonly etaSeconds: {
    readonly promised: number;
    readonly promisedMean: number | null;
    readonly actualMean: number | null;
    readonly late: Percentiles;
  };
  readonly csat: { readonly mean: number | null; readonly count: number };
  readonly offers: Readonly<Record<(typeof OFFERS)[number], number>>;
}

export interface QueueFigures extends Figures {
  readonly queueId: string | null;
  readonly queue: string | null;
}

export interface DayFigures extends Figures {
  readonly day: string;
}

export interface Target {
  readonly figure: string;
  readonly bound: "min" | "max";
  readonly target: number;
  readonly value: number | null;
  readonly met: boolean | null;
}

export interface EscalationReport {
  readonly from: string;
  readonly to: string;
  readonly tz: string;
  readonly queue: string | null;
  readonly total: Figures;
  readonly queues: readonly QueueFigures[];
  readonly days: readonly DayFigures[];
  readonly targets: readonly Target[];
}
