"""What the calls between gateway and chat service carry (`chorus/rpc.py` makes them)."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from chorus.auth import Principal
from chorus.ingest import IngestItem


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A durable event as it left the database; `frame` is its JSON without `ref` and `conv`."""

    seq: int
    visibility: str
    author: UUID | None
    frame: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Watermark:
    user_id: UUID
    delivered_seq: int
    read_seq: int


@dataclass(frozen=True, slots=True)
class ResumePoint:
    epoch: str
    last_seq: int


@dataclass(frozen=True, slots=True)
class ConversationState:
    """Where a conversation stands, in one read with the events that follow `replay_from`."""

    conversation_id: UUID
    epoch: str
    head_seq: int
    first_seq: int
    status: str
    floor_holder: str
    floor_epoch: int
    recovered: bool
    resumed: bool
    replay_from: int
    receipts: list[Watermark] = field(default_factory=list)
    events: list[StoredEvent] = field(default_factory=list)
    queue: str | None = None
    position: int | None = None
    closed_long_ago: bool = False


@dataclass(frozen=True, slots=True)
class AccessItem:
    conversation_id: UUID
    resume: ResumePoint | None = None


@dataclass(frozen=True, slots=True)
class AccessRequest:
    principal: Principal
    items: list[AccessItem]
    """Empty for the inbox socket itself: only the agent is looked up."""
    max_events: int = 500
    max_bytes: int | None = None
    """About how much of their events is answered; what follows is asked for by `Resume`."""


@dataclass(frozen=True, slots=True)
class AgentState:
    status: str | None
    """None: nothing was ever chosen."""
    capacity: int
    load: int


@dataclass(frozen=True, slots=True)
class AccessReply:
    """`refused` holds absent and foreign conversations alike."""

    conversations: list[ConversationState] = field(default_factory=list)
    refused: list[UUID] = field(default_factory=list)
    agent: AgentState | None = None


@dataclass(frozen=True, slots=True)
class ResumeRequest:
    tenant_id: UUID
    conversation_id: UUID
    after: int
    limit: int = 500
    max_bytes: int | None = None
    """About how much is answered: the first event whatever its size, then no more than fit."""


@dataclass(frozen=True, slots=True)
class ResumeReply:
    epoch: str
    head_seq: int
    first_seq: int
    floor_holder: str
    floor_epoch: int
    events: list[StoredEvent] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class HeadsRequest:
    """`agent_ids`: those whose choice of availability is asked for."""

    conversation_ids: list[UUID]
    agent_ids: list[UUID] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Head:
    conversation_id: UUID
    head_seq: int
    floor_holder: str
    floor_epoch: int


@dataclass(frozen=True, slots=True)
class Revocation:
    """Sockets of `subject` (user, token or tenant id) opened by tokens issued before `before` end."""

    id: int
    kind: str
    subject: str
    before: int


@dataclass(frozen=True, slots=True)
class HeadsReply:
    epoch: str
    heads: list[Head] = field(default_factory=list)
    revocations: list[Revocation] = field(default_factory=list)
    """Those of the last token lifetime."""
    statuses: list[tuple[UUID, str, int]] = field(default_factory=list)
    """What those of the asked agents chose who did, and when in Unix ms."""
    offers: list[tuple[UUID, str]] = field(default_factory=list)
    """The open offers of the asked agents, as frames that name their conversation."""


@dataclass(frozen=True, slots=True)
class IngestRequest:
    items: list[IngestItem]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One thing to publish or deliver: a packed header as hex, and the frame."""

    header: str
    frame: str


@dataclass(frozen=True, slots=True)
class IngestReply:
    outgoing: list[Outgoing]


@dataclass(frozen=True, slots=True)
class ActRequest:
    principal: Principal
    conversation_id: UUID | None
    conn: str
    event: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ActReply:
    """The frames for the socket that asked, in order: a `delivered` or `nack`, or a snapshot."""

    frames: list[str]


@dataclass(frozen=True, slots=True)
class ReceiptItem:
    tenant_id: UUID
    conversation_id: UUID
    user_id: UUID
    role: str
    kind: str
    up_to: int


@dataclass(frozen=True, slots=True)
class ReceiptsRequest:
    items: list[ReceiptItem]


@dataclass(frozen=True, slots=True)
class ReceiptsReply:
    stored: int
