import { useQuery } from "@tanstack/react-query";
import { keys } from "../../shared/live/keys";
import { useSession } from "../../shared/live/session";
import type { Agent, Queue } from "./shapes";

/** One of a list, as it is now; the list may be as old as the page. */
export function useQueue(id: string) {
  const { client } = useSession();
  return useQuery({
    queryKey: [...keys.queues, id],
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
