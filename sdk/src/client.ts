import { AgentClient, type AgentOptions } from "./agent-client";
import { type KeyValueStorage, wantedKey } from "./credentials";
import { lateWay } from "./late-way";
import { visitorSessionKey } from "./session-key";
import { VisitorClient, type VisitorOptions } from "./visitor-client";

const openEventStream = lateWay(async () => (await import("./event-stream")).openEventStream);

/** Open a visitor's chat. Nothing is stored or sent before this call. */
export function createVisitorClient(options: VisitorOptions): VisitorClient {
  return new VisitorClient({ openEventStream, ...options });
}

/** Open an agent's inbox. */
export function createAgentClient(options: AgentOptions): AgentClient {
  return new AgentClient(options);
}

/**
 * True when this browser has talked to this inbox before, or has said what did not reach it yet:
 * connecting at once is expected.
 */
export function hasVisitor(
  inboxKey: string,
  storage: Pick<KeyValueStorage, "getItem">,
  scope = "",
): boolean {
  const key = visitorSessionKey(inboxKey, scope);
  try {
    return storage.getItem(key) !== null || storage.getItem(wantedKey(key)) !== null;
  } catch {
    return false;
  }
}
