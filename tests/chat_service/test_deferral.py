"""Who waits where nobody can come: told so once, let in again when somebody comes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from chat_service.deferral import (
    EMPTY_FOR,
    Deferral,
    Group,
    Member,
    Why,
    chosen_later,
    nobody_there,
    since_when,
)
from chat_service.hours import read_hours
from chat_service.routing import Policy, Waiting
from chat_service.routing_facts import AgentFacts, Facts, Place, QueueFacts
from chat_service.routing_round import Round
from chorus.presence import Seen
from chorus.wire.common import PresenceStatus
from tests.chat_service.ingest_world import rows_of
from tests.chat_service.routing_world import Case, fetch, make_floor, make_waiting
from tests.chat_service.shift_world import SOON_MS, Shift, on_shift

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ADA, BEN, DAY, NIGHT = (UUID(int=n) for n in range(1, 5))
ONLINE, OFFLINE = PresenceStatus.ONLINE, PresenceStatus.OFFLINE
CLOSED = {"timezone": "UTC", "week": {"tue": [["08:00", "17:00"]]}}


def agent(id_: UUID, *, chose: str | None = "online") -> AgentFacts:
    return AgentFacts(
        id=id_,
        status=chose or "online",
        status_at=NOW - timedelta(hours=1) if chose else None,
        capacity=2,
        skills=frozenset(),
        languages=frozenset(),
        idle_since=None,
        load=0,
        offered=0,
        in_wrap_up=False,
        recent_offers=(),
    )


def queue(id_: UUID, *members: UUID, hours: Any = None, **more: Any) -> QueueFacts:
    facts = QueueFacts(id_, str(id_), 30, None, None, hours, dict.fromkeys(members))
    return replace(facts, **more)


def place(*, at: UUID = DAY, deferred: bool = False, policy: Policy = Policy.LONGEST_IDLE) -> Place:
    waiting = Waiting(
        session_id=UUID(int=100),
        queue_id=at,
        policy=policy,
        requested_at=NOW - timedelta(minutes=1),
        queued_at=NOW - timedelta(minutes=1),
    )
    return Place(waiting, UUID(int=200), None, deferred)


def round_of(
    where: Place, *queues: QueueFacts, seen: Mapping[UUID, PresenceStatus], **chose: str | None
) -> Round:
    people = [agent(one, chose=chose.get(f"a{one.int}", "online")) for one in seen]
    facts = Facts(
        [where],
        people,
        {one: Seen(status, 0) for one, status in seen.items()},
        {one.id: one for one in queues},
        {one.id: read_hours(one.hours) for one in queues},
        {},
    )
    return Round(facts, now=NOW)


LONG_AGO: dict[Group, datetime] = {(DAY, None): NOW - EMPTY_FOR}


def test_a_queue_whose_people_are_all_gone_defers_after_the_grace() -> None:
    here = round_of(place(), queue(DAY, ADA, BEN), seen={ADA: OFFLINE, BEN: OFFLINE})
    assert here.without_anybody() == {(DAY, None)}
    plan = here.plan(limit=9, empty_since=LONG_AGO)
    assert [one for _, one in plan.elsewhere] == [Deferral(Why.NOBODY_THERE)]
    assert (plan.left, plan.chosen) == ([], [])


def test_within_the_grace_it_waits_and_looks_again() -> None:
    here = round_of(place(), queue(DAY, ADA), seen={ADA: OFFLINE})
    since = NOW - EMPTY_FOR + timedelta(seconds=1)
    plan = here.plan(limit=9, empty_since=dict[Group, datetime]({(DAY, None): since}))
    assert (plan.elsewhere, len(plan.left)) == ([], 1)
    assert plan.look_again_at == NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    "other", [PresenceStatus.AWAY, PresenceStatus.BUSY, PresenceStatus.UNKNOWN]
)
def test_who_is_away_busy_or_unseen_is_not_gone(other: PresenceStatus) -> None:
    here = round_of(place(), queue(DAY, ADA, BEN), seen={ADA: OFFLINE, BEN: other})
    assert here.without_anybody() == set()


def test_who_chose_offline_is_gone_though_connected_and_who_is_gone_whatever_they_chose() -> None:
    seen = {ADA: PresenceStatus.AWAY, BEN: OFFLINE}
    here = round_of(place(), queue(DAY, ADA, BEN), seen=seen, a1="offline", a2="busy")
    assert here.without_anybody() == {(DAY, None)}


def test_people_of_the_queue_it_overflows_into_count() -> None:
    day = queue(DAY, ADA, max_wait_s=600, overflow_queue_id=NIGHT)
    seen = {ADA: OFFLINE, BEN: ONLINE}
    assert round_of(place(), day, queue(NIGHT, BEN), seen=seen).without_anybody() == set()
    never = replace(day, max_wait_s=None)
    assert round_of(place(), never, queue(NIGHT, BEN), seen=seen).without_anybody() == {(DAY, None)}
    loop = queue(NIGHT, BEN, max_wait_s=600, overflow_queue_id=DAY)
    gone = {ADA: OFFLINE, BEN: OFFLINE}
    assert round_of(place(), day, loop, seen=gone).without_anybody() == {(DAY, None)}


def test_when_the_hours_end_whoever_waits_is_told_when_they_begin() -> None:
    here = round_of(place(), queue(DAY, ADA, hours=CLOSED), seen={ADA: ONLINE})
    plan = here.plan(limit=9)
    opens_at = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
    assert [one for _, one in plan.elsewhere] == [Deferral(Why.CLOSED, opens_at)]
    assert plan.chosen == []


def test_a_line_that_is_served_by_hand_is_left_alone() -> None:
    where = place(policy=Policy.MANUAL)
    plan = round_of(where, queue(DAY, ADA, hours=CLOSED), seen={ADA: OFFLINE}).plan(
        limit=9, empty_since=LONG_AGO
    )
    assert (plan.elsewhere, plan.moves) == ([], 0)


def test_who_is_deferred_already_is_not_again() -> None:
    plan = round_of(place(deferred=True), queue(DAY, ADA), seen={ADA: OFFLINE}).plan(
        limit=9, empty_since=LONG_AGO
    )
    assert plan.elsewhere == []


def test_nobody_at_all_is_nobody_there() -> None:
    assert nobody_there([])
    assert not nobody_there([Member(None, Seen(ONLINE, 0))])


def test_the_clock_of_an_empty_queue_starts_when_it_is_seen_and_stops_when_somebody_comes() -> None:
    later = NOW + timedelta(seconds=9)
    day, night = (DAY, None), (NIGHT, None)
    known = since_when({day}, {}, now=NOW)
    assert since_when({day, night}, known, now=later) == {day: NOW, night: later}
    assert since_when({night}, known, now=later) == {night: later}


def test_of_a_queue_that_was_not_read_it_goes_on() -> None:
    team, night = (DAY, uuid4()), (NIGHT, None)
    known = since_when({team, night}, {}, now=NOW)
    later = NOW + timedelta(seconds=9)
    assert since_when([], known, now=later, unread=[DAY]) == {team: NOW}


@pytest.mark.anyio
async def test_customers_of_an_empty_queue_are_deferred_and_offered_to_the_first_who_comes(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 2)
    await fetch(database_url, "UPDATE agents SET status = 'away' WHERE id = $1", floor.agents[1])
    (case,) = await make_waiting(database_url, floor, 1)
    async with on_shift(database_url, redis_db, floor, ttl_ms=SOON_MS) as shift:
        await shift.come()
        await shift.leave()
        assert (await shift.route()).look_again_at is not None
        shift.clock.ahead_s = 31
        await shift.route()
        await _was_told(shift, case)
        await shift.route()
        await shift.come(floor.agents[0])
        shift.clock.ahead_s = 90
        await shift.route()
        found = await shift.session()
    assert (found["status"], found["asked"]) == ("offered", floor.agents[0])


async def _was_told(shift: Shift, case: Case) -> None:
    url, found = shift.url, await shift.session()
    assert (found["status"], found["queue_id"]) == ("deferred", shift.floor.queue_id)
    left = {"options": ["message", "callback"], "why": "nobody_there"}
    assert orjson.loads(found["options"]) == left
    (told,) = await fetch(url, "SELECT data FROM outbox WHERE event = 'session.deferred'")
    assert orjson.loads(told["data"])["session_id"] == str(case.session_id)
    texts = [row["payload"] for row in await rows_of(url, case.conversation_id)]
    assert orjson.loads(texts[1]) == {"meta": {"say": "handoff.leave_message"}}


@pytest.mark.anyio
async def test_while_presence_is_unknown_nobody_is_deferred(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1)
    await make_waiting(database_url, floor, 1)
    async with on_shift(database_url, redis_db, floor, ttl_ms=None) as shift:
        for shift.clock.ahead_s in (0, 100, 1_000):
            await shift.route()
        assert (await shift.session())["status"] == "queued"


@pytest.mark.parametrize("choice", ["message", "callback"])
def test_who_would_rather_not_wait_is_put_off_with_their_choice(choice: str) -> None:
    assert chosen_later(choice, has_bot=False).options == {
        "options": ["message", "callback"],
        "why": "chosen",
        "chosen": choice,
    }
