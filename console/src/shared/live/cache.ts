import { type AgentClient, type AgentState, asChorusError } from "@chorus/sdk";
import type { Amendment } from "@chorus/sdk/agent-acts";
import { QueryClient, type QueryKey } from "@tanstack/react-query";
import type { ConversationSnapshot } from "../api/shapes";
import { keys } from "./keys";

const KEPT_MS = 10 * 60_000;
const FRESH_MS = 30_000;
const RETRIES = 2;

/** One cache for all pages. A refusal is final; a server that cannot be reached is asked again. */
export function newCache(): QueryClient {
  const cache = new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: FRESH_MS,
        gcTime: KEPT_MS,
        retry: (tries, cause) => tries < RETRIES && isPassing(cause),
      },
    },
  });
  // Frames are the only source of these, and comparing a thread of thousands on each is waste.
  cache.setQueryDefaults(keys.live, { staleTime: Infinity, structuralSharing: false });
  return cache;
}

function isPassing(cause: unknown): boolean {
  const { status } = asChorusError(cause);
  return status === 0 || status >= 500;
}

/** Let the frames of a client patch the cache; answers how to stop. */
export function bindCache(client: AgentClient, cache: QueryClient): () => void {
  let before: Partial<AgentState> = {};
  const apply = (now: AgentState) => {
    patch(cache, before, now);
    before = now;
  };
  apply(client.state);
  const releases = [
    client.on("state", apply),
    client.on("amended", (amendment) => {
      amend(cache, amendment);
      // No summary outlives the words it quotes; which words those are only the server knows.
      if (isOfMessage(amendment)) renew(cache, keys.summary(amendment.conv));
    }),
    // Who has it, and why, stands in the snapshot only.
    client.on("handoff", ({ conv }) => {
      void cache.invalidateQueries({ queryKey: keys.snapshot(conv) });
    }),
    client.on("summary", ({ conv }) => renew(cache, keys.summary(conv))),
  ];
  return () => {
    for (const release of releases) release();
  };
}

/** Read anew, also what is just being read: it may have been read before. */
function renew(cache: QueryClient, queryKey: QueryKey): void {
  void cache.cancelQueries({ queryKey }).then(() => cache.invalidateQueries({ queryKey }));
}

function isOfMessage({ frame }: Amendment): boolean {
  return frame.event === "message.updated" || frame.event === "message.deleted";
}

/** What REST told of a conversation, with what became of it since. */
export function amend(cache: QueryClient, { conv, frame }: Amendment): void {
  cache.setQueryData<ConversationSnapshot>(keys.snapshot(conv), (known) => {
    if (known === undefined) return known;
    if (frame.event === "conversation.updated") {
      const { priority, tags, traits, status = known.status } = frame.data;
      const read = traits ?? unsettled(known, tags);
      return { ...known, ...defined({ priority, tags, traits: read }), status };
    }
    if (frame.event !== "message.updated" && frame.event !== "message.deleted") return known;
    const { visible } = frame.data;
    return visible === undefined
      ? known
      : { ...known, visibleMessages: visible, headSeq: frame.seq };
  });
}

/** What people put or took away by themselves is suggested no more. */
function unsettled({ traits, tags: before = [] }: ConversationSnapshot, tags?: readonly string[]) {
  if (traits?.suggested === undefined || tags === undefined) return undefined;
  const settled = new Set([...before, ...tags]);
  return { ...traits, suggested: traits.suggested.filter((name) => !settled.has(name)) };
}

function defined<T extends object>(part: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const known = Object.entries(part).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as { [K in keyof T]?: NonNullable<T[K]> };
}

/** Write what is new. Everything else keeps its identity, so nobody draws it again. */
export function patch(cache: QueryClient, before: Partial<AgentState>, now: AgentState): void {
  const { connection, self, offers, inbox, persistent } = now;
  if (connection !== before.connection) {
    cache.setQueryData(keys.connection, connection);
    // What was amended meanwhile may come as history, in which nothing says so.
    if (connection.phase === "online") renew(cache, keys.summaries);
  }
  if (self !== before.self) cache.setQueryData(keys.self, self);
  if (offers !== before.offers) cache.setQueryData(keys.offers, offers);
  if (persistent !== before.persistent) cache.setQueryData(keys.persistent, persistent);
  // An emptied view is about to be filled again; what was last seen of it is better than nothing.
  if (inbox !== before.inbox && inbox.loaded) {
    cache.setQueryData(keys.inbox(inbox.view, inbox.filter, inbox.sort), inbox);
  }
  for (const [conv, view] of changed(before.conversations, now.conversations)) {
    cache.setQueryData(keys.conversation(conv), view);
  }
  for (const [conv, contact] of changed(before.contacts, now.contacts)) {
    cache.setQueryData(keys.contact(conv), contact);
  }
}

function changed<T>(before: Readonly<Record<string, T>> = {}, now: Readonly<Record<string, T>>) {
  return Object.entries(now).filter(([key, value]) => before[key] !== value);
}
