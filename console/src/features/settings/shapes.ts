import type { AgentCard, QueueCard } from "../../shared/api/shapes";
import type { HoursJson } from "./hours";
import type { WidgetSettings } from "./widget-settings";

/** What the admin REST takes and gives; docs in its OpenAPI. */

export const POLICIES = ["longest_idle", "least_loaded", "round_robin", "manual"] as const;
/** What becomes of who waited as long as a queue allows and has nowhere else to go. */
export const LONG_WAITS = ["ask", "defer"] as const;
export const DEMANDS = ["language", "optional_skills"] as const;
export const CHANNELS = ["web", "email", "sms", "whatsapp", "messenger"] as const;
export const SOURCES = ["widget", "agent", "bot", "rule", "api"] as const;

export interface Relaxation {
  readonly afterSeconds: number;
  readonly demand: (typeof DEMANDS)[number];
}

export interface Conditions {
  readonly inboxes?: readonly string[];
  readonly channels?: readonly string[];
  readonly sources?: readonly string[];
  readonly languages?: readonly string[];
  readonly intents?: readonly string[];
  readonly sentiments?: readonly string[];
  readonly attributes?: Readonly<Record<string, readonly (string | number | boolean)[]>>;
}

export interface Queue extends QueueCard {
  readonly policy: (typeof POLICIES)[number];
  readonly priority: number;
  readonly skills: readonly string[];
  readonly conditions: Conditions;
  readonly hours: HoursJson | null;
  readonly visibility: "public" | "internal";
  readonly visibleTo: readonly string[];
  readonly maxWaitSeconds: number | null;
  readonly maxWaitThen: (typeof LONG_WAITS)[number];
  readonly teamWaitSeconds: number | null;
  readonly overflowQueueId: string | null;
  readonly offerSeconds: number;
  readonly wrapUpSeconds: number;
  readonly idleAskedAfterSeconds: number;
  readonly idleEndsAfterSeconds: number;
  readonly idleThen: "end" | "bot";
  readonly relaxations: readonly Relaxation[] | null;
  readonly askedAgainAfterSeconds: number | null;
}

export interface Agent extends AgentCard {
  readonly email: string | null;
  readonly skills: readonly string[];
  readonly languages: readonly string[];
}

export interface Inbox {
  readonly id: string;
  readonly name: string;
  readonly channel: string;
  readonly enabled: boolean;
  readonly weight: number;
  readonly queueId: string | null;
  readonly publicKey: string;
  readonly allowedOrigins: readonly string[];
  readonly widget: WidgetSettings;
  readonly bot: boolean;
  /** Which of ours; none: one that comes by the API. */
  readonly botId: string | null;
  readonly snippet: string;
}
