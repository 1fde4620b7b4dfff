"""What cannot move now, so that a round that has just looked at all of it may leave it unread. Pure.

Lines sleep while everybody who serves them is here and has their hands full. In a line that moves
sessions are stuck that nobody with room is fit for, until somebody can do more than they could.
So are they until the moment from which time alone may change it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from chat_service.deferral import Group
from chat_service.routing_facts import UNSEEN, AgentFacts, QueueFacts
from chat_service.routing_plan import Plan
from chorus.presence import Seen
from chorus.wire.common import PresenceStatus


def asleep(
    queues: Iterable[QueueFacts], agents: Iterable[AgentFacts], seen: Mapping[UUID, Seen]
) -> list[UUID]:
    """The queues of which a round can make nothing: nobody has room, nobody overflows.

    One without anybody is not among them: how long it is so is counted.
    """
    here = _here(agents, seen)
    return [queue.id for queue in queues if _sleeps(queue, here)]


def staffed(
    queues: Iterable[QueueFacts], agents: Iterable[AgentFacts], seen: Mapping[UUID, Seen]
) -> set[UUID]:
    """The queues in which somebody who is here has room."""
    here = _here(agents, seen)
    return {queue.id for queue in queues if any(map(_has_room, _members(queue, here)))}


class Power(NamedTuple):
    """What an agent who is here could do."""

    room: int
    skills: frozenset[str]
    languages: frozenset[str]
    serves: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Stuck:
    """Sessions nobody could take, what everybody could do then, and when time may change it."""

    sessions: frozenset[UUID] = frozenset()
    powers: Mapping[UUID, Power] = field(default_factory=dict)
    until: datetime | None = None

    def still(self, powers: Mapping[UUID, Power], now: datetime) -> Collection[UUID]:
        """Those of them nobody can take now: all, or none where somebody can do more, or may by now."""
        if self.until is not None and now >= self.until:
            return frozenset()
        grown = any(_has_grown(now, self.powers.get(one)) for one, now in powers.items())
        return frozenset() if grown else self.sessions


def stuck_after(plan: Plan, powers: Mapping[UUID, Power], lonely: Collection[Group]) -> Stuck:
    """What a round leaves stuck. How long a line is `lonely`, without anybody, is counted by reading it."""
    left = dict(powers)
    for one in plan.chosen:
        if one.agent_id in left:
            power, weight = left[one.agent_id], one.place.waiting.weight
            left[one.agent_id] = power._replace(room=power.room - weight)
    sessions = frozenset(
        one.waiting.session_id
        for one in plan.left
        if not one.deferred and (one.waiting.queue_id, one.team_id) not in lonely
    )
    return Stuck(sessions, left, plan.look_again_at)


def powers_of(
    queues: Iterable[QueueFacts], agents: Iterable[AgentFacts], seen: Mapping[UUID, Seen]
) -> dict[UUID, Power]:
    """What everybody who is here can do."""
    serves: dict[UUID, set[UUID]] = {}
    for queue in queues:
        for agent_id in queue.members:
            serves.setdefault(agent_id, set()).add(queue.id)
    return {
        id_: Power(_room(one), one.skills, one.languages, frozenset(serves.get(id_, ())))
        for id_, one in _here(agents, seen).items()
    }


def _has_grown(now: Power, then: Power | None) -> bool:
    if now.room <= 0:
        return False
    return then is None or now.room > then.room or now[1:] != then[1:]


def _room(agent: AgentFacts) -> int:
    return 0 if agent.in_wrap_up else agent.capacity - agent.load - agent.offered


def _here(agents: Iterable[AgentFacts], seen: Mapping[UUID, Seen]) -> dict[UUID, AgentFacts]:
    return {
        one.id: one
        for one in agents
        if one.willing and seen.get(one.id, UNSEEN).status is PresenceStatus.ONLINE
    }


def _members(queue: QueueFacts, here: Mapping[UUID, AgentFacts]) -> list[AgentFacts]:
    return [here[one] for one in queue.members if one in here]


def _sleeps(queue: QueueFacts, here: Mapping[UUID, AgentFacts]) -> bool:
    overflows = queue.max_wait_s is not None and queue.overflow_queue_id is not None
    members = _members(queue, here)
    if queue.gone or overflows or not members:
        return False
    return not any(map(_has_room, members))


def _has_room(agent: AgentFacts) -> bool:
    return _room(agent) > 0
