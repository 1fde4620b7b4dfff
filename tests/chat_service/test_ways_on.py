"""Nobody waits for ever: whoever can come is asked in the end, whatever stands in the way."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from chat_service import session_facts as facts
from chat_service.deferred_pages import NEXT_AFTER, PAGE
from chorus.ids import uuid7
from chorus.wire.common import PresenceStatus
from tests.chat_service import routing_world as world
from tests.chat_service.ingest_world import rows_of
from tests.chat_service.routing_world import (
    Case,
    fetch,
    make_floor,
    make_team,
    make_waiting,
    set_on,
)
from tests.chat_service.shift_world import SOON_MS, Shift, handoffs, on_shift, one_to_one

pytestmark = pytest.mark.anyio


async def snooze(url: str, case: Case) -> None:
    await set_on(url, case, status="snoozed", snoozed_until=datetime.now(UTC) + timedelta(days=1))


async def go(shift: Shift, agent: UUID) -> None:
    """Let one agent be gone, and wait until it is known."""
    shift.here.discard(agent)
    async with shift.beating:
        await world.go(shift.tools.client, shift.floor, agent)
    await world.seen_as(shift.tools.client, shift.floor, PresenceStatus.OFFLINE, agent)


async def route_on(shift: Shift) -> None:
    """Route as the router would be woken: until nothing more is to be moved."""
    while (await shift.route()).more:
        pass


@pytest.mark.parametrize("state", ["queued", "deferred"])
async def test_a_session_without_a_queue_is_found_one(
    database_url: str, redis_db: str, state: str
) -> None:
    floor = await make_floor(database_url, 1, is_default=True)
    await make_waiting(database_url, floor, 1, state=state, queue_id=None)
    async with on_shift(database_url, redis_db, floor) as shift:
        await shift.come()
        await route_on(shift)
        found = await shift.session()
    assert (found["status"], found["asked"]) == ("offered", floor.agents[0])
    assert found["queue_id"] == floor.queue_id


async def test_who_belongs_nowhere_is_put_off_once(database_url: str, redis_db: str) -> None:
    floor = await make_floor(database_url, 1)
    (case,) = await make_waiting(database_url, floor, 1, queue_id=None)
    async with on_shift(database_url, redis_db, floor) as shift:
        await shift.come()
        for shift.clock.ahead_s in (0, 2, 4):
            await shift.route()
    assert await handoffs(database_url, case) == [("deferred", "queue_gone")]


async def test_a_team_that_is_gone_is_given_up_for_everybody_of_the_queue(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 2)
    absent, present = floor.agents
    (case,) = await make_waiting(database_url, floor, 1)
    await set_on(database_url, case, team_id=await make_team(database_url, floor, absent))
    async with on_shift(database_url, redis_db, floor, ttl_ms=SOON_MS) as shift:
        await shift.come()
        await go(shift, absent)
        assert (await shift.route()).look_again_at is not None
        assert (await shift.session())["status"] == "queued"
        shift.clock.ahead_s = 31
        await route_on(shift)
        found = await shift.session()
    assert (found["status"], found["asked"]) == ("offered", present)
    (conversation,) = await fetch(database_url, "SELECT team_id FROM conversations")
    assert conversation["team_id"] is None
    assert await handoffs(database_url, case) == [("queued", "team_gone"), ("offered", "routed")]


async def test_the_many_deferred_of_one_queue_hide_nobody_of_another(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1)
    other = uuid7()
    await fetch(
        database_url,
        "INSERT INTO queues (id, tenant_id, name) VALUES ($1, $2, 'nobody')",
        other,
        floor.tenant_id,
    )
    await make_waiting(database_url, floor, PAGE + 1, state="deferred", queue_id=other)
    (case,) = await make_waiting(database_url, floor, 1, state="deferred")
    async with on_shift(database_url, redis_db, floor) as shift:
        await shift.come()
        plan = await shift.route()
    assert [one.place.waiting.session_id for one in plan.chosen] == [case.session_id]


async def test_the_oldest_deferred_hide_nobody_behind_them(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1)
    await make_waiting(database_url, floor, PAGE, state="deferred", skills=["rocketry"])
    (case,) = await make_waiting(database_url, floor, 1, state="deferred")
    async with on_shift(database_url, redis_db, floor) as shift:
        await shift.come()
        plan = await shift.route()
        assert plan.chosen == []
        assert plan.look_again_at is not None
        assert plan.look_again_at <= shift.clock.now() + NEXT_AFTER
        plan = await shift.route()
    assert [one.place.waiting.session_id for one in plan.chosen] == [case.session_id]


async def test_who_waited_too_long_is_told_once_what_else_there_is(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1, capacity=0, max_wait_s=60)
    (case,) = await make_waiting(database_url, floor, 1)
    async with on_shift(database_url, redis_db, floor) as shift:
        await shift.come()
        assert await _told(shift, case, at_s=59) == []
        said = ["handoff", {"say": "handoff.waited_long"}]
        assert await _told(shift, case, at_s=61) == said
        assert await _told(shift, case, at_s=200) == said
        found = await shift.session()
    assert (found["status"], await handoffs(database_url, case)) == (
        "queued",
        [("queued", "waited_long")],
    )
    assert orjson.loads(found["options"]) == {
        "options": ["wait", "message", "callback"],
        "why": "waited_long",
    }


async def _told(shift: Shift, case: Case, *, at_s: int) -> list[Any]:
    shift.clock.ahead_s = at_s
    await route_on(shift)
    payloads = [
        orjson.loads(row["payload"]) for row in await rows_of(shift.url, case.conversation_id)
    ]
    return [one.get("event") or one["meta"] for one in payloads]


@pytest.mark.parametrize("policy", ["longest_idle", "manual"])
async def test_who_waited_too_long_is_put_off_where_the_queue_says_so(
    database_url: str, redis_db: str, policy: str
) -> None:
    floor = await make_floor(
        database_url, 1, capacity=0, max_wait_s=60, max_wait_then="defer", policy=policy
    )
    (case,) = await make_waiting(database_url, floor, 1)
    async with on_shift(database_url, redis_db, floor) as shift:
        await shift.come()
        shift.clock.ahead_s = 61
        await route_on(shift)
    assert await handoffs(database_url, case) == [("deferred", "waited_long")]


async def test_a_conversation_that_was_put_off_is_offered_when_it_wakes(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1)
    waiting = await make_waiting(database_url, floor, 1)
    put_off = await make_waiting(database_url, floor, 1, state="deferred")
    for case in (*waiting, *put_off):
        await snooze(database_url, case)
    async with on_shift(database_url, redis_db, floor) as shift:
        await shift.come()
        assert (await shift.route()).moves == 0
        for case in (*waiting, *put_off):
            await set_on(database_url, case, snoozed_until=None, status="open")
        assert len((await shift.route()).chosen) == 2


async def test_an_agent_who_put_a_conversation_off_and_goes_home_loses_it_when_it_wakes(
    database_url: str, redis_db: str
) -> None:
    async with one_to_one(database_url, redis_db, facts.Accepted) as (shift, case):
        await snooze(database_url, case)
        await shift.leave()
        await shift.absence.look()
        shift.clock.ahead_s = 91
        await shift.absence.look()
        assert (await shift.session())["status"] == "active"
        await set_on(database_url, case, snoozed_until=None, status="open")
        await shift.absence.look()
        assert (await shift.session())["status"] == "queued"


async def test_the_agent_who_answers_already_is_asked_first_though_they_have_their_hands_full(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 2, capacity=1)
    one, other = floor.agents
    (case,) = await make_waiting(database_url, floor, 1)
    await set_on(database_url, case, floor_holder="human", assignee_id=other)
    async with on_shift(database_url, redis_db, floor) as shift:
        await shift.come()
        await shift.route()
        assert (await shift.session())["asked"] == other
        await shift.happen(case, facts.Declined(other))
        await shift.route()
        assert (await shift.session())["asked"] == one
    (first, _) = await fetch(database_url, "SELECT why FROM routing_decisions ORDER BY at, id")
    assert first["why"] == "sticky"


async def test_who_is_asked_again_for_a_deferred_session_does_not_disturb_its_customer(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1)
    left = orjson.dumps({"options": ["message", "callback"], "chosen": "callback"}).decode()
    (case,) = await make_waiting(database_url, floor, 1, state="deferred", options=left)
    async with on_shift(database_url, redis_db, floor) as shift:
        await shift.come()
        await shift.route()
        await shift.happen(case, facts.Declined(floor.agents[0]))
        found = await shift.session()
    assert (found["status"], orjson.loads(found["options"])["chosen"]) == ("deferred", "callback")
    assert await handoffs(database_url, case) == [("offered", "routed"), ("deferred", "declined")]
    assert [row["message_type"] for row in await rows_of(database_url, case.conversation_id)] == [
        "event",
        "event",
    ]
