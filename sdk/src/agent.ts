import type { AgentActs, AgentSelf, Amendment, EndedOffer, Offer } from "./agent-acts";
import { type Command, Commands } from "./commands";
import { Connection, type ConnectionStatus } from "./connection";
import { newConversation } from "./conversation";
import type { Credentials } from "./credentials";
import { asChorusError } from "./errors";
import { type InboxItem, isDurable, type ServerData, type ServerFrameOf } from "./frames";
import { appendPage, emptyInbox, type Inbox, type InboxFilter, reduceInbox } from "./inbox";
import { Lookers } from "./lookers";
import { Outbox } from "./outbox";
import { type Rest, toFacts } from "./rest";
import type { OpenWebSocket } from "./socket";
import type { Store } from "./store";
import { Thread } from "./thread";
import type { ClientFrame, InboxSort, InboxView, ServerFrame } from "./wire.gen";

export interface AgentEngineOptions {
  readonly rest: Rest;
  readonly wsBase: string;
  readonly credentials: Credentials;
  readonly store: Store;
  readonly session: string;
  readonly view: InboxView;
  readonly publish: (key: string, value: unknown) => void;
  readonly signal: (name: string, payload: unknown) => void;
  readonly openWebSocket?: OpenWebSocket | undefined;
}

const MAX_WATCHED = 50;
const PAGE_ROWS = 100;
const AMENDING = new Set<string>(["message.updated", "message.deleted", "conversation.updated"]);

/** The leading tab's side of an agent: one socket, the open inbox view, the watched conversations. */
export class AgentEngine {
  readonly #options: AgentEngineOptions;
  readonly #outbox: Outbox;
  readonly #loaded: Promise<void>;
  readonly #connection: Connection;
  readonly #commands = new Commands(() => this.#flushCommands());
  /** In order of last use: the first is given up when there are too many. */
  readonly #threads = new Map<string, Thread>();
  readonly #looking = new Set<string>();
  readonly #lookers = new Lookers();
  #inbox: Inbox;
  #offers: readonly Offer[] = [];
  #self: AgentSelf | undefined;
  #stopped = false;
  #appending = false;
  #activeMs = Date.now();

  constructor(options: AgentEngineOptions) {
    this.#options = options;
    this.#outbox = new Outbox({ store: options.store });
    this.#inbox = emptyInbox(options.view);
    this.#connection = this.#newConnection();
    this.#loaded = this.#load();
  }

  acts(): AgentActs {
    return {
      open: async (view, filter, sort) => this.#openView(view, filter, sort),
      more: async () => this.#openMore(),
      watch: (conv) => this.#watch(conv).then(() => undefined),
      unwatch: async (conv) => this.#unwatch(conv),
      send: async (conv, draft) => (await this.#watch(conv)).send({ ...draft, conv }),
      retry: async (conv, id) => (await this.#watch(conv)).retry(id),
      discard: async (conv, id) => (this.#threads.get(conv) ?? this.#outbox).discard(id),
      unsent: (conv) => this.#loaded.then(() => this.#outbox.pending(conv)),
      typing: async (conv, active, note) => this.#typing(conv, active, note),
      viewing: async (conv, active) => this.#viewing(conv, active),
      read: async (conv, upTo) => this.#threads.get(conv)?.markRead(upTo),
      older: async (conv) => this.#threads.get(conv)?.loadOlder(),
      command: (conv, command) => this.#command(conv, command),
      active: async () => this.#active(),
      wake: async () => this.#connection.wake(),
      probe: async () => this.#connection.probe(),
      reconnect: async () => this.#connection.reconnect(),
    };
  }

  stop(): void {
    this.#stopped = true;
    this.#connection.stop();
    this.#commands.close();
    this.#lookers.close();
    for (const thread of this.#threads.values()) thread.close();
  }

  async #load(): Promise<void> {
    this.#publishInbox(this.#inbox);
    await this.#outbox.load();
    if (this.#stopped) return;
    this.#connection.start();
    // What an earlier page did not get rid of must leave although nobody looks at it.
    for (const conv of this.#outbox.conversations()) await this.#enter(conv);
  }

  #newConnection(): Connection {
    const { wsBase, credentials, session, openWebSocket } = this.#options;
    return new Connection({
      url: `${wsBase}/ws/v1/inbox`,
      credentials,
      session,
      clientName: "console",
      idleS: () => Math.floor((Date.now() - this.#activeMs) / 1000),
      resume: () => undefined,
      onStatus: (status) => this.#onStatus(status),
      onReady: (frame) => this.#onReady(frame),
      onFrame: (frame) => this.#onFrame(frame),
      onTooBig: () => {
        for (const thread of this.#threads.values()) thread.onTooBig();
      },
      ...(openWebSocket === undefined ? {} : { openWebSocket }),
    });
  }

  #onStatus(status: ConnectionStatus): void {
    if (status.phase !== "online") {
      for (const thread of this.#threads.values()) thread.detach();
    }
    if (!this.#stopped) this.#options.publish("connection", status);
  }

  #onReady(frame: ServerFrameOf<"ready">): void {
    const { user, agent } = frame.data;
    this.#self = { user, agent };
    for (const thread of this.#threads.values()) thread.receive(frame);
    this.#options.publish("self", this.#self);
    this.#setOffers([]);
    this.#outbox.rewind();
    this.#commands.rewind();
    this.#appending = false;
    this.#sendOpen();
    if (this.#threads.size > 0) this.#subscribe([...this.#threads.values()]);
    this.#flushCommands();
  }

  #subscribe(threads: readonly Thread[]): void {
    const items = threads.map(({ state }) => ({
      conv: state.id,
      ...(state.epoch === null ? {} : { last_seq: state.seq, epoch: state.epoch }),
    }));
    this.#connection.send({ event: "subscribe", data: { items } });
    // Messages need no subscription, so they need not wait for its answer.
    for (const thread of threads) thread.attach();
    for (const conv of this.#looking) this.#sendViewing(conv, true);
  }

  #onFrame(frame: ServerFrame): void {
    switch (frame.event) {
      case "inbox.snapshot":
        return this.#onSnapshot(frame.data);
      case "inbox.upsert":
        this.#noticeHead(frame.data.item);
        return this.#publishInbox(reduceInbox(this.#inbox, frame));
      case "inbox.remove":
      case "inbox.counts":
        return this.#publishInbox(reduceInbox(this.#inbox, frame));
      case "subscribed":
        return this.#onSubscribed(frame);
      case "offer":
        return this.#onOffer(frame.conv, frame.data);
      case "offer.rescinded":
        return this.#onRescinded(frame.data);
      case "notice":
        return this.#options.signal("notice", frame.data);
      default:
        return this.#route(frame);
    }
  }

  #onSnapshot(snapshot: ServerData<"inbox.snapshot">): void {
    const appending = this.#appending && snapshot.view === this.#inbox.view;
    this.#appending = false;
    if (appending) return this.#publishInbox(appendPage(this.#inbox, snapshot));
    this.#publishInbox(reduceInbox(this.#inbox, { event: "inbox.snapshot", data: snapshot }));
  }

  #onSubscribed(frame: ServerFrameOf<"subscribed">): void {
    for (const thread of this.#threads.values()) thread.receive(frame);
    for (const conv of frame.data.refused) this.#lose(conv);
  }

  /** It was erased, or is not this agent's to see: nothing of it is shown any more. */
  #lose(conv: string): void {
    this.#options.publish(`conversation:${conv}`, null);
    this.#threads.get(conv)?.close();
    this.#threads.delete(conv);
  }

  /** A row that is further than its thread tells of frames that did not come. */
  #noticeHead({ conv, rev }: InboxItem): void {
    this.#threads.get(conv)?.receive({ event: "pong", data: { n: 0, seq: rev } });
  }

  #onOffer(conv: string | undefined, { session, deadline_ms, packet }: ServerData<"offer">): void {
    if (conv === undefined) return;
    const others = this.#offers.filter((it) => it.session !== session);
    const untilMs = Date.now() + deadline_ms;
    this.#setOffers([...others, { conv, session, untilMs, packet }]);
  }

  #onRescinded(told: ServerData<"offer.rescinded">): void {
    const offer = this.#offers.find((it) => it.session === told.session);
    if (offer === undefined) return;
    this.#setOffers(this.#offers.filter((it) => it !== offer));
    this.#options.signal("offer-ended", { ...told, offer } satisfies EndedOffer);
  }

  #setOffers(offers: readonly Offer[]): void {
    this.#offers = offers;
    this.#options.publish("offers", offers);
  }

  /** A frame belongs to the conversation it names, to the one that waits for it, or to all. */
  #route(frame: ServerFrame): void {
    if (frame.event === "delivered") this.#commands.settle(frame.data);
    if (frame.event === "nack") this.#commands.refuse(frame.data);
    const conv = frame.conv ?? this.#ownerOf(frame);
    if (conv !== undefined) {
      this.#onViewing(conv, frame);
      const thread = this.#threads.get(conv);
      thread?.receive(frame);
      if (frame.event === "nack" && frame.data.code === "NOT_FOUND") void this.#learn(thread);
      if (frame.event === "handoff") this.#options.signal("handoff", { conv, ...frame.data });
      if (frame.event === "summary") this.#options.signal("summary", { conv, ...frame.data });
      if (isDurable(frame) && AMENDING.has(frame.event)) {
        this.#options.signal("amended", { conv, frame } satisfies Amendment);
      }
      return;
    }
    if (frame.event === "presence") this.#onPresence(frame.data);
    // The position of an inbox socket is nobody's; presence and degradation are everybody's.
    if (frame.event === "pong" || frame.event === "delivered" || frame.event === "nack") return;
    for (const thread of this.#threads.values()) thread.receive(frame);
  }

  /** A choice made on another device, or by the server for who did not answer. */
  #onPresence({ userId, status }: ServerData<"presence">): void {
    if (userId !== this.#self?.user.userId || status === "unknown") return;
    const agent = this.#self.agent;
    if (agent === undefined) return;
    this.#self = { ...this.#self, agent: { ...agent, status } };
    this.#options.publish("self", this.#self);
  }

  #ownerOf(frame: ServerFrame): string | undefined {
    if (frame.event !== "delivered" && frame.event !== "nack") return undefined;
    const { id } = frame.data;
    if (id === undefined) return undefined;
    const waiting = [...this.#threads].find(([, thread]) => thread.awaits(id));
    return waiting?.[0] ?? this.#outbox.find(id)?.conv;
  }

  #openView(view: InboxView, filter: InboxFilter, sort: InboxSort): void {
    const wanted = emptyInbox(view, filter, sort);
    if (!isSameView(this.#inbox, wanted)) this.#publishInbox(wanted);
    this.#appending = false;
    this.#sendOpen();
  }

  #sendOpen(): void {
    const { view, filter, sort } = this.#inbox;
    const data = { view, filter, sort, limit: PAGE_ROWS };
    this.#connection.send({ event: "inbox.open", data });
  }

  #openMore(): void {
    const { view, filter, sort, next } = this.#inbox;
    if (next === null || this.#appending) return;
    const data = { view, filter, sort, cursor: next, limit: PAGE_ROWS };
    this.#appending = this.#connection.send({ event: "inbox.open", data });
  }

  async #watch(conv: string): Promise<Thread> {
    await this.#loaded;
    const thread = this.#threads.get(conv) ?? (await this.#enter(conv));
    this.#threads.delete(conv);
    this.#threads.set(conv, thread);
    this.#evict();
    return thread;
  }

  async #enter(conv: string): Promise<Thread> {
    const cached = await this.#options.store.transcript(conv);
    const raced = this.#threads.get(conv);
    if (raced !== undefined) return raced;
    const self = this.#self?.user.userId ?? cached?.self ?? null;
    const thread = this.#newThread({ ...(cached ?? newConversation(conv, "agent", self)), self });
    this.#threads.set(conv, thread);
    if (this.#connection.isOnline) this.#subscribe([thread]);
    void this.#learn(thread);
    return thread;
  }

  #newThread(start: ReturnType<typeof newConversation>): Thread {
    const { rest, credentials, store, publish, signal } = this.#options;
    return new Thread({
      start,
      outbox: this.#outbox,
      store,
      send: (frame) => this.#connection.send({ ...frame, conv: start.id } as ClientFrame),
      history: (before) =>
        rest.history(start.id, credentials, before === undefined ? {} : { before }),
      changed: (view) => publish(`conversation:${start.id}`, view),
      received: (message) => signal("message", { conv: start.id, message }),
      unauthenticated: () => this.#connection.reauthenticate(),
    });
  }

  /** `subscribed` tells neither read marks nor status; the API does. */
  async #learn(thread: Thread | undefined): Promise<void> {
    const { rest, credentials } = this.#options;
    if (thread === undefined) return;
    try {
      const snapshot = await rest.snapshot(thread.state.id, credentials);
      thread.learn(toFacts(snapshot));
      this.#options.publish(`details:${snapshot.id}`, snapshot.contact);
    } catch (cause) {
      const { message, status } = asChorusError(cause);
      if (status === 404) return this.#lose(thread.state.id);
      // The thread works without; the page only shows less until the next look.
      this.#options.signal("error", message);
    }
  }

  #unwatch(conv: string): void {
    const thread = this.#threads.get(conv);
    // Unsent messages keep their conversation open.
    if (thread === undefined || !this.#outbox.idle(conv)) return;
    this.#threads.delete(conv);
    thread.close();
    this.#connection.send({ event: "unsubscribe", data: { conv: [conv] } });
  }

  #evict(): void {
    const surplus = [...this.#threads.keys()].slice(0, -MAX_WATCHED);
    for (const conv of surplus) this.#unwatch(conv);
  }

  #active(): void {
    this.#activeMs = Date.now();
    this.#connection.send({ event: "active", data: {} });
  }

  #typing(conv: string, active: boolean, note: boolean): void {
    const thread = this.#threads.get(conv);
    if (active) thread?.typed(note ? "agents" : "public");
    else thread?.stoppedTyping();
  }

  /** Who comes later cannot know who looks already, so those who do say it again. */
  #onViewing(conv: string, frame: ServerFrame): void {
    if (frame.event !== "viewing") return;
    const { userId, state } = frame.data;
    const thread = this.#threads.get(conv);
    const isNew = state === "start" && thread?.state.viewing.includes(userId) === false;
    if (isNew && this.#looking.has(conv)) this.#sendViewing(conv, true);
    this.#lookers.left(conv, userId);
    if (state === "stop") return;
    const gone: ServerFrame = { event: "viewing", data: { userId, state: "stop" } };
    this.#lookers.saw(conv, userId, () => this.#threads.get(conv)?.receive(gone));
  }

  #viewing(conv: string, active: boolean): void {
    if (active) this.#looking.add(conv);
    else this.#looking.delete(conv);
    this.#sendViewing(conv, active);
  }

  #sendViewing(conv: string, active: boolean): void {
    if (!this.#connection.isOnline) return;
    this.#connection.send({ event: "viewing", conv, data: { state: active ? "start" : "stop" } });
  }

  async #command(conv: string | null, command: Command): Promise<number | null> {
    if (conv !== null) return (await this.#watch(conv)).command(command);
    const answer = this.#commands.add(command);
    this.#flushCommands();
    return answer;
  }

  #flushCommands(): void {
    if (!this.#connection.isOnline) return;
    this.#commands.send(
      (frame) => this.#connection.send(frame),
      () => this.#outbox.nextRef(),
    );
  }

  #publishInbox(inbox: Inbox): void {
    this.#inbox = inbox;
    if (!this.#stopped) this.#options.publish("inbox", inbox);
  }
}

function isSameView(a: Inbox, b: Inbox): boolean {
  const [one, other] = [a, b].map(({ view, filter, sort }) => JSON.stringify([view, filter, sort]));
  return one === other;
}
