"""A round takes short cuts; it decides what deciding one session after the other would."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from chat_service.deferral import Deferral, Why
from chat_service.routing import Candidate, Policy, Waiting, in_order, route, with_offer
from chat_service.routing_facts import DEFER, AgentFacts, Facts, Place, QueueFacts
from chat_service.routing_plan import Then
from chat_service.routing_round import Round
from chat_service.session_facts import Queued, Reason
from chorus.presence import Seen
from chorus.wire.common import PresenceStatus

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
QUEUES = (UUID(int=1), UUID(int=2))
TEAM = UUID(int=3)
SKILLS = ("billing", "returns")
MINUTE = timedelta(minutes=1)
Choices = dict[UUID, UUID]


def ago(chance: random.Random, most_s: int) -> datetime:
    return NOW - timedelta(seconds=chance.randrange(most_s), milliseconds=chance.randrange(1000))


def agents(chance: random.Random) -> list[AgentFacts]:
    return [
        AgentFacts(
            id=UUID(int=100 + number),
            status=chance.choice(("online", "online", "online", "away")),
            status_at=ago(chance, 60),
            capacity=chance.randrange(4),
            skills=frozenset(chance.sample(SKILLS, chance.randrange(3))),
            languages=frozenset(chance.sample(("de", "en"), chance.randrange(3))),
            idle_since=ago(chance, 900),
            load=chance.randrange(2),
            offered=chance.randrange(2),
            in_wrap_up=chance.random() < 0.1,
            recent_offers=tuple(ago(chance, 30) for _ in range(chance.randrange(3))),
        )
        for number in range(12)
    ]


def places(chance: random.Random, staff: list[AgentFacts]) -> list[Place]:
    return [
        Place(
            Waiting(
                session_id=UUID(int=1000 + number),
                queue_id=queue,
                policy=Policy.LEAST_LOADED if queue == QUEUES[0] else Policy.ROUND_ROBIN,
                requested_at=(at := ago(chance, 120)),
                queued_at=at,
                priority=chance.randrange(3),
                optional_skills=frozenset(chance.sample(SKILLS, chance.randrange(2))),
                language=chance.choice((None, "de", "fr")),
                excluded={
                    one.id: ago(chance, 240) for one in chance.sample(staff, chance.randrange(4))
                },
                owner_id=chance.choice((None, chance.choice(staff).id)),
                weight=chance.choice((1, 1, 2)),
            ),
            UUID(int=2000 + number),
            chance.choice((None, TEAM)),
            deferred=False,
        )
        for number in range(25)
        for queue in (chance.choice(QUEUES),)
    ]


def world(seed: int) -> Facts:
    chance = random.Random(seed)
    staff = agents(chance)
    queues = {
        one: QueueFacts(
            one,
            str(one),
            30,
            None,
            None,
            None,
            {agent.id: ago(chance, 900) for agent in staff if chance.random() < 0.7},
        )
        for one in QUEUES
    }
    seen = {
        one.id: Seen(chance.choice((PresenceStatus.ONLINE,) * 4 + (PresenceStatus.OFFLINE,)), 0)
        for one in staff
    }
    team = frozenset(one.id for one in chance.sample(staff, 6))
    return Facts(places(chance, staff), staff, seen, queues, {}, {TEAM: team})


def one_after_the_other(facts: Facts) -> Choices:
    """The same without any short cut: every agent is judged for every session."""
    by_id = {one.waiting.session_id: one for one in facts.places}
    known = {one.agent_id: one for one in Round(facts, now=NOW).candidates()}
    chosen: Choices = {}
    for waiting in in_order((one.waiting for one in facts.places), now=NOW):
        queue, team_id = facts.queues[waiting.queue_id], by_id[waiting.session_id].team_id
        crowd = [_as_seen(one, queue, facts, team_id, waiting.policy) for one in known.values()]
        found = route(waiting, crowd, now=NOW).chosen
        if found is not None:
            chosen[waiting.session_id] = found
            known[found] = with_offer(known[found], waiting, now=NOW)
    return chosen


def _as_seen(
    one: Candidate, queue: QueueFacts, facts: Facts, team_id: UUID | None, policy: Policy
) -> Candidate:
    serves = one.agent_id in queue.members
    serves &= team_id is None or one.agent_id in facts.teams[team_id]
    asked = [queue.members.get(one.agent_id)]
    # Who is asked in this round was asked now, whatever the policy.
    asked += (
        [one.last_offered_at]
        if policy is not Policy.ROUND_ROBIN or one.last_offered_at == NOW
        else []
    )
    return replace(
        one, member=serves, last_offered_at=max((at for at in asked if at), default=None)
    )


@pytest.mark.parametrize("seed", range(200))
def test_a_round_decides_like_one_decision_after_the_other(seed: int) -> None:
    facts = world(seed)
    plan = Round(facts, now=NOW).plan(limit=1_000)
    made = {one.place.waiting.session_id: one.agent_id for one in plan.chosen}
    assert made == one_after_the_other(facts)
    left = {one.waiting.session_id for one in plan.left}
    assert left | made.keys() == {one.waiting.session_id for one in facts.places}


def test_these_worlds_have_offers_and_refusals() -> None:
    plans = [Round(world(seed), now=NOW).plan(limit=1_000) for seed in range(200)]
    assert sum(len(one.chosen) for one in plans) > 500
    assert sum(len(one.left) for one in plans) > 500


@pytest.mark.parametrize("seed", range(20))
def test_every_offer_is_explained_for_all_who_serve_the_queue(seed: int) -> None:
    facts = world(seed)
    for one in Round(facts, now=NOW).plan(limit=1_000).chosen:
        asked = one.decision.candidates
        assert facts.queues[one.place.waiting.queue_id].members.keys() <= asked.keys()
        assert asked[one.agent_id].eligible


def nobody_serves(max_wait_s: int | None, overflow: UUID | None) -> Facts:
    """One session that has waited 60 s in a queue without members."""
    line = Waiting(UUID(int=1000), QUEUES[0], Policy.LONGEST_IDLE, NOW - MINUTE, NOW - MINUTE)
    queues = {
        QUEUES[0]: QueueFacts(QUEUES[0], "one", 30, max_wait_s, overflow, None, {}),
        QUEUES[1]: QueueFacts(QUEUES[1], "two", 30, None, None, None, {}),
    }
    place = Place(line, UUID(int=2000), None, deferred=False)
    return Facts([place], [], {}, queues, {}, {})


@pytest.mark.parametrize(
    ("max_wait_s", "overflow", "goes_to"),
    [
        (None, QUEUES[1], []),
        (60, QUEUES[1], [Queued(QUEUES[1], Reason.OVERFLOW)]),
        (90, QUEUES[1], []),
        (60, None, [Deferral(Why.WAITED_LONG, waits=True)]),
        (90, None, []),
        (60, QUEUES[0], [Deferral(Why.WAITED_LONG, waits=True)]),
    ],
    ids=["no limit", "over it", "not yet", "nowhere to go", "not yet nowhere", "into itself"],
)
def test_who_waited_too_long_goes_to_the_next_queue_or_is_asked_what_they_would_like(
    max_wait_s: int | None, overflow: UUID | None, goes_to: list[Then]
) -> None:
    plan = Round(nobody_serves(max_wait_s, overflow), now=NOW).plan(limit=10)
    assert [then for _, then in plan.elsewhere] == goes_to
    later = NOW - MINUTE + timedelta(seconds=90)
    assert (plan.look_again_at == later) == (max_wait_s == 90)


def test_who_waited_too_long_is_asked_once_and_put_off_where_the_queue_says_so() -> None:
    facts = nobody_serves(60, None)
    told = replace(facts, places=[replace(facts.places[0], told=True)])
    assert Round(told, now=NOW).plan(limit=10).elsewhere == []
    defers = {**facts.queues, QUEUES[0]: replace(facts.queues[QUEUES[0]], waited_long=DEFER)}
    (one,) = Round(replace(told, queues=defers), now=NOW).plan(limit=10).elsewhere
    assert one[1] == Deferral(Why.WAITED_LONG)


def test_nothing_follows_from_waiting_while_presence_is_unknown() -> None:
    facts = nobody_serves(60, None)
    agent = agents(random.Random(1))[0]
    served = replace(facts.queues[QUEUES[0]], members={agent.id: None}, team_wait_s=1)
    blind = replace(
        facts,
        agents=[agent],
        queues={**facts.queues, QUEUES[0]: served},
        places=[replace(facts.places[0], team_id=UUID(int=3000))],
    )
    assert Round(blind, now=NOW).plan(limit=10).elsewhere == []
