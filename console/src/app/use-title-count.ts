import type { Inbox } from "@chorus/sdk/inbox";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useOffers } from "../shared/live/hooks";
import { keys } from "../shared/live/keys";
import { useSession } from "../shared/live/session";
import { showCount } from "../shared/notify/attention";

/** What waits for this agent stands on the tab: offers, and conversations of theirs with news. */
export function useTitleCount(): void {
  const cache = useQueryClient();
  const { agent } = useSession();
  const offers = useOffers().length;
  useEffect(() => {
    const tell = () => showCount(offers + unreadOf(cache, agent.id));
    tell();
    return cache.getQueryCache().subscribe(({ query }) => {
      if (query.queryKey[1] === "inbox") tell();
    });
  }, [cache, agent.id, offers]);
}

function unreadOf(cache: ReturnType<typeof useQueryClient>, self: string): number {
  const inboxes = cache.getQueriesData<Inbox>({ queryKey: [...keys.live, "inbox"] });
  const rows = inboxes.flatMap(([, inbox]) => Object.values(inbox?.rows ?? {}));
  const mine = rows.filter((row) => row.assignee === self && row.unread > 0);
  return new Set(mine.map((row) => row.conv)).size;
}
