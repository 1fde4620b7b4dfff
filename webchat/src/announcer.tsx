import type { Message, VisitorClient } from "@chorus/sdk";
import { useEffect, useState } from "preact/hooks";
import { nameOf } from "./people";

const BATCH_MS = 1_000;

/**
 * Speaks the newest message of others to screen readers, at most once a second.
 * The log itself stays silent, or the whole history would be read again.
 */
export function Announcer({ client }: { readonly client: VisitorClient }) {
  const [words, setWords] = useState("");
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const forget = client.on("message", (message: Message) => {
      clearTimeout(timer);
      timer = setTimeout(() => setWords(sentence(client, message)), BATCH_MS);
    });
    return () => {
      clearTimeout(timer);
      forget();
    };
  }, [client]);
  return (
    <p class="visually-hidden" role="status">
      {words}
    </p>
  );
}

function sentence(client: VisitorClient, message: Message): string {
  const { conversation } = client.state;
  const name = conversation === null ? "" : nameOf(conversation, message.userId);
  return `${name}: ${message.content}`;
}
