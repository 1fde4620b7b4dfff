import type { VisitorClient, VisitorState } from "@chorus/sdk";
import { useEffect, useState } from "preact/hooks";

export function useVisitor(client: VisitorClient): VisitorState {
  const [state, setState] = useState(client.state);
  useEffect(() => {
    setState(client.state);
    return client.on("state", setState);
  }, [client]);
  return state;
}

/** The time now, told anew every second while `active`. */
export function useNow(active: boolean): number {
  const [nowMs, setNowMs] = useState(Date.now());
  useEffect(() => {
    if (!active) return;
    setNowMs(Date.now());
    const timer = setInterval(() => setNowMs(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [active]);
  return nowMs;
}
