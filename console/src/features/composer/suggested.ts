import type { Message, TimelineItem } from "@chorus/sdk";
import type { HistoryResponse } from "@chorus/sdk/rest";
import { create } from "zustand";

export interface Source {
  readonly id: string;
  readonly title: string;
}

/** What somebody put in or waved away, by message; the browser remembers the latest. */
interface SettledStore {
  readonly ids: readonly string[];
}

const STORED = "chorus:console:suggestions";
const REMEMBERED = 200;

export const useSettledSuggestions = create<SettledStore>(() => ({ ids: remembered() }));

export function settleSuggestion(id: string): void {
  const ids = [...useSettledSuggestions.getState().ids, id].slice(-REMEMBERED);
  useSettledSuggestions.setState({ ids });
  try {
    localStorage.setItem(STORED, JSON.stringify(ids));
  } catch {
    // Blocked or full storage: it is offered again after a reload, no more.
  }
}

/** The newest answer that was proposed and that nobody has given, refused or overtaken. */
export function openSuggestion(
  items: readonly TimelineItem[],
  settled: readonly string[],
): Message | undefined {
  const last = items.findLast((item) => isSuggestion(item) || isAnswer(item));
  if (last?.kind !== "message" || !isSuggestion(last)) return undefined;
  return settled.includes(last.id) ? undefined : last;
}

function isSuggestion(item: TimelineItem): boolean {
  return (
    item.kind === "message" &&
    item.type === "suggestion" &&
    item.visibility === "agents" &&
    !item.deleted
  );
}

/** Whoever answered has made up their mind. */
function isAnswer(item: TimelineItem): boolean {
  return (
    item.kind === "message" &&
    item.visibility === "public" &&
    (item.role === "agent" || item.role === "bot")
  );
}

/** What a proposed answer rests on, as the history tells it. */
export function sourcesIn({ items }: Pick<HistoryResponse, "items">): Source[] {
  const { meta } = (items[0] ?? {}) as { readonly meta?: Meta };
  return distinct(meta?.bot?.citations ?? []);
}

/** Each title once, and none that is empty. */
export function distinct(cited: readonly Source[]): Source[] {
  const titles = new Map(cited.map(({ id, title }) => [title.trim(), id]));
  return [...titles].filter(([title]) => title !== "").map(([title, id]) => ({ id, title }));
}

interface Meta {
  readonly bot?: { readonly citations?: readonly Source[] };
}

function remembered(): readonly string[] {
  try {
    const ids: unknown = JSON.parse(localStorage.getItem(STORED) ?? "[]");
    return Array.isArray(ids) ? ids.filter((id) => typeof id === "string") : [];
  } catch {
    return [];
  }
}
