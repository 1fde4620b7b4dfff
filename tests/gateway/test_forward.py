"""No message is posted without those its sender said before it, whatever fails meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import pytest
from redis.asyncio import ConnectionPool

from chorus import bus, topics
from chorus.errors import Unavailable
from chorus.ids import uuid7
from chorus.ingest import FIELD, IngestItem, load_items
from chorus.tasks import beside
from chorus.wire.calls import IngestReply, IngestRequest
from gateway.forward import Forwarder
from gateway.pending import Outstanding, Pending
from launch.spawn import free_port
from tests.chat_service.writer_world import until
from tests.support.servers import start_redis

pytestmark = pytest.mark.anyio
ROOM = uuid7()
SOCKET = 7


class Store:
    """The far end of `Ingest`: fails as often as it is told to, and remembers what it stored."""

    def __init__(self) -> None:
        self.away = True
        self.asked = asyncio.Event()
        self.stored: list[UUID] = []

    async def has(self, id: UUID) -> bool:
        return id in self.stored

    async def ingest(self, request: IngestRequest) -> IngestReply:
        self.asked.set()
        refused = self.away
        await asyncio.sleep(0)
        if refused:
            raise Unavailable
        self.stored += [item.id for item in request.items if item.id not in self.stored]
        return IngestReply(outgoing=[])


class Sender:
    """One socket."""

    def __init__(self, client: bus.Client, outstanding: Outstanding, forwarder: Forwarder) -> None:
        self.client, self.outstanding, self.forwarder = client, outstanding, forwarder

    def say(self, id: UUID, *, room: UUID = ROOM, sent_s: float | None = None) -> UUID:
        item = IngestItem(
            tenant_id=ROOM,
            conversation_id=room,
            id=id,
            sender_id=ROOM,
            sender_role="visitor",
            role="customer",
            type="text",
            visibility="public",
            content="x",
            body_hash="h",
            sent_ms=0,
            conn=SOCKET,
            slot=self.outstanding.next_slot(),
        )
        self.forwarder.forward(Pending(item, None, monotonic() if sent_s is None else sent_s))
        return id

    async def noticed(self) -> bool:
        """The loop has seen the end of every connection there was."""
        return all(
            line._reader.at_eof() for line in self.client.connection_pool._available_connections
        )


@asynccontextmanager
async def forwarding(redis_url: str, store: Any) -> AsyncIterator[Sender]:
    outstanding = Outstanding()
    async with bus.open_redis(redis_url) as client:
        forwarder = Forwarder(
            client=client,
            rpc=store,
            outstanding=outstanding,
            deliver=lambda _: None,
            on_path=lambda _: None,
        )
        async with beside(forwarder.run()):
            yield Sender(client, outstanding, forwarder)


async def posted(redis_url: str) -> list[UUID]:
    """What stands in the log of the room, in its order."""
    async with bus.open_redis(redis_url) as client:
        entries = await client.xrange(topics.ingest(topics.partition_of(ROOM)))
    return [item.id for _, fields in entries for item in load_items(fields[FIELD])]


def forget(directory: Path) -> None:
    """Lose what Redis had not written yet, as a crash may."""
    logs = [one for one in directory.rglob("*.aof") if one.is_file()]
    assert logs
    for log in logs:
        log.write_bytes(b"")


async def is_posted(redis_url: str, id: UUID) -> bool:
    return id in await posted(redis_url)


async def test_what_followed_a_message_that_was_given_up_is_not_posted_before_it() -> None:
    store = Store()
    async with forwarding(f"redis://127.0.0.1:{free_port()}", store) as sender:
        first = sender.say(uuid7(), sent_s=0.0)
        second = sender.say(uuid7())
        await store.asked.wait()
        given_up = sender.outstanding.take_overdue(1.0)
        store.away = False
        elsewhere = sender.say(uuid7(), room=uuid7())
        await until(partial(store.has, elsewhere))
        assert store.stored == [elsewhere]
        assert [pending.item.id for pending in given_up] == [first, second]
        again = [sender.say(first), sender.say(second)]
        await until(partial(store.has, again[-1]))
        assert store.stored == [elsewhere, *again]


async def test_a_redis_that_forgot_gets_the_old_before_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As a pool does that speaks RESP2: it replaces a dead connection without a word.
    monkeypatch.setattr(ConnectionPool, "maint_notifications_enabled", lambda _: False)
    with start_redis(tmp_path) as server:
        async with forwarding(server.url, Store()) as sender:
            said = [sender.say(uuid7())]
            await until(partial(is_posted, server.url, said[0]))
            server.kill9()
            forget(tmp_path)
            await until(sender.noticed)
            server.restart()
            said.append(sender.say(uuid7()))
            await until(partial(is_posted, server.url, said[1]))
            assert list(dict.fromkeys(await posted(server.url))) == said
