import { lateWay } from "@chorus/sdk/late-way";
import { browserStorage } from "@chorus/sdk/surroundings";
import { VisitorClient, type VisitorOptions } from "@chorus/sdk/visitor-client";
import type { Load } from "../loader/chunks";

/** Begin a visitor's side of a chat: from here on something is stored and sent. */
export function openLine(load: Load, options: Omit<VisitorOptions, "storage">): VisitorClient {
  const openEventStream = lateWay(async () => (await load("stream")).openEventStream);
  return new VisitorClient({ ...options, openEventStream, storage: browserStorage() });
}
