"""What else than an offer becomes of who waits: another line, everybody in place of a team, a
question what they would like, or later. Pure.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from chat_service.deferral import EMPTY_FOR, Deferral, Group, Member, Why, nobody_there
from chat_service.hours import is_open, next_open
from chat_service.routing import Overflow, Policy, overflow_target, overflows_to
from chat_service.routing_facts import (
    DEFER,
    UNSEEN,
    AgentFacts,
    Facts,
    Place,
    QueueFacts,
    instead_of,
)
from chat_service.routing_plan import Plan, Then
from chat_service.session_facts import Queued, QueueGone, Reason, TeamGone
from chorus.wire.common import PresenceStatus


class Exits:
    """The facts of a round as those see them who are not offered to anybody."""

    def __init__(self, facts: Facts, *, now: datetime) -> None:
        self._facts = facts
        self._now = now
        self._people = {one.id: one for one in facts.agents}
        self._overflows = {
            one.id: Overflow(_seconds(one.max_wait_s), one.overflow_queue_id)
            for one in facts.queues.values()
            if not one.gone
        }

    def homeless(self) -> list[tuple[Place, Then]]:
        """Whose queue is deleted goes to the one that is there instead."""
        queues = self._facts.queues
        gone = [one for one in self._facts.places if queues[one.waiting.queue_id].gone]
        return [
            (one, QueueGone(id_, instead_of(queues[id_], queues)))
            for one in gone
            for id_ in [one.waiting.queue_id]
        ]

    def without_anybody(self) -> set[Group]:
        """The queues, and teams in them, all of whose people are gone.

        For a queue those of the queues it overflows to count, too.
        """
        asked = {
            (one.waiting.queue_id, one.team_id)
            for one in self._facts.places
            if one.team_id or not one.deferred
        }
        return {one for one in asked if nobody_there(self._members_of(one))}

    def of(self, place: Place, plan: Plan, empty_since: Mapping[Group, datetime]) -> Then | None:
        """Where a session goes before anybody is looked for; None: nowhere."""
        team_over = self._team_over(place, plan, empty_since)
        if team_over is not None:
            return team_over
        target = self._overflow(place, plan)
        if target is not None:
            return Queued(target, Reason.OVERFLOW)
        return self._deferral(place, plan, empty_since)

    def tired(self, place: Place, plan: Plan) -> Deferral | None:
        """What becomes of a session nobody took that has waited as long as its queue allows."""
        queue = self._queue_of(place)
        if place.deferred or queue.max_wait_s is None or self._is_blind(queue):
            return None
        if overflow_target(queue.id, self._overflows) is not None:
            return None
        due = place.waiting.queued_at + timedelta(seconds=queue.max_wait_s)
        if self._now < due:
            plan.look_at(due)
            return None
        if queue.waited_long == DEFER:
            return Deferral(Why.WAITED_LONG)
        return None if place.told else Deferral(Why.WAITED_LONG, waits=True)

    def is_open(self, place: Place) -> bool:
        return is_open(self._facts.hours.get(place.waiting.queue_id), self._now)

    def _team_over(
        self, place: Place, plan: Plan, empty_since: Mapping[Group, datetime]
    ) -> TeamGone | None:
        """Give a team up that is not there, or that nobody of came for long enough."""
        queue, team_id = self._queue_of(place), place.team_id
        if team_id is None or place.waiting.policy is Policy.MANUAL or self._is_blind(queue):
            return None
        since, wait = empty_since.get((queue.id, team_id)), _seconds(queue.team_wait_s)
        ends = [since + EMPTY_FOR] if since else []
        ends += [place.waiting.queued_at + wait] if wait else []
        if any(end <= self._now for end in ends):
            return TeamGone(team_id)
        plan.look_at(min(ends, default=None))
        return None

    def _overflow(self, place: Place, plan: Plan) -> UUID | None:
        waiting = place.waiting
        if place.deferred:
            return None
        own = self._overflows.get(waiting.queue_id)
        if own is None or own.max_wait is None:
            return None
        if overflow_target(waiting.queue_id, self._overflows) is None:
            return None
        target = overflows_to(waiting, self._overflows, now=self._now)
        if target is None:
            plan.look_at(waiting.queued_at + own.max_wait)
        return target

    def _deferral(
        self, place: Place, plan: Plan, empty_since: Mapping[Group, datetime]
    ) -> Deferral | None:
        """Why nobody can come to somebody who waits; None: somebody may."""
        queue_id = place.waiting.queue_id
        manual = place.waiting.policy is Policy.MANUAL
        if place.deferred or manual or self._is_answered(place):
            return None
        if not self.is_open(place):
            opens_at = next_open(self._facts.hours.get(queue_id), self._now)
            return Deferral(Why.CLOSED, opens_at)
        since = empty_since.get((queue_id, None)) if place.team_id is None else None
        if since is None or self._now < since + EMPTY_FOR:
            plan.look_at(since and since + EMPTY_FOR)
            return None
        return Deferral(Why.NOBODY_THERE)

    def _is_answered(self, place: Place) -> bool:
        """Say whether the agent who answers the customer already can be asked."""
        holder_id = place.waiting.holder_id
        holder = self._people.get(holder_id) if holder_id else None
        if holder is None or holder.id in place.waiting.excluded or not holder.willing:
            return False
        return self._facts.seen.get(holder.id, UNSEEN).status is PresenceStatus.ONLINE

    def _is_blind(self, queue: QueueFacts) -> bool:
        """Say whether nothing may be made of nobody coming: presence is unknown."""
        seen = self._facts.seen
        return any(
            seen.get(one, UNSEEN).status is PresenceStatus.UNKNOWN
            for one in queue.members
            if one in self._people
        )

    def _members_of(self, group: Group) -> list[Member]:
        queue_id, team_id = group
        served = [queue_id] if team_id else self._reach(queue_id)
        people = {agent for one in served for agent in self._facts.queues[one].members}
        if team_id is not None:
            people &= self._facts.teams.get(team_id, frozenset())
        return [self._member(self._people[one]) for one in people & self._people.keys()]

    def _member(self, agent: AgentFacts) -> Member:
        chose = agent.status if agent.status_at else None
        return Member(chose, self._facts.seen.get(agent.id, UNSEEN))

    def _reach(self, queue_id: UUID) -> list[UUID]:
        """The queue and those it overflows into, each once."""
        queues, served = self._facts.queues, list[UUID]()
        here = queues.get(queue_id)
        while here is not None and here.id not in served:
            served.append(here.id)
            target = self._overflows.get(here.id)
            onwards = target is not None and target.max_wait is not None and target.queue_id
            here = queues.get(onwards) if onwards else None
        return served

    def _queue_of(self, place: Place) -> QueueFacts:
        return self._facts.queues[place.waiting.queue_id]


def _seconds(seconds: int | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
