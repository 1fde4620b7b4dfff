import { create } from "zustand";

export type Mode = "reply" | "note";
export const MODES: readonly Mode[] = ["reply", "note"];

/** What is written and not sent, by agent, conversation and mode. */
interface DraftStore {
  readonly texts: Readonly<Record<string, string>>;
  /** The ids of files that are there already and go with it. */
  readonly files: Readonly<Record<string, readonly string[]>>;
}

export interface Draft {
  readonly text: string;
  readonly files: readonly string[];
}

const PREFIX = "chorus:console:draft:";
const SAVE_AFTER_MS = 300;

const NONE: readonly string[] = [];

export const useDrafts = create<DraftStore>(() => ({ texts: {}, files: {} }));
const unsaved = new Map<string, ReturnType<typeof setTimeout>>();
/** What the server has not been told yet: it stands in this browser's storage as long. */
const untold = new Set<string>();
/** Whose files were changed here since the server was told. */
const untoldFiles = new Set<string>();

export function draftKey(agent: string, conv: string, mode: Mode): string {
  return `${agent}:${conv}:${mode}`;
}

export function draftOf(key: string): string {
  const known = useDrafts.getState().texts[key];
  if (known !== undefined) return known;
  const left = remembered(key);
  if (left !== null) untold.add(key);
  return left ?? "";
}

export function filesOf(key: string): readonly string[] {
  return useDrafts.getState().files[key] ?? NONE;
}

/** Put files to a draft, or take them from it. */
export function setFiles(key: string, files: readonly string[]): void {
  untoldFiles.add(key);
  showFiles(key, files);
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
  untoldFiles.delete(key);
  show(key, "");
  showFiles(key, NONE);
  remember(key, "");
  save(key);
}

/** What the server knows of a draft; what was written here since is newer. */
export function learnDraft(key: string, { text, files }: Draft): void {
  if (!untoldFiles.has(key) && filesOf(key).join() !== files.join()) showFiles(key, files);
  // In the storage stands what another window has not told the server yet.
  if (isUntold(key) || remembered(key) !== null || draftOf(key) === text) return;
  show(key, text);
}

export function isUntold(key: string): boolean {
  draftOf(key);
  return untold.has(key) || untoldFiles.has(key);
}

/** The server has this; if it is still the same, nothing is left to tell. */
export function toldDraft(key: string, { text, files }: Draft): void {
  if (filesOf(key).join() === files.join()) untoldFiles.delete(key);
  if (draftOf(key) !== text) return;
  untold.delete(key);
  save(key);
}

/** Show what another window of this browser writes, and be done with what it sent. */
export function followDrafts(): () => void {
  const follow = ({ key, newValue }: StorageEvent) => {
    if (key?.startsWith(PREFIX)) overheard(key.slice(PREFIX.length), newValue);
  };
  window.addEventListener("storage", follow);
  return () => window.removeEventListener("storage", follow);
}

/** No text: the server has it. An empty one: it was sent or cleared. */
export function overheard(key: string, text: string | null): void {
  // What was typed here in the last moment is newer.
  if (unsaved.has(key)) return;
  untold.delete(key);
  if (text !== null) show(key, text);
}

/** The page goes away: write what was typed in the last moment. */
export function saveDrafts(): void {
  for (const key of [...unsaved.keys()]) save(key);
}

function show(key: string, text: string): void {
  useDrafts.setState(({ texts }) => ({ texts: { ...texts, [key]: text } }));
}

function showFiles(key: string, ids: readonly string[]): void {
  useDrafts.setState(({ files }) => ({ files: { ...files, [key]: ids } }));
}

function save(key: string): void {
  clearTimeout(unsaved.get(key));
  unsaved.delete(key);
  const text = useDrafts.getState().texts[key] ?? "";
  // Also that there is none any more: other windows hear of it, and a reload does not bring it back.
  remember(key, untold.has(key) ? text : null);
}

function remember(key: string, text: string | null): void {
  try {
    if (text === null) localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, text);
  } catch {
    // Blocked or full storage: the draft lives as long as the page, and on the server.
  }
}

function remembered(key: string): string | null {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}
