import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from chat_service import outbox
from chat_service.conductor import conduct
from chat_service.jobs import Tools
from chat_service.leader import lead
from chat_service.messages import ingest
from chat_service.settings import ConductorSettings
from chorus import topics
from chorus.bus import Client, open_redis
from chorus.clock import SystemClock
from chorus.db import Db
from chorus.enqueue import Doorbell
from chorus.errors import Unavailable
from chorus.tasks import beside
from tests.chat_service.ingest_world import World, make_world, said, superuser, system_db
from tests.chat_service.writer_world import until

pytestmark = pytest.mark.anyio
STREAM = topics.events("chat")


def settings_for(database_url: str, redis_url: str) -> ConductorSettings:
    return ConductorSettings.from_env(
        {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "CHORUS_CONDUCTOR_POLL_MS": "20"}
    )


@asynccontextmanager
async def conductor(db: Db, redis_url: str, database_url: str) -> AsyncIterator[None]:
    settings = settings_for(database_url, redis_url)
    doorbell = Doorbell(redis_url)
    async with open_redis(redis_url) as client:
        tools = Tools(db, client, settings, SystemClock())
        async with beside(lead(db, lambda: conduct(tools, doorbell))):
            yield
    doorbell.close()


def spawn_conductor(database_url: str, redis_url: str, failpoint: str) -> subprocess.Popen[bytes]:
    environ = os.environ | {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "CHORUS_FAILPOINT": failpoint,
        "CHORUS_LOG_LEVEL": "ERROR",
    }
    return subprocess.Popen([sys.executable, "-m", "chat_service.conductor"], env=environ)


async def happenings(db: Db, world: World, count: int) -> None:
    """Cause that many domain events."""
    for number in range(count):
        await ingest(db, [said(world, world.conversations[0], f"{number}")])


async def sent(client: Client) -> list[dict[str, Any]]:
    entries = await client.xrange(STREAM)
    return [orjson.loads(fields[outbox.FIELD.encode()]) for _, fields in entries]


async def outbox_ids(database_url: str) -> list[str]:
    async with superuser(database_url) as connection:
        return [str(row["id"]) for row in await connection.fetch("SELECT id FROM outbox")]


async def unsent(database_url: str) -> int:
    async with superuser(database_url) as connection:
        found: int = await connection.fetchval("SELECT count(*) FROM outbox WHERE sent_at IS NULL")
        return found


async def test_an_event_travels_once_with_its_id_and_envelope(
    database_url: str, redis_db: str
) -> None:
    world = await make_world(database_url)
    async with system_db(database_url) as db, open_redis(redis_db) as client:
        await happenings(db, world, 5)
        assert await outbox.relay(db, client, 3) == 3
        await outbox.relay_all(db, client, 3)
        assert await outbox.relay(db, client, 3) == 0
        events = await sent(client)
    assert [one["id"] for one in events] == sorted(await outbox_ids(database_url))
    first = events[0]
    assert (first["issuer"], first["event"]) == ("chat", "message.created")
    assert first["tenant_id"] == str(world.tenant_id)
    assert first["data"]["v"] == 1
    assert first["data"]["conversations"][0]["first_seq"] == 1


async def test_two_relays_at_once_send_each_event_once(database_url: str, redis_db: str) -> None:
    world = await make_world(database_url)
    async with system_db(database_url) as db, open_redis(redis_db) as client:
        await happenings(db, world, 40)
        await asyncio.gather(*(outbox.relay_all(db, client, 4) for _ in range(4)))
        await outbox.relay_all(db, client, 100)
        ids = [one["id"] for one in await sent(client)]
    assert sorted(ids) == sorted(await outbox_ids(database_url))


async def test_without_redis_nothing_is_marked(database_url: str) -> None:
    world = await make_world(database_url)
    async with (
        system_db(database_url) as db,
        open_redis("redis://127.0.0.1:1/0") as nowhere,
    ):
        await happenings(db, world, 2)
        with pytest.raises(Unavailable):
            await outbox.relay(db, nowhere, 10)
    assert await unsent(database_url) == 2


async def test_a_new_redis_gets_the_last_hour_again(database_url: str, redis_db: str) -> None:
    world = await make_world(database_url)
    async with system_db(database_url) as db, open_redis(redis_db) as client:
        assert await outbox.resend_to_new_redis(db, client) == 0
        await happenings(db, world, 3)
        await outbox.relay_all(db, client, 10)
        assert await outbox.resend_to_new_redis(db, client) == 0
        async with superuser(database_url) as connection:
            await connection.execute(
                "UPDATE outbox SET sent_at = now() - '2 h'::interval"
                " WHERE id = (SELECT id FROM outbox ORDER BY id LIMIT 1)"
            )
        before = {one["id"] for one in await sent(client)}
        await client.flushall()
        assert await outbox.resend_to_new_redis(db, client) == 2
        await outbox.relay_all(db, client, 10)
        after = {one["id"] for one in await sent(client)}
    assert after < before
    assert len(after) == 2


@pytest.mark.slow
async def test_a_relay_that_dies_before_it_marks_sends_the_same_ids_again(
    database_url: str, redis_db: str
) -> None:
    world = await make_world(database_url)
    async with system_db(database_url) as db, open_redis(redis_db) as client:
        await happenings(db, world, 3)
        process = spawn_conductor(database_url, redis_db, "before_mark")
        try:
            assert await asyncio.to_thread(process.wait, 30) == -signal.SIGKILL
        finally:
            process.kill()
        assert await unsent(database_url) == 3
        assert len(await sent(client)) == 3
        await until(lambda: _relayed(db, client))
        ids = [one["id"] for one in await sent(client)]
    assert sorted(ids) == sorted(2 * await outbox_ids(database_url))


async def _relayed(db: Db, client: Client) -> bool:
    # The dead process may hold its row locks a moment longer.
    return await outbox.relay(db, client, 10) > 0


@asynccontextmanager
async def known(client: Any) -> AsyncIterator[None]:
    await client.set(topics.MARKER, "1")
    yield


async def test_two_conductors_send_each_event_once(database_url: str, redis_db: str) -> None:
    world = await make_world(database_url)
    async with (
        system_db(database_url, 20) as db,
        open_redis(redis_db) as client,
        # A Redis that is new gets the last hour again, by design; this one is known.
        known(client),
        conductor(db, redis_db, database_url),
        conductor(db, redis_db, database_url),
    ):
        await happenings(db, world, 30)
        await until(lambda: _all_sent(database_url))
        ids = [one["id"] for one in await sent(client)]
    assert sorted(ids) == sorted(await outbox_ids(database_url))


async def _all_sent(database_url: str) -> bool:
    return await unsent(database_url) == 0


async def test_a_conductor_that_loses_its_lock_connection_stops_acting(
    database_url: str,
) -> None:
    stopped, started = asyncio.Event(), asyncio.Event()

    async def act() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    async with system_db(database_url) as db, asyncio.TaskGroup() as tasks:
        leading = tasks.create_task(lead(db, act))
        async with asyncio.timeout(20):
            await started.wait()
        started.clear()
        assert not stopped.is_set()
        async with superuser(database_url) as connection, asyncio.timeout(20):
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
            )
            await stopped.wait()
            await started.wait()
        leading.cancel()


async def test_only_one_leads_and_the_next_follows(database_url: str) -> None:
    leaders: list[int] = []

    async def act(number: int) -> None:
        leaders.append(number)
        await asyncio.Event().wait()

    async with system_db(database_url) as db, asyncio.TaskGroup() as tasks:
        first = tasks.create_task(lead(db, lambda: act(1)))
        await until(lambda: _are(leaders, [1]))
        second = tasks.create_task(lead(db, lambda: act(2)))
        await until(lambda: _asking(database_url))
        assert leaders == [1]
        first.cancel()
        await until(lambda: _are(leaders, [1, 2]))
        second.cancel()


async def _are(leaders: list[int], wanted: list[int]) -> bool:
    return leaders == wanted


async def _asking(database_url: str) -> bool:
    """The second one has asked for the lock in vain."""
    async with superuser(database_url) as connection:
        return bool(
            await connection.fetchval(
                "SELECT count(*) = 2 FROM pg_stat_activity"
                " WHERE query LIKE '%pg_try_advisory_lock%' AND pid <> pg_backend_pid()"
            )
        )
