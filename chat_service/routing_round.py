"""One round of routing over all waiting sessions of a tenant. Pure.

The sessions are decided one after the other, and each offer is load for those that follow. Only
agents with room are looked at, so that a thousand sessions nobody can take cost next to nothing;
whoever is to know why a session was offered to nobody asks `explained`.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from chat_service.deferral import EMPTY_FOR, Deferral, Member, Why, nobody_there
from chat_service.hours import Hours, is_open, next_open
from chat_service.routing import (
    LOGIN_WINDOW,
    Candidate,
    Decision,
    Overflow,
    Policy,
    Waiting,
    in_order,
    overflow_target,
    overflows_to,
    relaxed_at,
    route,
    with_offer,
)
from chorus.presence import Seen
from chorus.wire.common import PresenceStatus

Group = tuple[UUID, UUID | None]
"""A queue and, where the session asks for one, a team: these have the same candidates."""
UNSEEN: Final = Seen(PresenceStatus.UNKNOWN, 0)


@dataclass(frozen=True, slots=True)
class Place:
    """A session that may be offered, and what its offer needs."""

    waiting: Waiting
    conversation_id: UUID
    team_id: UUID | None
    deferred: bool


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


@dataclass(frozen=True, slots=True)
class Chosen:
    """A session that is to be offered to `agent_id` until `deadline_at`."""

    place: Place
    agent_id: UUID
    deadline_at: datetime
    decision: Decision


@dataclass(slots=True)
class Plan:
    """What a round comes to. `more`: the limit cut it short."""

    chosen: list[Chosen] = field(default_factory=list)
    overflowing: list[tuple[Place, UUID]] = field(default_factory=list)
    """Sessions that waited too long, and the queue each goes to."""
    homeless: list[tuple[Place, UUID | None]] = field(default_factory=list)
    """Sessions whose queue is deleted, and the queue each goes to, if there is one."""
    deferring: list[tuple[Place, Deferral]] = field(default_factory=list)
    """Sessions nobody can come to, and why."""
    left: list[Place] = field(default_factory=list)
    """Sessions nobody can take now, in order."""
    more: bool = False
    look_again_at: datetime | None = None
    """When time alone may change the outcome."""

    @property
    def moves(self) -> int:
        """How many sessions it moves."""
        others = len(self.overflowing) + len(self.homeless) + len(self.deferring)
        return len(self.chosen) + others

    def look_at(self, moment: datetime | None) -> None:
        if moment is not None and (self.look_again_at is None or moment < self.look_again_at):
            self.look_again_at = moment


class Round:
    """The facts of a round, moved along as sessions are given out."""

    def __init__(self, facts: Facts, *, now: datetime) -> None:
        self._facts = facts
        self._now = now
        self._agents = {
            one.id: _candidate(one, facts.seen.get(one.id, UNSEEN)) for one in facts.agents
        }
        self._members: dict[Group, dict[UUID, Candidate]] = {}
        self._room: dict[Group, dict[UUID, Candidate]] = {}
        """Those of the members who may have room."""
        self._hopeless: set[Hashable] = set()
        """Wishes nobody with room fulfils: room only shrinks in a round."""
        self._lightest = min((one.waiting.weight for one in facts.places), default=1)
        self._overflows = {
            one.id: Overflow(_seconds(one.max_wait_s), one.overflow_queue_id)
            for one in facts.queues.values()
            if not one.gone
        }

    def plan(self, *, limit: int, empty_since: Mapping[UUID, datetime] | None = None) -> Plan:
        """Decide whom to offer what: at most `limit` sessions, the most urgent first.

        `empty_since`: since when queues are known to be `without_anybody`.
        """
        plan = Plan(homeless=self._homeless()[:limit])
        for place in self._in_order():
            target = self._overflow(place, plan)
            if plan.moves >= limit:
                plan.more = True
                break
            deferral = self._deferral(place, plan, empty_since or {})
            if target is not None:
                plan.overflowing.append((place, target))
            elif deferral is not None:
                plan.deferring.append((place, deferral))
            elif place.waiting.policy is not Policy.MANUAL:
                self._decide(place, plan)
        for one in self.candidates():
            plan.look_at(_login_window_ends(one, self._now))
        return plan

    def candidates(self) -> list[Candidate]:
        """The agents as they stand now, whatever the queue."""
        return list(self._agents.values())

    def without_anybody(self) -> set[UUID]:
        """The queues whose members, and those of the queues they overflow to, are all gone."""
        asked = {one.waiting.queue_id for one in self._facts.places if not one.deferred}
        return {one for one in asked if nobody_there(self._members_of(one))}

    def _members_of(self, queue_id: UUID) -> list[Member]:
        queues, known = self._facts.queues, {one.id: one for one in self._facts.agents}
        served, here = list[UUID](), queues.get(queue_id)
        while here is not None and here.id not in served:
            served.append(here.id)
            target = self._overflows.get(here.id)
            onwards = target is not None and target.max_wait is not None and target.queue_id
            here = queues.get(onwards) if onwards else None
        people = {agent for one in served for agent in queues[one].members} & known.keys()
        return [
            Member(
                known[one].status if known[one].status_at else None,
                self._facts.seen.get(one, UNSEEN),
            )
            for one in people
        ]

    def _deferral(
        self, place: Place, plan: Plan, empty_since: Mapping[UUID, datetime]
    ) -> Deferral | None:
        """Why nobody can come to somebody who waits; None: somebody may."""
        queue_id = place.waiting.queue_id
        if place.deferred or place.waiting.policy is Policy.MANUAL:
            return None
        if not self._is_open(place):
            opens_at = next_open(self._facts.hours.get(queue_id), self._now)
            return Deferral(Why.CLOSED, opens_at)
        since = empty_since.get(queue_id)
        if since is None or self._now < since + EMPTY_FOR:
            plan.look_at(since and since + EMPTY_FOR)
            return None
        return Deferral(Why.NOBODY_THERE)

    def explained(self, place: Place) -> Decision:
        """Judge every candidate of a session, those without room too."""
        return route(place.waiting, self._asked(place).values(), now=self._now)

    def _homeless(self) -> list[tuple[Place, UUID | None]]:
        queues = self._facts.queues
        gone = [one for one in self._facts.places if queues[one.waiting.queue_id].gone]
        return [(one, instead_of(queues[one.waiting.queue_id], queues)) for one in gone]

    def _in_order(self) -> list[Place]:
        """Who waits goes before whom nobody could come to."""
        queues = self._facts.queues
        by_id = {
            one.waiting.session_id: one
            for one in self._facts.places
            if not queues[one.waiting.queue_id].gone
        }
        live = [one.waiting for one in by_id.values() if not one.deferred]
        later = [one.waiting for one in by_id.values() if one.deferred and self._is_open(one)]
        ordered = [*in_order(live, now=self._now), *in_order(later, now=self._now)]
        return [by_id[one.session_id] for one in ordered]

    def _is_open(self, place: Place) -> bool:
        return is_open(self._facts.hours.get(place.waiting.queue_id), self._now)

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

    def _decide(self, place: Place, plan: Plan) -> None:
        waiting, group = place.waiting, self._group(place)
        room, wish = self._room[group], (group, *_wish(waiting, self._now))
        hopeless = not room or wish in self._hopeless
        best = None if hopeless else route(waiting, room.values(), now=self._now)
        if best is None or best.chosen is None:
            plan.left.append(place)
            if room:
                plan.look_at(relaxed_at(waiting, now=self._now))
            if not hopeless and not any(one in room for one in waiting.excluded):
                self._hopeless.add(wish)
            return
        full = {id_: one for id_, one in self._asked(place).items() if id_ not in room}
        others = route(waiting, full.values(), now=self._now).candidates
        decision = replace(best, candidates={**best.candidates, **others})
        queue = self._facts.queues[waiting.queue_id]
        deadline_at = self._now + timedelta(seconds=queue.offer_s)
        plan.chosen.append(Chosen(place, best.chosen, deadline_at, decision))
        self._give(best.chosen, waiting)

    def _give(self, agent_id: UUID, waiting: Waiting) -> None:
        """Count the offer in every group the agent is in."""
        self._agents[agent_id] = with_offer(self._agents[agent_id], waiting, now=self._now)
        for group, members in self._members.items():
            if agent_id not in members:
                continue
            given = with_offer(members[agent_id], waiting, now=self._now)
            members[agent_id] = given
            room = self._room[group]
            if agent_id in room and self._has_room(given):
                room[agent_id] = given
            else:
                room.pop(agent_id, None)

    def _group(self, place: Place) -> Group:
        """Get to know the candidates of a session's queue and team, once a round."""
        waiting = place.waiting
        group = waiting.queue_id, place.team_id
        if group not in self._members:
            members = {
                one: self._in_queue(place, one)
                for one in self._facts.queues[waiting.queue_id].members
                if one in self._agents
            }
            self._members[group] = members
            self._room[group] = {
                id_: one for id_, one in members.items() if one.member and self._has_room(one)
            }
        return group

    def _asked(self, place: Place) -> dict[UUID, Candidate]:
        """Who serves the queue, and the owner: each as they stand now."""
        members, owner_id = self._members[self._group(place)], place.waiting.owner_id
        if owner_id is None or owner_id in members or owner_id not in self._agents:
            return members
        return {**members, owner_id: self._in_queue(place, owner_id)}

    def _in_queue(self, place: Place, agent_id: UUID) -> Candidate:
        """An agent as the queue sees them."""
        agent, queue = self._agents[agent_id], self._facts.queues[place.waiting.queue_id]
        team = self._facts.teams.get(place.team_id) if place.team_id else None
        asked = queue.members.get(agent_id)
        # Taking turns is a matter of each queue, but for what was given out a moment ago.
        this_round = agent.last_offered_at == self._now
        if this_round or place.waiting.policy is not Policy.ROUND_ROBIN:
            asked = _later(asked, agent.last_offered_at)
        serves = agent_id in queue.members and (team is None or agent_id in team)
        return replace(agent, member=serves, last_offered_at=asked)

    def _has_room(self, one: Candidate) -> bool:
        here = one.status is PresenceStatus.ONLINE and not one.in_wrap_up
        return here and one.load + one.offered + self._lightest <= one.capacity


def _candidate(agent: AgentFacts, seen: Seen) -> Candidate:
    """What is known of an agent whatever the queue; reachable and willing is two things."""
    status = seen.status if agent.willing else PresenceStatus(agent.status)
    since = max(_moment(seen.since_ms), agent.status_at or _moment(0))
    return Candidate(
        agent_id=agent.id,
        member=False,
        status=status,
        capacity=agent.capacity,
        load=agent.load,
        offered=agent.offered,
        in_wrap_up=agent.in_wrap_up,
        skills=agent.skills,
        languages=agent.languages,
        last_offered_at=max(agent.recent_offers, default=None),
        idle_since=agent.idle_since,
        online_since=since if status is PresenceStatus.ONLINE else None,
        offers_since_online=sum(at >= since for at in agent.recent_offers),
    )


def _wish(waiting: Waiting, now: datetime) -> tuple[Hashable, ...]:
    """What decides which agents are fit, but for those who are excluded."""
    waited_s = (now - waiting.requested_at).total_seconds()
    relaxed = sum(waited_s >= step.after_s for step in waiting.relaxations)
    skills = waiting.required_skills, waiting.optional_skills
    return (*skills, waiting.language, waiting.weight, relaxed)


def _login_window_ends(agent: Candidate, now: datetime) -> datetime | None:
    """When somebody who was given enough at once after coming may be given more."""
    since = agent.online_since
    if since is None or agent.offers_since_online < agent.capacity or since + LOGIN_WINDOW <= now:
        return None
    return since + LOGIN_WINDOW


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    known: Collection[datetime] = [at for at in (one, other) if at is not None]
    return max(known, default=None)


def _moment(unix_ms: int) -> datetime:
    return datetime.fromtimestamp(unix_ms / 1000, UTC)


def _seconds(seconds: int | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
