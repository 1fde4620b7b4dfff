"""When nobody can come to a customer who asked for a person, and what they may do instead. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from chorus.clock import rfc3339
from chorus.presence import Seen
from chorus.wire.common import ChosenStatus, PresenceStatus

EMPTY_FOR: Final = timedelta(seconds=30)
"""So long is a queue without anybody before those who wait in it are told so: people reload pages."""
CHOICES: Final = ("message", "callback")


class Why(StrEnum):
    CLOSED = "closed"
    NOBODY_THERE = "nobody_there"


@dataclass(frozen=True, slots=True)
class Deferral:
    """Why nobody comes, and when the queue opens again, if that is why."""

    why: Why
    opens_at: datetime | None = None


def options_of(deferral: Deferral, *, has_bot: bool, chosen: str | None = None) -> dict[str, Any]:
    """What a deferred session keeps: what the customer may choose, why, and what they chose."""
    kept = {
        "options": [*CHOICES, *(["bot"] if has_bot else [])],
        "why": deferral.why.value,
        "opens_at": deferral.opens_at and rfc3339(deferral.opens_at),
        "chosen": chosen,
    }
    return {name: value for name, value in kept.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who serves a queue: what they chose (None: nothing yet) and what presence says."""

    chosen: str | None
    seen: Seen


def nobody_there(members: Iterable[Member]) -> bool:
    """Say whether all are gone. Who is away or busy may come back; unknown is not gone."""
    return all(
        one.chosen == ChosenStatus.OFFLINE or one.seen.status is PresenceStatus.OFFLINE
        for one in members
    )


def since_when(
    empty: Iterable[UUID], before: Mapping[UUID, datetime], *, now: datetime
) -> dict[UUID, datetime]:
    """Remember since when each of these queues is seen to be without anybody."""
    return {queue_id: before.get(queue_id, now) for queue_id in empty}
