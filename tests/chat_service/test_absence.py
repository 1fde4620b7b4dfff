"""Agents who go, offers nobody answers, and what must not happen while presence is unknown."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from chat_service import handoff, jobs
from chat_service.absence import Absence
from chat_service.conductor import TIMERS
from chat_service.jobs import Tools
from chat_service.router import Router
from chat_service.session_facts import SYSTEM, Accepted, Happening, Resolved
from chorus.jobs import JobKind
from chorus.wire.common import PresenceStatus
from tests.chat_service.ingest_world import head_of, rows_of
from tests.chat_service.routing_world import (
    Case,
    Floor,
    MovableClock,
    come,
    fetch,
    go,
    make_floor,
    make_waiting,
    presence_watched,
    seen_as,
    sessions,
    tools_for,
)
from tests.support.servers import start_redis

pytestmark = pytest.mark.anyio


async def happen(tools: Tools, floor: Floor, case: Case, happening: Happening) -> None:
    async with tools.db.transaction(None) as tx:
        now = tools.clock.now()
        await handoff.apply(tx, floor.tenant_id, case.conversation_id, happening, now=now)


async def run_timers(tools: Tools, url: str) -> None:
    """Do the timers of sessions as if they were due."""
    await fetch(url, "UPDATE jobs SET due_at = now() - interval '1 s' WHERE state = 'pending'")
    await jobs.run_due(tools, TIMERS, limit=10)


async def timer(url: str, kind: JobKind) -> Any:
    (found,) = await fetch(url, "SELECT * FROM jobs WHERE kind = $1", kind)
    return found


async def session_of(url: str, floor: Floor) -> Any:
    (found,) = await sessions(url, floor)
    return found


async def reasons(url: str, case: Case) -> list[str]:
    payloads = [orjson.loads(row["payload"]) for row in await rows_of(url, case.conversation_id)]
    return [one["data"]["reason"] for one in payloads if one.get("event") == "handoff"]


async def leave(tools: Tools, floor: Floor) -> None:
    await go(tools.client, floor, *floor.agents)
    await seen_as(tools.client, floor, PresenceStatus.OFFLINE, *floor.agents)


async def test_an_offer_to_somebody_who_left_is_taken_back_at_once(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1)
    (case,) = await make_waiting(database_url, floor, 1)
    async with tools_for(database_url, redis_db) as tools, presence_watched(redis_db, ttl_ms=100):
        router = Router(tools)
        absence = Absence(tools, router)
        await come(tools.client, floor)
        await router.route(floor.tenant_id)
        await leave(tools, floor)
        await absence.look()
        await absence.look()
    found = await session_of(database_url, floor)
    assert (found["status"], found["excluded_agent_ids"]) == ("queued", list(floor.agents))
    assert await reasons(database_url, case) == ["routed", "agent_lost"]


async def test_what_an_agent_answers_goes_to_others_only_after_the_grace(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1)
    (case,) = await make_waiting(database_url, floor, 1)
    clock = MovableClock()
    async with tools_for(database_url, redis_db) as real, presence_watched(redis_db, ttl_ms=100):
        tools = replace(real, clock=clock)
        router = Router(tools)
        absence = Absence(tools, router)
        await come(tools.client, floor)
        await router.route(floor.tenant_id)
        await happen(tools, floor, case, Accepted(floor.agents[0]))
        await leave(tools, floor)
        await absence.look()
        assert (await session_of(database_url, floor))["status"] == "active"
        clock.ahead_s = 91
        await absence.look()
    assert (await session_of(database_url, floor))["status"] == "queued"
    head = await head_of(database_url, case.conversation_id)
    assert (head["floor_holder"], head["assignee_id"], head["floor_epoch"]) == ("none", None, 2)


async def test_who_comes_back_within_the_grace_keeps_what_they_answer(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1)
    (case,) = await make_waiting(database_url, floor, 1)
    clock = MovableClock()
    async with tools_for(database_url, redis_db) as real, presence_watched(redis_db, ttl_ms=500):
        tools = replace(real, clock=clock)
        router = Router(tools)
        absence = Absence(tools, router)
        await come(tools.client, floor)
        await router.route(floor.tenant_id)
        await happen(tools, floor, case, Accepted(floor.agents[0]))
        await leave(tools, floor)
        await absence.look()
        await come(tools.client, floor)
        clock.ahead_s = 91
        await absence.look()
    assert (await session_of(database_url, floor))["status"] == "active"


async def test_an_offer_nobody_answers_goes_back_and_its_agent_is_not_asked_again(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1)
    (case,) = await make_waiting(database_url, floor, 1)
    clock = MovableClock()
    async with tools_for(database_url, redis_db) as real, presence_watched(redis_db):
        tools = replace(real, clock=clock)
        router = Router(tools)
        await come(tools.client, floor)
        await router.route(floor.tenant_id)
        before = await session_of(database_url, floor)
        clock.ahead_s = 31
        await run_timers(tools, database_url)
        assert (await timer(database_url, JobKind.OFFER_EXPIRY))["state"] == "done"
        await router.route(floor.tenant_id)
    found = await session_of(database_url, floor)
    assert (found["status"], found["excluded_agent_ids"]) == ("queued", list(floor.agents))
    assert found["queued_at"] == before["queued_at"]
    assert await reasons(database_url, case) == ["routed", "offer_expired"]


async def test_a_timer_that_comes_before_the_deadline_waits_for_it(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1)
    await make_waiting(database_url, floor, 1)
    async with tools_for(database_url, redis_db) as tools, presence_watched(redis_db):
        await come(tools.client, floor)
        await Router(tools).route(floor.tenant_id)
        await run_timers(tools, database_url)
    found = await session_of(database_url, floor)
    again = await timer(database_url, JobKind.OFFER_EXPIRY)
    assert found["status"] == "offered"
    assert (again["state"], again["due_at"]) == ("pending", found["deadline_at"])


async def test_a_wrap_up_ends_by_itself_and_frees_its_agent(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1)
    (case, _) = await make_waiting(database_url, floor, 2)
    await fetch(database_url, "UPDATE agents SET capacity = 1")
    clock = MovableClock()
    async with tools_for(database_url, redis_db) as real, presence_watched(redis_db):
        tools = replace(real, clock=clock)
        router = Router(tools)
        await come(tools.client, floor)
        await router.route(floor.tenant_id)
        await happen(tools, floor, case, Accepted(floor.agents[0]))
        await happen(tools, floor, case, Resolved(SYSTEM, timedelta(seconds=20)))
        await router.route(floor.tenant_id)
        states = [row["status"] for row in await sessions(database_url, floor)]
        assert states == ["wrap_up", "queued"]
        clock.ahead_s = 21
        await run_timers(tools, database_url)
        clock.ahead_s = 60
        await router.route(floor.tenant_id)
    assert [row["status"] for row in await sessions(database_url, floor)] == ["ended", "offered"]


@pytest.mark.slow
async def test_while_redis_is_away_nobody_is_lost_and_no_offer_runs_out(
    database_url: str, tmp_path: Path
) -> None:
    floor = await make_floor(database_url, 2)
    answered, asked = await make_waiting(database_url, floor, 2)
    clock = MovableClock()
    with start_redis(tmp_path) as redis:
        async with tools_for(database_url, redis.url) as real:
            tools = replace(real, clock=clock)
            router = Router(tools)
            absence = Absence(tools, router)
            async with presence_watched(redis.url):
                await come(tools.client, floor)
                await router.route(floor.tenant_id)
                first, offered = await sessions(database_url, floor)
                await happen(tools, floor, answered, Accepted(first["asked"]))
                await absence.look()
            redis.kill9()
            for clock.ahead_s in (100, 200):
                await _everything(tools, absence, database_url)
            redis.restart()
            # Here again, and nobody knows yet who is.
            await _everything(tools, absence, database_url)
            async with presence_watched(redis.url, ttl_ms=500):
                await come(tools.client, floor)
                await absence.look()
    held, found = await sessions(database_url, floor)
    assert (held["status"], found["status"]) == ("active", "offered")
    # A look accounts for what passed since the last one, but for 5 s at most.
    assert found["deadline_at"] >= offered["deadline_at"] + timedelta(seconds=10)
    assert await reasons(database_url, asked) == ["routed"]


async def _everything(tools: Tools, absence: Absence, url: str) -> None:
    """What a conductor does by the clock."""
    await absence.look()
    await run_timers(tools, url)
    postponed = await fetch(
        url, "SELECT 1 FROM jobs WHERE kind = 'offer_expiry' AND state = 'pending'"
    )
    assert len(postponed) == 1
