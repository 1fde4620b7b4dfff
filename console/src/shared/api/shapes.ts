import type { FloorState } from "@chorus/sdk/frames";
import type { HistoryItem } from "@chorus/sdk/rest";
import type { PresenceStatus, SessionState, Traits } from "@chorus/sdk/wire.gen";

/** Shapes of REST answers, as far as the console reads them. */

export interface PersonCard {
  readonly id: string;
  readonly name: string | null;
}

export interface ContactCard extends PersonCard {
  readonly verified: boolean;
  readonly email?: string | null;
  readonly locale?: string | null;
}

export interface SessionCard {
  readonly id: string;
  readonly state: SessionState;
  readonly reason?: string | null;
  readonly agentId?: string | null;
  readonly requestedAt?: string | null;
}

export interface Participant {
  readonly userId: string;
  readonly name: string | null;
  readonly role: string;
}

export interface ConversationSnapshot {
  readonly id: string;
  readonly status: "open" | "snoozed" | "closed";
  readonly floor: FloorState;
  readonly session: SessionCard | null;
  readonly queue: string | null;
  readonly assignee: PersonCard | null;
  readonly team: PersonCard | null;
  readonly contact: ContactCard;
  readonly participants: readonly Participant[];
  /** Whose a bot's messages are, each from its place on to the next one's. */
  readonly bots?: readonly { readonly fromSeq: number; readonly name: string | null }[];
  readonly summary: { readonly text?: string } | null;
  readonly priority?: number;
  readonly tags?: readonly string[];
  /** What rules read of the customer's words, as far as they have. */
  readonly traits?: Traits | null;
  /** How much was said when this was told. */
  readonly headSeq: number;
  /** How many messages the customer saw then. */
  readonly visibleMessages?: number;
  readonly messages: readonly HistoryItem[];
}

export interface AgentCard {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly capacity: number;
  readonly load: number;
  readonly status: string | null;
  readonly presence: PresenceStatus;
  readonly disabled: boolean;
  readonly queues: readonly { readonly id: string; readonly name: string }[];
  readonly teams: readonly { readonly id: string; readonly name: string }[];
}

export interface QueueCard {
  readonly id: string;
  readonly name: string;
  readonly members: number;
  readonly waiting: number;
  readonly slaSeconds: number | null;
  readonly isDefault: boolean;
}

export interface TeamCard {
  readonly id: string;
  readonly name: string;
  readonly members: number;
}

export interface Listed<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}
