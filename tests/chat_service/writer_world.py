"""Writers at work: fed through real streams, watched through real channels."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from chat_service.settings import WriterSettings
from chat_service.writer import run
from chorus import topics
from chorus.bus import Client, open_redis
from chorus.clock import SystemClock
from chorus.ingest import IngestItem, dump_items
from chorus.tasks import beside
from chorus.topics import Header
from gateway.forward import append_entries
from tests.chat_service.ingest_world import system_db

PATIENCE_S = 30.0


def settings_for(database_url: str, redis_url: str, **other: Any) -> WriterSettings:
    given = {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
    quick = {"CHORUS_WRITER_RENEW_S": "0.2", "CHORUS_WRITER_BLOCK_MS": "50"}
    return WriterSettings.from_env(given | quick).model_copy(update=other)


@asynccontextmanager
async def writer(settings: WriterSettings) -> AsyncIterator[None]:
    """A writer in this loop; it ends as on SIGTERM."""
    stop = asyncio.Event()
    async with (
        system_db(settings.database_url, settings.writer_lanes + 2) as db,
        open_redis(settings.redis_url) as client,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(run(db, client, settings, clock=SystemClock(), stop=stop))
        try:
            yield
        finally:
            stop.set()


def spawn_writer(settings: WriterSettings, failpoint: str = "") -> subprocess.Popen[bytes]:
    """A writer in a process of its own."""
    environ = os.environ | {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "CHORUS_FAILPOINT": failpoint,
        "CHORUS_WRITER_RENEW_S": str(settings.writer_renew_s),
        "CHORUS_WRITER_BLOCK_MS": str(settings.writer_block_ms),
        "CHORUS_WRITER_BATCH_ITEMS": str(settings.writer_batch_items),
        "CHORUS_LOG_LEVEL": "ERROR",
    }
    return subprocess.Popen([sys.executable, "-m", "chat_service.writer"], env=environ)


async def feed(client: Client, items: Sequence[IngestItem], *, per_entry: int = 1) -> None:
    """Append items as a gateway does: by partition, in order."""
    by_part: dict[int, list[IngestItem]] = {}
    for item in items:
        by_part.setdefault(topics.partition_of(item.conversation_id), []).append(item)
    entries = [
        (part, dump_items(some[start : start + per_entry]))
        for part, some in by_part.items()
        for start in range(0, len(some), per_entry)
    ]
    await append_entries(client, entries)


async def until(fact: Callable[[], Awaitable[bool]]) -> None:
    """Return as soon as a fact holds; the patience only ends a test that has failed already."""
    async with asyncio.timeout(PATIENCE_S):
        while not await fact():  # noqa: ASYNC110 (the fact is in another server)
            await asyncio.sleep(0.01)


async def settled(client: Client) -> bool:
    """Nothing waits in any ingest stream."""
    lengths = [await client.xlen(topics.ingest(part)) for part in range(topics.PARTITIONS)]
    return not any(lengths)


class Heard:
    """Everything published, in the order it came."""

    def __init__(self) -> None:
        self.frames: list[tuple[str, Header, bytes]] = []

    def on_message(self, channel: str, packed: bytes) -> None:
        if not channel.startswith("inbox:"):
            self.frames.append((channel, *topics.unpack(packed)))

    def seqs(self, conversation_id: UUID) -> list[int]:
        return [
            header.seq
            for channel, header, _ in self.frames
            if channel.startswith("fan:") and header.conversation == conversation_id
        ]


@asynccontextmanager
async def listening(redis_url: str, *channels: str) -> AsyncIterator[Heard]:
    """Hear the given channels and all of `fan:`."""
    heard = Heard()
    async with open_redis(redis_url) as client, client.pubsub() as pubsub:
        await pubsub.subscribe(*topics.fan_channels(), *channels)
        for _ in range(len(topics.fan_channels()) + len(channels)):
            await pubsub.get_message(timeout=5)

        async def listen() -> None:
            async for message in pubsub.listen():
                heard.on_message(message["channel"].decode(), message["data"])

        async with beside(listen()):
            yield heard
