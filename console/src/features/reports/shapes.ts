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

export const SPEAKERS = ["customer", "agent", "bot", "note"] as const;

export interface Flow {
  readonly opened: number;
  readonly closed: number;
  readonly messages: Readonly<Record<(typeof SPEAKERS)[number], number>>;
}

/** `GET /reports/volume`. */
export interface VolumeReport {
  readonly total: Flow;
  readonly firstReplySeconds: Percentiles;
  readonly replied: number;
  readonly days: readonly (Flow & { readonly day: string })[];
  readonly inboxes: readonly {
    readonly inboxId: string;
    readonly inbox: string;
    readonly opened: number;
    readonly closed: number;
  }[];
  /** Seven days of 24 hours, Monday first. */
  readonly hours: readonly (readonly number[])[];
}

/** `GET /reports/csat`. */
export interface CsatReport {
  readonly total: {
    readonly count: number;
    readonly mean: number | null;
    readonly scores: Readonly<Record<string, number>>;
  };
  readonly days: readonly {
    readonly day: string;
    readonly count: number;
    readonly mean: number | null;
  }[];
  readonly agents: readonly {
    readonly agentId: string | null;
    readonly agent: string | null;
    readonly count: number;
    readonly mean: number | null;
  }[];
  readonly comments: readonly {
    readonly conversationId: string;
    readonly score: number;
    readonly comment: string | null;
    readonly at: string;
    readonly agent: string | null;
  }[];
}

/** `GET /reports/agents`. */
export interface AgentsReport {
  readonly agents: readonly {
    readonly agentId: string;
    readonly agent: string;
    readonly offers: { readonly made: number; readonly declined: number; readonly expired: number };
    readonly accepted: number;
    readonly resolved: number;
    readonly handleSeconds: Percentiles;
    readonly csatCount: number;
    readonly csatMean: number | null;
    readonly messages: number;
    readonly notes: number;
  }[];
}

export const BOT_OUTCOMES = ["resolved", "handedOff", "toPerson", "open", "left"] as const;

/** Why bots call a person; docs/bot.md explains them. */
export const HANDOFF_REASONS = [
  "asked",
  "offer_accepted",
  "safety",
  "legal",
  "fraud",
  "threat",
  "matter",
  "low_confidence",
  "unresolved",
  "angry",
  "mood",
  "loop",
  "failed_remedies",
  "clarified_in_vain",
  "many_turns",
  "sensitive",
  "wordless",
  "degraded",
  "failed",
  "suspended",
  "other",
] as const;

export interface BotFigures extends Readonly<Record<(typeof BOT_OUTCOMES)[number], number>> {
  readonly conversations: number;
  readonly answered: number;
  readonly reopened: number;
  readonly resolutionRate: number | null;
  readonly handoffRate: number | null;
  readonly reopenRate: number | null;
  readonly suggestions: { readonly made: number; readonly used: number };
  readonly handoffReasons: Readonly<Record<string, number>>;
}

/** `GET /reports/bot`. */
export interface BotReport {
  /** Days. */
  readonly reopenedWithin: number;
  readonly total: BotFigures;
  readonly bots: readonly (BotFigures & {
    readonly botId: string;
    readonly bot: string | null;
  })[];
  readonly days: readonly (BotFigures & { readonly day: string })[];
}

export const PROPOSAL_SOURCES = ["asked", "suggested"] as const;

export interface ProposalFigures {
  readonly shown: number;
  readonly asIs: number;
  readonly changed: number;
  readonly replaced: number;
  readonly share: number | null;
}

/** `GET /reports/assist`, as far as it is shown. */
export interface AssistReport {
  readonly total: ProposalFigures;
  readonly sources: Readonly<Record<(typeof PROPOSAL_SOURCES)[number], ProposalFigures>>;
}

export const REPORTS = ["escalation", "volume", "csat", "agents", "bot", "assist"] as const;
export type ReportName = (typeof REPORTS)[number];

export interface Reports {
  readonly escalation: EscalationReport;
  readonly volume: VolumeReport;
  readonly csat: CsatReport;
  readonly agents: AgentsReport;
  readonly bot: BotReport;
  readonly assist: AssistReport;
}
