"""Who is offered which session: facts, and what holds for any facts."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_service.routing import (
    AGEING,
    STORED_MAX,
    Candidate,
    Decision,
    Demand,
    Outcome,
    Overflow,
    Policy,
    Refusal,
    Relaxation,
    Waiting,
    in_order,
    overflow_ring,
    overflow_target,
    overflows_to,
    relaxed_at,
    route,
    with_offer,
)
from chorus.wire.common import PresenceStatus
from load.bench_routing import routing
from tests.support.examples import examples

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
QUEUE, SECOND, THIRD, FOURTH = (UUID(int=n) for n in range(11, 15))
ADA, BEN, CAT = (UUID(int=n) for n in range(1, 4))


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def agent(agent_id: UUID = ADA, **facts: Any) -> Candidate:
    given: dict[str, Any] = {"member": True, "status": PresenceStatus.ONLINE, "capacity": 2} | facts
    return Candidate(agent_id, **given)


def waiting(waited_s: float = 0, **facts: Any) -> Waiting:
    at = ago(waited_s)
    given: dict[str, Any] = {"session_id": UUID(int=99), "queue_id": QUEUE}
    given |= {"policy": Policy.LONGEST_IDLE, "requested_at": at, "queued_at": at}
    return Waiting(**given | facts)


def refusal(one: Candidate, session: Waiting | None = None) -> Refusal | None:
    return route(session or waiting(), [one], now=NOW).candidates[one.agent_id].refused


def chosen(session: Waiting, *agents: Candidate) -> UUID | None:
    return route(session, agents, now=NOW).chosen


@pytest.mark.parametrize(
    ("unfit", "reason"),
    [
        (agent(member=False), Refusal.NO_MEMBER),
        (agent(status=PresenceStatus.UNKNOWN), Refusal.PRESENCE_UNKNOWN),
        (agent(status=PresenceStatus.OFFLINE), Refusal.NOT_ONLINE),
        (agent(status=PresenceStatus.AWAY), Refusal.NOT_ONLINE),
        (agent(status=PresenceStatus.BUSY), Refusal.NOT_ONLINE),
        (agent(in_wrap_up=True), Refusal.WRAP_UP),
        (agent(load=2), Refusal.FULL),
        (agent(load=1, offered=1), Refusal.FULL),
        (agent(capacity=0), Refusal.FULL),
        (agent(online_since=ago(29), offers_since_online=2), Refusal.LOGIN_BURST),
        (agent(online_since=ago(30), offers_since_online=2), None),
        (agent(online_since=ago(5), offers_since_online=1), None),
        (agent(offers_since_online=9), None),
    ],
)
def test_an_agent_is_passed_over_for_a_reason(unfit: Candidate, reason: Refusal | None) -> None:
    assert refusal(unfit) == reason
    assert (chosen(waiting(), unfit) is None) == (reason is not None)


def test_who_declined_is_not_asked_again_at_once() -> None:
    session = waiting(excluded={ADA: NOW})
    assert refusal(agent(), session) == Refusal.EXCLUDED
    assert chosen(session, agent(), agent(BEN)) == BEN


def test_a_heavy_channel_needs_more_room() -> None:
    assert refusal(agent(load=1), waiting(weight=2)) == Refusal.FULL
    assert refusal(agent(), waiting(weight=2)) is None


def test_a_channel_without_weight_needs_no_capacity() -> None:
    assert chosen(waiting(weight=0), agent(capacity=0)) == ADA


def test_nobody_is_made_of_unknown_presence() -> None:
    held = route(waiting(), [agent(status=PresenceStatus.UNKNOWN)], now=NOW)
    assert (held.chosen, held.why) == (None, Outcome.PRESENCE_UNKNOWN)
    nobody = route(waiting(), [agent(status=PresenceStatus.OFFLINE)], now=NOW)
    assert (nobody.chosen, nobody.why) == (None, Outcome.NOBODY)


def test_language_is_given_up_first_then_optional_skills_and_never_the_queues_own() -> None:
    wishes: dict[str, Any] = {"language": "de-AT", "optional_skills": frozenset({"vip"})}
    english, plain = agent(languages=frozenset({"en"}), skills=frozenset({"vip"})), agent()
    assert refusal(english, waiting(29, **wishes)) == Refusal.LANGUAGE
    assert refusal(english, waiting(30, **wishes)) is None
    assert refusal(plain, waiting(59, **wishes)) == Refusal.SKILLS
    assert refusal(plain, waiting(60, **wishes)) is None
    needed = waiting(9_999, required_skills=frozenset({"billing"}))
    assert refusal(plain, needed) == Refusal.SKILLS


def test_the_steps_of_relaxation_are_the_queues() -> None:
    skills_first = (Relaxation(5, Demand.OPTIONAL_SKILLS), Relaxation(50, Demand.LANGUAGE))
    session = waiting(
        10, language="de", optional_skills=frozenset({"vip"}), relaxations=skills_first
    )
    assert refusal(agent(languages=frozenset({"de"})), session) is None
    assert refusal(agent(languages=frozenset({"en"})), session) == Refusal.LANGUAGE
    assert relaxed_at(session, now=NOW) == NOW + timedelta(seconds=40)
    assert relaxed_at(session, now=NOW + timedelta(seconds=40)) is None


@pytest.mark.parametrize("spoken", ["de", "de_CH", "DE-de"])
def test_a_language_is_understood_in_all_its_regions(spoken: str) -> None:
    one = agent(languages=frozenset({"fr", spoken}))
    assert refusal(one, waiting(language="de-AT")) is None


def test_an_agent_who_states_no_language_is_asked_after_those_who_do() -> None:
    german = agent(BEN, languages=frozenset({"de"}), load=1)
    assert chosen(waiting(language="de"), agent(), german) == BEN
    assert chosen(waiting(language="de"), agent()) == ADA


def test_skills_count_more_than_the_owner_and_the_owner_more_than_the_policy() -> None:
    expert = agent(BEN, skills=frozenset({"vip"}), idle_since=ago(1))
    owner, idle = agent(CAT, idle_since=ago(2)), agent(ADA, idle_since=ago(900))
    session = waiting(100, owner_id=CAT, optional_skills=frozenset({"vip"}))
    assert chosen(session, owner, idle, expert) == BEN
    decision = route(session, [owner, idle], now=NOW)
    assert (decision.chosen, decision.why) == (CAT, Outcome.STICKY)
    assert chosen(session, replace(owner, status=PresenceStatus.AWAY), idle) == ADA


def test_longest_idle_asks_whoever_rests_longest_and_the_busy_last() -> None:
    new, rested = agent(CAT), agent(ADA, idle_since=ago(60))
    resting = agent(BEN, idle_since=ago(600), last_offered_at=ago(30))
    busy = agent(UUID(int=4), idle_since=ago(9_000), load=1)
    assert chosen(waiting(), busy, resting, rested, new) == CAT
    assert chosen(waiting(), busy, resting, rested) == ADA
    assert chosen(waiting(), busy, resting) == BEN
    assert chosen(waiting(), busy) == busy.agent_id


def test_least_loaded_measures_load_by_capacity() -> None:
    session = waiting(policy=Policy.LEAST_LOADED)
    half, fifth = agent(ADA, load=1), agent(BEN, load=2, capacity=10)
    assert chosen(session, half, fifth) == BEN
    tired, rested = agent(ADA, idle_since=ago(10)), agent(BEN, idle_since=ago(20))
    assert chosen(session, tired, rested) == BEN


def test_round_robin_asks_whoever_was_asked_longest_ago() -> None:
    session = waiting(policy=Policy.ROUND_ROBIN)
    early = agent(BEN, last_offered_at=ago(60), load=1)
    late = agent(ADA, last_offered_at=ago(59))
    assert chosen(session, late, early) == BEN
    assert chosen(session, late, early, agent(CAT)) == CAT


def test_a_manual_queue_is_looked_at_and_left_to_the_agents() -> None:
    decision = route(waiting(policy=Policy.MANUAL), [agent()], now=NOW)
    assert (decision.chosen, decision.why) == (None, Outcome.MANUAL)
    assert decision.candidates[ADA].eligible


def test_the_lower_id_decides_between_equals() -> None:
    assert chosen(waiting(), agent(CAT), agent(BEN)) == BEN


def test_an_open_offer_counts_before_it_is_answered() -> None:
    asked = with_offer(agent(offers_since_online=1), waiting(weight=2), now=NOW)
    assert (asked.offered, asked.last_offered_at, asked.offers_since_online) == (2, NOW, 2)
    assert refusal(asked) == Refusal.FULL


def test_a_decision_is_stored_with_every_candidate() -> None:
    decision = route(waiting(), [agent(), agent(BEN, load=2)], now=NOW)
    assert json.loads(json.dumps(decision.candidates_json())) == {
        str(ADA): {"eligible": True, "score": list(decision.candidates[ADA].score)},
        str(BEN): {"eligible": False, "refused": "full"},
    }


def test_of_a_huge_crowd_the_fit_are_stored_and_the_rest_are_counted() -> None:
    full = [agent(UUID(int=number), load=2) for number in range(1, STORED_MAX + 5)]
    fit = agent(UUID(int=9_999_999))
    stored = route(waiting(), [*full, fit], now=NOW).candidates_json()
    assert stored.pop("others") == {"full": 5}
    assert len(stored) == STORED_MAX
    assert stored[str(fit.agent_id)]["eligible"]


def test_sessions_are_served_by_priority_then_promise_then_age() -> None:
    old = waiting(50, session_id=UUID(int=1))
    due = waiting(40, session_id=UUID(int=2), sla_due_at=NOW)
    urgent = waiting(1, session_id=UUID(int=3), priority=1)
    young = waiting(40, session_id=UUID(int=4))
    assert in_order([young, old, due, urgent], now=NOW) == [urgent, due, old, young]


def test_a_session_that_waits_overtakes_any_priority_that_comes_later() -> None:
    patient = waiting(AGEING.total_seconds() * 5, session_id=UUID(int=1))
    urgent = waiting(0, session_id=UUID(int=2), priority=5)
    assert in_order([urgent, patient], now=NOW) == [patient, urgent]


def test_a_session_that_waited_too_long_moves_to_the_overflow_queue() -> None:
    overflows = {
        QUEUE: Overflow(timedelta(seconds=60), SECOND),
        SECOND: Overflow(timedelta(seconds=60), None),
    }
    assert overflows_to(waiting(59), overflows, now=NOW) is None
    assert overflows_to(waiting(60), overflows, now=NOW) == SECOND
    just_came = waiting(600, queued_at=ago(59))
    assert overflows_to(just_came, overflows, now=NOW) is None
    assert overflows_to(waiting(600, queue_id=SECOND), overflows, now=NOW) is None
    assert overflows_to(waiting(600, queue_id=THIRD), overflows, now=NOW) is None
    no_limit = {**overflows, QUEUE: Overflow(None, SECOND)}
    assert overflows_to(waiting(600), no_limit, now=NOW) is None


def test_a_queue_that_is_gone_takes_no_overflow() -> None:
    assert overflow_target(QUEUE, {QUEUE: Overflow(None, SECOND)}) is None
    assert overflow_target(QUEUE, {}) is None


def test_a_ring_of_queues_is_walked_once() -> None:
    ring = {QUEUE: Overflow(None, SECOND), SECOND: Overflow(None, THIRD)}
    ring |= {THIRD: Overflow(None, QUEUE), FOURTH: Overflow(None, QUEUE)}
    assert overflow_target(QUEUE, ring) == SECOND
    assert overflow_target(SECOND, ring) == THIRD
    assert overflow_target(THIRD, ring) is None
    assert overflow_target(FOURTH, ring) == QUEUE
    assert set(overflow_ring(SECOND, ring)) == {QUEUE, SECOND, THIRD}
    assert overflow_ring(FOURTH, ring) == ()


def test_the_bench_measures_a_median_below_its_p95() -> None:
    median_ms, p95_ms = routing(agents=50, decisions=20).values()
    assert 0 < median_ms <= p95_ms


WORDS = st.frozensets(st.sampled_from(["vip", "billing", "returns"]))
TAGS = st.frozensets(st.sampled_from(["de", "en", "fr-CA"]))
PAST = st.one_of(st.none(), st.integers(0, 100).map(ago))
SOMEBODY = st.integers(1, 8).map(lambda n: UUID(int=n))
CANDIDATES = st.builds(
    Candidate,
    agent_id=SOMEBODY,
    member=st.booleans(),
    status=st.sampled_from([*PresenceStatus, *[PresenceStatus.ONLINE] * 5]),
    capacity=st.integers(0, 4),
    load=st.integers(0, 4),
    offered=st.integers(0, 2),
    in_wrap_up=st.booleans(),
    skills=WORDS,
    languages=TAGS,
    last_offered_at=PAST,
    idle_since=PAST,
    online_since=PAST,
    offers_since_online=st.integers(0, 4),
)
CROWDS = st.lists(CANDIDATES, max_size=8, unique_by=lambda one: one.agent_id)
SESSIONS = st.builds(
    Waiting,
    session_id=st.uuids(),
    queue_id=st.just(QUEUE),
    policy=st.sampled_from(Policy),
    requested_at=st.integers(0, 500).map(ago),
    queued_at=st.just(NOW),
    priority=st.integers(-5, 5),
    required_skills=WORDS,
    optional_skills=WORDS,
    language=st.one_of(st.none(), st.sampled_from(["de-AT", "en", "fr"])),
    sla_due_at=PAST,
    excluded=st.dictionaries(SOMEBODY, st.integers(0, 300).map(ago), max_size=4),
    asked_again_after_s=st.one_of(st.none(), st.integers(10, 200)),
    owner_id=st.one_of(st.none(), SOMEBODY),
    weight=st.integers(0, 2),
)


def eligible(decision: Decision) -> set[UUID]:
    return {agent_id for agent_id, one in decision.candidates.items() if one.eligible}


@settings(max_examples=examples(300))
@given(SESSIONS, CROWDS)
def test_the_chosen_agent_may_be_asked_and_has_room(
    session: Waiting, crowd: list[Candidate]
) -> None:
    decision = route(session, crowd, now=NOW)
    assert set(decision.candidates) == {one.agent_id for one in crowd}
    if decision.chosen in session.excluded:
        assert decision.why == Outcome.ASKED_AGAIN
        assert not eligible(decision) - set(session.excluded)
    if session.policy == Policy.MANUAL:
        assert decision.chosen is None
    else:
        assert (decision.chosen is None) == (not eligible(decision))
    for one in crowd:
        if one.agent_id in eligible(decision):
            after = with_offer(one, session, now=NOW)
            assert after.load + after.offered <= after.capacity
            assert one.status == PresenceStatus.ONLINE
            assert one.member
            assert session.required_skills <= one.skills


@settings(max_examples=examples(200))
@given(SESSIONS, CROWDS.flatmap(lambda crowd: st.tuples(st.just(crowd), st.permutations(crowd))))
def test_the_same_facts_in_any_order_give_the_same_decision(
    session: Waiting, crowds: tuple[list[Candidate], list[Candidate]]
) -> None:
    one, other = (route(session, crowd, now=NOW) for crowd in crowds)
    assert one == other


@settings(max_examples=examples(200))
@given(SESSIONS, CROWDS, st.integers(0, 200))
def test_waiting_never_loses_an_agent(
    session: Waiting, crowd: list[Candidate], later_s: int
) -> None:
    now = route(session, crowd, now=NOW)
    later = route(session, crowd, now=NOW + timedelta(seconds=later_s))
    assert eligible(now) <= eligible(later)


@settings(max_examples=examples(200))
@given(
    st.lists(SESSIONS, unique_by=lambda one: one.session_id).flatmap(
        lambda some: st.tuples(st.just(some), st.permutations(some))
    )
)
def test_the_order_of_sessions_is_total(orders: tuple[list[Waiting], list[Waiting]]) -> None:
    assert in_order(orders[0], now=NOW) == in_order(orders[1], now=NOW)


@settings(max_examples=examples(200))
@given(SESSIONS, SESSIONS)
def test_ageing_lets_nobody_starve(early: Waiting, late: Waiting) -> None:
    """Whoever came 11 steps earlier stands first, whatever the other's priority (−5 to 5)."""
    late = replace(late, requested_at=early.requested_at + 11 * AGEING)
    now = late.requested_at + timedelta(seconds=1)
    assert in_order([late, early], now=now)[0] == early


@settings(max_examples=examples(200))
@given(
    st.dictionaries(
        st.integers(1, 5).map(lambda n: UUID(int=n)),
        st.builds(
            Overflow,
            st.just(timedelta(seconds=1)),
            st.one_of(st.none(), st.integers(1, 6).map(lambda n: UUID(int=n))),
        ),
    )
)
def test_no_overflow_goes_round_for_ever(overflows: dict[UUID, Overflow]) -> None:
    for start in overflows:
        visited: list[UUID] = []
        here: UUID | None = start
        while here is not None:
            assert here not in visited
            visited.append(here)
            here = overflow_target(here, overflows)
