"""The listener on a real Redis: it hears, it notices that it was deaf, it never gives up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from chorus.bus import Listener, RedisFailure, open_redis, publish_all
from chorus.errors import Unavailable
from gateway.forward import append_entries
from tests.support.servers import start_redis

pytestmark = pytest.mark.anyio
HEARD_S = 10.0


class Ear:
    """What a listener told us."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self.gaps: asyncio.Queue[None] = asyncio.Queue()

    @asynccontextmanager
    async def listening(self, url: str, *, silent_s: float = 15.0) -> AsyncIterator[Listener]:
        listener = Listener(
            url,
            channels=["a"],
            on_message=lambda channel, data: self.heard.put_nowait((channel, data)),
            on_gap=lambda: self.gaps.put_nowait(None),
            silent_s=silent_s,
            retry_s=0.05,
        )
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(listener.run())
            await asyncio.wait_for(listener.connected.wait(), HEARD_S)
            yield listener
            while not running.done():
                running.cancel()
                await asyncio.wait([running], timeout=0.1)


async def test_it_hears_what_is_published_in_order(redis_db: str) -> None:
    ear = Ear()
    async with ear.listening(redis_db) as listener, open_redis(redis_db) as client:
        await listener.subscribe("b")
        await publish_all(client, [("a", b"1"), ("b", b"2"), ("c", b"not ours"), ("a", b"3")])
        async with asyncio.timeout(HEARD_S):
            got = [await ear.heard.get() for _ in range(3)]
    assert got == [("a", b"1"), ("b", b"2"), ("a", b"3")]
    assert ear.gaps.empty()


async def test_what_cannot_be_handed_on_is_counted_and_the_next_is_heard(redis_db: str) -> None:
    ear = Ear()
    async with ear.listening(redis_db) as listener, open_redis(redis_db) as client:

        def choke(channel: str, data: bytes) -> None:
            listener._on_message = hear
            raise AttributeError(data)

        hear, listener._on_message = listener._on_message, choke
        before = REGISTRY.get_sample_value("bad_publications_total", {"channel": "a"}) or 0.0
        await publish_all(client, [("a", b"bad"), ("a", b"good")])
        async with asyncio.timeout(HEARD_S):
            assert await ear.heard.get() == ("a", b"good")
        assert REGISTRY.get_sample_value("bad_publications_total", {"channel": "a"}) == before + 1
        assert ear.gaps.empty()


async def test_channels_can_be_left(redis_db: str) -> None:
    ear = Ear()
    async with ear.listening(redis_db) as listener, open_redis(redis_db) as client:
        await listener.subscribe("b")
        await listener.unsubscribe("b")
        await publish_all(client, [("b", b"gone"), ("a", b"here")])
        async with asyncio.timeout(HEARD_S):
            assert await ear.heard.get() == ("a", b"here")


async def test_a_restart_of_redis_is_a_gap_and_then_it_hears_again(tmp_path: Path) -> None:
    ear = Ear()
    with start_redis(tmp_path) as server:
        async with ear.listening(server.url) as listener:
            await listener.subscribe("b")
            server.kill9()
            server.restart()
            async with asyncio.timeout(HEARD_S):
                await ear.gaps.get()
            async with open_redis(server.url) as client:
                await publish_all(client, [("b", b"back")])
            async with asyncio.timeout(HEARD_S):
                assert await ear.heard.get() == ("b", b"back")


async def test_silence_counts_as_deafness(redis_db: str) -> None:
    ear = Ear()
    async with ear.listening(redis_db, silent_s=0.2):
        async with asyncio.timeout(HEARD_S):
            await ear.gaps.get()


async def test_an_append_that_may_be_lost_says_so(tmp_path: Path) -> None:
    with start_redis(tmp_path) as server:
        async with open_redis(server.url) as client:
            await append_entries(client, [(0, b"[]")])
            server.kill9()
            with pytest.raises(Unavailable):
                await append_entries(client, [(0, b"[]")])


async def test_a_lost_hint_is_no_error(tmp_path: Path) -> None:
    with start_redis(tmp_path) as server:
        async with open_redis(server.url) as client:
            server.kill9()
            await publish_all(client, [("a", b"nobody hears")])


async def test_a_crowd_waits_for_the_few_connections(redis_db: str) -> None:
    async with open_redis(redis_db, max_connections=2) as client:
        counts = await asyncio.gather(*(client.incr("crowd") for _ in range(200)))
    assert sorted(counts) == list(range(1, 201))


async def test_who_gets_no_connection_in_time_is_told_so(redis_db: str) -> None:
    async with open_redis(redis_db, timeout_s=0.2, max_connections=1) as client:
        async with client.pubsub() as holder:
            await holder.subscribe("taken")
            with pytest.raises(RedisFailure):
                await client.incr("crowd")
        assert await client.incr("crowd") == 1
