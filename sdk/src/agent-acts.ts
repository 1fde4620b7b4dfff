import type { Command } from "./commands";
import type { DurableFrame, ServerData } from "./frames";
import type { InboxFilter } from "./inbox";
import type { Draft, PendingMessage } from "./outbox";
import type { InboxSort, InboxView } from "./wire.gen";

/** What the leading tab does for an agent's tabs. All of it may be repeated harmlessly. */
export interface AgentActs {
  open(view: InboxView, filter: InboxFilter, sort: InboxSort): Promise<void>;
  more(): Promise<void>;
  watch(conv: string): Promise<void>;
  unwatch(conv: string): Promise<void>;
  send(conv: string, draft: Draft): Promise<void>;
  retry(conv: string, id: string): Promise<void>;
  discard(conv: string, id: string): Promise<void>;
  unsent(conv: string): Promise<readonly PendingMessage[]>;
  typing(conv: string, active: boolean, note: boolean): Promise<void>;
  viewing(conv: string, active: boolean): Promise<void>;
  read(conv: string, upTo: number): Promise<void>;
  older(conv: string): Promise<void>;
  command(conv: string | null, command: Command): Promise<number | null>;
  active(): Promise<void>;
  wake(): Promise<void>;
  probe(): Promise<void>;
  reconnect(): Promise<void>;
}

export interface Offer {
  readonly conv: string;
  readonly session: string;
  readonly untilMs: number;
  readonly packet: ServerData<"offer">["packet"];
}

/** An offer that nobody here can accept any more; `by` has it now. */
export interface EndedOffer extends ServerData<"offer.rescinded"> {
  readonly offer: Offer;
}

/** What became of a conversation, or of a message that was said before: what was read then changes. */
export interface Amendment {
  readonly conv: string;
  readonly frame: DurableFrame;
}

export interface AgentSelf {
  readonly user: ServerData<"ready">["user"];
  readonly agent: ServerData<"ready">["agent"];
}
