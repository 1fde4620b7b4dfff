"""Who refuses a session is left in peace with it for a while, and nobody waits for ever."""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_service import session_facts as facts
from chat_service.routing import (
    ASKED_AGAIN_AFTER_S,
    Candidate,
    Outcome,
    Policy,
    Refusal,
    Waiting,
    relaxed_at,
    route,
)
from chat_service.routing_facts import AgentFacts, Facts, Place, QueueFacts
from chat_service.routing_plan import Chosen
from chat_service.routing_round import Round
from chorus.presence import Seen
from chorus.wire.common import PresenceStatus, SessionState
from tests.chat_service.routing_world import fetch, make_floor, make_waiting
from tests.chat_service.session_story import ADA, BEN, CAT, NOW, QUEUE, offered, queued
from tests.chat_service.shift_world import on_shift
from tests.support.examples import examples

PEOPLE = (ADA, BEN, CAT)
HERE = Seen(PresenceStatus.ONLINE, 0)
ANSWERED_AFTER = timedelta(seconds=7)
ROUNDS_MAX = 400
Pair = tuple[int, UUID]
"""A session by its number, and an agent."""


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def agent(agent_id: UUID = ADA, *, load: int = 0) -> Candidate:
    return Candidate(agent_id, member=True, status=PresenceStatus.ONLINE, capacity=1, load=load)


def refused(by: dict[UUID, datetime], **more: UUID | int | None) -> Waiting:
    at = ago(600)
    session = Waiting(UUID(int=99), QUEUE, Policy.LONGEST_IDLE, at, at, excluded=by)
    return replace(session, **more)  # type: ignore[arg-type]


def test_who_refused_is_asked_again_when_nobody_else_can() -> None:
    session = refused({ADA: ago(ASKED_AGAIN_AFTER_S)})
    assert route(session, [agent(), agent(BEN)], now=NOW).chosen == BEN
    busy = route(session, [agent(), agent(BEN, load=1)], now=NOW)
    assert (busy.chosen, busy.why) == (ADA, Outcome.ASKED_AGAIN)
    told = busy.candidates_json()
    assert told[str(ADA)]["again"]
    assert told[str(BEN)] == {"eligible": False, "refused": "full"}


def test_not_before_they_had_their_peace() -> None:
    session = refused({ADA: ago(ASKED_AGAIN_AFTER_S - 1)})
    held = route(session, [agent()], now=NOW)
    assert (held.chosen, held.candidates[ADA].refused) == (None, Refusal.EXCLUDED)
    assert relaxed_at(session, now=NOW) == NOW + timedelta(seconds=1)


def test_of_those_who_refused_the_first_is_asked_first_even_the_owner_waits() -> None:
    session = refused({ADA: ago(300), BEN: ago(200)}, owner_id=BEN)
    assert route(session, [agent(BEN), agent()], now=NOW).chosen == ADA


@pytest.mark.parametrize("more", [{"asked_again_after_s": None}, {"leaving_id": ADA}])
def test_a_queue_may_never_ask_again_and_who_hands_over_is_never_asked(
    more: dict[str, UUID | None],
) -> None:
    session = refused({ADA: ago(9_000)}, **more)
    assert route(session, [agent()], now=NOW).candidates[ADA].refused == Refusal.EXCLUDED
    assert relaxed_at(session, now=NOW) is None


def test_the_state_machine_takes_an_offer_to_whom_refused_only_when_it_is_meant() -> None:
    story = offered()
    story.goes(facts.Declined(ADA))
    story.refuses(facts.Offered(ADA, NOW))
    again = story.goes(facts.Offered(ADA, NOW, again=True))
    assert again.session.state == SessionState.OFFERED
    assert story.goes(facts.Accepted(ADA)).session.excluded == frozenset()


class Line:
    """One queue; each pair of session and agent refuses some times before the agent takes it."""

    def __init__(self, people: int, capacity: int, refusals: list[list[int]], peace_s: int) -> None:
        self.people, self.capacity, self.peace_s = PEOPLE[:people], capacity, peace_s
        self.now = NOW
        self.stories = [queued() for _ in refusals]
        self.left = {
            (number, one): times[place]
            for number, times in enumerate(refusals)
            for place, one in enumerate(self.people)
        }
        self.asked: dict[Pair, list[datetime]] = defaultdict(list)
        self.refused_at: dict[Pair, datetime] = {}

    def serve(self) -> None:
        """Route, and let time pass to whatever comes next, until nothing comes any more."""
        for _ in range(ROUNDS_MAX):
            plan = Round(self._facts(), now=self.now).plan(limit=100)
            for chosen in plan.chosen:
                self._offer(chosen)
            if self._open():
                self.now += ANSWERED_AFTER
                self._answer_all()
            elif plan.look_again_at is not None:
                assert plan.look_again_at > self.now
                self.now = plan.look_again_at
            else:
                return
        pytest.fail("it never ends")

    def _offer(self, chosen: Chosen) -> None:
        number, verdicts = chosen.place.waiting.session_id.int, chosen.decision.candidates
        again = verdicts[chosen.agent_id].again
        assert again == ((number, chosen.agent_id) in self.refused_at)
        if again:
            assert all(one.again for one in verdicts.values() if one.eligible)
        self.asked[number, chosen.agent_id].append(self.now)
        self.stories[number].goes(
            facts.Offered(chosen.agent_id, chosen.deadline_at, again), now=self.now
        )

    def _answer_all(self) -> None:
        for number, asked in self._open():
            story = self.stories[number]
            if self.left[number, asked]:
                self.left[number, asked] -= 1
                self.refused_at[number, asked] = self.now
                story.goes(facts.Declined(asked), now=self.now)
            else:
                story.goes(facts.Accepted(asked), facts.Resolved(facts.SYSTEM, timedelta()))

    def _open(self) -> list[Pair]:
        return [
            (number, story.session.offer.agent_id)
            for number, story in enumerate(self.stories)
            if story.session is not None and story.session.offer is not None
        ]

    def _facts(self) -> Facts:
        queue = QueueFacts(QUEUE, "q", 30, None, None, None, dict.fromkeys(self.people))
        people = [self._agent(one) for one in self.people]
        seen = dict.fromkeys(self.people, HERE)
        return Facts(self._places(), people, seen, {QUEUE: queue}, {QUEUE: None}, {})

    def _agent(self, agent_id: UUID) -> AgentFacts:
        asked = sum(one == agent_id for _, one in self._open())
        none = frozenset[str]()
        known = agent_id, "online", ago(9_000), self.capacity, none, none, None
        return AgentFacts(*known, 0, asked, in_wrap_up=False, recent_offers=())

    def _places(self) -> list[Place]:
        found = []
        for number, story in enumerate(self.stories):
            session = story.session
            if session is None or session.state != SessionState.QUEUED:
                continue
            since = {one: self.refused_at[number, one] for one in session.excluded}
            at = session.requested_at
            waiting = Waiting(UUID(int=number), QUEUE, Policy.LONGEST_IDLE, at, at, excluded=since)
            patient = replace(waiting, asked_again_after_s=self.peace_s)
            found.append(Place(patient, UUID(int=number), None, deferred=False))
        return found


@settings(max_examples=examples(150), deadline=None)
@given(st.data())
def test_whoever_refuses_how_often_each_customer_is_answered(data: st.DataObject) -> None:
    people = data.draw(st.integers(1, 3), label="agents")
    times = st.lists(st.integers(0, 3), min_size=people, max_size=people)
    refusals = data.draw(st.lists(times, min_size=1, max_size=5), label="refusals")
    peace_s = data.draw(st.integers(10, 300), label="peace")
    line = Line(people, data.draw(st.integers(1, 2), label="capacity"), refusals, peace_s)
    line.serve()
    assert {story.session and story.session.state for story in line.stories} == {SessionState.ENDED}
    for moments in line.asked.values():
        for one, next_one in pairwise(moments):
            assert next_one - one >= timedelta(seconds=peace_s) + ANSWERED_AFTER


@pytest.mark.anyio
async def test_the_router_asks_again_and_says_why(database_url: str, redis_db: str) -> None:
    floor = await make_floor(database_url, 1)
    (case,) = await make_waiting(database_url, floor, 1)
    async with on_shift(database_url, redis_db, floor) as shift:
        await shift.come()
        for _ in range(2):
            assert len((await shift.route()).chosen) == 1
            await shift.happen(case, facts.Declined(floor.agents[0]))
            shift.clock.ahead_s += ASKED_AGAIN_AFTER_S - 10
            plan = await shift.route()
            assert plan.chosen == []
            assert plan.look_again_at is not None
            shift.clock.ahead_s += 11
        await fetch(database_url, "UPDATE queues SET asked_again_after_s = NULL")
        shift.clock.ahead_s += 9_000
        assert (await shift.route()).chosen == []
        found = await shift.session()
    decided = await fetch(
        database_url,
        "SELECT why, candidates FROM routing_decisions WHERE chosen IS NOT NULL ORDER BY at",
    )
    assert [one["why"] for one in decided] == ["longest_idle", "asked_again"]
    agents = [orjson.loads(one["candidates"])[str(floor.agents[0])] for one in decided]
    assert ["again" in one for one in agents] == [False, True]
    assert (found["status"], found["excluded_agent_ids"]) == ("queued", list(floor.agents))


@pytest.mark.anyio
async def test_who_lost_a_session_without_an_offer_is_left_in_peace_from_then_on(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1)
    await make_waiting(database_url, floor, 1, excluded_agent_ids=list(floor.agents))
    async with on_shift(database_url, redis_db, floor) as shift:
        await shift.come()
        assert (await shift.route()).chosen == []
        shift.clock.ahead_s = ASKED_AGAIN_AFTER_S + 1
        (chosen,) = (await shift.route()).chosen
    assert chosen.decision.why is Outcome.ASKED_AGAIN
