import { MAX_CONTENT_BYTES } from "@chorus/sdk";

export type Meaning = "send" | "sendAndResolve" | "switch" | "leave";

interface Pressed {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
  readonly isComposing: boolean;
}

/** What a key means while somebody writes; null where it only writes. */
export function keyMeaning(event: Pressed, enterSends: boolean): Meaning | null {
  const isMod = (event.ctrlKey || event.metaKey) && !event.altKey;
  if (event.isComposing) return null;
  if (event.key === "Escape") return "leave";
  if (isMod && event.shiftKey && event.key.toLowerCase() === "m") return "switch";
  if (event.key !== "Enter") return null;
  if (isMod) return event.shiftKey ? "sendAndResolve" : "send";
  return enterSends && !event.shiftKey ? "send" : null;
}

export function isTooLong(text: string): boolean {
  return (
    text.length * 3 > MAX_CONTENT_BYTES && new TextEncoder().encode(text).length > MAX_CONTENT_BYTES
  );
}

/** Who can be mentioned: names by id, set when somebody is picked from the list. */
const picked = new Map<string, string>();

export function remember(id: string, name: string): void {
  picked.set(id, name);
}

/** The ids of those who were picked and still stand in the text. */
export function mentionedIn(text: string): string[] {
  return [...picked].filter(([, name]) => text.includes(`@${name}`)).map(([id]) => id);
}

/** What was typed after the last `@` that begins a word before the caret; null where there is none. */
export function mentionAt(text: string, caret: number): string | null {
  return /(?:^|\s)@([\p{L}\p{N} .'-]{0,30})$/u.exec(text.slice(0, caret))?.[1] ?? null;
}

/** What was typed after a `/` that begins a word; null where there is none. */
export function cannedAt(text: string, caret: number): string | null {
  return /(?:^|\s)\/([\p{L}\p{N}._-]{0,40})$/u.exec(text.slice(0, caret))?.[1] ?? null;
}

/** The text with something put in place of what was begun, and where the caret stands then. */
export function replaced(text: string, caret: number, begun: RegExp, by: string) {
  const head = text.slice(0, caret).replace(begun, () => by);
  return { text: head + text.slice(caret), caret: head.length };
}
