import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { ConversationRow } from "../../shared/api/rows";
import type { Listed } from "../../shared/api/shapes";
import { useSession } from "../../shared/live/session";
import type { Board } from "./board";

const BOARD = ["board"] as const;
const EVERY_MS = 5_000;
const SOON_MS = 500;
const ROWS = 12;

/** What happens now; read again every few seconds, and as soon as a frame tells that a session moved. */
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
        void cache.invalidateQueries({ queryKey: BOARD });
      }, SOON_MS);
    });
    return () => {
      release();
      clearTimeout(timer);
    };
  }, [client, cache]);
  return useQuery({
    queryKey: BOARD,
    queryFn: () => client.request<Board>("/reports/live"),
    refetchInterval: EVERY_MS,
  });
}

/** Whom the bot talks to, the latest first. */
export function useBotTalks() {
  const { client } = useSession();
  return useQuery({
    queryKey: [...BOARD, "bot"],
    queryFn: async () => {
      const query = { view: "bot", limit: ROWS };
      const path = "/livechat/conversations";
      return (await client.request<Listed<ConversationRow>>(path, { query })).items;
    },
    refetchInterval: EVERY_MS,
  });
}
