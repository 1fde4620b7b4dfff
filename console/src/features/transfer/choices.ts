import type { PresenceStatus } from "@chorus/sdk/wire.gen";
import type { Target } from "../../shared/acts/conversation-acts";
import type { AgentCard, QueueCard, TeamCard } from "../../shared/api/shapes";

export interface Choice {
  readonly key: string;
  readonly kind: "agent" | "queue" | "team";
  readonly name: string;
  readonly to: Target;
  readonly card:
    | {
        readonly kind: "agent";
        readonly presence: PresenceStatus;
        readonly load: number;
        readonly capacity: number;
      }
    | { readonly kind: "group"; readonly members: number };
}

interface Known {
  readonly agents: readonly AgentCard[];
  readonly queues: readonly QueueCard[];
  readonly teams: readonly TeamCard[];
  readonly self: string;
  readonly search: string;
}

const READINESS: readonly PresenceStatus[] = ["online", "busy", "away", "unknown", "offline"];

/** Everybody it could go to: who can come at once stands first. */
export function choicesOf({ agents, queues, teams, self, search }: Known): Choice[] {
  const colleagues = agents
    .filter(({ id, disabled }) => id !== self && !disabled)
    .sort(
      (a, b) => READINESS.indexOf(a.presence) - READINESS.indexOf(b.presence) || a.load - b.load,
    );
  const wanted = search.trim().toLocaleLowerCase();
  return [
    ...colleagues.map(({ id, name, presence, load, capacity }) =>
      choice("agent", { id, name }, { kind: "agent", presence, load, capacity }),
    ),
    ...queues.map((one) => choice("queue", one, { kind: "group", members: one.members })),
    ...teams.map((one) => choice("team", one, { kind: "group", members: one.members })),
  ].filter(({ name }) => name.toLocaleLowerCase().includes(wanted));
}

function choice(
  kind: Choice["kind"],
  { id, name }: { readonly id: string; readonly name: string },
  card: Choice["card"],
): Choice {
  return { key: `${kind}-${id}`, kind, name, to: { [kind]: id }, card };
}
