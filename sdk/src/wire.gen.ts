// Written by `make gen` from chorus/wire and chorus/codes.py. Do not edit.

export const PROTOCOL = "chorus.v1";
export const BEARER_PREFIX = "chorus.bearer.";
export const MAX_FRAME_BYTES = 65_536;
export const MAX_CONTENT_BYTES = 16_384;
export const MAX_TOKEN_BYTES = 4_096;
export const MAX_JSON_DEPTH = 12;
export const MAX_META_BYTES = 4_096;
export const MAX_BATCH_FRAMES = 16;
export const MAX_BATCH_BYTES = 32_768;
export const MAX_SUBSCRIPTIONS = 200;
export const MAX_REPLAY_EVENTS = 500;
export const MAX_ATTACHMENTS = 10;
export const MAX_MENTIONS = 50;
export const MAX_TAGS = 50;

/** What an agent may choose to be. */
export type ChosenStatus = "online" | "away" | "busy" | "offline";

export type ConversationStatus = "open" | "snoozed" | "closed";

/** Who answers the customer now. */
export type Floor = "bot" | "human" | "none";

/** In which order rows of a view come. */
export type InboxSort = "latest" | "oldest" | "waiting" | "priority";

export type InboxView = "queue" | "mine" | "all" | "mentions" | "snoozed" | "bot";

/** Why a client frame was not taken (PROTOCOL §4). */
export type NackCode =
  | "BAD_FRAME"
  | "UNKNOWN_EVENT"
  | "TOO_LARGE"
  | "INVALID"
  | "UNAUTHENTICATED"
  | "FORBIDDEN"
  | "NOT_FOUND"
  | "CONVERSATION_CLOSED"
  | "EDIT_WINDOW"
  | "ALREADY_ASSIGNED"
  | "ID_CONFLICT"
  | "STALE_FLOOR"
  | "STALE_VIEW"
  | "RATE_LIMITED"
  | "OVERLOADED"
  | "UNAVAILABLE"
  | "ATTACHMENT_PENDING"
  | "UNRECOVERABLE";

export type PresenceStatus = "online" | "away" | "busy" | "offline" | "unknown";

export type ReceiptKind = "delivered" | "read";

/** Who speaks in a conversation: the role of a message. */
export type Role = "customer" | "agent" | "bot" | "system";

/** States of a live-chat session (DESIGN §6). */
export type SessionState = "requested" | "queued" | "offered" | "active" | "wrap_up" | "ended" | "deferred" | "cancelled" | "failed";

export type StartStop = "start" | "stop";

/** Who may see an event besides its author. */
export type Visibility = "public" | "agents" | "hidden" | "shadowed";

export interface Backoff {
  readonly min_ms: number;
  readonly max_ms: number;
}

export interface ClientInfo {
  /** At most 80 long. */
  readonly name: string;
  /** At most 80 long. */
  readonly version?: string;
  /** True when the client can read several objects joined by a newline in one frame. */
  readonly batch?: boolean;
  /** For so long the person did nothing: coming back by itself is no sign of them. ≥ 0. */
  readonly idle_s?: number;
}

/** A file that a message carries; its bytes are behind `GET /livechat/attachments/{id}`. */
export interface FileCard {
  readonly id: string;
  readonly name: string;
  /** As recognised by the server. */
  readonly mime: string;
  /** ≥ 0. */
  readonly size: number;
  /** Of pictures, in pixels, as `height`. ≥ 0. */
  readonly width?: number;
  /** ≥ 0. */
  readonly height?: number;
}

export interface FloorState {
  readonly holder: Floor;
  /** ≥ 0. */
  readonly epoch: number;
}

export interface InboxContact {
  readonly id: string;
  readonly name?: string;
  readonly verified: boolean;
}

/** One row of the agent inbox. `rev` is the conversation's head; a lower one is ignored. */
export interface InboxItem {
  readonly conv: string;
  readonly rev: number;
  readonly status: ConversationStatus;
  readonly floor: FloorState;
  readonly session?: SessionState;
  readonly queue?: string;
  readonly assignee?: string;
  readonly contact: InboxContact;
  readonly preview: string;
  readonly unread: number;
  readonly waiting_since?: string;
  readonly priority: number;
  readonly tags: readonly string[];
  readonly channel: string;
  readonly last_ts: string;
  readonly inbox?: string;
  readonly snoozed_until?: string;
  /** The agents whom notes name, by themselves or by a team of theirs. */
  readonly mentions?: readonly string[];
  /** What the customer's words are about, by rules; left out where nothing stands out. */
  readonly intent?: string;
  /** How they sound; left out while that is `neutral`. */
  readonly sentiment?: string;
  readonly language?: string;
}

export interface OfferPacket {
  readonly summary?: string;
  readonly reason?: string;
  readonly waiting_s: number;
  readonly contact: InboxContact;
}

/** How many sessions of a queue stand where; what has ended counts nowhere. */
export interface QueueCounts {
  /** Who waits for a person, those included whom somebody is asked to take. */
  readonly waiting: number;
  /** Of those who wait: whom somebody is asked to take. */
  readonly offered: number;
  readonly active: number;
  readonly wrap_up: number;
  readonly deferred: number;
}

export interface ReadyAgent {
  readonly status: ChosenStatus;
  readonly capacity: number;
  readonly load: number;
}

export interface ReadyConversation {
  readonly id: string;
  readonly epoch: string;
  readonly head_seq: number;
  readonly first_seq: number;
  readonly status: ConversationStatus;
  readonly queue?: string;
  readonly position?: number;
}

export interface ReadyUser {
  readonly userId: string;
  /** The role of the token: visitor, agent, supervisor, admin, server. */
  readonly role: string;
}

export interface ReceiptMark {
  readonly userId: string;
  readonly delivered: number;
  readonly read: number;
}

export interface ResumePoint {
  /** At most 80 long. */
  readonly epoch: string;
  /** ≥ 0. */
  readonly last_seq: number;
}

export interface SubscribeItem {
  readonly conv: string;
  /** ≥ 0. */
  readonly last_seq?: number;
  /** At most 80 long. */
  readonly epoch?: string;
}

export interface SubscribedItem {
  readonly conv: string;
  readonly head_seq: number;
  readonly epoch: string;
  readonly recovered: boolean;
  readonly floor: FloorState;
}

/** What rules read of the customer's words. */
export interface Traits {
  /** What it is about: `delivery`, `refund`, …; `other` where nothing stands out. */
  readonly intent: string;
  /** How the customer sounds: `positive`, `neutral`, `negative` or `angry`. */
  readonly sentiment: string;
  /** ISO 639-1 of what they write; empty: too little was said to tell. */
  readonly language: string;
  /** Tags that the words bear out, and that nobody has put or taken away. */
  readonly suggested?: readonly string[];
}

export interface TransferTarget {
  readonly agent?: string;
  /** At most 80 long. */
  readonly queue?: string;
  /** At most 80 long. */
  readonly team?: string;
}

export interface UserRef {
  readonly userId: string;
  readonly name?: string;
}

/** Opens the session of this socket, or refreshes its token in place. */
export interface AuthCommand {
  readonly event: "auth";
  readonly data: {
    /** The nonce of `hello`; needed for the first `auth`, not for a refresh. At most 256 long. */
    readonly nonce?: string;
    /** May be left out when the token came as subprotocol. At most 4096 long. */
    readonly token?: string;
    /** A client-made id kept per tab; needed for the first `auth`. */
    readonly session?: string;
    readonly client?: ClientInfo;
    readonly resume?: ResumePoint;
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Shows life, and lets the client compare its position with the server's. */
export interface PingCommand {
  readonly event: "ping";
  readonly data: {
    /** ≥ 0. */
    readonly n: number;
    /** ≥ 0. */
    readonly head?: number;
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Answers the server's `ping`. */
export interface PongCommand {
  readonly event: "pong";
  readonly data: {
    /** ≥ 0. */
    readonly n: number;
    /** ≥ 0. */
    readonly seq?: number;
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Asks for the events after `seq`. */
export interface PositionCommand {
  readonly event: "position";
  readonly data: {
    /** ≥ 0. */
    readonly seq: number;
    /** At most 80 long. */
    readonly epoch: string;
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Says something. `id` is the idempotency key, unique per conversation. */
export interface MessageCommand {
  readonly event: "message";
  readonly data: {
    readonly id: string;
    /** Empty only beside `attachments`. */
    readonly content: string;
    /** An unknown type is stored and shown as text. At least 1 long, at most 50 long. */
    readonly type?: string;
    readonly visibility?: "public" | "agents";
    readonly reply_to?: string;
    /** At most 10 long. */
    readonly attachments?: readonly string[];
    /** At most 50 long. */
    readonly mentions?: readonly string[];
    readonly meta?: Readonly<Record<string, unknown>>;
    /** ≥ 0. */
    readonly floor_epoch?: number;
    /** ≥ 0. */
    readonly expected_seq?: number;
    /** At most 20 long. */
    readonly role?: string;
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Says how far this user has received or read. Cumulative, unanswered. */
export interface ReceiptCommand {
  readonly event: "receipt";
  readonly data: {
    readonly kind: ReceiptKind;
    /** ≥ 0. */
    readonly up_to: number;
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Says that this user types, or stopped. Never stored. */
export interface TypingCommand {
  readonly event: "typing";
  readonly data: {
    readonly state: StartStop;
    /** At most 20 long. */
    readonly role?: string;
    readonly visibility?: "public" | "agents";
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Says that this agent looks at the conversation. */
export interface ViewingCommand {
  readonly event: "viewing";
  readonly data: {
    readonly state: StartStop;
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Says that this agent touches the page: at most one a minute. Unanswered, never stored. */
export interface ActiveCommand {
  readonly event: "active";
  readonly data: Readonly<Record<string, never>>;
  readonly ref?: number;
  readonly conv?: string;
}

/** Changes the content of one's own message. */
export interface EditCommand {
  readonly event: "edit";
  readonly data: {
    readonly id: string;
    readonly target: string;
    /** At least 1 long. */
    readonly content: string;
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Takes back one's own message; a tombstone keeps its place. */
export interface DeleteCommand {
  readonly event: "delete";
  readonly data: {
    readonly id: string;
    readonly target: string;
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Changes who may see a message (agents). */
export interface ModerateCommand {
  readonly event: "moderate";
  readonly data: {
    readonly id: string;
    readonly target: string;
    readonly visibility: Visibility;
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Asks for a person. */
export interface EscalateCommand {
  readonly event: "escalate";
  readonly data: {
    readonly id: string;
    /** At most 500 long. */
    readonly reason?: string;
    /** At most 80 long. */
    readonly queue?: string;
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Takes the wish for a person back. */
export interface CancelCommand {
  readonly event: "cancel";
  readonly data: {
    readonly id: string;
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Rates the conversation. */
export interface RateCommand {
  readonly event: "rate";
  readonly data: {
    readonly id: string;
    /** ≥ 1, ≤ 5. */
    readonly score: number;
    /** At most 500 long. */
    readonly comment?: string;
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Takes a waiting conversation; one winner. */
export interface ClaimCommand {
  readonly event: "claim";
  readonly data: {
    readonly id: string;
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Gives the conversation to an agent by hand. */
export interface AssignCommand {
  readonly event: "assign";
  readonly data: {
    readonly id: string;
    readonly to: string;
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Hands the conversation on. */
export interface TransferCommand {
  readonly event: "transfer";
  readonly data: {
    readonly id: string;
    readonly to: TransferTarget | "bot";
    readonly mode: "blind" | "warm";
    /** At most 500 long. */
    readonly note?: string;
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Ends the conversation. */
export interface ResolveCommand {
  readonly event: "resolve";
  readonly data: {
    readonly id: string;
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Opens a closed conversation again. */
export interface ReopenCommand {
  readonly event: "reopen";
  readonly data: {
    readonly id: string;
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Puts the conversation aside until a time. */
export interface SnoozeCommand {
  readonly event: "snooze";
  readonly data: {
    readonly id: string;
    readonly until: string;
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Changes what the team keeps of the conversation: its priority and its tags (agents). */
export interface UpdateCommand {
  readonly event: "update";
  readonly data: {
    readonly id: string;
    /** Higher is sooner; 0 is normal. ≥ 0, ≤ 100. */
    readonly priority?: number;
    /** At most 50 long. */
    readonly add_tags?: readonly string[];
    /** At most 50 long. */
    readonly remove_tags?: readonly string[];
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Puts the conversation back among the unread ones, for the whole team, or takes it out (agents). */
export interface MarkCommand {
  readonly event: "mark";
  readonly data: {
    readonly id: string;
    readonly unread: boolean;
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Gives the floor back to the bot. */
export interface ReturnToBotCommand {
  readonly event: "return_to_bot";
  readonly data: {
    readonly id: string;
    /** At most 500 long. */
    readonly note?: string;
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Opens a view of the agent inbox and keeps its rows up to date. */
export interface InboxOpenCommand {
  readonly event: "inbox.open";
  readonly data: {
    readonly view: InboxView;
    /**
     * What narrows it: `status`, `queue`, `assignee` (an id, `me`, `none`), `tags` (all of them),
     * `priority` (at least), `inbox`, `channel`, `unread`, `intent`, `sentiment`, `language`.
     */
    readonly filter?: Readonly<Record<string, unknown>>;
    readonly sort?: InboxSort;
    /** At most 500 long. */
    readonly cursor?: string;
    /** ≥ 1, ≤ 100. */
    readonly limit?: number;
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Follows up to 200 conversations on the inbox socket. */
export interface SubscribeCommand {
  readonly event: "subscribe";
  readonly data: {
    /** At most 200 long. */
    readonly items: readonly SubscribeItem[];
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Stops following conversations. */
export interface UnsubscribeCommand {
  readonly event: "unsubscribe";
  readonly data: {
    /** At most 200 long. */
    readonly conv: readonly string[];
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Accepts an offered session. */
export interface OfferAcceptCommand {
  readonly event: "offer.accept";
  readonly data: {
    readonly id: string;
    readonly session: string;
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Declines an offered session. */
export interface OfferDeclineCommand {
  readonly event: "offer.decline";
  readonly data: {
    readonly id: string;
    readonly session: string;
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Chooses one's availability. */
export interface AgentStatusCommand {
  readonly event: "agent.status";
  readonly data: {
    readonly id: string;
    readonly status: ChosenStatus;
    /** At most 500 long. */
    readonly reason?: string;
  };
  readonly ref?: number;
  readonly conv?: string;
}

/** Greets right after accept and tells every limit. */
export interface HelloFrame {
  readonly event: "hello";
  readonly data: {
    readonly protocol: string;
    readonly conn: string;
    readonly node: string;
    /** Valid 30 s, on this connection only. */
    readonly nonce: string;
    readonly ts: string;
    readonly ping_ms: number;
    readonly dead_ms: number;
    readonly auth_ms: number;
    readonly ack_ms: number;
    readonly max_frame: number;
    /** By name: `[per second, burst]`; with 0 a second, how many may be open at once. */
    readonly limits: Readonly<Record<string, readonly [number, number]>>;
    readonly backoff: Backoff;
    readonly features: readonly string[];
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** Says who the socket speaks for and where the conversation stands; replay follows. */
export interface ReadyFrame {
  readonly event: "ready";
  readonly data: {
    readonly user: ReadyUser;
    readonly conversation?: ReadyConversation;
    readonly floor?: FloorState;
    readonly receipts?: readonly ReceiptMark[];
    readonly resumed?: boolean;
    readonly recovered?: boolean;
    readonly replay_from?: number;
    /** On the inbox only. */
    readonly agent?: ReadyAgent;
    readonly token_exp: number;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** Replay is complete up to this place (`seq` stands in `data`). */
export interface SyncedFrame {
  readonly event: "synced";
  readonly data: {
    readonly seq: number;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** The token ends soon: send `auth` with a new one. */
export interface AuthExpiringFrame {
  readonly event: "auth.expiring";
  readonly data: {
    readonly in_ms: number;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** The new token was taken. */
export interface AuthOkFrame {
  readonly event: "auth.ok";
  readonly data: {
    readonly token_exp: number;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** Shows life. */
export interface PingFrame {
  readonly event: "ping";
  readonly data: {
    readonly n: number;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** Answers `ping` with the head of the conversation. */
export interface PongFrame {
  readonly event: "pong";
  readonly data: {
    readonly n: number;
    readonly seq?: number;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** Move to another gateway: open, wait for `ready`, then close this one. */
export interface DrainFrame {
  readonly event: "drain";
  readonly data: {
    readonly reason: string;
    readonly reconnect_in_ms: readonly [number, number];
    readonly deadline_ms: number;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** A part is away; sends are still taken. */
export interface DegradedFrame {
  readonly event: "degraded";
  readonly data: {
    readonly what: string;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** The part is back. */
export interface RecoveredFrame {
  readonly event: "recovered";
  readonly data: {
    readonly what: string;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** Precedes a protocol close. */
export interface ErrorFrame {
  readonly event: "error";
  readonly data: {
    /** The name of the close code that follows. */
    readonly code: string;
    /** True when coming again would not help (4000-4099). */
    readonly fatal: boolean;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/**
 * A stored message, in the order of the conversation.
 *
 * Durable: takes a place in its conversation.
 */
export interface MessageFrame {
  readonly event: "message";
  readonly data: {
    readonly id: string;
    readonly role: Role;
    readonly userId?: string;
    /** Left out where the message was deleted. */
    readonly content?: string;
    readonly type: string;
    readonly visibility: Visibility;
    readonly ts: string;
    readonly reply_to?: string;
    readonly attachments?: readonly string[];
    /** What `attachments` names, in the same order. */
    readonly files?: readonly FileCard[];
    readonly mentions?: readonly string[];
    readonly meta?: Readonly<Record<string, unknown>>;
    /** The `bot.delta` stream that this message completes. */
    readonly stream?: string;
    readonly edited_at?: string;
    readonly rev?: number;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** Committed and ordered. With `dup: false` this frame is the event on this socket. */
export interface DeliveredFrame {
  readonly event: "delivered";
  readonly data: {
    readonly id: string;
    readonly seq?: number;
    readonly ts: string;
    readonly dup: boolean;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** Not taken, or not known to be. */
export interface NackFrame {
  readonly event: "nack";
  readonly data: {
    readonly id?: string;
    readonly code: NackCode;
    readonly retryable: boolean;
    readonly ambiguous: boolean;
    readonly retry_after_ms?: number;
    readonly head_seq?: number;
    /** Who was faster, or has the conversation: with ALREADY_ASSIGNED, CONVERSATION_CLOSED, STALE_VIEW. */
    readonly by?: UserRef;
    /** When they answered: with STALE_VIEW. */
    readonly at?: string;
    readonly reason: string;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/**
 * Stands for an event that this reader may not see. Count it, draw nothing.
 *
 * Durable: takes a place in its conversation.
 */
export interface VoidFrame {
  readonly event: "void";
  readonly data: Readonly<Record<string, never>>;
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/**
 * A message was edited or moderated.
 *
 * Durable: takes a place in its conversation.
 */
export interface MessageUpdatedFrame {
  readonly event: "message.updated";
  readonly data: {
    readonly target: string;
    readonly content?: string;
    readonly visibility?: Visibility;
    readonly by: string;
    readonly rev: number;
    /** How many messages the customer sees now, where that changed. */
    readonly visible?: number;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/**
 * A message was taken back.
 *
 * Durable: takes a place in its conversation.
 */
export interface MessageDeletedFrame {
  readonly event: "message.deleted";
  readonly data: {
    readonly target: string;
    readonly by: string;
    /** How many messages the customer sees now. */
    readonly visible?: number;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** How far another user has received or read. */
export interface ReceiptFrame {
  readonly event: "receipt";
  readonly data: {
    readonly kind: ReceiptKind;
    readonly up_to: number;
    readonly userId: string;
    readonly ts: string;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** Somebody types. Forget it after `ttl_ms`. */
export interface TypingFrame {
  readonly event: "typing";
  readonly data: {
    readonly role: Role;
    readonly state: StartStop;
    readonly userId: string;
    readonly ttl_ms: number;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** A colleague looks at the conversation. */
export interface ViewingFrame {
  readonly event: "viewing";
  readonly data: {
    readonly state: StartStop;
    readonly userId: string;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** Somebody came or went, or chose something else. An agent's own devices hear it too, without `conv`. */
export interface PresenceFrame {
  readonly event: "presence";
  readonly data: {
    readonly userId: string;
    readonly status: PresenceStatus;
    readonly since: string;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** Where the waiting customer stands. */
export interface QueueFrame {
  readonly event: "queue";
  readonly data: {
    readonly position: number;
    readonly eta_s?: number;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** Verified sentences of a bot answer as they come. */
export interface BotDeltaFrame {
  readonly event: "bot.delta";
  readonly data: {
    readonly stream: string;
    readonly n: number;
    readonly text: string;
    readonly done?: boolean;
    readonly dropped?: boolean;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/**
 * The live-chat session changed its state.
 *
 * Durable: takes a place in its conversation.
 */
export interface HandoffFrame {
  readonly event: "handoff";
  readonly data: {
    readonly state: SessionState;
    readonly session: string;
    readonly reason?: string;
    readonly queue?: string;
    readonly position?: number;
    readonly eta_s?: number;
    readonly agent?: UserRef;
    readonly floor: FloorState;
    readonly by?: string;
    /** What the customer may choose now: `wait`, `message`, `callback`, `bot`. */
    readonly options?: readonly string[];
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/**
 * Somebody became or ceased to be responder.
 *
 * Durable: takes a place in its conversation.
 */
export interface ParticipantFrame {
  readonly event: "participant";
  readonly data: {
    readonly userId: string;
    readonly role: Role;
    /** `joined` or `left`. */
    readonly change: string;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/**
 * Something about the conversation changed.
 *
 * Durable: takes a place in its conversation.
 */
export interface ConversationUpdatedFrame {
  readonly event: "conversation.updated";
  readonly data: {
    readonly status?: ConversationStatus;
    readonly priority?: number;
    readonly tags?: readonly string[];
    readonly assignee?: string;
    /** What a customer nobody could come to left: `name`, `email`, `phone`. Agents only. */
    readonly contact?: Readonly<Record<string, string>>;
    readonly until?: string;
    readonly floor?: FloorState;
    /** Agents only. */
    readonly traits?: Traits;
    readonly by?: string;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/**
 * The conversation ended.
 *
 * Durable: takes a place in its conversation.
 */
export interface ConversationClosedFrame {
  readonly event: "conversation.closed";
  readonly data: {
    readonly by?: string;
    /** True where the customer may rate. */
    readonly csat?: boolean;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/**
 * A file changed its state.
 *
 * Durable: takes a place in its conversation.
 */
export interface AttachmentFrame {
  readonly event: "attachment";
  readonly data: {
    readonly id: string;
    readonly state: string;
    readonly mime: string;
    readonly size: number;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** A page of a view. */
export interface InboxSnapshotFrame {
  readonly event: "inbox.snapshot";
  readonly data: {
    readonly view: InboxView;
    readonly items: readonly InboxItem[];
    readonly counts: Readonly<Record<string, number>>;
    readonly next?: string;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** A row of the open view is new or changed. */
export interface InboxUpsertFrame {
  readonly event: "inbox.upsert";
  readonly data: {
    readonly item: InboxItem;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** A row left the open view. */
export interface InboxRemoveFrame {
  readonly event: "inbox.remove";
  readonly data: {
    readonly conv: string;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** Counters of the queues, by name and by state, merged to one per 250 ms. */
export interface InboxCountsFrame {
  readonly event: "inbox.counts";
  readonly data: {
    readonly queues: Readonly<Record<string, QueueCounts>>;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** Which conversations are followed now; replay and `synced` follow for each. */
export interface SubscribedFrame {
  readonly event: "subscribed";
  readonly data: {
    readonly items: readonly SubscribedItem[];
    readonly refused: readonly string[];
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** A session is offered to this agent. */
export interface OfferFrame {
  readonly event: "offer";
  readonly data: {
    readonly session: string;
    readonly deadline_ms: number;
    readonly packet: OfferPacket;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** The offer is gone. */
export interface OfferRescindedFrame {
  readonly event: "offer.rescinded";
  readonly data: {
    readonly session: string;
    readonly reason: string;
    readonly by?: UserRef;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** A refined summary is ready. */
export interface SummaryFrame {
  readonly event: "summary";
  readonly data: {
    readonly upto_seq: number;
    readonly behind: number;
    readonly source: string;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** Something this agent should know. */
export interface NoticeFrame {
  readonly event: "notice";
  readonly data: {
    readonly id: string;
    readonly kind: string;
    readonly text?: string;
  };
  readonly seq?: number;
  readonly ref?: number;
  readonly conv?: string;
}

/** Every frame that a client may send. */
export type ClientFrame =
  | AuthCommand
  | PingCommand
  | PongCommand
  | PositionCommand
  | MessageCommand
  | ReceiptCommand
  | TypingCommand
  | ViewingCommand
  | ActiveCommand
  | EditCommand
  | DeleteCommand
  | ModerateCommand
  | EscalateCommand
  | CancelCommand
  | RateCommand
  | ClaimCommand
  | AssignCommand
  | TransferCommand
  | ResolveCommand
  | ReopenCommand
  | SnoozeCommand
  | UpdateCommand
  | MarkCommand
  | ReturnToBotCommand
  | InboxOpenCommand
  | SubscribeCommand
  | UnsubscribeCommand
  | OfferAcceptCommand
  | OfferDeclineCommand
  | AgentStatusCommand;

/** Every frame that a server may send. */
export type ServerFrame =
  | HelloFrame
  | ReadyFrame
  | SyncedFrame
  | AuthExpiringFrame
  | AuthOkFrame
  | PingFrame
  | PongFrame
  | DrainFrame
  | DegradedFrame
  | RecoveredFrame
  | ErrorFrame
  | MessageFrame
  | DeliveredFrame
  | NackFrame
  | VoidFrame
  | MessageUpdatedFrame
  | MessageDeletedFrame
  | ReceiptFrame
  | TypingFrame
  | ViewingFrame
  | PresenceFrame
  | QueueFrame
  | BotDeltaFrame
  | HandoffFrame
  | ParticipantFrame
  | ConversationUpdatedFrame
  | ConversationClosedFrame
  | AttachmentFrame
  | InboxSnapshotFrame
  | InboxUpsertFrame
  | InboxRemoveFrame
  | InboxCountsFrame
  | SubscribedFrame
  | OfferFrame
  | OfferRescindedFrame
  | SummaryFrame
  | NoticeFrame;

/** The keys that `data` of each server frame always has. */
export const REQUIRED_KEYS: Readonly<Record<ServerFrame["event"], readonly string[]>> = {
  "hello": ["protocol", "conn", "node", "nonce", "ts", "ping_ms", "dead_ms", "auth_ms", "ack_ms", "max_frame", "limits", "backoff", "features"],
  "ready": ["user", "token_exp"],
  "synced": ["seq"],
  "auth.expiring": ["in_ms"],
  "auth.ok": ["token_exp"],
  "ping": ["n"],
  "pong": ["n"],
  "drain": ["reason", "reconnect_in_ms", "deadline_ms"],
  "degraded": ["what"],
  "recovered": ["what"],
  "error": ["code", "fatal"],
  "message": ["id", "role", "type", "visibility", "ts"],
  "delivered": ["id", "ts", "dup"],
  "nack": ["code", "retryable", "ambiguous", "reason"],
  "void": [],
  "message.updated": ["target", "by", "rev"],
  "message.deleted": ["target", "by"],
  "receipt": ["kind", "up_to", "userId", "ts"],
  "typing": ["role", "state", "userId", "ttl_ms"],
  "viewing": ["state", "userId"],
  "presence": ["userId", "status", "since"],
  "queue": ["position"],
  "bot.delta": ["stream", "n", "text"],
  "handoff": ["state", "session", "floor"],
  "participant": ["userId", "role", "change"],
  "conversation.updated": [],
  "conversation.closed": [],
  "attachment": ["id", "state", "mime", "size"],
  "inbox.snapshot": ["view", "items", "counts"],
  "inbox.upsert": ["item"],
  "inbox.remove": ["conv"],
  "inbox.counts": ["queues"],
  "subscribed": ["items", "refused"],
  "offer": ["session", "deadline_ms", "packet"],
  "offer.rescinded": ["session", "reason"],
  "summary": ["upto_seq", "behind", "source"],
  "notice": ["id", "kind"],
};

/** Frames that take a place in their conversation (to its sender, `delivered` does too). */
export const DURABLE_EVENTS: readonly ServerFrame["event"][] = [
  "message",
  "void",
  "message.updated",
  "message.deleted",
  "handoff",
  "participant",
  "conversation.updated",
  "conversation.closed",
  "attachment",
];

/** What each nack code says about sending again. The nack itself says it too. */
export const NACK_RULES: Readonly<Record<NackCode, { readonly retryable: boolean; readonly ambiguous: boolean }>> = {
  BAD_FRAME: { retryable: false, ambiguous: false },
  UNKNOWN_EVENT: { retryable: false, ambiguous: false },
  TOO_LARGE: { retryable: false, ambiguous: false },
  INVALID: { retryable: false, ambiguous: false },
  UNAUTHENTICATED: { retryable: true, ambiguous: false },
  FORBIDDEN: { retryable: false, ambiguous: false },
  NOT_FOUND: { retryable: false, ambiguous: false },
  CONVERSATION_CLOSED: { retryable: false, ambiguous: false },
  EDIT_WINDOW: { retryable: false, ambiguous: false },
  ALREADY_ASSIGNED: { retryable: false, ambiguous: false },
  ID_CONFLICT: { retryable: false, ambiguous: false },
  STALE_FLOOR: { retryable: false, ambiguous: false },
  STALE_VIEW: { retryable: false, ambiguous: false },
  RATE_LIMITED: { retryable: true, ambiguous: false },
  OVERLOADED: { retryable: true, ambiguous: false },
  UNAVAILABLE: { retryable: true, ambiguous: true },
  ATTACHMENT_PENDING: { retryable: true, ambiguous: false },
  UNRECOVERABLE: { retryable: false, ambiguous: false },
};

/** What a client does after a close. */
export type ReconnectPolicy = "stop" | "backoff" | "spread" | "refresh" | "backoff-double" | "drop-message";

/** The close codes a server sends. For an unknown one the range decides. */
export const CLOSE_CODES: Readonly<
  Record<number, { readonly name: string; readonly reconnect: ReconnectPolicy; readonly meaning: string }>
> = {
  1000: { name: "NORMAL", reconnect: "stop", meaning: "done" },
  1003: { name: "BINARY", reconnect: "stop", meaning: "binary frames are not spoken here" },
  4000: { name: "PROTOCOL", reconnect: "stop", meaning: "a frame came where the protocol does not allow it" },
  4001: { name: "BAD_FRAME", reconnect: "stop", meaning: "the first frame could not be read" },
  4003: { name: "FORBIDDEN", reconnect: "stop", meaning: "this token may not open this socket" },
  4004: { name: "NO_SUCH_CONVERSATION", reconnect: "stop", meaning: "no such conversation, or not yours" },
  4005: { name: "ENDED_LONG_AGO", reconnect: "stop", meaning: "the conversation ended long ago" },
  4006: { name: "TENANT_DISABLED", reconnect: "stop", meaning: "the tenant is disabled" },
  4007: { name: "SUPERSEDED", reconnect: "stop", meaning: "a newer socket of the same tab took over" },
  4008: { name: "TOO_MANY_ERRORS", reconnect: "stop", meaning: "too many errors on one socket" },
  4010: { name: "CONNECTION_LIMIT", reconnect: "stop", meaning: "too many open sockets for this user or tenant" },
  4100: { name: "OVERLOADED", reconnect: "backoff", meaning: "the server is overloaded" },
  4101: { name: "RATE_ABUSE", reconnect: "backoff", meaning: "limits were ignored" },
  4102: { name: "SLOW_CONSUMER", reconnect: "backoff", meaning: "the client reads too slowly" },
  4103: { name: "INTERNAL", reconnect: "backoff", meaning: "an internal error" },
  4105: { name: "DEPENDENCY_DOWN", reconnect: "backoff", meaning: "a server behind the gateway is down" },
  4106: { name: "WRITE_TIMEOUT", reconnect: "backoff", meaning: "the client accepted no byte for too long" },
  4200: { name: "DRAIN", reconnect: "spread", meaning: "the server is restarting" },
  4201: { name: "NO_PONG", reconnect: "spread", meaning: "nothing was heard from the client" },
  4202: { name: "REBALANCE", reconnect: "spread", meaning: "sockets are being spread anew" },
  4300: { name: "EXPIRED", reconnect: "refresh", meaning: "the token expired" },
  4301: { name: "INVALID_TOKEN", reconnect: "refresh", meaning: "the token is not valid" },
  4302: { name: "AUTH_TIMEOUT", reconnect: "refresh", meaning: "no valid auth frame in time, or a stale nonce" },
};
