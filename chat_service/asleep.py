"""Lines that cannot move now, because everybody who serves them is here and has their hands full.

A round that has just looked at all of them may leave these unread. Pure.
"""

from collections.abc import Iterable, Mapping
from uuid import UUID

from chat_service.routing_facts import UNSEEN, AgentFacts, QueueFacts
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
    return not agent.in_wrap_up and agent.load + agent.offered < agent.capacity
