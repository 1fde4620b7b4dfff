import type { AgentClient } from "@chorus/sdk";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { keys } from "../live/keys";
import { useSession } from "../live/session";
import { useWords } from "../words/words";
import type { AgentCard, ConversationSnapshot, Listed, QueueCard, TeamCard } from "./shapes";

const PAGE = 200;
const PRESENCE_EVERY_MS = 60_000;
const PRESENCE_WATCHED_EVERY_MS = 5_000;

/** Who works here. Presence has no frame of its own, so it is asked for again each minute. */
export function useAgents() {
  const { client } = useSession();
  return useQuery({
    queryKey: keys.agents,
    queryFn: () => everyPage<AgentCard>(client, "/admin/agents"),
    refetchInterval: PRESENCE_EVERY_MS,
  });
}

/** The same while somebody chooses among them: who is there is asked at once, and again. */
export function useAgentsNow() {
  const { client } = useSession();
  return useQuery({
    queryKey: keys.agents,
    queryFn: () => everyPage<AgentCard>(client, "/admin/agents"),
    refetchOnMount: "always",
    refetchInterval: PRESENCE_WATCHED_EVERY_MS,
  });
}

export function useQueues() {
  const { client } = useSession();
  return useQuery({
    queryKey: keys.queues,
    queryFn: () => everyPage<QueueCard>(client, "/admin/queues"),
  });
}

export function useTeams() {
  const { client } = useSession();
  return useQuery({
    queryKey: keys.teams,
    queryFn: () => everyPage<TeamCard>(client, "/admin/teams"),
  });
}

/** Oneself as routing sees one. */
export function useMe() {
  const { client, agent } = useSession();
  return useQuery({
    queryKey: keys.me(agent.id),
    queryFn: () => client.request<AgentCard>(`/admin/agents/${agent.id}`),
    refetchInterval: ({ state }) =>
      isUnseen(state.data) ? PRESENCE_WATCHED_EVERY_MS : PRESENCE_EVERY_MS / 2,
  });
}

/** Who wants to be online and is not seen looks often: it may be over in a moment. */
function isUnseen(me: AgentCard | undefined): boolean {
  return me?.status === "online" && me.presence === "offline";
}

/** What frames do not tell of a conversation: names, e-mail, summary. */
export function useSnapshot(conv: string) {
  const { client } = useSession();
  return useQuery({
    queryKey: keys.snapshot(conv),
    queryFn: () => client.request<ConversationSnapshot>(`/livechat/conversations/${conv}`),
  });
}

/** Names by id, of colleagues and of whoever spoke in a conversation. */
export function useNames(conv?: string): ReadonlyMap<string, string> {
  const agents = useAgents().data;
  const { client } = useSession();
  const spoke = useQuery({
    queryKey: keys.snapshot(conv ?? ""),
    queryFn: () => client.request<ConversationSnapshot>(`/livechat/conversations/${conv}`),
    enabled: conv !== undefined,
  }).data?.participants;
  return useMemo(
    () =>
      new Map([
        ...(spoke ?? []).map((one) => [one.userId, one.name ?? ""] as const),
        ...(agents ?? []).map((one) => [one.id, one.name] as const),
      ]),
    [spoke, agents],
  );
}

/** What the bot is called that spoke at a place, or speaks now; as little as is known of it. */
export function useBotName(conv: string, seq = Number.POSITIVE_INFINITY): string {
  const { t } = useWords();
  const { data } = useSnapshot(conv);
  return data?.bots?.findLast(({ fromSeq }) => fromSeq <= seq)?.name ?? t("bot");
}

async function everyPage<T>(client: AgentClient, path: string): Promise<readonly T[]> {
  const found: T[] = [];
  let cursor: string | null = null;
  do {
    const query: Record<string, string | number> = { limit: PAGE, ...(cursor ? { cursor } : {}) };
    const page: Listed<T> = await client.request(path, { query });
    found.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return found;
}
