"""Tenants are served side by side: a slow one holds up nobody but itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from uuid import UUID

import pytest

from chat_service import handoff, unanswered
from chat_service import session_facts as facts
from chat_service.absence import Absence
from chat_service.conductor import repeat
from chat_service.jobs import Tools
from chat_service.lanes import Lanes
from chat_service.router import Router
from chat_service.store import absence as absence_store
from chat_service.store import routing as store
from chorus.ids import uuid7
from chorus.presence import WATCH
from chorus.tasks import beside
from chorus.wire.common import PresenceStatus
from tests.chat_service import routing_world as world
from tests.chat_service.ingest_world import superuser
from tests.chat_service.routing_world import Floor, MovableClock, make_floor, make_waiting
from tests.chat_service.shift_world import SOON_MS

pytestmark = pytest.mark.anyio


async def becomes(url: str, floor: Floor, state: str) -> None:
    """Wait until the only session of a floor is so."""
    async with asyncio.timeout(world.PATIENCE_S):
        while [one["status"] for one in await world.sessions(url, floor)] != [state]:  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.01)


@asynccontextmanager
async def locked(url: str, statement: str, *arguments: object) -> AsyncIterator[None]:
    """Hold a lock in a transaction of somebody else's."""
    async with superuser(url) as connection, connection.transaction():
        await connection.execute(statement, *arguments)
        yield


async def test_a_tenant_that_cannot_be_routed_holds_up_no_other(
    database_url: str, redis_db: str
) -> None:
    slow, quick = [await make_floor(database_url, 1) for _ in range(2)]
    for floor in (slow, quick):
        await make_waiting(database_url, floor, 1)
    async with (
        world.tools_for(database_url, redis_db) as tools,
        world.presence_watched(redis_db),
    ):
        for floor in (slow, quick):
            await world.come(tools.client, floor)
        router = Router(tools)
        async with beside(router.run()):
            async with locked(database_url, *_lock_of(slow)):
                router.wake(slow.tenant_id)
                router.wake(quick.tenant_id, in_s=0.001)
                await becomes(database_url, quick, "offered")
                (held,) = await world.sessions(database_url, slow)
                assert held["status"] == "queued"
            await becomes(database_url, slow, "offered")


def _lock_of(floor: Floor) -> tuple[str, int]:
    """The lock under which the router routes a tenant."""
    key = int.from_bytes(floor.tenant_id.bytes[8:], signed=True)
    return store.LOCK_TENANT.replace(":key", "$1"), key


async def test_a_tenant_that_cannot_be_looked_at_holds_up_no_other(
    database_url: str, redis_db: str
) -> None:
    slow, quick = [await make_floor(database_url, 1) for _ in range(2)]
    async with (
        world.tools_for(database_url, redis_db) as real,
        world.presence_watched(redis_db, ttl_ms=SOON_MS),
    ):
        clock = MovableClock()
        tools = replace(real, clock=clock)
        for floor in (slow, quick):
            await _answers_and_goes(database_url, tools, floor)
        clock.ahead_s = 91
        lock = "SELECT 1 FROM agents WHERE id = $1 FOR UPDATE"
        async with beside(Absence(tools, Router(tools)).run()):
            async with locked(database_url, lock, slow.agents[0]):
                await becomes(database_url, quick, "queued")
                (held,) = await world.sessions(database_url, slow)
                assert held["status"] == "active"
            await becomes(database_url, slow, "queued")


async def test_a_tenant_whose_customers_cannot_be_put_into_line_holds_up_no_other(
    database_url: str, redis_db: str
) -> None:
    floors = [await make_floor(database_url, 1, is_default=True) for _ in range(2)]
    for floor in floors:
        await world.make_left(database_url, floor, 1)
    async with world.tools_for(database_url, redis_db) as tools:
        await tools.client.set(WATCH, b"0 0")
        async with tools.db.raw_transaction() as raw:
            slow_id = next(iter(await absence_store.unanswered(raw)))
        slow, quick = sorted(floors, key=lambda one: one.tenant_id != slow_id)
        lock = "SELECT 1 FROM queues WHERE id = $1 FOR UPDATE"
        async with beside(repeat(lambda: unanswered.release(tools), 0.01)):
            async with locked(database_url, lock, slow.queue_id):
                await becomes(database_url, quick, "queued")
                assert await world.sessions(database_url, slow) == []
            await becomes(database_url, slow, "queued")


async def _answers_and_goes(url: str, tools: Tools, floor: Floor) -> None:
    (case,) = await make_waiting(url, floor, 1)
    await world.come(tools.client, floor)
    agent = floor.agents[0]
    async with tools.db.transaction(None) as tx:
        given = facts.Assigned(agent, facts.SYSTEM)
        where = floor.tenant_id, case.conversation_id
        await handoff.apply(tx, *where, given, now=tools.clock.now())
    await world.go(tools.client, floor, agent)
    await world.seen_as(tools.client, floor, PresenceStatus.OFFLINE, agent)


async def test_no_more_are_served_at_once_than_there_are_lanes() -> None:
    going, most, let_go = set[UUID](), list[int](), asyncio.Event()

    async def act(tenant_id: UUID) -> None:
        going.add(tenant_id)
        most.append(len(going))
        await let_go.wait()
        going.discard(tenant_id)

    tenants = [uuid7() for _ in range(4)]
    async with Lanes(2) as lanes:
        for one in tenants[:2]:
            await lanes.start(one, partial(act, one))
        third = asyncio.create_task(lanes.start(tenants[2], partial(act, tenants[2])))
        await asyncio.sleep(0)
        assert [lanes.is_busy(one) for one in tenants] == [True, True, False, False]
        let_go.set()
        await third
    assert max(most) == 2
    assert not any(map(lanes.is_busy, tenants))
