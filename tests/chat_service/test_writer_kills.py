"""Writers and servers that die at the worst moments: nothing is lost, nothing is there twice."""

import asyncio
import os
import signal
from pathlib import Path

import orjson
import pytest

from chat_service.migrate import upgrade
from chorus.bus import open_redis
from tests.chat_service.ingest_world import make_world, not_gapless, rows_of, said, superuser
from tests.chat_service.writer_world import (
    feed,
    listening,
    settings_for,
    settled,
    spawn_writer,
    until,
    writer,
)
from tests.support.servers import start_postgres, start_redis

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
BATCH_ITEMS = 10
ROUNDS = 25 if os.environ.get("CHORUS_LONG") else 1


@pytest.mark.parametrize("nth", range(2, 2 + ROUNDS))
@pytest.mark.parametrize(
    "failpoint", ["before_commit", "after_commit", "before_publish", "before_ack"]
)
async def test_a_killed_writer_loses_and_doubles_nothing(
    database_url: str, redis_db: str, failpoint: str, nth: int
) -> None:
    world = await make_world(database_url, 6)
    items = [said(world, one, f"{n}") for n in range(100) for one in world.conversations]
    # Small batches, so that there is a last one to die in whatever `nth` is.
    settings = settings_for(database_url, redis_db, writer_batch_items=BATCH_ITEMS)
    async with open_redis(redis_db) as client, listening(redis_db) as heard:
        process = spawn_writer(settings, f"{failpoint}:{nth}")
        try:
            for start in range(0, len(items), 60):
                await feed(client, items[start : start + 60], per_entry=5)
            assert await asyncio.to_thread(process.wait, 30) == -signal.SIGKILL
        finally:
            process.kill()
        async with writer(settings):
            await until(lambda: settled(client))
        await until(lambda: _heard_all(heard, {one.id for one in world.conversations}, 100))
    assert await not_gapless(database_url) == []
    for one in world.conversations:
        rows = await rows_of(database_url, one.id)
        assert [row["content"] for row in rows] == [f"{n}" for n in range(100)]
    # Told at least once, and never with two places.
    places = {(h.conversation, h.seq, orjson.loads(f)["data"]["id"]) for _, h, f in heard.frames}
    assert len(places) == len(items)


async def _heard_all(heard: object, conversations: set[object], last_seq: int) -> bool:
    wanted = set(range(1, last_seq + 1))
    return all(wanted <= set(heard.seqs(one)) for one in conversations)  # type: ignore[attr-defined]


async def test_postgres_may_die_under_a_writer(tmp_path: Path, redis_db: str) -> None:
    with start_postgres(tmp_path, options=("full_page_writes=off",)) as server:
        await upgrade(server.url)
        world = await make_world(server.url, 6)
        items = [said(world, one, f"{n}") for n in range(200) for one in world.conversations]
        async with open_redis(redis_db) as client:
            async with writer(settings_for(server.url, redis_db)):
                await feed(client, items[:600], per_entry=5)
                await until(lambda: _some_stored(server.url))
                server.kill9()
                await feed(client, items[600:], per_entry=5)
                server.restart()
                await until(lambda: settled(client))
        assert await not_gapless(server.url) == []
        for one in world.conversations:
            rows = await rows_of(server.url, one.id)
            assert [row["content"] for row in rows] == [f"{n}" for n in range(200)]


async def _some_stored(database_url: str) -> bool:
    async with superuser(database_url) as connection:
        return bool(await connection.fetchval("SELECT count(*) FROM messages"))


async def test_redis_may_die_under_a_writer(database_url: str, tmp_path: Path) -> None:
    world = await make_world(database_url, 6)
    items = [said(world, one, f"{n}") for n in range(200) for one in world.conversations]
    with start_redis(tmp_path) as server:
        async with writer(settings_for(database_url, server.url)):
            async with open_redis(server.url) as client:
                await feed(client, items[:600], per_entry=5)
                await until(lambda: _some_stored(database_url))
            server.kill9()
            server.restart()
            async with open_redis(server.url) as client:
                # What a gateway does with all that it has not seen settled.
                await feed(client, items, per_entry=5)
                await until(lambda: settled(client))
    assert await not_gapless(database_url) == []
    for one in world.conversations:
        rows = await rows_of(database_url, one.id)
        assert sorted(int(row["content"]) for row in rows) == list(range(200))
