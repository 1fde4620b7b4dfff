"""Frames of the agent inbox: rows, counters, offers, notices."""

from uuid import UUID

from chorus.wire.common import (
    ConversationStatus,
    FloorState,
    InboxView,
    Outbound,
    SessionState,
    Shape,
    Timestamp,
    UserRef,
)


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
    intent: str | None = None
    """What the customer's words are about, by rules; left out where nothing stands out."""
    sentiment: str | None = None
    """How they sound; left out while that is `neutral`."""
    language: str | None = None


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


class QueueCounts(Shape):
    """How many sessions of a queue stand where; what has ended counts nowhere."""

    waiting: int
    """Who waits for a person, those included whom somebody is asked to take."""
    offered: int
    """Of those who wait: whom somebody is asked to take."""
    active: int
    wrap_up: int
    deferred: int


class InboxCounts(Outbound):
    """Counters of the queues, by name and by state, merged to one per 250 ms."""

    event = "inbox.counts"
    queues: dict[str, QueueCounts]


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
