import { useQuery } from "@tanstack/react-query";
import { useSession } from "../../shared/live/session";

/** Canned replies and macros: one's own, and everybody's. */

export interface Reply {
  readonly id: string;
  readonly shortcut: string;
  readonly title: string;
  readonly body: string;
  readonly language: string;
  readonly shared: boolean;
}

export const ACTS = ["reply", "note", "update", "assign", "transfer", "snooze", "resolve"] as const;
export type Act = (typeof ACTS)[number];

/** Some act and what belongs to it, as REST spells it. */
export interface Action {
  readonly do: Act;
  readonly text?: string;
  readonly priority?: number | null;
  readonly addTags?: readonly string[];
  readonly removeTags?: readonly string[];
  readonly to?: string | { readonly queue?: string; readonly team?: string };
  readonly note?: string;
  readonly minutes?: number;
}

export interface Macro {
  readonly id: string;
  readonly name: string;
  readonly actions: readonly Action[];
  readonly shared: boolean;
}

export const VARIABLES = [
  "contact.first_name",
  "contact.name",
  "contact.email",
  "contact.phone",
  "agent.first_name",
  "agent.name",
  "inbox.name",
  "tenant.name",
] as const;

export const REPLIES = ["canned-replies"] as const;
export const MACROS = ["macros"] as const;
/** These end a conversation's stay here, so there is one of them at most. */
const ENDINGS: ReadonlySet<Act> = new Set(["transfer", "snooze", "resolve"]);

export function useReplies() {
  return useOwned<Reply>(REPLIES);
}

export function useMacros() {
  return useOwned<Macro>(MACROS);
}

function useOwned<T>([path]: readonly [string]) {
  const { client } = useSession();
  return useQuery({
    queryKey: [path],
    queryFn: async () => (await client.request<{ items: readonly T[] }>(`/livechat/${path}`)).items,
  });
}

/** What can still be added to a macro. */
export function freeActs(actions: readonly Action[]): readonly Act[] {
  const taken = new Set(actions.map((one) => one.do));
  const hasEnding = actions.some((one) => ENDINGS.has(one.do));
  return ACTS.filter((act) => !taken.has(act) && !(hasEnding && ENDINGS.has(act)));
}

/** An act with what it needs at least. */
export function newAction(act: Act): Action {
  if (act === "reply" || act === "note") return { do: act, text: "" };
  if (act === "update") return { do: act, addTags: [] };
  if (act === "assign") return { do: act, to: "me" };
  if (act === "transfer") return { do: act, to: "bot" };
  return act === "snooze" ? { do: act, minutes: 60 } : { do: act };
}

/** Put a variable where the caret is; answers the text and where the caret goes. */
export function insertVariable(text: string, at: number, name: string) {
  const written = `{{${name}}}`;
  return { text: text.slice(0, at) + written + text.slice(at), caret: at + written.length };
}

export function matches(reply: Reply, wanted: string): boolean {
  const words = wanted.toLowerCase().split(/\s+/u).filter(Boolean);
  const all = `${reply.shortcut} ${reply.title} ${reply.body}`.toLowerCase();
  return words.every((word) => all.includes(word));
}
