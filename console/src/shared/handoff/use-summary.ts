import type { ConversationView } from "@chorus/sdk";
import { useQuery } from "@tanstack/react-query";
import { keys } from "../live/keys";
import { useSession } from "../live/session";

export interface Evidence {
  readonly text: string;
  readonly seqs: readonly number[];
}

export interface Tried {
  readonly action: string;
  readonly outcome: "worked" | "failed" | "unknown";
  readonly seqs: readonly number[];
}

export interface Fact {
  readonly kind: string;
  readonly value: string;
  readonly seqs: readonly number[];
}

/** What a conversation is about; each line names the places it comes from. */
export interface SummaryBody {
  readonly headline: string;
  readonly issue: Evidence | null;
  readonly facts: readonly Fact[];
  readonly tried: readonly Tried[];
  readonly openQuestions: readonly Evidence[];
  readonly commitments: readonly Evidence[];
  readonly sentiment: { readonly label: "positive" | "neutral" | "negative" | "angry" };
  readonly urgency: "low" | "normal" | "high";
  readonly nextStep: string;
}

export interface Summary {
  readonly uptoSeq: number;
  /** Something it covers was edited or deleted since a person wrote it. */
  readonly changed: boolean;
  readonly source: "extractive" | "model" | "human";
  readonly model: string;
  readonly body: Partial<SummaryBody>;
  readonly text: string;
  readonly generatedAt: string;
  readonly by: string | null;
}

export function useSummary(conv: string) {
  const { client } = useSession();
  return useQuery({
    queryKey: keys.summary(conv),
    queryFn: () => client.request<Summary>(`/livechat/summary/${conv}`),
    retry: 1,
  });
}

/** How many messages the customer can see that a summary does not cover. */
export function behind({ items }: ConversationView, { uptoSeq }: Summary): number {
  return items.filter(
    (item) =>
      item.kind === "message" &&
      item.seq > uptoSeq &&
      item.visibility === "public" &&
      item.role !== "system" &&
      !item.deleted,
  ).length;
}
