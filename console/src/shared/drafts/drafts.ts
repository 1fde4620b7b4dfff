import { create } from "zustand";

export type Mode = "reply" | "note";

/** What is written and not sent, by agent, conversation and mode. */
interface DraftStore {
  readonly texts: Readonly<Record<string, string>>;
}

const PREFIX = "chorus:console:draft:";
const SAVE_AFTER_MS = 300;

export const useDrafts = create<DraftStore>(() => ({ texts: {} }));
const unsaved = new Map<string, ReturnType<typeof setTimeout>>();

export function draftKey(agent: string, conv: string, mode: Mode): string {
  return `${agent}:${conv}:${mode}`;
}

export function draftOf(key: string): string {
  const known = useDrafts.getState().texts[key];
  return known ?? remembered(key);
}

/** Change a draft; it outlives a reload a moment later. */
export function setDraft(key: string, text: string): void {
  useDrafts.setState(({ texts }) => ({ texts: { ...texts, [key]: text } }));
  clearTimeout(unsaved.get(key));
  // To write on every key would cost a long text its fluency.
  unsaved.set(
    key,
    setTimeout(() => save(key), SAVE_AFTER_MS),
  );
}

/** The page goes away: write what was typed in the last moment. */
export function saveDrafts(): void {
  for (const key of [...unsaved.keys()]) save(key);
}

function save(key: string): void {
  clearTimeout(unsaved.get(key));
  unsaved.delete(key);
  const text = useDrafts.getState().texts[key] ?? "";
  try {
    if (text === "") localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, text);
  } catch {
    // Blocked or full storage: the draft lives as long as the page.
  }
}

function remembered(key: string): string {
  try {
    return localStorage.getItem(PREFIX + key) ?? "";
  } catch {
    return "";
  }
}
