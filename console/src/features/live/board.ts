import type { ConversationRow } from "../../shared/api/rows";
import type { AgentCard, QueueCard } from "../../shared/api/shapes";

/** One queue as it stands now. */
export interface QueueState {
  readonly id: string;
  readonly name: string;
  readonly waiting: number;
  /** Since when whoever waits longest does. */
  readonly since: string | null;
  readonly promisedS: number | null;
  /** Who serves it and is there. */
  readonly online: number;
  readonly members: number;
  /** How many more chats those could take. */
  readonly room: number;
}

export type Urgency = "calm" | "soon" | "late";

const SOON = 0.5;
/** Where nothing is promised, a wait of this long asks for attention. */
const USUAL_S = 300;
const STATES = ["online", "busy", "away", "unknown", "offline"] as const;

/** The queues, the one whose customers wait longest first. */
export function queueStates(
  queues: readonly QueueCard[],
  waiting: readonly ConversationRow[],
  agents: readonly AgentCard[],
): readonly QueueState[] {
  const states = queues.map((queue): QueueState => {
    const serving = agents.filter((one) => one.queues.some(({ id }) => id === queue.id));
    const online = serving.filter(({ presence, disabled }) => presence === "online" && !disabled);
    return {
      id: queue.id,
      name: queue.name,
      waiting: queue.waiting,
      since: longestOf(waiting.filter((row) => row.queue === queue.name)),
      promisedS: queue.slaSeconds,
      online: online.length,
      members: queue.members,
      room: online.reduce((sum, { capacity, load }) => sum + Math.max(0, capacity - load), 0),
    };
  });
  return states.sort((one, other) => (one.since ?? "~").localeCompare(other.since ?? "~"));
}

export function longestOf(rows: readonly ConversationRow[]): string | null {
  const since = rows.flatMap((row) => (row.waitingSince === null ? [] : [row.waitingSince]));
  return since.sort()[0] ?? null;
}

/** How a wait stands to what was promised. */
export function urgencyOf(since: string | null, promisedS: number | null, nowMs: number): Urgency {
  if (since === null) return "calm";
  const waitedS = (nowMs - Date.parse(since)) / 1_000;
  const most = promisedS ?? USUAL_S;
  if (waitedS >= most) return "late";
  return waitedS >= most * SOON ? "soon" : "calm";
}

/** Those who are there first, those with the most to do before those who are idle. */
export function agentsInOrder(agents: readonly AgentCard[]): readonly AgentCard[] {
  const rank = ({ presence }: AgentCard) => STATES.indexOf(presence as (typeof STATES)[number]);
  return agents
    .filter(({ disabled }) => !disabled)
    .sort((a, b) => rank(a) - rank(b) || b.load - a.load || a.name.localeCompare(b.name));
}
