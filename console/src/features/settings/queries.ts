import { useQuery } from "@tanstack/react-query";
import type { Listed } from "../../shared/api/shapes";
import { keys } from "../../shared/live/keys";
import { useSession } from "../../shared/live/session";
import type { Agent, Inbox, Queue } from "./shapes";

/** Apart from the list, so that reading the list again does not ask for one that is gone. */
export function queueKey(id: string) {
  return ["queue", id] as const;
}

/** One of a list, as it is now; the list may be as old as the page. */
export function useQueue(id: string) {
  const { client } = useSession();
  return useQuery({
    queryKey: queueKey(id),
    queryFn: () => client.request<Queue>(`/admin/queues/${id}`),
  });
}

export function useAgent(id: string) {
  const { client } = useSession();
  return useQuery({
    queryKey: keys.me(id),
    queryFn: () => client.request<Agent>(`/admin/agents/${id}`),
  });
}

export const INBOXES = ["inboxes"] as const;

export function useInboxes() {
  const { client } = useSession();
  return useQuery({
    queryKey: [...INBOXES, "list"],
    queryFn: async () => {
      const query = { limit: 200 };
      return (await client.request<Listed<Inbox>>("/admin/inboxes", { query })).items;
    },
  });
}

export function useInbox(id: string) {
  const { client } = useSession();
  return useQuery({
    queryKey: [...INBOXES, id],
    queryFn: () => client.request<Inbox>(`/admin/inboxes/${id}`),
  });
}
