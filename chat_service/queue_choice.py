"""Which queue a request for a person belongs to, and whether anybody can come. Pure.

A queue takes a request by itself when all of its `conditions` hold, {} holds for none:

    {"inboxes": ["<id>"], "channels": ["web"], "sources": ["bot"], "languages": ["de"],
     "intents": ["refund"], "sentiments": ["angry"], "attributes": {"plan": ["gold", "silver"]}}
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from chat_service.eta import Service
from chat_service.handoff_words import Texts
from chorus.errors import BadRequest
from chorus.presence import Seen
from chorus.wire.common import PresenceStatus

PUBLIC: Final = "public"
OVERFLOWS_MAX: Final = 10
ANGRY: Final = "angry"
ANGRY_PRIORITY: Final = 1
"""Who is very cross waits as if a bot had asked for them; never more than that."""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A queue, and who of the enabled agents serves it."""

    id: UUID
    name: str
    policy: str
    visibility: str
    is_default: bool
    conditions: Mapping[str, Any]
    hours: Any
    overflow_queue_id: UUID | None
    max_wait_s: int | None
    sla_s: int | None
    members: tuple[UUID, ...]
    texts: Texts = field(default_factory=dict)
    """What its customers read, where that is not ours."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What of an agent says how soon somebody comes; whether they can be reached is in Redis."""

    id: UUID
    status: str
    status_at: datetime | None
    capacity: int
    load: int
    """What they answer now, by weight."""


@dataclass(frozen=True, slots=True)
class Circle:
    """Who of those who serve a queue may be asked for a session."""

    without: frozenset[UUID] = frozenset()
    """Who refused it and is left in peace, or hands it over."""
    team: frozenset[UUID] | None = None
    """Who alone is asked while a team is meant."""

    def of(self, desks: Iterable[Desk]) -> list[Desk]:
        return [
            one
            for one in desks
            if one.id not in self.without and (self.team is None or one.id in self.team)
        ]


EVERYBODY: Final = Circle()


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a conversation says about where a request in it belongs."""

    contact_id: UUID
    inbox_id: UUID
    inbox_queue_id: UUID | None
    channel: str
    locale: str | None
    attributes: Mapping[str, Any]
    has_bot: bool
    holder_id: UUID | None = None
    """The agent who answers there now."""
    intent: str | None = None
    """What the customer's words say, as far as they were read; like what follows."""
    sentiment: str | None = None
    language: str | None = None


class UnknownQueue(BadRequest):
    """There is no such queue."""

    @property
    def slug(self) -> str:
        return "UNKNOWN_QUEUE"


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a request decides about its queue."""

    named: str | None
    source: str
    by_customer: bool
    """Customers name public queues only."""


def choose(
    queues: Sequence[QueueRow], asked: Asked, circumstances: Circumstances
) -> QueueRow | None:
    """Find the queue: the one named, else by conditions, else the inbox's, else the default.

    Raises:
        UnknownQueue: the one named does not exist, or is none for customers.
    """
    if asked.named is not None:
        return named(queues, asked.named, by_customer=asked.by_customer)
    for queue in queues:
        if _takes(queue.conditions, asked.source, circumstances):
            return queue
    return home(queues, circumstances.inbox_queue_id)


def home(queues: Sequence[QueueRow], inbox_queue_id: UUID | None) -> QueueRow | None:
    """Find where the requests of an inbox go that belong nowhere else."""
    by_id = {queue.id: queue for queue in queues}
    if inbox_queue_id in by_id:
        return by_id[inbox_queue_id]
    return next((queue for queue in queues if queue.is_default), None)


def named(queues: Sequence[QueueRow], name: str, *, by_customer: bool = False) -> QueueRow:
    """Find a queue by its name or id. Raises UnknownQueue with the names there are."""
    seen = [one for one in queues if not by_customer or one.visibility == PUBLIC]
    for queue in seen:
        if name in (queue.name, str(queue.id)):
            return queue
    names = [queue.name for queue in seen]
    raise UnknownQueue(f"There is no such queue; there are: {', '.join(names)}.", queues=names)


def _takes(conditions: Mapping[str, Any], source: str, here: Circumstances) -> bool:
    held = {
        "inboxes": str(here.inbox_id),
        "channels": here.channel,
        "sources": source,
        # What they write says more than what their browser is set to.
        "languages": here.language or _primary(here.locale),
        "intents": here.intent,
        "sentiments": here.sentiment,
    }
    return bool(conditions) and all(
        _has_attributes(wanted, here.attributes)
        if name == "attributes"
        else _among(held.get(name), wanted)
        for name, wanted in conditions.items()
    )


def _primary(locale: str | None) -> str:
    return (locale or "").replace("_", "-").partition("-")[0].lower()


def _has_attributes(wanted: Any, attributes: Mapping[str, Any]) -> bool:
    return isinstance(wanted, Mapping) and all(
        _among(attributes.get(name), values) for name, values in wanted.items()
    )


def _among(value: Any, wanted: Any) -> bool:
    return value is not None and isinstance(wanted, Collection) and value in list(wanted)


def reach(queue: QueueRow, queues: Iterable[QueueRow]) -> list[QueueRow]:
    """The queue and those it overflows into, each once."""
    by_id = {one.id: one for one in queues}
    walked: list[QueueRow] = []
    here: QueueRow | None = queue
    while here is not None and here not in walked and len(walked) < OVERFLOWS_MAX:
        walked.append(here)
        onwards = here.overflow_queue_id if here.max_wait_s is not None else None
        here = by_id.get(onwards) if onwards else None
    return walked


def status_of(agent: Desk, seen: Mapping[UUID, Seen]) -> PresenceStatus:
    """What an agent is now: what they chose, as far as they can be reached.

    Whoever has chosen nothing yet is willing; whoever is gone is so, whatever they chose.
    """
    reached = seen[agent.id].status if agent.id in seen else PresenceStatus.UNKNOWN
    chosen = PresenceStatus(agent.status) if agent.status_at else PresenceStatus.ONLINE
    return (
        reached if reached == PresenceStatus.OFFLINE or chosen == PresenceStatus.ONLINE else chosen
    )


def anybody_comes(statuses: Iterable[PresenceStatus]) -> bool:
    """Say whether somebody may take a session, now or soon: as `deferral.nobody_there` judges.

    Who is away or busy may come back; presence that is unknown refuses nobody.
    """
    return any(status is not PresenceStatus.OFFLINE for status in statuses)


def service(
    agents: Collection[Desk], seen: Mapping[UUID, Seen], handle_times_s: Sequence[float]
) -> Service:
    """What a queue can do now: those who serve it and can be asked, and the room they have."""
    statuses = {one.id: status_of(one, seen) for one in agents}
    here = [one for one in agents if statuses[one.id] == PresenceStatus.ONLINE]
    return Service(
        slots=sum(one.capacity for one in here),
        # What they are asked just now still stands in line.
        free_slots=sum(max(0, one.capacity - one.load) for one in here),
        handle_times_s=handle_times_s,
        presence_known=PresenceStatus.UNKNOWN not in statuses.values(),
    )


def queue_of(queues: Sequence[QueueRow], queue_id: UUID) -> QueueRow | None:
    return next((one for one in queues if one.id == queue_id), None)
