import { AgentClient, type AgentOptions } from "./agent-client";
import { VisitorClient, type VisitorOptions } from "./visitor-client";

/** Open a visitor's chat. Nothing is stored or sent before this call. */
export function createVisitorClient(options: VisitorOptions): VisitorClient {
  return new VisitorClient(options);
}

/** Open an agent's inbox. */
export function createAgentClient(options: AgentOptions): AgentClient {
  return new AgentClient(options);
}
