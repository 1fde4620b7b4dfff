import { useQuery } from "@tanstack/react-query";
import { useSession } from "../live/session";

export interface Label {
  readonly name: string;
  readonly color: string | null;
  readonly conversations: number;
}

export const LABELS = ["labels"] as const;

/** The labels that are offered; a new one is offered by being used. */
export function useLabels() {
  const { client } = useSession();
  return useQuery({
    queryKey: LABELS,
    queryFn: async () =>
      (await client.request<{ items: readonly Label[] }>("/livechat/labels")).items,
  });
}
