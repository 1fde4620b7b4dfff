import type { Message } from "@chorus/sdk";
import { useEffect, useState } from "preact/hooks";
import { useScene } from "../panel/use-scene";
import { nameOf } from "./people";

const BATCH_MS = 1_000;

/**
 * Speaks the newest message of others to screen readers, at most once a second.
 * The log itself stays silent, or the whole history would be read again.
 */
export function Announcer() {
  const { state } = useScene();
  const { conversation } = state;
  const last = conversation?.items.findLast((item): item is Message => item.kind === "message");
  const isNews = last !== undefined && conversation?.synced && last.userId !== conversation.self;
  const words = isNews ? `${nameOf(conversation, last.userId, last.role)}: ${last.content}` : "";
  const [spoken, setSpoken] = useState("");
  const [first] = useState(words);
  useEffect(() => {
    if (words === "" || words === first) return;
    const timer = setTimeout(() => setSpoken(words), BATCH_MS);
    return () => clearTimeout(timer);
  }, [words, first]);
  return (
    <p class="visually-hidden" role="status">
      {spoken}
    </p>
  );
}
