"""Frames about a connection itself: who it speaks for, limits, life, its end."""

from uuid import UUID

from chorus.wire.common import (
    ChosenStatus,
    ConversationStatus,
    FloorState,
    Outbound,
    Shape,
    Timestamp,
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
