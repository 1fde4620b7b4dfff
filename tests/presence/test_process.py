"""The presence process itself: killed, restarted, and with its Redis killed."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import pytest

from chorus import presence, topics
from chorus.bus import Client, RedisFailure, open_redis
from chorus.errors import Unavailable
from chorus.ids import uuid7
from chorus.presence import Beat
from chorus.tasks import beside
from chorus.wire.common import PresenceStatus, Role
from chorus.wire.envelope import decode_server
from chorus.wire.server_chat import Presence
from presence.app import serve
from presence.settings import PresenceSettings
from tests.support.servers import RunningServer, start_redis

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
TTL_MS = 700
PATIENCE_S = 30
ENVIRONMENT = {
    "CHORUS_PRESENCE_TTL_MS": str(TTL_MS),
    "CHORUS_PRESENCE_LOOK_MS": "20",
    "CHORUS_PRESENCE_LINGER_CUSTOMER_MS": "700",
    "CHORUS_PRESENCE_LINGER_AGENT_MS": "700",
}
ONLINE, OFFLINE = PresenceStatus.ONLINE, PresenceStatus.OFFLINE


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RunningServer]:
    with start_redis(tmp_path) as running:
        yield running


class PresenceProcess:
    """One that is gone when its block ends: left behind, it would talk in the next test."""

    def __init__(self, redis_url: str) -> None:
        self.environment = {**os.environ, **ENVIRONMENT, "REDIS_URL": redis_url}

    def __enter__(self) -> Self:
        self.spawn()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self.process.poll() is None:
                self.end(signal.SIGTERM)
        finally:
            self.process.kill()

    def spawn(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "presence.app"],
            env=self.environment,
            stderr=subprocess.PIPE,
            text=True,
        )

    def until_begun(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if "presence_begun" in line:
                return
        pytest.fail("it ended before it began")

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE_S)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code


class Person:
    """Somebody who beats on a task of the test, and what was published about them."""

    def __init__(self, redis_url: str) -> None:
        self.redis_url = redis_url
        self.talk = uuid7()
        self.beat = Beat(uuid7(), uuid7(), Role.CUSTOMER, "n1", frozenset({self.talk}))
        self.told: list[PresenceStatus] = []
        self.news = asyncio.Condition()
        self.beating = asyncio.Event()
        self.beats = 0
        self.listening = asyncio.Event()

    async def live(self, client: Client) -> None:
        while True:
            await self.beating.wait()
            try:
                await presence.beat(client, [self.beat])
                self.beats += 1
            except Unavailable:
                self.beats = 0
            async with self.news:
                self.news.notify_all()
            await asyncio.sleep(0.05)

    async def listen(self, client: Client) -> None:
        while True:
            try:
                await self._hear(client)
            except RedisFailure:
                await asyncio.sleep(0.02)

    async def _hear(self, client: Client) -> None:
        async with client.pubsub(ignore_subscribe_messages=False) as pubsub:
            await pubsub.subscribe(topics.fan(self.talk))
            async for message in pubsub.listen():
                self.listening.set()
                if message["type"] == "message":
                    await self._note(message["data"])

    async def _note(self, packed: bytes) -> None:
        frame, _ = decode_server(topics.unpack(packed)[1])
        assert isinstance(frame, Presence)
        assert frame.userId == self.beat.user_id
        async with self.news:
            self.told.append(frame.status)
            self.news.notify_all()

    async def until(self, what: Any) -> None:
        async with asyncio.timeout(PATIENCE_S), self.news:
            await self.news.wait_for(what)

    async def until_told(self, *statuses: PresenceStatus) -> None:
        await self.until(lambda: len(self.told) >= len(statuses))
        assert self.told == list(statuses)

    async def beat_for(self, beats: int) -> None:
        """Wait until that many more beats in a row were taken."""
        self.beats = 0
        await self.until(lambda: self.beats >= beats)


@asynccontextmanager
async def somebody(redis_url: str) -> AsyncIterator[tuple[Person, Client]]:
    async with (
        open_redis(redis_url) as client,
        open_redis(redis_url, timeout_s=60) as ears,
    ):
        person = Person(redis_url)
        async with beside(person.live(client), person.listen(ears)):
            await asyncio.wait_for(person.listening.wait(), PATIENCE_S)
            person.beating.set()
            yield person, client


async def test_a_killed_and_restarted_process_goes_on_without_a_false_word(redis_db: str) -> None:
    with PresenceProcess(redis_db) as first, PresenceProcess(redis_db) as second:
        first.until_begun()
        second.until_begun()
        await _goes_on(first, second, redis_db)
        assert first.end(signal.SIGTERM) == 0


async def _goes_on(first: PresenceProcess, second: PresenceProcess, redis_url: str) -> None:
    async with somebody(redis_url) as (person, client):
        await person.until_told(ONLINE)
        first.end(signal.SIGKILL)
        second.end(signal.SIGKILL)
        await person.beat_for(10)
        first.spawn()
        first.until_begun()
        await person.beat_for(TTL_MS // 20)
        assert person.told == [ONLINE]
        person.beating.clear()
        await presence.leave(client, [person.beat])
        await person.until_told(ONLINE, OFFLINE)
        person.beating.set()
        await person.until_told(ONLINE, OFFLINE, ONLINE)
        seen = await presence.read(client, person.beat.tenant_id, [person.beat.user_id])
        assert seen[person.beat.user_id].status is ONLINE


async def test_who_leaves_while_nobody_watches_is_offline_afterwards(redis_db: str) -> None:
    with PresenceProcess(redis_db) as watching:
        async with somebody(redis_db) as (person, client):
            await person.until_told(ONLINE)
            watching.end(signal.SIGKILL)
            person.beating.clear()
            await presence.leave(client, [person.beat])
            watching.spawn()
            await person.until_told(ONLINE, OFFLINE)


async def test_a_killed_redis_makes_nobody_offline(own_redis: RunningServer) -> None:
    with PresenceProcess(own_redis.url):
        await _nobody_goes(own_redis)


async def _nobody_goes(own_redis: RunningServer) -> None:
    async with somebody(own_redis.url) as (person, client):
        await person.until_told(ONLINE)
        own_redis.kill9()
        seen = await presence.read(client, person.beat.tenant_id, [person.beat.user_id])
        assert seen[person.beat.user_id].status is PresenceStatus.UNKNOWN
        await person.until(lambda: person.beats == 0)
        own_redis.restart()
        # The outage ends with everyone being stated again, once.
        await person.until_told(ONLINE, ONLINE)
        await person.beat_for(10)
        assert person.told == [ONLINE, ONLINE]
        person.beating.clear()
        await presence.leave(client, [person.beat])
        await person.until_told(ONLINE, ONLINE, OFFLINE)


async def test_an_emptied_redis_makes_nobody_offline(redis_db: str) -> None:
    settings = PresenceSettings.from_env({**ENVIRONMENT, "REDIS_URL": redis_db})
    async with (
        beside(serve(settings, asyncio.Event())),
        somebody(redis_db) as (person, client),
    ):
        await person.until_told(ONLINE)
        await client.flushall()
        await person.until_told(ONLINE, ONLINE)
        assert (await presence.read(client, person.beat.tenant_id, [person.beat.user_id]))[
            person.beat.user_id
        ].status is ONLINE
