"""Agents who go, offers nobody answers, and what must not happen while presence is unknown."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chat_service.session_facts import SYSTEM, Accepted, Claimed, Resolved
from chorus import presence
from chorus.jobs import JobKind
from tests.chat_service.ingest_world import head_of
from tests.chat_service.routing_world import Case, fetch, make_floor, make_waiting, presence_watched
from tests.chat_service.shift_world import SOON_MS, Shift, handoffs, on_shift, one_to_one
from tests.support.servers import start_redis

pytestmark = pytest.mark.anyio


async def timer(url: str, kind: JobKind) -> Any:
    (found,) = await fetch(url, "SELECT * FROM jobs WHERE kind = $1", kind)
    return found


async def reasons(url: str, case: Case) -> list[str]:
    return [reason for _, reason in await handoffs(url, case)]


async def test_an_offer_to_somebody_who_left_is_taken_back_at_once(
    database_url: str, redis_db: str
) -> None:
    async with one_to_one(database_url, redis_db) as (shift, case):
        await shift.leave()
        await shift.absence.look()
        await shift.absence.look()
        found = await shift.session()
    assert (found["status"], found["excluded_agent_ids"]) == ("queued", list(shift.floor.agents))
    assert await reasons(database_url, case) == ["routed", "agent_lost"]


async def test_what_an_agent_answers_goes_to_others_only_after_the_grace(
    database_url: str, redis_db: str
) -> None:
    async with one_to_one(database_url, redis_db, Accepted) as (shift, case):
        await shift.leave()
        await shift.absence.look()
        assert (await shift.session())["status"] == "active"
        shift.clock.ahead_s = 91
        await shift.absence.look()
        assert (await shift.session())["status"] == "queued"
    head = await head_of(database_url, case.conversation_id)
    assert (head["floor_holder"], head["assignee_id"], head["floor_epoch"]) == ("none", None, 2)


async def test_who_comes_back_within_the_grace_keeps_what_they_answer(
    database_url: str, redis_db: str
) -> None:
    async with one_to_one(database_url, redis_db, Accepted) as (shift, _):
        await shift.leave()
        await shift.absence.look()
        await shift.come()
        shift.clock.ahead_s = 91
        await shift.absence.look()
        assert (await shift.session())["status"] == "active"


async def test_who_takes_something_keeps_it_though_nobody_has_heard_yet_that_they_came(
    database_url: str, redis_db: str
) -> None:
    async with one_to_one(database_url, redis_db) as (shift, case):
        await shift.leave()
        shift.clock.ahead_s = 600
        await shift.happen(case, Claimed(shift.floor.agents[0]))
        await shift.absence.look()
        assert (await shift.session())["status"] == "active"
        shift.clock.ahead_s = 691
        await shift.absence.look()
        assert (await shift.session())["status"] == "queued"


async def test_an_offer_nobody_answers_goes_back_and_its_agent_is_not_asked_again(
    database_url: str, redis_db: str
) -> None:
    async with one_to_one(database_url, redis_db, ttl_ms=60_000) as (shift, case):
        before = await shift.session()
        shift.clock.ahead_s = 31
        await shift.run_timers()
        assert (await timer(database_url, JobKind.OFFER_EXPIRY))["state"] == "done"
        await shift.route()
        found = await shift.session()
    assert (found["status"], found["excluded_agent_ids"]) == ("queued", list(shift.floor.agents))
    assert found["queued_at"] == before["queued_at"]
    assert await reasons(database_url, case) == ["routed", "offer_expired"]


async def test_a_timer_that_comes_before_the_deadline_waits_for_it(
    database_url: str, redis_db: str
) -> None:
    async with one_to_one(database_url, redis_db, ttl_ms=60_000) as (shift, _):
        await shift.run_timers()
        found = await shift.session()
    again = await timer(database_url, JobKind.OFFER_EXPIRY)
    assert found["status"] == "offered"
    assert (again["state"], again["due_at"]) == ("pending", found["deadline_at"])


async def test_a_wrap_up_ends_by_itself_and_frees_its_agent(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1)
    (case, _) = await make_waiting(database_url, floor, 2)
    await fetch(database_url, "UPDATE agents SET capacity = 1")
    async with on_shift(database_url, redis_db, floor) as shift:
        await shift.come()
        await shift.route()
        await shift.happen(case, Accepted(floor.agents[0]))
        await shift.happen(case, Resolved(SYSTEM, timedelta(seconds=20)))
        await shift.route()
        assert [row["status"] for row in await shift.sessions()] == ["wrap_up", "queued"]
        shift.clock.ahead_s = 21
        await shift.run_timers()
        shift.clock.ahead_s = 60
        await shift.route()
        assert [row["status"] for row in await shift.sessions()] == ["ended", "offered"]


@pytest.mark.slow
async def test_while_redis_is_away_nobody_is_lost_and_no_offer_runs_out(
    database_url: str, tmp_path: Path
) -> None:
    floor = await make_floor(database_url, 2)
    answered, asked = await make_waiting(database_url, floor, 2)
    with start_redis(tmp_path) as redis:
        async with on_shift(database_url, redis.url, floor, ttl_ms=None) as shift:
            async with presence_watched(redis.url):
                await shift.come()
                await shift.route()
                first, offered = await shift.sessions()
                await shift.happen(answered, Accepted(first["asked"]))
                await shift.absence.look()
            redis.kill9()
            for shift.clock.ahead_s in (100, 200):
                await _everything(shift)
            redis.restart()
            # Here again, and nobody knows yet who is: what it has kept, if it came to keep it, is too old.
            await shift.tools.client.delete(presence.WATCH)
            await _everything(shift)
            async with presence_watched(redis.url, ttl_ms=SOON_MS):
                await shift.come()
                await shift.absence.look()
            held, found = await shift.sessions()
    assert (held["status"], found["status"]) == ("active", "offered")
    # A look accounts for what passed since the last one, but for 5 s at most.
    assert found["deadline_at"] >= offered["deadline_at"] + timedelta(seconds=10)
    assert await reasons(database_url, asked) == ["routed"]


async def _everything(shift: Shift) -> None:
    """What a conductor does by the clock."""
    await shift.absence.look()
    await shift.run_timers()
    postponed = await fetch(
        shift.url, "SELECT 1 FROM jobs WHERE kind = 'offer_expiry' AND state = 'pending'"
    )
    assert len(postponed) == 1
