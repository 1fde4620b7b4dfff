import { AgentEngine } from "./agent";
import type { AgentActs, AgentSelf, Amendment, EndedOffer, Offer } from "./agent-acts";
import type { ConnectionStatus } from "./connection";
import { type Credentials, fixedCredentials } from "./credentials";
import { Emitter } from "./emitter";
import { ChorusError } from "./errors";
import type { CommandEvent, ServerData } from "./frames";
import { emptyInbox, type Inbox, type InboxFilter } from "./inbox";
import { draftOf, type PendingMessage, type SendOptions } from "./outbox";
import { type Call, Rest, type Snapshot, type Stretch } from "./rest";
import { openStore, type Store } from "./store";
import {
  browserChannel,
  browserLocks,
  type Surroundings,
  tabSession,
  watchNetwork,
  webSocketBase,
} from "./surroundings";
import { Tabs } from "./tabs";
import type { ConversationView } from "./thread";
import {
  applyDurable,
  EMPTY_TIMELINE,
  type Message,
  type Timeline,
  type TimelineItem,
} from "./timeline";
import type { FileAccess } from "./uploads";
import { uuid7 } from "./uuid7";
import type { InboxSort, InboxView } from "./wire.gen";

const FILE_WITHIN_MS = 60_000;
const ACTIVE_EVERY_MS = 60_000;

export interface AgentOptions extends Surroundings {
  /** Origin of the server, or "" for the page's own. */
  readonly apiBase: string;
  /** An access token, or where to get one. */
  readonly token: string | Credentials;
  /** Keeps what is stored of one agent apart from another's on the same browser. */
  readonly scope?: string;
  readonly view?: InboxView;
}

export interface AgentState {
  readonly connection: ConnectionStatus;
  readonly self: AgentSelf | null;
  readonly inbox: Inbox;
  readonly offers: readonly Offer[];
  /** The watched conversations; null where this agent may not look. */
  readonly conversations: Readonly<Record<string, ConversationView | null>>;
  readonly contacts: Readonly<Record<string, NonNullable<Snapshot["contact"]>>>;
  readonly persistent: boolean;
}

/** A stretch of a conversation, from the place `first` to `last`, both counted with what is not drawn. */
export interface History {
  readonly items: readonly TimelineItem[];
  readonly first: number;
  readonly last: number;
  /** The newest place there is. */
  readonly head: number;
}

export interface AgentEvents {
  state: AgentState;
  message: { readonly conv: string; readonly message: Message };
  notice: ServerData<"notice">;
  "offer-ended": EndedOffer;
  amended: Amendment;
  handoff: ServerData<"handoff"> & { readonly conv: string };
  /** There is another text of what a conversation is about. */
  summary: ServerData<"summary"> & { readonly conv: string };
}

/** An agent's side of the chat: the inbox, and any number of watched conversations. */
export class AgentClient {
  readonly #options: AgentOptions;
  readonly #emitter = new Emitter<AgentEvents>();
  readonly #credentials: Credentials;
  readonly #rest: Rest;
  readonly #tabs: Tabs<AgentActs>;
  readonly #forgetNetwork: () => void;
  #store: Store | undefined;
  #engine: AgentEngine | undefined;
  #state: AgentState;
  #closed = false;
  #activeMs = Number.NEGATIVE_INFINITY;

  constructor(options: AgentOptions) {
    this.#options = options;
    const { token } = options;
    this.#credentials = typeof token === "string" ? fixedCredentials(token) : token;
    this.#rest = new Rest(options.apiBase);
    this.#state = nothing(options.view ?? "all");
    this.#tabs = new Tabs<AgentActs>({
      name: this.#scope,
      lead: () => this.#lead(),
      resign: () => this.#resign(),
      onSlice: (key, value) => this.#onSlice(key, value),
      onSignal: (name, payload) => this.#onSignal(name, payload),
      locks: options.locks ?? browserLocks(),
      openChannel: options.openChannel ?? browserChannel(),
    });
    this.#forgetNetwork = watchNetwork({
      wake: () => void this.#tabs.call("wake").catch(() => undefined),
      probe: () => void this.#tabs.call("probe").catch(() => undefined),
    });
    void this.#start();
  }

  get state(): AgentState {
    return this.#state;
  }

  on<K extends keyof AgentEvents>(
    name: K,
    listener: (payload: AgentEvents[K]) => void,
  ): () => void {
    return this.#emitter.on(name, listener);
  }

  /** Show another view of the inbox; the tabs of one browser share it. */
  open(view: InboxView, filter: InboxFilter = {}, sort: InboxSort = "latest"): Promise<void> {
    return this.#tabs.call("open", view, filter, sort);
  }

  /** Load the next page of the open view. */
  more(): Promise<void> {
    return this.#tabs.call("more");
  }

  /** Follow a conversation: it appears in `state.conversations` and stays up to date. */
  watch(conv: string): Promise<void> {
    return this.#tabs.call("watch", conv);
  }

  unwatch(conv: string): Promise<void> {
    return this.#tabs.call("unwatch", conv);
  }

  /** Say something. Resolves with its id as soon as it outlives a reload. */
  async send(conv: string, content: string, options: SendOptions = {}): Promise<string> {
    const id = uuid7();
    await this.#tabs.call("send", conv, draftOf(id, content, options));
    return id;
  }

  retry(conv: string, id: string): Promise<void> {
    return this.#tabs.call("retry", conv, id);
  }

  discard(conv: string, id: string): Promise<void> {
    return this.#tabs.call("discard", conv, id);
  }

  /** What was said in a conversation and never left, also where it cannot be seen any more. */
  unsent(conv: string): Promise<readonly PendingMessage[]> {
    return this.#tabs.call("unsent", conv);
  }

  /** Call whenever the page is touched: who does nothing for ten minutes is away. One a minute leaves. */
  active(): void {
    const now = Date.now();
    if (now - this.#activeMs < ACTIVE_EVERY_MS) return;
    this.#activeMs = now;
    void this.#tabs.call("active").catch(() => undefined);
  }

  /** Call with true on every key stroke. Typing of a note stays with agents. */
  typing(conv: string, active: boolean, { note = false }: { note?: boolean } = {}): void {
    void this.#tabs.call("typing", conv, active, note).catch(() => undefined);
  }

  /** Tell colleagues that this agent looks at a conversation, or does not any more. */
  viewing(conv: string, active: boolean): void {
    void this.#tabs.call("viewing", conv, active).catch(() => undefined);
  }

  markRead(conv: string): void {
    const seq = this.#state.conversations[conv]?.seq;
    if (seq !== undefined) void this.#tabs.call("read", conv, seq).catch(() => undefined);
  }

  /** Any command of PROTOCOL §3; `conv` is null for those of the agent himself. */
  command(
    conv: string | null,
    event: CommandEvent,
    data: Record<string, unknown> = {},
  ): Promise<number | null> {
    return this.#tabs.call("command", conv, { id: uuid7(), event, data });
  }

  /** Any call of the REST API as this agent. Raises ChorusError with the server's own words. */
  request<T>(path: string, call: Omit<Call, "credentials"> = {}): Promise<T> {
    return this.#rest.call<T>(path, { ...call, credentials: this.#credentials });
  }

  /** For `uploadFile` and `fileLink`. */
  access(conv: string): FileAccess {
    return { apiBase: this.#options.apiBase, credentials: this.#credentials, conv };
  }

  /** A file of the REST API as this agent, for people to keep. */
  async file(path: string): Promise<Blob> {
    const ask = () =>
      fetch(this.#options.apiBase + path, {
        headers: { Authorization: `Bearer ${this.#credentials.token() ?? ""}` },
        signal: AbortSignal.timeout(FILE_WITHIN_MS),
      });
    let response = await ask();
    if (response.status === 401) {
      await this.#credentials.refresh();
      response = await ask();
    }
    if (response.ok) return response.blob();
    throw new ChorusError(`HTTP_${response.status}`, "There is no such file now.", response.status);
  }

  /** A stretch of what was said, read by the page itself: older ones need no leading tab. */
  async history(conv: string, stretch: Stretch): Promise<History> {
    const page = await this.#rest.history(conv, this.#credentials, stretch);
    const first = page.frames[0]?.seq ?? 1;
    const blank: Timeline = { ...EMPTY_TIMELINE, viewer: "agent", seq: first - 1 };
    const { items } = page.frames.reduce((it, frame) => applyDurable(it, frame), blank);
    return { items, first, last: page.frames.at(-1)?.seq ?? first - 1, head: page.headSeq };
  }

  loadOlder(conv: string): Promise<void> {
    return this.#tabs.call("older", conv);
  }

  reconnect(): void {
    void this.#tabs.call("reconnect").catch(() => undefined);
  }

  close(): void {
    this.#leave();
    this.#store?.close();
  }

  /** Leave and forget everything this browser stored for the agent. */
  async reset(): Promise<void> {
    // Leaving writes the transcripts one last time, so it comes before forgetting.
    this.#leave();
    await this.#store?.clear();
    this.#store?.close();
  }

  #leave(): void {
    this.#closed = true;
    this.#forgetNetwork();
    this.#tabs.close();
    this.#emitter.clear();
  }

  get #scope(): string {
    return `chorus:agent:${this.#options.scope ?? "default"}`;
  }

  async #start(): Promise<void> {
    this.#store = await openStore(this.#scope, this.#options.indexedDB);
    if (this.#closed) return this.#store.close();
    this.#change({ persistent: this.#store.persistent });
    this.#tabs.join();
  }

  #lead(): AgentActs {
    const { openWebSocket, apiBase, view = "all" } = this.#options;
    if (this.#store === undefined) throw new Error("a tab may lead only after it has joined");
    this.#engine = new AgentEngine({
      rest: this.#rest,
      wsBase: webSocketBase(apiBase),
      credentials: this.#credentials,
      store: this.#store,
      session: tabSession(`${this.#scope}:tab`),
      view,
      publish: (key, value) => this.#tabs.publish(key, value),
      signal: (name, payload) => this.#tabs.signal(name, payload),
      openWebSocket,
    });
    return this.#engine.acts();
  }

  #resign(): void {
    this.#engine?.stop();
    this.#engine = undefined;
  }

  #onSlice(key: string, value: unknown): void {
    const [slice, id = ""] = key.split(":");
    switch (slice) {
      case "connection":
        return this.#change({ connection: value as ConnectionStatus });
      case "self":
        return this.#change({ self: value as AgentSelf });
      case "inbox":
        return this.#change({ inbox: value as Inbox });
      case "offers":
        return this.#change({ offers: value as readonly Offer[] });
      case "details":
        return this.#change({ contacts: replaced(this.#state.contacts, id, value) });
      case "conversation":
        return this.#change({ conversations: replaced(this.#state.conversations, id, value) });
    }
  }

  #onSignal(name: string, payload: unknown): void {
    if (name === "message") this.#emitter.emit("message", payload as AgentEvents["message"]);
    if (name === "notice") this.#emitter.emit("notice", payload as AgentEvents["notice"]);
    if (name === "offer-ended") this.#emitter.emit(name, payload as EndedOffer);
    if (name === "handoff") this.#emitter.emit(name, payload as AgentEvents["handoff"]);
    if (name === "summary") this.#emitter.emit(name, payload as AgentEvents["summary"]);
    if (name === "amended") this.#emitter.emit(name, payload as Amendment);
  }

  #change(part: Partial<AgentState>): void {
    this.#state = { ...this.#state, ...part };
    this.#emitter.emit("state", this.#state);
  }
}

function nothing(view: InboxView): AgentState {
  return {
    connection: { phase: "idle" },
    self: null,
    inbox: emptyInbox(view),
    offers: [],
    conversations: {},
    contacts: {},
    persistent: true,
  };
}

function replaced<T>(record: Readonly<Record<string, T>>, key: string, value: unknown) {
  return { ...record, [key]: value as T };
}
