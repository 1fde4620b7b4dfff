import type { ConversationView } from "@chorus/sdk";
import { useEffect } from "react";
import { create } from "zustand";
import { useSession } from "../../shared/live/session";

/** A proposal that was put into a reply. */
export interface Taken {
  /** What was proposed: the id of an answer to an ask, or of a bot's message. */
  readonly proposal: string;
  /** As it was proposed. */
  readonly text: string;
}

/** What went into messages that are under way, by their ids. */
type Sent = Readonly<Record<string, Taken>>;

const useSent = create<{ readonly sent: Sent }>(() => ({ sent: {} }));
/** Under this and the key of a draft a window keeps what it began with; of several the last. */
const BEGUN = "chorus:console:taken:";

export function beginWith(draft: string, taken: Taken | undefined): void {
  if (taken === undefined) return;
  try {
    sessionStorage.setItem(BEGUN + draft, JSON.stringify(taken));
  } catch {
    // Blocked or full storage: a report counts one less, no more.
  }
}

/** The draft leaves: with what it began, if with anything. */
export function endOf(draft: string): Taken | undefined {
  try {
    const kept = sessionStorage.getItem(BEGUN + draft);
    sessionStorage.removeItem(BEGUN + draft);
    return kept === null ? undefined : JSON.parse(kept);
  } catch {
    return undefined;
  }
}

export function sentWith(message: string, taken: Taken | undefined): void {
  if (taken !== undefined)
    useSent.setState(({ sent }) => ({ sent: { ...sent, [message]: taken } }));
}

/** Tells the server which replies proposals went into, as soon as those are delivered. */
export function useTellTaken({ id: conv, items }: ConversationView): void {
  const { client } = useSession();
  const { sent } = useSent();
  useEffect(() => {
    const there = Object.entries(sent).filter(([id]) =>
      items.some((item) => item.kind === "message" && item.id === id),
    );
    if (there.length === 0) return;
    const told = new Set(there.map(([id]) => id));
    useSent.setState({
      sent: Object.fromEntries(Object.entries(sent).filter(([id]) => !told.has(id))),
    });
    for (const [message, { proposal, text }] of there) {
      const path = `/livechat/conversations/${conv}/assist/replies/${proposal}/taken`;
      // It is a figure in a report: nobody who writes is to hear of it.
      client.request(path, { method: "PUT", body: { message, text } }).catch(() => undefined);
    }
  }, [client, conv, items, sent]);
}
