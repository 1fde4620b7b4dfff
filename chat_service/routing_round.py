"""One round of routing over all waiting sessions of a tenant. Pure.

The sessions are decided one after the other, and each offer is load for those that follow. Only
agents with room are looked at, so that a thousand sessions nobody can take cost next to nothing;
whoever is to know why a session was offered to nobody asks `explained`.
"""

from collections.abc import Collection, Hashable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from chat_service.deferral import Group
from chat_service.routing import (
    LOGIN_WINDOW,
    Candidate,
    Decision,
    Policy,
    Waiting,
    in_order,
    relaxed_at,
    route,
    with_offer,
)
from chat_service.routing_exits import Exits
from chat_service.routing_facts import UNSEEN, AgentFacts, Facts, Place
from chat_service.routing_plan import Chosen, Plan, Then
from chorus.presence import Seen
from chorus.wire.common import PresenceStatus


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
        self._exits = Exits(facts, now=now)

    def plan(self, *, limit: int, empty_since: Mapping[Group, datetime] | None = None) -> Plan:
        """Decide whom to offer what: at most `limit` sessions, the most urgent first.

        `empty_since`: since when queues, and teams in them, are known to be `without_anybody`.
        """
        plan = Plan(elsewhere=self._exits.homeless()[:limit])
        for place in self._in_order():
            if plan.moves >= limit:
                plan.more = True
                break
            then = self._exits.of(place, plan, empty_since or {}) or self._decided(place, plan)
            if then is not None:
                plan.elsewhere.append((place, then))
        for one in self.candidates():
            plan.look_at(_login_window_ends(one, self._now))
        return plan

    def candidates(self) -> list[Candidate]:
        """The agents as they stand now, whatever the queue."""
        return list(self._agents.values())

    def without_anybody(self) -> set[Group]:
        """The queues, and teams in them, that nobody is there for."""
        return self._exits.without_anybody()

    def explained(self, place: Place) -> Decision:
        """Judge every candidate of a session, those without room too."""
        return route(place.waiting, self._asked(place).values(), now=self._now)

    def _in_order(self) -> list[Place]:
        """Who waits goes before whom nobody could come to."""
        queues = self._facts.queues
        by_id = {
            one.waiting.session_id: one
            for one in self._facts.places
            if not queues[one.waiting.queue_id].gone
        }
        live = [one.waiting for one in by_id.values() if not one.deferred]
        later = [one.waiting for one in by_id.values() if one.deferred and self._exits.is_open(one)]
        ordered = [*in_order(live, now=self._now), *in_order(later, now=self._now)]
        return [by_id[one.session_id] for one in ordered]

    def _decided(self, place: Place, plan: Plan) -> Then | None:
        """Offer a session to somebody; says what follows when there is nobody."""
        automatic = place.waiting.policy is not Policy.MANUAL
        if automatic and self._offer(place, plan):
            return None
        then = self._exits.tired(place, plan)
        if then is None and automatic:
            plan.left.append(place)
        return then

    def _offer(self, place: Place, plan: Plan) -> bool:
        waiting, group = place.waiting, self._group(place)
        room, holder = self._room[group], self._holder(place)
        if holder is not None:
            room = {**room, holder.agent_id: holder}
        wish = (group, *_wish(waiting, self._now))
        hopeless = not room or (holder is None and wish in self._hopeless)
        best = None if hopeless else route(waiting, room.values(), now=self._now)
        if best is None or best.chosen is None:
            if room:
                plan.look_at(relaxed_at(waiting, now=self._now))
            if not hopeless and not any(one in room for one in waiting.excluded):
                self._hopeless.add(wish)
            return False
        full = {id_: one for id_, one in self._asked(place).items() if id_ not in room}
        others = route(waiting, full.values(), now=self._now).candidates
        decision = replace(best, candidates={**best.candidates, **others})
        queue = self._facts.queues[waiting.queue_id]
        deadline_at = self._now + timedelta(seconds=queue.offer_s)
        plan.chosen.append(Chosen(place, best.chosen, deadline_at, decision))
        self._give(best.chosen, waiting)
        return True

    def _holder(self, place: Place) -> Candidate | None:
        """Who answers the customer now: asked whether they serve the queue or have room, or not."""
        holder_id = place.waiting.holder_id
        known = holder_id is not None and holder_id in self._agents
        return self._in_queue(place, holder_id) if known and holder_id else None

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
        """Who serves the queue, and whom the customer knows: each as they stand now."""
        members, waiting = self._members[self._group(place)], place.waiting
        known = {waiting.owner_id, waiting.holder_id} & self._agents.keys()
        others = {one: self._in_queue(place, one) for one in known if one and one not in members}
        return {**members, **others}

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
