"""Frames of a conversation. `durable` ones carry a `seq` and were stored first."""

from typing import Any
from uuid import UUID

from chorus.codes import NackCode
from chorus.wire.common import (
    ConversationStatus,
    FileCard,
    FloorState,
    Outbound,
    PresenceStatus,
    ReceiptKind,
    Role,
    SessionState,
    StartStop,
    Timestamp,
    Traits,
    UserRef,
    Visibility,
)


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
    files: list[FileCard] | None = None
    """What `attachments` names, in the same order."""
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
    """Who was faster, or has the conversation: with ALREADY_ASSIGNED, CONVERSATION_CLOSED, STALE_VIEW."""
    at: Timestamp | None = None
    """When they answered: with STALE_VIEW."""
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
    visible: int | None = None
    """How many messages the customer sees now, where that changed."""


class MessageDeleted(Outbound):
    """A message was taken back."""

    event = "message.deleted"
    durable = True
    target: UUID
    by: UUID
    visible: int | None = None
    """How many messages the customer sees now."""


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
    options: list[str] | None = None
    """What the customer may choose now: `wait`, `message`, `callback`, `bot`."""


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
    traits: Traits | None = None
    """Agents only."""
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
