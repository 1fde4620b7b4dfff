import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useAgents, useQueues } from "../../shared/api/queries";
import type { ConversationRow } from "../../shared/api/rows";
import type { Listed } from "../../shared/api/shapes";
import { keys } from "../../shared/live/keys";
import { useSession } from "../../shared/live/session";

const BOARD = ["board"] as const;
const EVERY_MS = 10_000;
const SOON_MS = 1_000;
const ROWS_MAX = 100;

/** What waits, what the bot talks to, what people talk to: the first hundred of each. */
export function useRows(view: "queue" | "bot" | "all", filter: Record<string, string> = {}) {
  const { client } = useSession();
  return useQuery({
    queryKey: [...BOARD, view, filter],
    queryFn: async () => {
      const query = { view, limit: ROWS_MAX, ...filter };
      const page = await client.request<Listed<ConversationRow>>("/livechat/conversations", {
        query,
      });
      return { rows: page.items, isMore: page.nextCursor !== null };
    },
    refetchInterval: EVERY_MS,
  });
}

/** Queues and agents, and all of the board anew as soon as a frame tells that somebody waits or not. */
export function useBoard() {
  const { client } = useSession();
  const cache = useQueryClient();
  useEffect(() => {
    let before = client.state.inbox.queues;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const release = client.on("state", ({ inbox }) => {
      if (inbox.queues === before || timer !== undefined) return;
      before = inbox.queues;
      // A burst of frames is read once.
      timer = setTimeout(() => {
        timer = undefined;
        for (const queryKey of [BOARD, keys.queues, keys.agents])
          void cache.invalidateQueries({ queryKey });
      }, SOON_MS);
    });
    const often = setInterval(() => {
      for (const queryKey of [keys.queues, keys.agents]) void cache.invalidateQueries({ queryKey });
    }, EVERY_MS);
    return () => {
      release();
      clearTimeout(timer);
      clearInterval(often);
    };
  }, [client, cache]);
  return { queues: useQueues(), agents: useAgents() };
}
