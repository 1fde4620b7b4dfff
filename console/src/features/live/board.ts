import type { PresenceStatus } from "@chorus/sdk/wire.gen";

/** `GET /reports/live`. */
export interface Board {
  readonly total: {
    readonly waiting: number;
    readonly longestWaitSeconds: number | null;
    readonly late: number;
    readonly deferred: number;
    readonly active: number;
    readonly wrapUp: number;
    readonly bot: number;
    readonly snoozed: number;
  };
  readonly queues: readonly BoardQueue[];
  readonly longest: readonly Waiter[];
  readonly agents: readonly BoardAgent[];
  readonly presence: Readonly<Partial<Record<PresenceStatus, number>>>;
}

export interface BoardQueue {
  readonly id: string;
  readonly name: string;
  readonly waiting: number;
  readonly longestWaitSeconds: number | null;
  /** Who waits longer than the queue promises. */
  readonly late: number;
  readonly deferred: number;
  readonly active: number;
  readonly members: number;
}

export interface Waiter {
  readonly conversationId: string;
  readonly sessionId: string;
  readonly queue: string | null;
  readonly contactId: string;
  readonly contact: string | null;
  readonly waitingSeconds: number;
  readonly priority: number;
  readonly late: boolean;
  readonly offeredTo: string | null;
}

export interface BoardAgent {
  readonly id: string;
  readonly name: string;
  readonly presence: PresenceStatus;
  readonly load: number;
  readonly capacity: number;
}

const STATES: readonly string[] = ["online", "busy", "away", "unknown", "offline"];

/** Since when somebody waits who waited for so long when the answer came. */
export function sinceOf(seconds: number, readAtMs: number): string {
  return new Date(readAtMs - seconds * 1_000).toISOString();
}

/** Those who are there first, those with the most to do before those who are idle. */
export function agentsInOrder(agents: readonly BoardAgent[]): readonly BoardAgent[] {
  const rank = ({ presence }: BoardAgent) => STATES.indexOf(presence);
  return [...agents].sort(
    (a, b) => rank(a) - rank(b) || b.load - a.load || a.name.localeCompare(b.name),
  );
}

/** The queue in which somebody waits longest first; those in which nobody does, by name. */
export function queuesInOrder(queues: readonly BoardQueue[]): readonly BoardQueue[] {
  const wait = ({ longestWaitSeconds }: BoardQueue) => longestWaitSeconds ?? -1;
  return [...queues].sort((a, b) => wait(b) - wait(a) || a.name.localeCompare(b.name));
}

/** What those who are there have, and could have. */
export function loadOf(agents: readonly BoardAgent[]) {
  const online = agents.filter(({ presence }) => presence === "online");
  const sum = (pick: (agent: BoardAgent) => number) =>
    online.reduce((total, agent) => total + pick(agent), 0);
  return {
    online: online.length,
    load: sum(({ load }) => load),
    capacity: sum(({ capacity }) => capacity),
  };
}
