"""When nobody can come to a customer who asked for a person, and what they may do instead. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from chat_service.session_facts import WAIT, Deferred, Reason
from chorus.clock import rfc3339
from chorus.presence import Seen
from chorus.wire.common import ChosenStatus, PresenceStatus

EMPTY_FOR: Final = timedelta(seconds=30)
"""So long is a queue without anybody before those who wait in it are told so: people reload pages."""
CHOICES: Final = ("message", "callback")
"""Of who need not wait any longer."""
Group = tuple[UUID, UUID | None]
"""A queue and, where the session asks for one, a team: these have the same candidates."""


class Why(StrEnum):
    CLOSED = "closed"
    NOBODY_THERE = "nobody_there"
    WAITED_LONG = "waited_long"
    CHOSEN = "chosen"
    """The customer does not want to wait."""


@dataclass(frozen=True, slots=True)
class Deferral:
    """Why nobody comes, and when the queue opens again, if that is why."""

    why: Why
    opens_at: datetime | None = None
    waits: bool = False
    """They keep their place, and are asked what they would like."""


def options_of(deferral: Deferral, *, has_bot: bool, chosen: str | None = None) -> dict[str, Any]:
    """What a session keeps nobody comes to: what the customer may choose, why, what they chose."""
    kept = {
        "options": [
            *([WAIT] if deferral.waits else []),
            *CHOICES,
            *(["bot"] if has_bot else []),
        ],
        "why": deferral.why.value,
        "opens_at": deferral.opens_at and rfc3339(deferral.opens_at),
        "chosen": chosen,
    }
    return {name: value for name, value in kept.items() if value is not None}


def chosen_later(choice: str, *, has_bot: bool) -> Deferred:
    """A customer would rather not wait: what they left is for whoever has time."""
    options = options_of(Deferral(Why.CHOSEN), has_bot=has_bot, chosen=choice)
    return Deferred(options, Reason.CHOSE_LATER)


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
    empty: Iterable[Group],
    before: Mapping[Group, datetime],
    *,
    now: datetime,
    unread: Collection[UUID] = (),
) -> dict[Group, datetime]:
    """Remember since when each of these is seen to be without anybody.

    Of the queues that were left `unread` holds what was known before.
    """
    kept = {group: since for group, since in before.items() if group[0] in unread}
    return kept | {group: before.get(group, now) for group in empty}
