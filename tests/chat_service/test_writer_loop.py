import asyncio
import random
from dataclasses import replace
from typing import Any

import orjson
import pytest

from chat_service.leases import Leases
from chat_service.messages import ingest
from chat_service.store import leases as rows
from chat_service.store.ingest import Lease
from chat_service.store.streams import ensure_groups
from chorus import topics
from chorus.bus import open_redis
from chorus.clock import SystemClock
from chorus.ingest import dump_items
from chorus.tasks import beside
from chorus.wire.envelope import decode_server
from gateway.forward import append_entries
from tests.chat_service.ingest_world import (
    head_of,
    make_world,
    not_gapless,
    rows_of,
    said,
    superuser,
    system_db,
)
from tests.chat_service.writer_world import (
    feed,
    listening,
    settings_for,
    settled,
    spawn_writer,
    until,
    writer,
)

pytestmark = pytest.mark.anyio


async def test_what_goes_into_a_stream_comes_out_stored_and_told(
    database_url: str, redis_db: str
) -> None:
    world = await make_world(database_url, 20)
    items = [said(world, one, f"{n}") for n in range(10) for one in world.conversations]
    async with open_redis(redis_db) as client, listening(redis_db) as heard:
        async with writer(settings_for(database_url, redis_db)):
            await feed(client, items, per_entry=3)
            await until(lambda: settled(client))
        await until(lambda: _heard_count(heard, 200))
    assert await not_gapless(database_url) == []
    for one in world.conversations:
        assert heard.seqs(one.id) == list(range(1, 11))
        contents = [row["content"] for row in await rows_of(database_url, one.id)]
        assert contents == [f"{n}" for n in range(10)]


async def _heard_count(heard: object, count: int) -> bool:
    return len(heard.frames) >= count  # type: ignore[attr-defined]


@pytest.mark.parametrize("lanes", [1, 3])
async def test_several_writers_share_the_partitions_and_keep_every_order(
    database_url: str, redis_db: str, lanes: int
) -> None:
    world = await make_world(database_url, 40)
    rng = random.Random(1)
    items = [said(world, rng.choice(world.conversations), f"{n}") for n in range(2_000)]
    settings = settings_for(database_url, redis_db, writer_lanes=lanes)
    async with open_redis(redis_db) as client:
        async with writer(settings), writer(settings):
            for start in range(0, len(items), 100):
                await feed(client, items[start : start + 100], per_entry=4)
            await until(lambda: _shares(database_url, [8, 8]))
            async with writer(settings):
                await feed(client, rng.sample(items, 200))
                await until(lambda: _shares(database_url, [4, 6, 6]))
            await until(lambda: settled(client))
    assert await not_gapless(database_url) == []
    for one in world.conversations:
        wanted = [item.content for item in items if item.conversation_id == one.id]
        assert [row["content"] for row in await rows_of(database_url, one.id)] == wanted
    assert await _shares(database_url, [])


async def _shares(database_url: str, wanted: list[int]) -> bool:
    async with superuser(database_url) as connection:
        found = await connection.fetch(
            "SELECT count(*) FROM ingest_partitions WHERE owner IS NOT NULL GROUP BY owner"
        )
    return sorted(row["count"] for row in found) == wanted


async def test_a_writer_that_stops_while_it_takes_leases_gives_them_back(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_world(database_url)
    at_once, taken = rows.take, asyncio.Event()

    async def slowly(*of: Any, **given: Any) -> list[Lease]:
        # As if the answer were on its way: PostgreSQL has committed, the writer does not know yet.
        leases = await at_once(*of, **given)
        taken.set()
        await asyncio.sleep(0.1)
        return leases

    monkeypatch.setattr(rows, "take", slowly)
    async with system_db(database_url, 2) as db:
        leases = Leases(db, SystemClock(), lanes=1, lease_s=30, renew_s=5, read_s=0.1)
        async with beside(leases.run()):
            await taken.wait()
            assert await _shares(database_url, [topics.PARTITIONS])
        await leases.release_all()
    assert await _shares(database_url, [])


async def test_what_a_dead_writer_left_is_finished_before_anything_new(
    database_url: str, redis_db: str
) -> None:
    world = await make_world(database_url)
    here = world.conversations[0]
    committed, read, unread = (said(world, here, word) for word in ("first", "second", "third"))
    part = topics.partition_of(here.id)
    async with (
        open_redis(redis_db) as client,
        listening(redis_db) as heard,
        system_db(database_url) as db,
    ):
        await ensure_groups(client, [part])
        await feed(client, [committed, read])
        stream = topics.ingest(part)
        await client.xreadgroup(topics.INGEST_GROUP, "writer", {stream: ">"}, count=10)
        await ingest(db, [committed])
        await feed(client, [unread])
        async with writer(settings_for(database_url, redis_db)):
            await until(lambda: settled(client))
        await until(lambda: _heard_count(heard, 3))
    assert [row["content"] for row in await rows_of(database_url, here.id)] == [
        "first",
        "second",
        "third",
    ]
    assert heard.seqs(here.id) == [1, 2, 3]


async def test_poison_is_buried_with_a_nack_and_harms_nobody(
    database_url: str, redis_db: str
) -> None:
    world = await make_world(database_url)
    here = world.conversations[0]
    part = topics.partition_of(here.id)
    before, after = said(world, here, "before"), said(world, here, "after")
    nul = said(world, here, "a\x00b", slot=77)
    spoilt = orjson.loads(dump_items([said(world, here, slot=78)]))[0] | {"content": None}
    del spoilt["role"]
    odd = orjson.loads(dump_items([said(world, here, slot=79)]))[0] | {"payload": [1]}
    async with open_redis(redis_db) as client, listening(redis_db, topics.gateway(7)) as heard:
        await feed(client, [before])
        poison = [b"no json", orjson.dumps([spoilt]), orjson.dumps([odd])]
        await append_entries(client, [(part, one) for one in poison])
        await feed(client, [nul, after], per_entry=2)
        async with writer(settings_for(database_url, redis_db)):
            await until(lambda: settled(client))
        await until(lambda: _heard_count(heard, 5))
        dead = [fields for _, fields in await client.xrange(topics.dead_letter(part))]
    assert [row["content"] for row in await rows_of(database_url, here.id)] == ["before", "after"]
    assert heard.seqs(here.id) == [1, 2]
    nacks = {
        header.slot: frame
        for channel, header, frame in heard.frames
        if channel == topics.gateway(7)
    }
    assert {slot: orjson.loads(frame)["data"]["code"] for slot, frame in nacks.items()} == {
        77: "INVALID",
        78: "INVALID",
        79: "INVALID",
    }
    assert all(decode_server(frame)[0].event == "nack" for frame in nacks.values())
    assert {one[b"reason"] for one in dead} == {
        b"unreadable",
        b"CharacterNotInRepertoireError",
        b"AttributeError",
    }
    assert b"no json" in {one[b"items"] for one in dead}


async def test_an_entry_that_outlived_its_writers_is_given_up(
    database_url: str, redis_db: str
) -> None:
    world = await make_world(database_url)
    here = world.conversations[0]
    part = topics.partition_of(here.id)
    deadly, next_one = said(world, here, "deadly", slot=5), said(world, here, "next")
    async with open_redis(redis_db) as client, listening(redis_db, topics.gateway(7)) as heard:
        await ensure_groups(client, [part])
        await feed(client, [deadly, next_one])
        stream = topics.ingest(part)
        await client.xreadgroup(topics.INGEST_GROUP, "writer", {stream: ">"}, count=1)
        for _ in range(5):
            await client.xautoclaim(stream, topics.INGEST_GROUP, "writer", 0)
        async with writer(settings_for(database_url, redis_db)):
            await until(lambda: settled(client))
        await until(lambda: _heard_count(heard, 2))
        assert await client.xlen(topics.dead_letter(part)) == 1
    assert [row["content"] for row in await rows_of(database_url, here.id)] == ["next"]
    told = [
        orjson.loads(frame)["data"]
        for channel, _, frame in heard.frames
        if channel == topics.gateway(7)
    ]
    assert [(one["code"], one["ambiguous"]) for one in told] == [("UNAVAILABLE", True)]


async def test_an_emptied_redis_is_set_up_again(database_url: str, redis_db: str) -> None:
    world = await make_world(database_url, 4)
    async with open_redis(redis_db) as client:
        async with writer(settings_for(database_url, redis_db)):
            await feed(client, [said(world, one) for one in world.conversations])
            await until(lambda: settled(client))
            await client.flushall()
            await feed(client, [said(world, one) for one in world.conversations])
            await until(lambda: _heads(database_url, world.conversations[0].id, 2))
            await until(lambda: settled(client))
    assert await not_gapless(database_url) == []


async def _heads(database_url: str, conversation_id: object, seq: int) -> bool:
    return bool((await head_of(database_url, conversation_id))["last_seq"] == seq)  # type: ignore[arg-type]


async def test_a_stray_of_a_lost_reply_is_found(database_url: str, redis_db: str) -> None:
    world = await make_world(database_url)
    here = world.conversations[0]
    stream = topics.ingest(topics.partition_of(here.id))
    async with open_redis(redis_db) as client:
        async with writer(settings_for(database_url, redis_db)):
            await feed(client, [said(world, here)])
            await until(lambda: settled(client))
            # Appended and delivered to nobody in one step, as when a reply is lost.
            pipe = client.pipeline(transaction=True)
            pipe.xadd(stream, {"items": dump_items([said(world, here, "stray")])})
            pipe.xreadgroup(topics.INGEST_GROUP, "writer", {stream: ">"})
            await pipe.execute()
            await until(lambda: settled(client))
    assert len(await rows_of(database_url, here.id)) == 2


async def test_sigterm_finishes_what_was_read_and_gives_the_leases_back(
    database_url: str, redis_db: str
) -> None:
    world = await make_world(database_url, 8)
    items = [said(world, one, f"{n}") for n in range(50) for one in world.conversations]
    settings = settings_for(database_url, redis_db)
    async with open_redis(redis_db) as client:
        process = spawn_writer(settings)
        try:
            await feed(client, items, per_entry=5)
            await until(lambda: _some_stored(database_url))
            process.terminate()
            assert await asyncio.to_thread(process.wait, 20) == 0
        finally:
            process.kill()
        assert await _shares(database_url, [])
        pending = [
            await client.xpending(topics.ingest(part), topics.INGEST_GROUP)
            for part in {topics.partition_of(one.id) for one in world.conversations}
        ]
        assert sum(one["pending"] for one in pending) == 0
        async with writer(settings):
            await until(lambda: settled(client))
    assert await not_gapless(database_url) == []
    assert (await head_of(database_url, world.conversations[0].id))["last_seq"] == 50


async def _some_stored(database_url: str) -> bool:
    async with superuser(database_url) as connection:
        return bool(await connection.fetchval("SELECT count(*) FROM messages"))


async def test_a_repeat_through_the_stream_answers_only_its_socket(
    database_url: str, redis_db: str
) -> None:
    world = await make_world(database_url)
    item = said(world, world.conversations[0], slot=1)
    async with open_redis(redis_db) as client, listening(redis_db, topics.gateway(7)) as heard:
        async with writer(settings_for(database_url, redis_db)):
            await feed(client, [item])
            await until(lambda: settled(client))
            await feed(client, [replace(item, slot=2)])
            await until(lambda: settled(client))
        await until(lambda: _heard_count(heard, 2))
    told = [(channel, header.slot) for channel, header, _ in heard.frames]
    assert told == [(topics.fan(item.conversation_id), 1), (topics.gateway(7), 2)]
