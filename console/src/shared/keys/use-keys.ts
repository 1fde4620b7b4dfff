import { useEffect, useLayoutEffect, useRef } from "react";
import { useSettings } from "../settings/settings";
import { type Action, read } from "./keymap";

type Handler = () => void;

/** The latest that says it answers to an action does; a dialog that opens goes first. */
const handlers = new Map<Action, Handler[]>();
const SECOND_KEY_WITHIN_MS = 1_500;

/** Answer to actions while this component is there. */
export function useActions(actions: Partial<Record<Action, Handler>>): void {
  const latest = useRef(actions);
  latest.current = actions;
  const names = Object.keys(actions).join();
  useEffect(() => {
    const own = (names === "" ? [] : names.split(",")) as Action[];
    const added = own.map((name) => [name, () => latest.current[name]?.()] as const);
    for (const [name, run] of added) handlers.set(name, [...(handlers.get(name) ?? []), run]);
    return () => {
      for (const [name, run] of added) {
        handlers.set(
          name,
          (handlers.get(name) ?? []).filter((one) => one !== run),
        );
      }
    };
  }, [names]);
}

/** Do it, if anybody answers to it now. */
export function perform(action: Action): boolean {
  const run = handlers.get(action)?.at(-1);
  run?.();
  return run !== undefined;
}

export function isAnswered(action: Action): boolean {
  return (handlers.get(action)?.length ?? 0) > 0;
}

let isModalWanted = false;

/** A dialog is about to open: what is typed until it is there must do nothing. */
export function useModal(isWanted: boolean): void {
  useLayoutEffect(() => {
    isModalWanted = isWanted;
  }, [isWanted]);
}

/** Listen to the keyboard for the whole page. */
export function useKeyboard(): void {
  useEffect(() => {
    let begun = "";
    let begunMs = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const isDialog = isModalWanted || document.querySelector("[role=dialog]") !== null;
      const { singleKeys, keys } = useSettings.getState();
      if (performance.now() - begunMs > SECOND_KEY_WITHIN_MS) begun = "";
      const around = { keys, singleKeys: singleKeys && !isDialog, ...placeOf(event.target) };
      const step = read(begun, event, around);
      begun = step.begun;
      begunMs = performance.now();
      if (step.action === null || (isDialog && step.action === "leave")) return;
      if (perform(step.action)) event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}

function placeOf(target: EventTarget | null) {
  const element = target instanceof HTMLElement ? target : null;
  const isWriting = element?.closest("input, textarea, select, [contenteditable=true]") != null;
  return { isWriting, isOnControl: element?.closest("a, button, summary, [role=menu]") != null };
}
