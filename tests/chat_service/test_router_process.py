"""The router inside its conductor: killed in the middle, and woken by what happens."""

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from chat_service import handoff
from chat_service.conductor import conduct
from chat_service.emit import Publisher
from chat_service.jobs import Tools
from chat_service.router import OFFERS_AT_ONCE, Router
from chat_service.session_facts import SYSTEM, Resolved
from chorus import topics
from chorus.clock import SystemClock
from chorus.enqueue import Doorbell
from tests.chat_service.ingest_world import rows_of
from tests.chat_service.routing_world import (
    Floor,
    come,
    fetch,
    make_floor,
    make_waiting,
    presence_watched,
    sessions,
    tools_for,
)
from tests.chat_service.writer_world import until

pytestmark = pytest.mark.anyio


def spawn_conductor(database_url: str, redis_url: str, failpoint: str) -> subprocess.Popen[bytes]:
    environ = os.environ | {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "CHORUS_FAILPOINT": failpoint,
        "CHORUS_LOG_LEVEL": "ERROR",
    }
    return subprocess.Popen([sys.executable, "-m", "chat_service.conductor"], env=environ)


@pytest.mark.slow
@pytest.mark.parametrize("failpoint", ["before_offers:2", "after_offers:2"])
async def test_a_conductor_killed_in_the_middle_leaves_no_session_lost_or_offered_twice(
    database_url: str, redis_db: str, failpoint: str
) -> None:
    floor = await make_floor(database_url, 20, capacity=OFFERS_AT_ONCE // 10)
    cases = await make_waiting(database_url, floor, 2 * OFFERS_AT_ONCE)
    async with tools_for(database_url, redis_db) as tools, presence_watched(redis_db):
        await come(tools.client, floor)
        process = spawn_conductor(database_url, redis_db, failpoint)
        try:
            assert await asyncio.to_thread(process.wait, 30) == -signal.SIGKILL
        finally:
            process.kill()
        rounds = 1 if failpoint.startswith("before") else 2
        await until(lambda: _are_offered(database_url, floor, rounds * OFFERS_AT_ONCE))
        router = Router(tools)
        while (await router.route(floor.tenant_id)).more:
            pass
    assert await _are_offered(database_url, floor, len(cases))
    assert len(await fetch(database_url, "SELECT 1 FROM session_offers")) == len(cases)
    assert {len(await rows_of(database_url, one.conversation_id)) for one in cases} == {1}


async def _are_offered(url: str, floor: Floor, count: int) -> bool:
    return [row["status"] for row in await sessions(url, floor)].count("offered") == count


class MinuteAhead(SystemClock):
    def now(self) -> datetime:
        return super().now() + timedelta(minutes=1)


async def test_capacity_that_is_freed_is_used_before_anybody_looks_by_the_clock(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1, capacity=1)
    first, second = await make_waiting(database_url, floor, 2)
    # Nothing is relayed within this test: what wakes the router is the word of the act.
    async with (
        tools_for(database_url, redis_db, conductor_poll_ms=10_000) as tools,
        presence_watched(redis_db),
        asyncio.TaskGroup() as tasks,
    ):
        await come(tools.client, floor)
        doorbell = Doorbell(redis_db)
        # A minute on, nobody has just signed in: one assignment is not all an agent may get.
        task = tasks.create_task(conduct(replace(tools, clock=MinuteAhead()), doorbell))
        await until(lambda: _is_offered(database_url, floor, first.session_id))
        await _until_listened(tools)
        await _resolve(tools, floor, first.conversation_id)
        await until(lambda: _is_offered(database_url, floor, second.session_id))
        task.cancel()
        doorbell.close()


async def _is_offered(url: str, floor: Floor, session_id: UUID) -> bool:
    asked = {row["id"]: row["status"] for row in await sessions(url, floor)}
    return bool(asked[session_id] == "offered")


async def _until_listened(tools: Tools) -> None:
    async def somebody_listens() -> bool:
        ((_, count),) = await tools.client.pubsub_numsub(topics.CONTROL)
        return bool(count)

    await until(somebody_listens)


async def _resolve(tools: Tools, floor: Floor, conversation_id: UUID) -> None:
    now = tools.clock.now()
    async with tools.db.transaction(None) as tx:
        moved = await handoff.apply(
            tx, floor.tenant_id, conversation_id, Resolved(SYSTEM, timedelta()), now=now
        )
        tx.after_commit(lambda: handoff.tell(Publisher(tools.client), [moved], now=now))


async def test_a_deferred_session_is_picked_up_by_whoever_comes_first(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 2)
    await make_waiting(database_url, floor, 1, state="deferred")
    async with (
        tools_for(database_url, redis_db) as tools,
        presence_watched(redis_db),
        asyncio.TaskGroup() as tasks,
    ):
        doorbell = Doorbell(redis_db)
        task = tasks.create_task(conduct(tools, doorbell))
        await until(lambda: _is_explained(database_url))
        assert [row["status"] for row in await sessions(database_url, floor)] == ["deferred"]
        await come(tools.client, floor, floor.agents[1])
        await until(lambda: _is_asked(database_url, floor, floor.agents[1]))
        task.cancel()
        doorbell.close()


async def _is_explained(url: str) -> bool:
    return bool(await fetch(url, "SELECT 1 FROM routing_decisions"))


async def _is_asked(url: str, floor: Floor, agent: UUID) -> bool:
    return agent in {row["asked"] for row in await sessions(url, floor)}
