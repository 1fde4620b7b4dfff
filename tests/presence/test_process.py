"""The presence process itself: killed, restarted, and with its Redis killed."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from chorus import presence, topics
from chorus.bus import Client, RedisFailure, open_redis
from chorus.errors import Unavailable
from chorus.ids import uuid7
from chorus.presence import Beat
from chorus.wire import server
from chorus.wire.common import PresenceStatus, Role
from chorus.wire.envelope import decode_server
from presence.app import serve
from presence.settings import PresenceSettings
from tests.support.servers import RunningServer, start_redis

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
TTL_MS = 700
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
    def __init__(self, redis_url: str) -> None:
        self.environment = {**os.environ, **ENVIRONMENT, "REDIS_URL": redis_url}
        self.spawn()

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
        code = self.process.wait(10)
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
        assert isinstance(frame, server.Presence)
        assert frame.userId == self.beat.user_id
        async with self.news:
            self.told.append(frame.status)
            self.news.notify_all()

    async def until(self, what: Any) -> None:
        async with asyncio.timeout(10), self.news:
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
        asyncio.TaskGroup() as tasks,
    ):
        person = Person(redis_url)
        running = [tasks.create_task(person.live(client)), tasks.create_task(person.listen(ears))]
        await asyncio.wait_for(person.listening.wait(), 5)
        person.beating.set()
        try:
            yield person, client
        finally:
            for task in running:
                task.cancel()


async def test_a_killed_and_restarted_process_goes_on_without_a_false_word(redis_db: str) -> None:
    first, second = PresenceProcess(redis_db), PresenceProcess(redis_db)
    first.until_begun()
    second.until_begun()
    async with somebody(redis_db) as (person, client):
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
    assert first.end(signal.SIGTERM) == 0


async def test_who_leaves_while_nobody_watches_is_offline_afterwards(redis_db: str) -> None:
    watching = PresenceProcess(redis_db)
    async with somebody(redis_db) as (person, client):
        await person.until_told(ONLINE)
        watching.end(signal.SIGKILL)
        person.beating.clear()
        await presence.leave(client, [person.beat])
        watching.spawn()
        await person.until_told(ONLINE, OFFLINE)
    watching.end(signal.SIGTERM)


async def test_a_killed_redis_makes_nobody_offline(own_redis: RunningServer) -> None:
    watching = PresenceProcess(own_redis.url)
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
    watching.end(signal.SIGTERM)


async def test_an_emptied_redis_makes_nobody_offline(redis_db: str) -> None:
    stop = asyncio.Event()
    settings = PresenceSettings.from_env({**ENVIRONMENT, "REDIS_URL": redis_db})
    async with asyncio.TaskGroup() as tasks, somebody(redis_db) as (person, client):
        tasks.create_task(serve(settings, stop))
        await person.until_told(ONLINE)
        await client.flushall()
        await person.until_told(ONLINE, ONLINE)
        assert (await presence.read(client, person.beat.tenant_id, [person.beat.user_id]))[
            person.beat.user_id
        ].status is ONLINE
        stop.set()
