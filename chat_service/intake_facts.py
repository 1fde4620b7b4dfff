"""What the rules of intake know of conversations, messages and people. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from chat_service.attachments_intake import Known as Files
from chat_service.intake_sessions import Live, Side


@dataclass(slots=True)
class Head:
    """A locked conversation, moved along as messages are taken."""

    tenant_id: UUID
    contact_id: UUID
    status: str
    last_seq: int
    floor_holder: str
    floor_epoch: int
    assignee_id: UUID | None
    waiting_since: datetime | None
    first_new_seq: int = 0
    """0 while nothing was added."""
    preview: str | None = None
    unread_added: int = 0
    roles_added: set[str] = field(default_factory=set)
    spoken: dict[UUID, int] = field(default_factory=dict)
    """Agents who spoke publicly in this batch, with their last seq."""
    taken_over: bool = False
    woken: bool = False

    def unchanged(self) -> "Head":
        """The same conversation, as one to which nothing was added yet."""
        return Head(
            self.tenant_id,
            self.contact_id,
            self.status,
            self.last_seq,
            self.floor_holder,
            self.floor_epoch,
            self.assignee_id,
            self.waiting_since,
        )

    def next_seq(self) -> int:
        self.last_seq += 1
        if not self.first_new_seq:
            self.first_new_seq = self.last_seq
        return self.last_seq


@dataclass(frozen=True, slots=True)
class Known:
    """A message that is stored already."""

    seq: int
    body_hash: str
    ts_ms: int
    type: str
    visibility: str


@dataclass(frozen=True, slots=True)
class Answered:
    """Which agent answered the customer, and when."""

    by: UUID | None
    name: str | None
    ts_ms: int


@dataclass(slots=True)
class Facts:
    """What the database knew under the lock."""

    now: datetime
    heads: dict[UUID, Head]
    known: dict[tuple[UUID, UUID], Known] = field(default_factory=dict)
    agents: dict[tuple[UUID, UUID], str] = field(default_factory=dict)
    """Roles of the enabled agents among the senders, by tenant and id."""
    names: dict[UUID, str] = field(default_factory=dict)
    """What these agents are called."""
    sides: dict[UUID, Side] = field(default_factory=dict)
    """By conversation that agents speak in; a session that is simply active is in none."""
    live: dict[UUID, Live] = field(default_factory=dict)
    """The sessions of `sides`, where a public message of an agent makes them needed."""
    files: Files = field(default_factory=dict)
    """What messages name, where any does."""
    unread: Mapping[tuple[UUID, int], datetime] = field(default_factory=dict)
    """When a customer first wrote after what a bot had read, by conversation and seq."""
    stale_views: Mapping[tuple[UUID, UUID, UUID, int], Answered] = field(default_factory=dict)
    """The last answer of another agent that a sender has not seen, by conversation, id, sender and
    expected seq of their message."""
