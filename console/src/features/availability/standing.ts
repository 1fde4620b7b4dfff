import type { AgentSelf } from "@chorus/sdk/agent-acts";
import type { ChosenStatus } from "@chorus/sdk/wire.gen";
import type { AgentCard } from "../../shared/api/shapes";

export type Chosen = ChosenStatus;
export const CHOICES = ["online", "busy", "away", "offline"] as const;

export interface Standing {
  readonly status: Chosen;
  readonly load: number;
  readonly capacity: number;
  /** What is wrong with what routing sees, if anything: a reason to say it loudly. */
  readonly trouble: "away" | "busy" | "offline" | "unseen" | null;
}

/** After this time routing has seen who came or chose to be online. */
export const SEEN_WITHIN_MS = 3_000;

/** What the socket told at its beginning, and the API since.
 *
 * `isEarly` is an answer of the API from before `SEEN_WITHIN_MS`: it knows nobody who has just come.
 */
export function standingOf(
  self: AgentSelf | null,
  me: AgentCard | undefined,
  isEarly = false,
): Standing {
  const status = self?.agent?.status ?? (me?.status as Chosen | null | undefined) ?? "online";
  const load = me?.load ?? self?.agent?.load ?? 0;
  const capacity = me?.capacity ?? self?.agent?.capacity ?? 0;
  const isUnseen = status === "online" && me?.presence === "offline" && !isEarly;
  const trouble = status === "online" ? (isUnseen ? "unseen" : null) : status;
  return { status, load, capacity, trouble };
}
