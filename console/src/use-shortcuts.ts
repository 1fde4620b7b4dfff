import { type AgentState, inboxRows } from "@chorus/sdk";
import { useEffect } from "react";

interface Shortcuts {
  readonly state: AgentState;
  readonly conv: string | null;
  readonly select: (conv: string) => void;
}

/** Single keys act only outside text fields and never with a modifier (UX §3.3). */
export function useShortcuts({ state, conv, select }: Shortcuts): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
      const step = { j: 1, k: -1 }[event.key];
      if (step === undefined) return focusByKey(event);
      const rows = inboxRows(state.inbox);
      const at = rows.findIndex((row) => row.conv === conv);
      const next = rows[at === -1 ? 0 : at + step];
      if (next !== undefined) select(next.conv);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [state.inbox, conv, select]);
}

/** A control with `data-key` answers to that key. */
function focusByKey(event: KeyboardEvent): void {
  const key = event.key === "Enter" ? "r" : event.key;
  if (!/^[a-z]$/u.test(key) || (event.key === "Enter" && event.target !== document.body)) return;
  const control = document.querySelector<HTMLElement>(`[data-key="${key}"]`);
  if (control === null) return;
  event.preventDefault();
  control.click();
}

function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]")
  );
}
