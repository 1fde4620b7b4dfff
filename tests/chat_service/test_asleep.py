"""Which lines need not be read: only those of which a round could make nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from chat_service.asleep import Power, asleep, powers_of, stuck_after
from chat_service.router import WHOLE_EVERY_S, Router
from chat_service.routing import Decision, Outcome, Policy, Waiting
from chat_service.routing_facts import AgentFacts, Place, QueueFacts
from chat_service.routing_plan import Chosen, Plan
from chorus.ids import uuid7
from chorus.presence import Seen
from chorus.wire.common import PresenceStatus
from tests.chat_service.ingest_world import superuser
from tests.chat_service.routing_world import (
    MovableClock,
    come,
    fetch,
    make_floor,
    make_waiting,
    presence_watched,
    tools_for,
)

ADA, BOB = uuid7(), uuid7()
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
QUEUE = QueueFacts(uuid7(), "support", 30, None, None, None, {ADA: None})
FULL = AgentFacts(ADA, "online", NOW, 2, frozenset(), frozenset(), None, 1, 1, False, ())
HERE = {ADA: Seen(PresenceStatus.ONLINE, 0), BOB: Seen(PresenceStatus.ONLINE, 0)}


def test_a_line_whose_people_are_here_and_full_sleeps() -> None:
    assert asleep([QUEUE], [FULL], HERE) == [QUEUE.id]


@pytest.mark.parametrize(
    "changed", [{"load": 0}, {"offered": 0}, {"capacity": 3}], ids=lambda one: next(iter(one))
)
def test_room_for_one_wakes_it(changed: dict[str, Any]) -> None:
    assert asleep([QUEUE], [replace(FULL, **changed)], HERE) == []


def test_who_wraps_up_has_no_room() -> None:
    assert asleep([QUEUE], [replace(FULL, load=0, in_wrap_up=True)], HERE) == [QUEUE.id]


def test_room_of_a_colleague_counts_in_their_lines_only() -> None:
    free = replace(FULL, id=BOB, load=0)
    both = replace(QUEUE, id=uuid7(), members={ADA: None, BOB: None})
    assert asleep([QUEUE, both], [FULL, free], HERE) == [QUEUE.id]


@pytest.mark.parametrize(
    "status", [PresenceStatus.AWAY, PresenceStatus.OFFLINE, PresenceStatus.UNKNOWN]
)
def test_a_line_without_anybody_is_awake_for_how_long_is_counted(status: PresenceStatus) -> None:
    assert asleep([QUEUE], [FULL], {ADA: Seen(status, 0)}) == []
    assert asleep([QUEUE], [replace(FULL, status="busy")], HERE) == []
    assert asleep([QUEUE], [FULL], {}) == []


def test_a_line_whose_people_go_elsewhere_is_awake() -> None:
    overflowing = replace(QUEUE, max_wait_s=60, overflow_queue_id=uuid7())
    assert asleep([overflowing, replace(QUEUE, gone=True)], [FULL], HERE) == []
    assert asleep([replace(QUEUE, max_wait_s=60)], [FULL], HERE) == [QUEUE.id]


FREE = replace(FULL, load=0, offered=0, skills=frozenset({"billing"}))


def place(queue_id: UUID = QUEUE.id, *, deferred: bool = False) -> Place:
    waiting = Waiting(uuid7(), queue_id, Policy.LONGEST_IDLE, NOW, NOW)
    return Place(waiting, uuid7(), None, deferred)


def powers(**changed: Any) -> dict[UUID, Power]:
    return powers_of([QUEUE], [replace(FREE, **changed)], HERE)


def test_what_nobody_with_room_is_fit_for_is_stuck_while_nobody_can_do_more() -> None:
    here, later = place(), place(deferred=True)
    stuck = stuck_after(Plan(left=[here, later]), powers(), set())
    assert stuck.still(powers(), NOW) == {here.waiting.session_id}
    assert stuck.still(powers(load=2), NOW) == {here.waiting.session_id}
    assert stuck.still({}, NOW) == {here.waiting.session_id}


@pytest.mark.parametrize(
    "changed",
    [{"capacity": 3}, {"skills": frozenset({"vip"})}, {"languages": frozenset({"de"})}],
    ids=lambda one: next(iter(one)),
)
def test_whoever_can_do_more_sets_all_of_them_free(changed: dict[str, Any]) -> None:
    stuck = stuck_after(Plan(left=[place()]), powers(), set())
    assert stuck.still(powers(**changed), NOW) == frozenset()


def test_who_comes_or_serves_another_line_sets_them_free() -> None:
    stuck = stuck_after(Plan(left=[place()]), powers(), set())
    bob = replace(FREE, id=BOB)
    assert stuck.still(powers_of([QUEUE], [FREE, bob], HERE), NOW) == frozenset()
    assert stuck.still(powers_of([QUEUE], [FREE, replace(bob, load=2)], HERE), NOW) != frozenset()
    both = [QUEUE, replace(QUEUE, id=uuid7())]
    assert stuck.still(powers_of(both, [FREE], HERE), NOW) == frozenset()


def test_room_that_was_given_out_and_comes_back_sets_them_free() -> None:
    """A session may be stuck only because an older one was given what room there was."""
    given = place()
    offer = Chosen(
        given, ADA, NOW, Decision(given.waiting.session_id, ADA, Outcome.LONGEST_IDLE, {})
    )
    stuck = stuck_after(Plan(chosen=[offer], left=[place()]), powers(), set())
    assert stuck.still(powers(offered=1), NOW) == stuck.sessions
    assert stuck.still(powers(), NOW) == frozenset()


def test_they_are_stuck_until_time_alone_may_change_it() -> None:
    plan = Plan(left=[place()])
    plan.look_at(NOW + timedelta(seconds=5))
    stuck = stuck_after(plan, powers(), set())
    assert stuck.still(powers(), NOW + timedelta(seconds=4)) == stuck.sessions
    assert stuck.still(powers(), NOW + timedelta(seconds=5)) == frozenset()


def test_a_line_without_anybody_is_never_stuck_for_how_long_is_counted() -> None:
    stuck = stuck_after(Plan(left=[place()]), powers(), {(QUEUE.id, None)})
    assert stuck.sessions == frozenset()


class StoppedClock(MovableClock):
    """Time that passes by hand only, but for what rows are stamped with."""

    def monotonic(self) -> float:
        return self.ahead_s


@pytest.mark.anyio
async def test_it_is_read_again_after_a_while_or_when_somebody_has_room(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1, capacity=1)
    await make_waiting(database_url, floor, 3)
    async with tools_for(database_url, redis_db) as tools, presence_watched(redis_db):
        await come(tools.client, floor)
        clock = StoppedClock()
        router = Router(replace(tools, clock=clock))
        first = await router.route(floor.tenant_id)
        second = await router.route(floor.tenant_id)
        assert [len(one.chosen) for one in (first, second)] == [1, 0]
        assert [len(one.left) for one in (first, second)] == [2, 0]
        assert second.look_again_at is not None
        clock.ahead_s += WHOLE_EVERY_S
        assert len((await router.route(floor.tenant_id)).left) == 2
        async with superuser(database_url) as connection:
            await connection.execute(
                "UPDATE agents SET capacity = 2 WHERE tenant_id = $1", floor.tenant_id
            )
        assert len((await router.route(floor.tenant_id)).chosen) == 1
    kept = await fetch(database_url, "SELECT chosen FROM routing_decisions ORDER BY at, id")
    assert sorted(row["chosen"] is None for row in kept) == [False, False, True, True]


@pytest.mark.anyio
async def test_who_is_stuck_is_read_again_after_a_while_or_when_somebody_can_do_more(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1, relaxations="[]")
    (stuck,) = await make_waiting(database_url, floor, 1, skills=["rocketry"])
    async with tools_for(database_url, redis_db) as real, presence_watched(redis_db):
        clock = StoppedClock()
        await come(real.client, floor)
        router = Router(replace(real, clock=clock))
        assert [one.conversation_id for one in (await router.route(floor.tenant_id)).left] == [
            stuck.conversation_id
        ]
        await make_waiting(database_url, floor, 1)
        plan = await router.route(floor.tenant_id)
        assert (len(plan.chosen), plan.left) == (1, [])
        assert plan.look_again_at is not None
        clock.ahead_s = WHOLE_EVERY_S
        assert len((await router.route(floor.tenant_id)).left) == 1
        await fetch(database_url, "UPDATE agents SET skills = '{rocketry}'")
        (chosen,) = (await router.route(floor.tenant_id)).chosen
    assert chosen.place.conversation_id == stuck.conversation_id
