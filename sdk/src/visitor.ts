import { backoffMs, type Random } from "./backoff";
import { CLOSE } from "./close";
import type { Command } from "./commands";
import { Connection, type ConnectionStatus } from "./connection";
import { newConversation } from "./conversation";
import { SIGNED_OUT, type StoredCredentials } from "./credentials";
import { asChorusError } from "./errors";
import { type Draft, Outbox } from "./outbox";
import type { Rest, Traits, VisitorSession } from "./rest";
import type { OpenWebSocket } from "./socket";
import type { Store } from "./store";
import { Thread } from "./thread";
import { uuid7 } from "./uuid7";

/** What the leading tab does for a visitor's tabs. All of it may be repeated harmlessly. */
export interface VisitorActs {
  send(draft: Draft): Promise<void>;
  retry(id: string): Promise<void>;
  discard(id: string): Promise<void>;
  typing(active: boolean): Promise<void>;
  read(upTo: number): Promise<void>;
  command(command: Command): Promise<number | null>;
  older(): Promise<void>;
  /** Answers the id of the conversation, as soon as there is one. */
  conversation(): Promise<string>;
  wake(): Promise<void>;
  probe(): Promise<void>;
  reconnect(): Promise<void>;
  /** `id` is of the conversation that begins, so a repetition begins no other. */
  startOver(id: string, attributes?: Traits["attributes"]): Promise<void>;
  /** Answers whether there is such a one of theirs. */
  goTo(id: string): Promise<boolean>;
}

export interface VisitorEngineOptions {
  readonly rest: Rest;
  readonly wsBase: string;
  readonly inboxKey: string;
  readonly traits: () => Traits | undefined;
  readonly identity: () => Promise<string | undefined>;
  readonly credentials: StoredCredentials<VisitorSession>;
  readonly store: Store;
  /** A UUID of this tab. */
  readonly session: string;
  readonly publish: (key: string, value: unknown) => void;
  readonly signal: (name: string, payload: unknown) => void;
  readonly openWebSocket?: OpenWebSocket | undefined;
  readonly openEventStream?: OpenWebSocket | undefined;
  readonly random?: Random;
}

/** Where messages wait that were written before the server gave the conversation its id. */
const UNBOUND = "unbound";

/** The leading tab's side of a visitor: identity, one socket, one conversation. */
export class VisitorEngine {
  readonly #options: VisitorEngineOptions;
  readonly #outbox: Outbox;
  readonly #loaded: Promise<void>;
  readonly #booted: Promise<void>;
  #thread: Thread | undefined;
  #connection: Connection | undefined;
  #identifying: Promise<void> | undefined;
  readonly #firstId = uuid7();
  #attempt = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  constructor(options: VisitorEngineOptions) {
    this.#options = options;
    this.#outbox = new Outbox({ store: options.store });
    this.#loaded = this.#outbox.load();
    this.#booted = this.#loaded.then(() => this.#identify());
  }

  acts(): VisitorActs {
    return {
      send: (draft) => this.#send(draft),
      retry: async (id) => this.#thread?.retry(id),
      discard: async (id) => this.#thread?.discard(id),
      typing: async (active) => this.#typing(active),
      read: async (upTo) => this.#thread?.markRead(upTo),
      command: async (command) => (await this.#open()).command(command),
      older: async () => this.#thread?.loadOlder(),
      conversation: async () => (await this.#open()).state.id,
      wake: async () => this.#nudge("wake"),
      probe: async () => this.#connection?.probe(),
      reconnect: async () => this.#nudge("reconnect"),
      startOver: (id, attributes) => this.#startOver(id, attributes),
      goTo: (id) => this.#goTo(id),
    };
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#retryTimer);
    this.#connection?.stop();
    this.#thread?.close();
  }

  /** Find out who we are; without an answer go on trying. One attempt at a time. */
  #identify(): Promise<void> {
    clearTimeout(this.#retryTimer);
    this.#identifying ??= this.#tryToIdentify().finally(() => {
      this.#identifying = undefined;
    });
    return this.#identifying;
  }

  async #tryToIdentify(): Promise<void> {
    const { credentials } = this.#options;
    try {
      const session = credentials.session() ?? (await this.#arrive());
      this.#attempt = 0;
      if (session.conversationId === null) await this.#begin(this.#firstId, session);
      else await this.#enter(session.conversationId);
    } catch (cause) {
      this.#onNoIdentity(cause);
    }
  }

  async #arrive(): Promise<VisitorSession> {
    const { credentials, rest, inboxKey, traits, identity } = this.#options;
    this.#status({ phase: "connecting", attempt: this.#attempt });
    const identityToken = await identity();
    const session = await rest.createVisitor({ inboxKey, traits: traits(), identityToken });
    credentials.save(session);
    return session;
  }

  #onNoIdentity(cause: unknown): void {
    const { status, message } = asChorusError(cause);
    if (this.#stopped) return;
    if (status >= 400 && status < 500 && status !== 429 && status !== 408) {
      return this.#status({ phase: "stopped", code: CLOSE.forbidden, reason: message });
    }
    const waitMs = backoffMs(this.#attempt, this.#options.random ?? Math.random);
    this.#attempt += 1;
    const retryAtMs = Date.now() + waitMs;
    this.#status({ phase: "waiting", attempt: this.#attempt, retryAtMs });
    this.#retryTimer = setTimeout(() => void this.#identify(), waitMs);
  }

  async #enter(conv: string): Promise<void> {
    const { store, credentials } = this.#options;
    await this.#outbox.rebind(UNBOUND, conv);
    const self = credentials.session()?.contactId ?? null;
    const start = (await store.transcript(conv)) ?? newConversation(conv, "customer", self);
    if (this.#stopped) return;
    this.#thread?.close();
    this.#connection?.stop();
    this.#thread = this.#newThread(start);
    this.#connection = this.#newConnection(conv);
    this.#connection.start();
  }

  #newThread(start: ReturnType<typeof newConversation>): Thread {
    const { rest, credentials, store, publish, signal } = this.#options;
    return new Thread({
      start,
      outbox: this.#outbox,
      store,
      send: (frame) => this.#connection?.send(frame) === true,
      history: (before) =>
        rest.history(start.id, credentials, before === undefined ? {} : { before }),
      changed: (view) => publish("conversation", view),
      received: (message) => signal("message", message),
      unauthenticated: () => this.#connection?.reauthenticate(),
    });
  }

  #newConnection(conv: string): Connection {
    const { wsBase, credentials, session, openWebSocket, openEventStream } = this.#options;
    return new Connection({
      url: `${wsBase}/ws/v1/conversations/${conv}`,
      credentials,
      session,
      clientName: "visitor",
      resume: () => resumePoint(this.#thread),
      onStatus: (status) => this.#onStatus(status),
      onReady: (frame) => {
        this.#outbox.rewind();
        this.#thread?.receive(frame);
        this.#thread?.attach();
      },
      onFrame: (frame) => this.#thread?.receive(frame),
      onTooBig: () => this.#thread?.onTooBig(),
      ...(openEventStream === undefined ? {} : { openEventStream }),
      ...(openWebSocket === undefined ? {} : { openWebSocket }),
    });
  }

  async #send(draft: Draft): Promise<void> {
    const { credentials, publish, store } = this.#options;
    // What an earlier page left behind was said before this.
    await this.#loaded;
    if (this.#thread !== undefined) {
      return this.#thread.send({ ...draft, conv: this.#thread.state.id });
    }
    const conv = credentials.session()?.conversationId ?? UNBOUND;
    const kept = this.#outbox.add({ ...draft, conv });
    const view = {
      ...newConversation(conv, "customer", null),
      pending: this.#outbox.pending(conv),
    };
    publish("conversation", { ...view, complete: true });
    await kept;
    // Or the next page would see nobody to connect for, and these words would wait in vain.
    if (store.persistent) credentials.want();
    await this.#bind();
  }

  /** The identity may have come while a message was being kept. */
  async #bind(): Promise<void> {
    if (this.#thread === undefined) return;
    await this.#outbox.rebind(UNBOUND, this.#thread.state.id);
    this.#thread.flush();
  }

  async #open(): Promise<Thread> {
    await this.#booted;
    if (this.#thread === undefined) throw asChorusError("There is no conversation yet.");
    return this.#thread;
  }

  async #startOver(id: string, attributes?: Traits["attributes"]): Promise<void> {
    const { credentials } = this.#options;
    const session = credentials.session();
    this.#attempt = 0;
    if (session === undefined) return this.#identify();
    try {
      await this.#begin(id, session, attributes);
    } catch (cause) {
      const { code, status } = asChorusError(cause);
      if (code !== SIGNED_OUT && status !== 401) throw cause;
      credentials.forget();
      await this.#identify();
    }
  }

  async #begin(
    wanted: string,
    session: VisitorSession,
    attributes?: Traits["attributes"],
  ): Promise<void> {
    const { credentials, rest } = this.#options;
    const { id } = await rest.startConversation(wanted, credentials, attributes);
    await this.#moveTo(id, session);
  }

  async #goTo(id: string): Promise<boolean> {
    const { credentials, rest } = this.#options;
    const session = credentials.session();
    if (session === undefined) return false;
    try {
      await rest.snapshot(id, credentials);
    } catch (cause) {
      if (asChorusError(cause).status === 404) return false;
      throw cause;
    }
    await this.#moveTo(id, session);
    return true;
  }

  /** The session may have been renewed since it was looked at. */
  async #moveTo(id: string, session: VisitorSession): Promise<void> {
    const { credentials } = this.#options;
    credentials.save({ ...(credentials.session() ?? session), conversationId: id });
    await this.#enter(id);
  }

  #typing(active: boolean): void {
    if (active) this.#thread?.typed();
    else this.#thread?.stoppedTyping();
  }

  #nudge(how: "wake" | "reconnect"): void {
    if (this.#connection === undefined) void this.#identify();
    else this.#connection[how]();
  }

  #onStatus(status: ConnectionStatus): void {
    if (status.phase !== "online") this.#thread?.detach();
    this.#status(status);
  }

  #status(status: ConnectionStatus): void {
    if (!this.#stopped) this.#options.publish("connection", status);
  }
}

export function resumePoint(thread: Thread | undefined) {
  if (thread === undefined || thread.state.epoch === null) return undefined;
  return { epoch: thread.state.epoch, last_seq: thread.state.seq };
}
