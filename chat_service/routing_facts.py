"""What one round of routing is decided by: who waits, who could answer, and how queues are served."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from chat_service.hours import Hours
from chat_service.routing import Waiting
from chorus.presence import Seen
from chorus.wire.common import PresenceStatus

ASK, DEFER = "ask", "defer"
TEAM_WAIT_S: Final = 120
UNSEEN: Final = Seen(PresenceStatus.UNKNOWN, 0)


@dataclass(frozen=True, slots=True)
class Place:
    """A session that may be offered, and what its offer needs."""

    waiting: Waiting
    conversation_id: UUID
    team_id: UUID | None
    deferred: bool
    told: bool = False
    """Its customer was told that this takes long."""


@dataclass(frozen=True, slots=True)
class AgentFacts:
    """What the tables know of an agent; whether they can be reached is in Redis."""

    id: UUID
    status: str
    status_at: datetime | None
    capacity: int
    skills: frozenset[str]
    languages: frozenset[str]
    idle_since: datetime | None
    load: int
    offered: int
    in_wrap_up: bool
    recent_offers: tuple[datetime, ...]

    @property
    def willing(self) -> bool:
        """Whether they chose to be asked; who chose nothing yet is."""
        return self.status_at is None or self.status == PresenceStatus.ONLINE


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """A queue, when it is open, and who serves it: when each was last offered something of it."""

    id: UUID
    name: str
    offer_s: int
    max_wait_s: int | None
    overflow_queue_id: UUID | None
    hours: dict[str, Any] | None
    members: Mapping[UUID, datetime | None]
    is_default: bool = False
    gone: bool = False
    """It was deleted: whoever stands there goes elsewhere."""
    waited_long: str = ASK
    """What becomes of who waited `max_wait_s` and has nowhere else to go."""
    team_wait_s: int | None = TEAM_WAIT_S
    """So long is a team asked alone; None: for ever."""


def instead_of(queue: QueueFacts, queues: Mapping[UUID, QueueFacts]) -> UUID | None:
    """Where those go whose queue is deleted: its overflow queue, else the default one."""
    overflow = queues.get(queue.overflow_queue_id) if queue.overflow_queue_id else None
    if overflow is not None and not overflow.gone and overflow.id != queue.id:
        return overflow.id
    others = (one.id for one in queues.values() if one.is_default and not one.gone)
    return next((one for one in others if one != queue.id), None)


@dataclass(frozen=True, slots=True)
class Facts:
    """All a round is decided by."""

    places: Sequence[Place]
    agents: Sequence[AgentFacts]
    seen: Mapping[UUID, Seen]
    queues: Mapping[UUID, QueueFacts]
    hours: Mapping[UUID, Hours | None]
    teams: Mapping[UUID, frozenset[UUID]]
