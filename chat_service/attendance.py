"""Whether somebody is there who would answer: asked by every page, so looked at now and then."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from chat_service import queue_choice, reach
from chat_service.queue_choice import QueueRow
from chat_service.store import lines
from chat_service.together import Together
from chorus.bus import Client
from chorus.db import Db
from chorus.wire.common import PresenceStatus

KEPT_FOR_S: Final = 3.0
KEPT_MAX: Final = 10_000


@dataclass(slots=True, eq=False)
class Attendance:
    """What was found of each queue a moment ago; one look for all who ask meanwhile."""

    _known: dict[UUID, tuple[float, bool | None]] = field(default_factory=dict)
    _together: Together[bool | None] = field(default_factory=Together)

    async def of(
        self,
        db: Db,
        redis: Client,
        tenant_id: UUID,
        *,
        queue: QueueRow,
        queues: Sequence[QueueRow],
    ) -> bool | None:
        """Say whether somebody of the queue, or of where it overflows to, is online.

        None: presence does not know, because Redis or its watcher are away.
        """
        until, found = self._known.get(queue.id, (0.0, None))
        if time.monotonic() < until:
            return found
        members = sorted({one for row in queue_choice.reach(queue, queues) for one in row.members})
        found = await self._together.get(queue.id, lambda: look(db, redis, tenant_id, members))
        if len(self._known) >= KEPT_MAX:
            self._known.clear()
        self._known[queue.id] = (time.monotonic() + KEPT_FOR_S, found)
        return found


async def look(db: Db, redis: Client, tenant_id: UUID, agents: Sequence[UUID]) -> bool | None:
    """Read what they chose and whether they can be reached."""
    async with db.read(tenant_id) as session:
        desks = await lines.desks(session, tenant_id, agents)
    seen = await reach.read(redis, tenant_id, [one.id for one in desks])
    return attended(queue_choice.status_of(one, seen) for one in desks)


def attended(statuses: Iterable[PresenceStatus]) -> bool | None:
    """Whether one of them is online; None where somebody might be. Pure."""
    found = set(statuses)
    if PresenceStatus.ONLINE in found:
        return True
    return None if PresenceStatus.UNKNOWN in found else False
