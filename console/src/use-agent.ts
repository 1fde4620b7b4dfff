import type { AgentClient, AgentState } from "@chorus/sdk";
import { useCallback, useEffect, useState, useSyncExternalStore } from "react";

export function useAgent(client: AgentClient): AgentState {
  const subscribe = useCallback((tell: () => void) => client.on("state", tell), [client]);
  return useSyncExternalStore(subscribe, () => client.state);
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
