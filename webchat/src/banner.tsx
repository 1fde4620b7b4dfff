import { CLOSE, type VisitorClient, type VisitorState } from "@chorus/sdk";
import { useEffect, useState } from "preact/hooks";
import { TEXTS } from "./texts";
import { useNow } from "./use-visitor";

interface BannerProps {
  readonly client: VisitorClient;
  readonly state: VisitorState;
}

/** Shorter than this is not worth a word. */
const PATIENCE_MS = 1_200;

/** What stands between the visitor and a working chat, and what can be done about it. */
export function Banner({ client, state }: BannerProps) {
  const { connection, conversation, persistent } = state;
  if (connection.phase === "stopped") return <Stopped client={client} code={connection.code} />;
  if (connection.phase === "waiting") {
    return <Waiting client={client} retryAtMs={connection.retryAtMs} />;
  }
  if (connection.phase === "connecting") return <Connecting />;
  if (!persistent) return <p class="banner">{TEXTS.notKept}</p>;
  if ((conversation?.degraded.length ?? 0) > 0) return <p class="banner">{TEXTS.degraded}</p>;
  return null;
}

function Waiting({ client, retryAtMs }: { client: VisitorClient; retryAtMs: number }) {
  const seconds = Math.ceil((retryAtMs - useNow(true)) / 1_000);
  return (
    <div class="banner warning" data-banner="waiting">
      {/* The count goes on without being read out every second. */}
      <span aria-live="off">{TEXTS.reconnecting(seconds)}</span>
      <button type="button" class="link-button" onClick={() => client.reconnect()}>
        {TEXTS.retryNow}
      </button>
    </div>
  );
}

function Connecting() {
  const [isLong, setIsLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsLong(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return isLong ? <p class="banner">{TEXTS.connecting}</p> : null;
}

function Stopped({ client, code }: { client: VisitorClient; code: number }) {
  const isElsewhere = code === CLOSE.superseded;
  const act = () => {
    if (isElsewhere) client.reconnect();
    else void client.startOver().catch(() => client.reconnect());
  };
  return (
    <div class="banner warning" role="alert" data-banner="stopped">
      <span>{isElsewhere ? TEXTS.superseded : TEXTS.ended}</span>
      <button type="button" class="link-button" onClick={act}>
        {isElsewhere ? TEXTS.useHere : TEXTS.startOver}
      </button>
    </div>
  );
}
