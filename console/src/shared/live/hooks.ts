import type { ConnectionStatus, ConversationView, InboxView } from "@chorus/sdk";
import type { AgentSelf, Offer } from "@chorus/sdk/agent-acts";
import type { Inbox, InboxFilter } from "@chorus/sdk/inbox";
import type { InboxSort } from "@chorus/sdk/wire.gen";
import { skipToken, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { keys } from "./keys";
import { useSession } from "./session";

/** What frames have put into the cache under a key; undefined before the first. */
function useLive<T>(queryKey: readonly unknown[]): T | undefined {
  return useQuery<T>({ queryKey, queryFn: skipToken }).data;
}

export function useConnection(): ConnectionStatus {
  return useLive<ConnectionStatus>(keys.connection) ?? { phase: "idle" };
}

export function useIsOnline(): boolean {
  return useConnection().phase === "online";
}

export function useIsPersistent(): boolean {
  return useLive<boolean>(keys.persistent) ?? true;
}

export function useSelf(): AgentSelf | null {
  return useLive<AgentSelf | null>(keys.self) ?? null;
}

export function useOffers(): readonly Offer[] {
  return useLive<readonly Offer[]>(keys.offers) ?? [];
}

export function useInbox(view: InboxView, filter: InboxFilter, sort: InboxSort): Inbox | undefined {
  return useLive<Inbox>(keys.inbox(view, filter, sort));
}

/** Undefined while it loads; null where this agent may not look. */
export function useConversation(conv: string): ConversationView | null | undefined {
  const { client } = useSession();
  useEffect(() => void client.watch(conv).catch(() => undefined), [client, conv]);
  return useLive<ConversationView | null>(keys.conversation(conv));
}

/** The time now, told anew every `everyMs`. */
export function useNow(everyMs: number): number {
  const [nowMs, setNowMs] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return nowMs;
}
