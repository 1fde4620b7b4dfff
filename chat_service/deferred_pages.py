"""Which of the many deferred sessions are looked at in a round: some of each line, then the next. Pure.

The oldest may ask for something that nobody here can do. Whoever stands behind them is looked at
a moment later, so that nobody is hidden for good.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from chat_service.routing_facts import Place
from chat_service.routing_plan import Plan

PAGE: Final = 50
NEXT_AFTER: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Behind whom a line is looked at next."""

    requested_at: datetime
    session_id: UUID


def next_cursors(
    lines: Mapping[UUID, Cursor | None], found: Sequence[Place], plan: Plan, *, now: datetime
) -> dict[UUID, Cursor | None]:
    """Where each of these lines is looked at in the next round, after this one made `plan`.

    `found`: their deferred sessions, in order. A line that moved is looked at from its head again.
    """
    moved = {one.place.waiting.session_id for one in plan.chosen}
    moved |= {place.waiting.session_id for place, _ in plan.elsewhere}
    cursors = {line: _next(_of(line, found), moved) for line in lines}
    if any(cursors.values()):
        plan.look_at(now + NEXT_AFTER)
    return cursors


def _of(line: UUID, found: Sequence[Place]) -> list[Place]:
    return [one for one in found if one.deferred and one.waiting.queue_id == line]


def _next(page: Sequence[Place], moved: Collection[UUID]) -> Cursor | None:
    if len(page) < PAGE or any(one.waiting.session_id in moved for one in page):
        return None
    last = page[-1].waiting
    return Cursor(last.requested_at, last.session_id)
