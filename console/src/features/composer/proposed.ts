import type { TimelineItem } from "@chorus/sdk";
import { distinct, type Source } from "./suggested";

/** What the server proposes when somebody asks for answers. */
export interface Proposed {
  /** To name it by when one is sent; null: nothing was proposed. */
  readonly id: string | null;
  readonly items: readonly ProposedReply[];
  /** Null: there is nothing to answer, or nothing to answer with. */
  readonly basis: Basis | null;
}

export interface ProposedReply {
  readonly text: string;
  readonly kind: "written" | "quoted";
  readonly citations: readonly Citation[];
}

interface Citation {
  readonly title: string;
  readonly source: string;
  readonly chunk: string;
}

interface Basis {
  /** The last message of the customer that is answered. */
  readonly uptoSeq: number;
}

/** What an answer rests on, each title once. */
export function sourcesOf({ citations }: ProposedReply): Source[] {
  return distinct(citations.map(({ title, chunk }) => ({ id: chunk, title })));
}

/** Whether the customer said more than these answers know of. */
export function hasWrittenSince(
  items: readonly TimelineItem[],
  basis: Basis | null | undefined,
): boolean {
  if (basis == null) return false;
  return items.some(
    (item) => item.kind === "message" && item.role === "customer" && item.seq > basis.uptoSeq,
  );
}
