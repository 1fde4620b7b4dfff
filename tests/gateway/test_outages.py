"""What is away is told once, and nothing acknowledged is lost or overtaken meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import redis as sync_redis

from chorus import topics
from chorus.codes import CloseCode, NackCode
from chorus.ids import uuid7
from tests.chat_service.api_world import make_tenant, open_api, read_items
from tests.chat_service.ingest_world import superuser
from tests.chat_service.writer_world import settings_for, until, writer
from tests.gateway.gateways import Gateway, Line, World
from tests.gateway.lossy import deaf_to
from tests.support.servers import RunningServer, start_redis

pytestmark = pytest.mark.anyio
NEVER_MS = 3_600_000
BUSY = {"customer_messages_per_s": 1_000, "customer_messages_burst": 1_000}


@asynccontextmanager
async def fragile(database_url: str, redis_url: str) -> AsyncIterator[World]:
    """A world with a writer, on a Redis of its own."""
    async with open_api(database_url, redis_url) as api, AsyncExitStack() as stack:
        tenant = await make_tenant(database_url, "acme")
        async with writer(settings_for(database_url, redis_url)):
            yield World(api, tenant, stack)
            await stack.aclose()


class Talk:
    """One sender, and what it was told."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.sent: list[str] = []

    async def say(self, count: int) -> None:
        """Send so many messages; return when all of them are stored."""
        ids = [str(uuid7()) for _ in range(count)]
        for id in ids:
            await self.line.say("message", id=id, content=id)
        self.sent += ids
        for id in ids:
            told = await self.line.hear("delivered", id=id)
            assert told["seq"] == self.sent.index(id) + 1


async def kept(world: World) -> list[Any]:
    items = await read_items(world.api, world.tenant.principal("agent"), world.tenant)
    return [one["content"] for one in items]


def bypasses(at: Gateway) -> bool:
    return at.resources.forwarder.bypassing


def freeze(server: RunningServer) -> Callable[[], None]:
    server.pause()
    return server.resume


def refuse_writes(server: RunningServer) -> Callable[[], None]:
    def choose(replicas: int) -> None:
        with sync_redis.Redis.from_url(server.url) as client:
            client.config_set("min-replicas-to-write", replicas)

    choose(1)
    return lambda: choose(0)


@pytest.mark.slow
@pytest.mark.parametrize("harm", [freeze, refuse_writes])
async def test_messages_go_around_a_redis_that_fails_and_back_in_order(
    database_url: str, tmp_path: Path, harm: Callable[[RunningServer], Callable[[], None]]
) -> None:
    with start_redis(tmp_path) as server:
        async with fragile(database_url, server.url) as world:
            here = await world.gateway(**BUSY)
            talk, reader = Talk(await world.customer(here)), await world.inbox(here)
            await reader.subscribe(world.tenant.conversation)
            await talk.say(5)
            heal = harm(server)
            try:
                await talk.say(10)
                await talk.line.hear("degraded", what="realtime")
                assert bypasses(here)
                await talk.say(10)
                late = await world.customer(here)
                assert await late.hear("degraded") == {"what": "realtime"}
            finally:
                heal()
            await talk.line.hear("recovered", what="realtime")
            await talk.say(5)
            assert not bypasses(here)
            assert await kept(world) == talk.sent
            heard = [(await reader.hear("message"))["content"] for _ in talk.sent]
            assert heard == talk.sent
            assert not [one for one in talk.line.heard if one["event"] in ("degraded", "recovered")]


async def test_a_store_that_does_not_answer_is_told_once(world: World) -> None:
    here = await world.gateway()
    line = await world.customer(here)
    async with superuser(world.api.database_url) as owner:
        async with owner.transaction():
            await owner.execute("LOCK TABLE installation IN ACCESS EXCLUSIVE MODE")
            assert await line.hear("degraded") == {"what": "store"}
        await line.hear("recovered", what="store")
    assert await line.answers()
    told = [one["event"] for one in line.heard if one["event"] in ("degraded", "recovered")]
    assert not told, "once each time"


async def test_a_backlog_over_the_bound_refuses_new_messages(world: World) -> None:
    here = await world.gateway(max_backlog=1)
    line = await world.customer(here)
    for waiting in (1, 2):
        await line.say("message", id=str(uuid7()), content="one more")

        async def appended(count: int = waiting) -> bool:
            return await backlog(here) == count

        await until(appended)

    async def overloaded() -> bool:
        return here.resources.overloaded

    await until(overloaded)
    await line.say("message", id=str(uuid7()), content="too much")
    assert (await line.hear("nack"))["code"] == NackCode.OVERLOADED


async def backlog(at: Gateway) -> int:
    counts = [
        await at.resources.redis.xlen(topics.ingest(part)) for part in range(topics.PARTITIONS)
    ]
    return sum(counts)


# -- revocation without Redis' word


def is_control(channel: str) -> bool:
    return channel == topics.CONTROL


async def deaf(world: World) -> Gateway:
    """A gateway that compares no heads: only the counter is read."""
    return await world.gateway(heads_every_ms=NEVER_MS)


async def test_a_logout_whose_word_was_lost_closes_the_socket(world: World) -> None:
    here = await deaf(world)
    with deaf_to(here, is_control):
        line = await world.chat(here, world.tenant.principal("agent"))
        header = {"Authorization": f"Bearer {line.token}"}
        answer = await world.api.client.post("/auth/logout", json={}, headers=header)
        assert answer.status_code == 204
        assert await line.close_code() == CloseCode.INVALID_TOKEN


async def test_a_tenant_that_is_disabled_unheard_closes_4006(world: World) -> None:
    here = await deaf(world)
    with deaf_to(here, is_control):
        line = await world.customer(here)
        await world.revoke_tenant()
        assert await line.close_code() == CloseCode.TENANT_DISABLED


async def test_a_revocation_arrives_without_redis(database_url: str, tmp_path: Path) -> None:
    with start_redis(tmp_path) as server:
        async with (
            open_api(database_url, server.url) as api,
            AsyncExitStack() as stack,
            asyncio.timeout(60),
        ):
            world = World(api, await make_tenant(database_url, "acme"), stack)
            line = await world.customer(await deaf(world))
            server.kill9()
            await world.revoke_tenant()
            assert await line.close_code() == CloseCode.TENANT_DISABLED
