import type { ConversationView, Message } from "@chorus/sdk";
import { useEffect, useRef, useState } from "preact/hooks";
import { useScene } from "../panel/use-scene";
import { nameOf } from "./people";
import { wordsOf } from "./words-of";

const BATCH_MS = 1_000;

/**
 * Speaks what others say to screen readers: all of it, in its order, at most once a second.
 * The log itself stays silent, or the whole history would be read again.
 */
export function Announcer() {
  const scene = useScene();
  const { seq = 0, synced = false } = scene.state.conversation ?? {};
  const [news, setNews] = useState({ upTo: 0, words: "" });
  const spokenTo = useRef<number | undefined>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    if (!synced) return;
    spokenTo.current ??= seq;
    if (seq > spokenTo.current) timer.current ??= setTimeout(speak, BATCH_MS);
  }, [seq, synced]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const speak = () => {
    timer.current = undefined;
    const { conversation } = scene.state;
    if (conversation === null) return;
    const words = wordsSince(conversation, spokenTo.current ?? 0);
    spokenTo.current = conversation.seq;
    if (words !== "") setNews({ upTo: conversation.seq, words });
  };
  return (
    <div class="visually-hidden" role="status">
      {/* Something new each time, so that the same words are spoken again. */}
      <p key={news.upTo}>{news.words}</p>
    </div>
  );
}

function wordsSince(conversation: ConversationView, seq: number): string {
  const { items, self } = conversation;
  return items
    .filter((it): it is Message => it.kind === "message" && it.seq > seq && it.userId !== self)
    .filter(({ hidden, deleted }) => !hidden && !deleted)
    .map((it) => `${nameOf(conversation, it.userId, it.role)}: ${wordsOf(it)}`)
    .join("\n");
}
