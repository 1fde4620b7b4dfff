import { AgentClient, type AgentOptions } from "./agent-client";
import { lateWay } from "./late-way";
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
