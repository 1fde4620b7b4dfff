"""What the queues of a tenant can do now: the same for all of its customers who ask at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from chat_service import eta, queue_choice, reach
from chat_service.queue_choice import EVERYBODY, Circle, Desk, QueueRow
from chat_service.store import lines, queues
from chorus.bus import Client
from chorus.db import Db
from chorus.presence import Seen
from chorus.wire.common import PresenceStatus


@dataclass(frozen=True, slots=True)
class Outlook:
    """Queues, who serves them, what those have to do, and who of them can be reached."""

    queues: Sequence[QueueRow]
    desks: Mapping[UUID, Desk]
    times_s: Mapping[UUID, Sequence[float]]
    seen: Mapping[UUID, Seen]

    def service(self, queue: QueueRow, circle: Circle = EVERYBODY) -> eta.Service:
        """What a queue can do by itself, or those of it do who may be asked for a session."""
        desks = circle.of(self._of(queue))
        return queue_choice.service(desks, self.seen, self.times_s.get(queue.id, []))

    def anybody_comes(self, queue: QueueRow) -> bool:
        """Say whether somebody of it, or of where it overflows to, may take a session."""
        reach = queue_choice.reach(queue, self.queues)
        desks = [desk for one in reach for desk in self._of(one)]
        statuses = (queue_choice.status_of(one, self.seen) for one in desks)
        return queue_choice.anybody_comes(statuses)

    def may_answer(self, agent_id: UUID | None) -> bool:
        """Say whether the agent a customer talks to already can be asked; who is of no queue may be."""
        if agent_id is None:
            return False
        desk = self.desks.get(agent_id)
        status = PresenceStatus.UNKNOWN if desk is None else queue_choice.status_of(desk, self.seen)
        return status in (PresenceStatus.ONLINE, PresenceStatus.UNKNOWN)

    def _of(self, queue: QueueRow) -> list[Desk]:
        return [self.desks[one] for one in queue.members if one in self.desks]


async def look(db: Db, redis: Client, tenant_id: UUID) -> Outlook:
    """Read all of it; presence after the database, whose connection does not wait for it."""
    async with db.read(tenant_id) as session:
        known = await queues.queues(session, tenant_id)
        members = sorted({agent for one in known for agent in one.members})
        desks = await lines.desks(session, tenant_id, members)
        times_s = await lines.handle_times_s(session, tenant_id, [one.id for one in known])
    seen = await reach.read(redis, tenant_id, members)
    return Outlook(known, {one.id: one for one in desks}, times_s, seen)
