"""Redis: streams in, pub/sub out. Only this module knows redis-py.

Pub/sub is a hint: a broker restart loses what was published, with no error on either side
(RELIABILITY F1). Every reader therefore repairs itself from `seq`, and `Listener` reports each
reconnect and watches itself with a canary.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from chorus import metrics
from chorus.log import get_logger

log = get_logger(__name__)
RedisFailure = (RedisError, OSError, asyncio.TimeoutError)
Client = Any
"""`redis.asyncio.Redis` of bytes; its own annotations mix sync and async results."""


@asynccontextmanager
async def open_redis(
    url: str, *, timeout_s: float = 2.0, max_connections: int = 10
) -> AsyncIterator[Client]:
    """Open a client without write retries: a lost reply must not become a second write.

    Who writes decides whether to write again (SQL dedupes; see DESIGN §4). Who finds all connections
    lent waits for one, as long as for an answer.
    """
    pool = redis.BlockingConnectionPool.from_url(
        url,
        timeout=timeout_s,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 0),
        max_connections=max_connections,
        health_check_interval=0,
    )
    client = redis.Redis.from_pool(pool)
    try:
        yield client
    finally:
        await client.aclose()


def guard_connects(client: Client, may_connect: Callable[[], bool]) -> None:
    """Ask before every connect of a client that has not connected yet; False refuses it.

    redis-py connects anew by itself before a command whose connection has died meanwhile.
    """

    async def on_connect(connection: Any) -> None:
        if not may_connect():
            raise redis.ConnectionError("the connection was lost")
        await connection.on_connect()

    client.connection_pool.connection_kwargs["redis_connect_func"] = on_connect


async def publish_all(client: Client, messages: Iterable[tuple[str, bytes]]) -> None:
    """Publish packed frames in order. A failure is logged, not raised: it is only a hint.

    Readers find the gap by `seq` or by head checks.
    """
    pipe = client.pipeline(transaction=False)
    for channel, packed in messages:
        pipe.publish(channel, packed)
    if not len(pipe):
        return
    try:
        await pipe.execute()
    except RedisFailure as error:
        log.warning("publish_failed", error=type(error).__name__)


class Listener:
    """One pub/sub connection that knows when it may have been deaf.

    `on_message(channel, data)` is synchronous and must not block. What it raises costs that one
    publication: it is counted, logged and dropped. `on_gap()` is called after every reconnect, and
    when `silent_s` passed without anything, canaries included.
    """

    def __init__(
        self,
        url: str,
        *,
        channels: Sequence[str],
        on_message: Callable[[str, bytes], None],
        on_gap: Callable[[], None],
        silent_s: float = 15.0,
        retry_s: float = 0.25,
    ) -> None:
        self._url = url
        self._channels: set[str] = set(channels)
        self._on_message = on_message
        self._on_gap = on_gap
        self._silent_s = silent_s
        self._retry_s = retry_s
        self._pubsub: Any = None
        self.connected = asyncio.Event()

    async def subscribe(self, *channels: str) -> None:
        """Add channels now and after every reconnect."""
        self._channels.update(channels)
        if self._pubsub is not None and self.connected.is_set():
            try:
                await self._pubsub.subscribe(*channels)
            except RedisFailure:
                self.connected.clear()

    async def unsubscribe(self, *channels: str) -> None:
        """Take channels away."""
        self._channels.difference_update(channels)
        if self._pubsub is not None and self.connected.is_set():
            try:
                await self._pubsub.unsubscribe(*channels)
            except RedisFailure:
                self.connected.clear()

    def hear(self, channel: str, data: bytes) -> None:
        """Hand one publication on. Never raises: anybody who reaches Redis can publish anything."""
        try:
            self._on_message(channel, data)
        except Exception as error:  # noqa: BLE001 (whatever a handler makes of it, the next may be good)
            kind = channel.partition(":")[0]
            metrics.bad_publications_total.labels(kind).inc()
            log.warning("bad_publication", channel=kind, error=type(error).__name__)

    async def run(self) -> None:
        """Listen for ever; reconnect after every failure."""
        first = True
        while True:
            try:
                async with open_redis(self._url, timeout_s=self._silent_s) as client:
                    await self._listen(client, first=first)
            except RedisFailure as error:
                log.warning("listener_lost", error=type(error).__name__)
            finally:
                self.connected.clear()
            first = False
            await asyncio.sleep(self._retry_s)

    async def _listen(self, client: Client, *, first: bool) -> None:
        async with client.pubsub(ignore_subscribe_messages=False) as pubsub:
            self._pubsub = pubsub
            await pubsub.subscribe(*self._channels)
            self.connected.set()
            if not first:
                self._on_gap()
            while self.connected.is_set():
                message = await pubsub.get_message(timeout=self._silent_s)
                if message is None:
                    log.warning("listener_deaf", silent_s=self._silent_s)
                    return
                if message["type"] == "message":
                    self.hear(message["channel"].decode(), message["data"])
