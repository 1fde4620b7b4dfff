"""Frames that the server sends. `durable` ones carry a `seq` and were stored first."""

from typing import Any
from uuid import UUID

from chorus.codes import NackCode
from chorus.wire.common import (
    ChosenStatus,
    ConversationStatus,
    FloorState,
    InboxView,
    Outbound,
    PresenceStatus,
    ReceiptKind,
    Role,
    SessionState,
    Shape,
    StartStop,
    Timestamp,
    UserRef,
    Visibility,
)


class Backoff(Shape):
    min_ms: int
    max_ms: int


class Hello(Outbound):
    """Greets right after accept and tells every limit."""

    event = "hello"
    protocol: str
    conn: str
    node: str
    nonce: str
    """Valid 30 s, on this connection only."""
    ts: Timestamp
    ping_ms: int
    dead_ms: int
    auth_ms: int
    ack_ms: int
    max_frame: int
    limits: dict[str, tuple[float, int]]
    """By name: `[per second, burst]`; with 0 a second, how many may be open at once."""
    backoff: Backoff
    features: list[str]


class ReadyUser(Shape):
    userId: UUID
    role: str
    """The role of the token: visitor, agent, supervisor, admin, server."""


class ReadyConversation(Shape):
    id: UUID
    epoch: str
    head_seq: int
    first_seq: int
    status: ConversationStatus
    queue: str | None = None
    position: int | None = None


class ReceiptMark(Shape):
    userId: UUID
    delivered: int
    read: int


class ReadyAgent(Shape):
    status: ChosenStatus
    capacity: int
    load: int


class Ready(Outbound):
    """Says who the socket speaks for and where the conversation stands; replay follows."""

    event = "ready"
    user: ReadyUser
    conversation: ReadyConversation | None = None
    floor: FloorState | None = None
    receipts: list[ReceiptMark] | None = None
    resumed: bool | None = None
    recovered: bool | None = None
    replay_from: int | None = None
    agent: ReadyAgent | None = None
    """On the inbox only."""
    token_exp: int


class Synced(Outbound):
    """Replay is complete up to this place (`seq` stands in `data`)."""

    event = "synced"
    seq: int


class AuthExpiring(Outbound):
    """The token ends soon: send `auth` with a new one."""

    event = "auth.expiring"
    in_ms: int


class AuthOk(Outbound):
    """The new token was taken."""

    event = "auth.ok"
    token_exp: int


class Ping(Outbound):
    """Shows life."""

    event = "ping"
    n: int


class Pong(Outbound):
    """Answers `ping` with the head of the conversation."""

    event = "pong"
    n: int
    seq: int | None = None


class Drain(Outbound):
    """Move to another gateway: open, wait for `ready`, then close this one."""

    event = "drain"
    reason: str
    reconnect_in_ms: tuple[int, int]
    deadline_ms: int


class Degraded(Outbound):
    """A part is away; sends are still taken."""

    event = "degraded"
    what: str


class Recovered(Outbound):
    """The part is back."""

    event = "recovered"
    what: str


class ErrorFrame(Outbound):
    """Precedes a protocol close."""

    event = "error"
    code: str
    """The name of the close code that follows."""
    fatal: bool
    """True when coming again would not help (4000-4099)."""


class Message(Outbound):
    """A stored message, in the order of the conversation."""

    event = "message"
    durable = True
    id: UUID
    role: Role
    userId: UUID | None = None
    content: str | None = None
    """Left out where the message was deleted."""
    type: str
    visibility: Visibility
    ts: Timestamp
    reply_to: UUID | None = None
    attachments: list[UUID] | None = None
    mentions: list[UUID] | None = None
    meta: dict[str, Any] | None = None
    stream: str | None = None
    """The `bot.delta` stream that this message completes."""
    edited_at: Timestamp | None = None
    rev: int | None = None


class Delivered(Outbound):
    """Committed and ordered. With `dup: false` this frame is the event on this socket."""

    event = "delivered"
    id: UUID
    seq: int | None = None
    ts: Timestamp
    dup: bool


class Nack(Outbound):
    """Not taken, or not known to be."""

    event = "nack"
    id: UUID | None = None
    code: NackCode
    retryable: bool
    ambiguous: bool
    retry_after_ms: int | None = None
    head_seq: int | None = None
    by: UserRef | None = None
    """Who was faster, or has the conversation: with ALREADY_ASSIGNED and CONVERSATION_CLOSED."""
    reason: str


class Void(Outbound):
    """Stands for an event that this reader may not see. Count it, draw nothing."""

    event = "void"
    durable = True


class MessageUpdated(Outbound):
    """A message was edited or moderated."""

    event = "message.updated"
    durable = True
    target: UUID
    content: str | None = None
    visibility: Visibility | None = None
    by: UUID
    rev: int


class MessageDeleted(Outbound):
    """A message was taken back."""

    event = "message.deleted"
    durable = True
    target: UUID
    by: UUID


class Receipt(Outbound):
    """How far another user has received or read."""

    event = "receipt"
    kind: ReceiptKind
    up_to: int
    userId: UUID
    ts: Timestamp


class Typing(Outbound):
    """Somebody types. Forget it after `ttl_ms`."""

    event = "typing"
    role: Role
    state: StartStop
    userId: UUID
    ttl_ms: int


class Viewing(Outbound):
    """A colleague looks at the conversation."""

    event = "viewing"
    state: StartStop
    userId: UUID


class Presence(Outbound):
    """Somebody came or went, or chose something else. An agent's own devices hear it too, without `conv`."""

    event = "presence"
    userId: UUID
    status: PresenceStatus
    since: Timestamp


class Queue(Outbound):
    """Where the waiting customer stands."""

    event = "queue"
    position: int
    eta_s: int | None = None


class BotDelta(Outbound):
    """Verified sentences of a bot answer as they come."""

    event = "bot.delta"
    stream: str
    n: int
    text: str
    done: bool | None = None
    dropped: bool | None = None


class Handoff(Outbound):
    """The live-chat session changed its state."""

    event = "handoff"
    durable = True
    state: SessionState
    session: UUID
    reason: str | None = None
    queue: str | None = None
    position: int | None = None
    eta_s: int | None = None
    agent: UserRef | None = None
    floor: FloorState
    by: UUID | None = None


class Participant(Outbound):
    """Somebody became or ceased to be responder."""

    event = "participant"
    durable = True
    userId: UUID
    role: Role
    change: str
    """`joined` or `left`."""


class ConversationUpdated(Outbound):
    """Something about the conversation changed."""

    event = "conversation.updated"
    durable = True
    status: ConversationStatus | None = None
    priority: int | None = None
    tags: list[str] | None = None
    assignee: UUID | None = None
    contact: dict[str, str] | None = None
    """What a customer nobody could come to left: `name`, `email`, `phone`. Agents only."""
    until: Timestamp | None = None
    floor: FloorState | None = None
    by: UUID | None = None


class ConversationClosed(Outbound):
    """The conversation ended."""

    event = "conversation.closed"
    durable = True
    by: UUID | None = None
    csat: bool | None = None
    """True where the customer may rate."""


class Attachment(Outbound):
    """A file changed its state."""

    event = "attachment"
    durable = True
    id: UUID
    state: str
    mime: str
    size: int


class InboxContact(Shape):
    id: UUID
    name: str | None = None
    verified: bool


class InboxItem(Shape):
    """One row of the agent inbox. `rev` is the conversation's head; a lower one is ignored."""

    conv: UUID
    rev: int
    status: ConversationStatus
    floor: FloorState
    session: SessionState | None = None
    queue: str | None = None
    assignee: UUID | None = None
    contact: InboxContact
    preview: str
    unread: int
    waiting_since: Timestamp | None = None
    priority: int
    tags: list[str]
    channel: str
    last_ts: Timestamp
    inbox: UUID | None = None
    snoozed_until: Timestamp | None = None
    mentions: list[UUID] | None = None
    """The agents whom notes name, by themselves or by a team of theirs."""


class InboxSnapshot(Outbound):
    """A page of a view."""

    event = "inbox.snapshot"
    view: InboxView
    items: list[InboxItem]
    counts: dict[str, int]
    next: str | None = None


class InboxUpsert(Outbound):
    """A row of the open view is new or changed."""

    event = "inbox.upsert"
    item: InboxItem


class InboxRemove(Outbound):
    """A row left the open view."""

    event = "inbox.remove"
    conv: UUID


class InboxCounts(Outbound):
    """Counters of the queues, merged to one per 250 ms."""

    event = "inbox.counts"
    queues: dict[str, int]


class SubscribedItem(Shape):
    conv: UUID
    head_seq: int
    epoch: str
    recovered: bool
    floor: FloorState


class Subscribed(Outbound):
    """Which conversations are followed now; replay and `synced` follow for each."""

    event = "subscribed"
    items: list[SubscribedItem]
    refused: list[UUID]


class OfferPacket(Shape):
    summary: str | None = None
    reason: str | None = None
    waiting_s: int
    contact: InboxContact


class Offer(Outbound):
    """A session is offered to this agent."""

    event = "offer"
    session: UUID
    deadline_ms: int
    packet: OfferPacket


class OfferRescinded(Outbound):
    """The offer is gone."""

    event = "offer.rescinded"
    session: UUID
    reason: str
    by: UserRef | None = None


class Summary(Outbound):
    """A refined summary is ready."""

    event = "summary"
    upto_seq: int
    behind: int
    source: str


class Notice(Outbound):
    """Something this agent should know."""

    event = "notice"
    id: UUID
    kind: str
    text: str | None = None


SERVER_FRAMES: dict[str, type[Outbound]] = {
    frame.event: frame
    for frame in (
        Hello,
        Ready,
        Synced,
        AuthExpiring,
        AuthOk,
        Ping,
        Pong,
        Drain,
        Degraded,
        Recovered,
        ErrorFrame,
        Message,
        Delivered,
        Nack,
        Void,
        MessageUpdated,
        MessageDeleted,
        Receipt,
        Typing,
        Viewing,
        Presence,
        Queue,
        BotDelta,
        Handoff,
        Participant,
        ConversationUpdated,
        ConversationClosed,
        Attachment,
        InboxSnapshot,
        InboxUpsert,
        InboxRemove,
        InboxCounts,
        Subscribed,
        Offer,
        OfferRescinded,
        Summary,
        Notice,
    )
}
