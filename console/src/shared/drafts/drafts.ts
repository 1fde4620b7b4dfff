import { create } from "zustand";

export type Mode = "reply" | "note";
export const MODES: readonly Mode[] = ["reply", "note"];

/** What is written and not sent, by agent, conversation and mode. */
interface DraftStore {
  readonly texts: Readonly<Record<string, string>>;
}

const PREFIX = "chorus:console:draft:";
const SAVE_AFTER_MS = 300;

export const useDrafts = create<DraftStore>(() => ({ texts: {} }));
const unsaved = new Map<string, ReturnType<typeof setTimeout>>();
/** What the server has not been told yet: it stands in this browser's storage as long. */
const untold = new Set<string>();

export function draftKey(agent: string, conv: string, mode: Mode): string {
  return `${agent}:${conv}:${mode}`;
}

export function draftOf(key: string): string {
  const known = useDrafts.getState().texts[key];
  if (known !== undefined) return known;
  const left = remembered(key);
  if (left !== "") untold.add(key);
  return left;
}

/** Change a draft; it outlives a reload a moment later. */
export function setDraft(key: string, text: string): void {
  untold.add(key);
  show(key, text);
  clearTimeout(unsaved.get(key));
  // To write on every key would cost a long text its fluency.
  unsaved.set(
    key,
    setTimeout(() => save(key), SAVE_AFTER_MS),
  );
}

/** It was sent: the server forgets its copy by itself. */
export function dropDraft(key: string): void {
  untold.delete(key);
  show(key, "");
  save(key);
}

/** What the server knows of a draft; what was written here since is newer. */
export function learnDraft(key: string, text: string): void {
  if (isUntold(key) || draftOf(key) === text) return;
  show(key, text);
}

export function isUntold(key: string): boolean {
  draftOf(key);
  return untold.has(key);
}

/** The server has this text; if it is still the same, nothing is left to tell. */
export function toldDraft(key: string, text: string): void {
  if (draftOf(key) !== text) return;
  untold.delete(key);
  save(key);
}

/** The page goes away: write what was typed in the last moment. */
export function saveDrafts(): void {
  for (const key of [...unsaved.keys()]) save(key);
}

function show(key: string, text: string): void {
  useDrafts.setState(({ texts }) => ({ texts: { ...texts, [key]: text } }));
}

function save(key: string): void {
  clearTimeout(unsaved.get(key));
  unsaved.delete(key);
  const text = useDrafts.getState().texts[key] ?? "";
  try {
    if (text === "" || !untold.has(key)) localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, text);
  } catch {
    // Blocked or full storage: the draft lives as long as the page, and on the server.
  }
}

function remembered(key: string): string {
  try {
    return localStorage.getItem(PREFIX + key) ?? "";
  } catch {
    return "";
  }
}
