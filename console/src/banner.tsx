import type { AgentClient, ConnectionStatus } from "@chorus/sdk";
import { useEffect, useState } from "react";
import { useNow } from "./use-agent";

interface BannerProps {
  readonly client: AgentClient;
  readonly connection: ConnectionStatus;
  readonly persistent: boolean;
}

const PATIENCE_MS = 1_200;

export function Banner({ client, connection, persistent }: BannerProps) {
  if (connection.phase === "waiting") {
    return <Waiting client={client} retryAtMs={connection.retryAtMs} />;
  }
  if (connection.phase === "stopped") return <Stopped client={client} connection={connection} />;
  if (connection.phase === "connecting") return <Connecting />;
  if (persistent) return null;
  return (
    <p className="banner">This browser keeps nothing: what is not sent ends with this page.</p>
  );
}

function Waiting({ client, retryAtMs }: { client: AgentClient; retryAtMs: number }) {
  const seconds = Math.ceil((retryAtMs - useNow(1_000)) / 1_000);
  return (
    <div className="banner warning" data-banner="waiting">
      <span>
        You are offline. What you write will be sent later.{" "}
        {seconds > 0 ? `Trying again in ${seconds} s.` : "Trying again…"}
      </span>
      <button type="button" className="link-button" onClick={() => client.reconnect()}>
        Retry now
      </button>
    </div>
  );
}

function Stopped({
  client,
  connection,
}: {
  client: AgentClient;
  connection: ConnectionStatus & { phase: "stopped" };
}) {
  return (
    <div className="banner warning" role="alert" data-banner="stopped">
      <span>
        The connection was ended ({connection.code}
        {connection.reason === "" ? "" : `: ${connection.reason}`}).
      </span>
      <button type="button" className="link-button" onClick={() => client.reconnect()}>
        Connect again
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
  return isLong ? <p className="banner">Connecting…</p> : null;
}
