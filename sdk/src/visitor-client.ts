import type { ConnectionStatus } from "./connection";
import { type KeyValueStorage, StoredCredentials } from "./credentials";
import { Emitter } from "./emitter";
import type { CommandEvent } from "./frames";
import { draftOf, type SendOptions } from "./outbox";
import { type Escalation, Rest, type Traits, type VisitorSession } from "./rest";
import { unreadCount } from "./selectors";
import { visitorName, visitorSessionKey } from "./session-key";
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
import type { Message } from "./timeline";
import type { FileAccess } from "./uploads";
import { uuid7 } from "./uuid7";
import { type VisitorActs, VisitorEngine } from "./visitor";

export interface VisitorOptions extends Surroundings {
  /** Origin of the server, or "" for the page's own. */
  readonly apiBase: string;
  readonly inboxKey: string;
  readonly storage: KeyValueStorage;
  /** What the visitor said of themselves before there was a session. */
  readonly traits?: () => Traits | undefined;
  /** Who the visitor is, signed by the backend of the page; asked when a session begins. */
  readonly identity?: () => Promise<string | undefined>;
  /** Keeps what is stored of one identity apart from every other's. */
  readonly scope?: string;
}

export interface VisitorState {
  readonly connection: ConnectionStatus;
  /** Null until there is one, from the cache or from the server. */
  readonly conversation: ConversationView | null;
  readonly unread: number;
  /** False when the browser keeps nothing: unsent messages die with the page. */
  readonly persistent: boolean;
}

export interface VisitorEvents {
  state: VisitorState;
  /** Somebody else said something, just now. */
  message: Message;
}

const NOTHING: VisitorState = {
  connection: { phase: "idle" },
  conversation: null,
  unread: 0,
  persistent: true,
};

/** A visitor's side of the chat, the same in every tab of the browser. */
export class VisitorClient {
  readonly #options: VisitorOptions;
  readonly #emitter = new Emitter<VisitorEvents>();
  readonly #credentials: StoredCredentials<VisitorSession>;
  readonly #tabs: Tabs<VisitorActs>;
  readonly #rest: Rest;
  readonly #forgetNetwork: () => void;
  readonly #name: string;
  #store: Store | undefined;
  #engine: VisitorEngine | undefined;
  #state = NOTHING;
  #closed = false;

  constructor(options: VisitorOptions) {
    this.#options = options;
    this.#name = visitorName(options.inboxKey, options.scope);
    const rest = new Rest(options.apiBase);
    this.#rest = rest;
    const locks = options.locks ?? browserLocks();
    this.#credentials = new StoredCredentials<VisitorSession>({
      key: visitorSessionKey(options.inboxKey, options.scope),
      storage: options.storage,
      locks,
      // The conversation may have changed since the session was first issued.
      renew: async ({ refreshToken, conversationId }) => ({
        ...(await rest.refresh<VisitorSession>(refreshToken)),
        conversationId,
      }),
    });
    this.#tabs = new Tabs<VisitorActs>({
      name: this.#name,
      lead: () => this.#lead(),
      resign: () => this.#resign(),
      onSlice: (key, value) => this.#onSlice(key, value),
      onSignal: (name, payload) => this.#onSignal(name, payload),
      locks,
      openChannel: options.openChannel ?? browserChannel(),
    });
    this.#forgetNetwork = watchNetwork({
      wake: () => void this.#tabs.call("wake").catch(() => undefined),
      probe: () => void this.#tabs.call("probe").catch(() => undefined),
    });
    void this.#start();
  }

  get state(): VisitorState {
    return this.#state;
  }

  on<K extends keyof VisitorEvents>(
    name: K,
    listener: (payload: VisitorEvents[K]) => void,
  ): () => void {
    return this.#emitter.on(name, listener);
  }

  /**
   * Say something. Resolves with its id as soon as it outlives a reload. What is said again with
   * the same `id` is there once.
   */
  async send(content: string, options: SendOptions = {}, id = uuid7()): Promise<string> {
    await this.#tabs.call("send", draftOf(id, content, options));
    return id;
  }

  /** Send a failed message again. */
  retry(id: string): Promise<void> {
    return this.#tabs.call("retry", id);
  }

  discard(id: string): Promise<void> {
    return this.#tabs.call("discard", id);
  }

  /** Call with true on every key stroke, with false when the text is empty again. */
  typing(active: boolean): void {
    void this.#tabs.call("typing", active).catch(() => undefined);
  }

  markRead(): void {
    const seq = this.#state.conversation?.seq ?? 0;
    if (this.#state.unread > 0) void this.#tabs.call("read", seq).catch(() => undefined);
  }

  /** `escalate`, `cancel`, `rate`, `edit` and `delete`; rejects with the refusal of the server. */
  command(event: CommandEvent, data: Record<string, unknown> = {}): Promise<number | null> {
    return this.#tabs.call("command", { id: uuid7(), event, data });
  }

  loadOlder(): Promise<void> {
    return this.#tabs.call("older");
  }

  /** Do not wait for the back-off any longer. */
  reconnect(): void {
    void this.#tabs.call("reconnect").catch(() => undefined);
  }

  /** Begin a new conversation after the old one was closed, or a new visitor after a dead session. */
  startOver(attributes?: Traits["attributes"]): Promise<void> {
    return this.#tabs.call("startOver", uuid7(), attributes);
  }

  /** Show another conversation of the same visitor; false where there is none of that id. */
  goTo(id: string): Promise<boolean> {
    return this.#tabs.call("goTo", id);
  }

  /** Tell more about the visitor, once there is one; what is left out stays as it was. */
  async describe(traits: Traits): Promise<void> {
    const session = this.#credentials.session();
    if (session?.conversationId == null) return;
    const { inboxKey } = this.#options;
    const { conversationId } = session;
    const visit = { inboxKey, traits, conversationId };
    const renewed = await this.#rest.createVisitor(visit, this.#credentials);
    this.#credentials.save({ ...renewed, conversationId });
  }

  /** For `uploadFile` and `fileLink`: begins the conversation where there is none yet. */
  async access(): Promise<FileAccess> {
    const conv = await this.#tabs.call("conversation");
    return { apiBase: this.#options.apiBase, credentials: this.#credentials, conv };
  }

  /** Say how to reach the visitor where nobody can come now. */
  async leaveContact(asked: Omit<Escalation, "conversationId">): Promise<void> {
    const conversationId = await this.#tabs.call("conversation");
    await this.#rest.escalate({ ...asked, conversationId }, this.#credentials);
  }

  /** Leave; what is stored stays for the next time. */
  close(): void {
    this.#leave();
    this.#store?.close();
  }

  /** Leave and forget everything this browser knows of the visitor. */
  async reset(): Promise<void> {
    // Leaving writes the transcript one last time, so it comes before forgetting.
    this.#leave();
    this.#credentials.end();
    await this.#store?.clear();
    this.#store?.close();
  }

  #leave(): void {
    this.#closed = true;
    this.#forgetNetwork();
    this.#tabs.close();
    this.#emitter.clear();
  }

  async #start(): Promise<void> {
    this.#store = await openStore(this.#name, this.#options.indexedDB);
    if (this.#closed) return this.#store.close();
    await this.#paintFromCache(this.#store);
    if (!this.#closed) this.#tabs.join();
  }

  /** A reload shows what was there before anything is asked over the network. */
  async #paintFromCache(store: Store): Promise<void> {
    const conv = this.#credentials.session()?.conversationId;
    const cached = conv == null ? undefined : await store.transcript(conv);
    this.#change({ persistent: store.persistent });
    if (cached === undefined || this.#state.conversation !== null) return;
    this.#onSlice("conversation", { ...cached, pending: [], complete: false });
  }

  #lead(): VisitorActs {
    const { inboxKey, traits, identity, openWebSocket, openEventStream, apiBase } = this.#options;
    if (this.#store === undefined) throw new Error("not joined");
    this.#engine = new VisitorEngine({
      rest: this.#rest,
      wsBase: webSocketBase(apiBase),
      inboxKey,
      traits: traits ?? (() => undefined),
      identity: identity ?? (async () => undefined),
      credentials: this.#credentials,
      store: this.#store,
      session: tabSession(`${this.#name}:tab`),
      publish: (key, value) => this.#tabs.publish(key, value),
      signal: (name, payload) => this.#tabs.signal(name, payload),
      openWebSocket,
      openEventStream,
    });
    return this.#engine.acts();
  }

  #resign(): void {
    this.#engine?.stop();
    this.#engine = undefined;
  }

  #onSlice(key: string, value: unknown): void {
    if (key === "connection") this.#change({ connection: value as ConnectionStatus });
    if (key !== "conversation") return;
    const conversation = value as ConversationView;
    this.#change({ conversation, unread: unreadCount(conversation) });
  }

  #onSignal(name: string, payload: unknown): void {
    if (name === "message") this.#emitter.emit("message", payload as Message);
  }

  #change(part: Partial<VisitorState>): void {
    this.#state = { ...this.#state, ...part };
    this.#emitter.emit("state", this.#state);
  }
}
