"""A gateway's way of messages in a made-up time, between a client and servers that fail at random.

Real are the client's outbox, the protocol core, what waits for answers, the forwarder and its guard
of connections. Made up are the wire, Redis, the writer and `Ingest`, each with every fault that an
order could break at: lost before or after the effect, late, forgotten by a crash, twice.
"""

import asyncio
import json
import random
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import count
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from chorus.codes import NackCode
from chorus.errors import Unavailable
from chorus.ids import uuid7
from chorus.ingest import IngestItem, load_items
from chorus.tasks import beside
from chorus.wire.calls import IngestReply, IngestRequest
from chorus.wire.envelope import encode_raw, nack, with_envelope
from gateway import effects, forward, upkeep
from gateway.forward import Forwarder
from gateway.pending import Outstanding, Pending
from launch.client_core import Outbox
from tests.gateway.test_protocol import live_peer

ACK_S = 3.0
FAULTS_S = 30.0
CALM_S = 600.0


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time passes only where everybody waits."""

    def __init__(self) -> None:
        super().__init__()
        self._now_s = 1_000.0
        select = self._selector.select  # type: ignore[attr-defined]

        def jump(timeout: float | None) -> Any:
            assert timeout is not None, "everybody waits, and nothing will happen"
            self._now_s += max(0.0, timeout)
            return select(0)

        self._selector.select = jump  # type: ignore[attr-defined]

    def time(self) -> float:
        return self._now_s


def now_s() -> float:
    return asyncio.get_running_loop().time()


class Ledger:
    """What PostgreSQL has: an id once, numbered in the order of coming."""

    def __init__(self) -> None:
        self.seqs: dict[UUID, int] = {}

    def store(self, item: IngestItem) -> int:
        return self.seqs.setdefault(item.id, len(self.seqs) + 1)


class Chance:
    """Drawn faults; none once it is calm."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.calm = False

    def once_in(self, n: float) -> bool:
        return not self.calm and self._random.random() * n < 1

    async def pause(self, most_s: float) -> None:
        await asyncio.sleep(self._random.uniform(0, most_s))

    def upto(self, n: int) -> int:
        return self._random.randint(0, n)


class Redis:
    """The ingest streams behind redis-py's face, as far as the forwarder uses it."""

    def __init__(self, chance: Chance, on_lost: Callable[[], None]) -> None:
        self._chance, self._on_lost = chance, on_lost
        self.entries: deque[list[IngestItem]] = deque()
        self.away = self._connected = False
        self.connection_pool = SimpleNamespace(connection_kwargs={})
        self._tail: list[bytes] = []

    def pipeline(self, *, transaction: bool) -> "Redis":
        assert not transaction
        self._tail = []
        return self

    def xadd(self, _stream: str, fields: dict[bytes, bytes], *, nomkstream: bool = False) -> Any:
        if nomkstream:
            return self._reach()
        self._tail += fields.values()
        return None

    async def execute(self) -> None:
        await self._reach()
        for packed in self._tail:
            if self._chance.once_in(20):
                raise RedisConnectionError
            self.entries.append(load_items(packed))
        await self._chance.pause(0.05)
        if self._chance.once_in(10):
            # Taken, and the answer lost.
            self._connected = False
            raise RedisConnectionError

    async def _reach(self) -> None:
        await self._chance.pause(0.05)
        if self.away:
            self._connected = False
            raise RedisConnectionError
        if not self._connected:
            # redis-py asks this before it connects anew by itself.
            await self.connection_pool.connection_kwargs["redis_connect_func"](self)
            self._connected = True

    async def on_connect(self) -> None: ...

    async def crash(self, away_s: float) -> None:
        """Go, forget what was not written yet, come back; whoever listens notices later."""
        self.away, self._connected = True, False
        for _ in range(self._chance.upto(len(self.entries))):
            self.entries.pop()
        await self._chance.pause(away_s)
        self.away = False
        await self._chance.pause(0.6)
        self._on_lost()


@dataclass
class Link:
    """One socket: frames arrive in order, late, until it is cut."""

    number: int
    peer: Any = field(default_factory=live_peer)
    up: deque[str] = field(default_factory=deque)
    down: deque[dict[str, Any]] = field(default_factory=deque)


class OrderWorld:
    """One sender, one gateway; `run` talks through faults and answers what was said and stored."""

    def __init__(self, seed: int) -> None:
        self.chance = Chance(seed)
        self.ledger = Ledger()
        self.redis = Redis(self.chance, self._connection_lost)
        self.outstanding = Outstanding()
        self.forwarder = Forwarder(
            client=self.redis,
            rpc=self,  # type: ignore[arg-type]
            outstanding=self.outstanding,
            deliver=lambda _: None,
            on_path=lambda _: None,
        )
        refs, self._numbers = count(1), count(1)
        self.outbox = Outbox(refs.__next__)
        self.said: list[UUID] = []
        self.link = Link(next(self._numbers))
        self.conversation: UUID = self.link.peer.conversation_id
        self._overloaded = False

    def _connection_lost(self) -> None:
        self.forwarder.connection_lost()

    async def run(self) -> None:
        async with AsyncExitStack() as stack:
            work: list[Coroutine[Any, Any, None]] = [
                self.forwarder.run(),
                self._client(),
                self._gateway(),
                self._writer(),
                self._clock(),
                self._trouble(),
            ]
            await stack.enter_async_context(beside(*work))
            await self._talk()
            self.chance.calm = True
            async with asyncio.timeout(CALM_S):
                while len(self.outbox):  # noqa: ASYNC110 (in a made-up time)
                    await asyncio.sleep(0.1)

    # -- the customer

    async def _talk(self) -> None:
        ends_s = now_s() + FAULTS_S
        while now_s() < ends_s:
            await self.chance.pause(0.2)
            if len(self.outbox) < 40:
                id = uuid7()
                self.said.append(id)
                self.outbox.add(str(id), "message", {"id": str(id), "content": "x"})

    async def _client(self) -> None:
        while True:
            await self.chance.pause(0.02)
            for leaving in self.outbox.departures(now_s()):
                text = {"event": leaving.event, "data": leaving.data, "ref": leaving.ref}
                self.link.up.append(json.dumps(text))
            while self.link.down:
                self._hear(self.link.down.popleft())

    def _hear(self, frame: dict[str, Any]) -> None:
        if frame["event"] == "delivered":
            self.outbox.settle(frame["data"]["id"])
        else:
            wait_s = frame["data"].get("retry_after_ms", 500) / 1000
            self.outbox.refuse(frame["data"], frame.get("ref"), now_s(), wait_s)

    # -- the gateway

    async def _gateway(self) -> None:
        while True:
            await self.chance.pause(0.03)
            link = self.link
            for _ in range(self.chance.upto(len(link.up))):
                text = link.up.popleft()
                for effect in link.peer.received(text, now_s(), now_s()):
                    self._do(link, effect)

    def _do(self, link: Link, effect: Any) -> None:
        if isinstance(effect, effects.Send):
            link.down.append(json.loads(effect.payload))
        elif isinstance(effect, effects.Forward):
            self._forward(link, effect)
        elif isinstance(effect, effects.Close) and link is self.link:
            self._cut()

    def _forward(self, link: Link, asked: effects.Forward) -> None:
        message = asked.message
        if self._overloaded:
            link.peer.refused_later(self.conversation, message.id, NackCode.OVERLOADED, now_s())
            frame = encode_raw("nack", nack(NackCode.OVERLOADED, id=message.id))
            link.down.append(json.loads(with_envelope(frame, ref=asked.ref)))
            return
        item = IngestItem(
            tenant_id=self.conversation,
            conversation_id=self.conversation,
            id=message.id,
            sender_id=self.conversation,
            sender_role="visitor",
            role="customer",
            type=message.type,
            visibility=message.visibility,
            content=message.content,
            body_hash="h",
            sent_ms=0,
            conn=link.number,
            slot=self.outstanding.next_slot(),
        )
        self.forwarder.forward(Pending(item, asked.ref, now_s()))

    async def _clock(self) -> None:
        """The gateway's own look for answers that are late."""
        resources = SimpleNamespace(
            outstanding=self.outstanding, settings=SimpleNamespace(ack_ms=ACK_S * 1000), hub=self
        )
        while True:
            await asyncio.sleep(upkeep.OVERDUE_S)
            upkeep.nack_overdue(resources, now_s())  # type: ignore[arg-type]

    @property
    def connections(self) -> dict[int, Link]:
        return {self.link.number: self.link}

    def answer(self, connection: Link, frame: bytes, ref: int | None, _conv: UUID) -> None:
        connection.down.append(json.loads(with_envelope(frame, ref=ref)))

    # -- who stores

    async def _writer(self) -> None:
        while True:
            await self.chance.pause(0.03)
            if self.chance.once_in(200):
                await self.chance.pause(2 * ACK_S)
            if self.redis.away or not self.redis.entries:
                continue
            # Read and stored, and again after a crash that came before the acknowledgement.
            entry = self.redis.entries[0]
            self._stored(entry)
            if not self.chance.once_in(10):
                self.redis.entries.popleft()

    async def ingest(self, request: IngestRequest) -> IngestReply:
        """`Ingest` of the chat service."""
        await self.chance.pause(0.05 if not self.chance.once_in(10) else ACK_S)
        if self.chance.once_in(4):
            raise Unavailable
        self._stored(request.items)
        if self.chance.once_in(4):
            raise Unavailable
        return IngestReply(outgoing=[])

    def _stored(self, items: list[IngestItem]) -> None:
        for item in items:
            seq = self.ledger.store(item)
            if not self.chance.once_in(15):
                self._told(item, seq)

    def _told(self, item: IngestItem, seq: int) -> None:
        pending = self.outstanding.take(item.slot)
        if pending is not None and pending.item.conn == self.link.number:
            self.link.peer.stored(self.conversation, item.id, now_s())
            data = {"id": str(item.id), "seq": seq, "ts": "", "dup": False}
            self.link.down.append({"event": "delivered", "data": data, "ref": pending.ref})

    # -- what goes wrong

    async def _trouble(self) -> None:
        while True:
            await self.chance.pause(3.0)
            if self.chance.once_in(3):
                await self.redis.crash(0.3 if self.chance.once_in(2) else 2 * ACK_S)
            if self.chance.once_in(3):
                self._cut()
            if self.chance.once_in(4):
                self._overloaded = True
                await self.chance.pause(1.0)
            self._overloaded = False

    def _cut(self) -> None:
        """The socket breaks: what was under way, both ways, is lost; the next one starts over."""
        self.link = Link(next(self._numbers))
        self.outbox.rewind()


def order_of(seed: int, monkeypatch: pytest.MonkeyPatch) -> OrderWorld:
    """Run one schedule to its end."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        monkeypatch.setattr(forward, "monotonic", runner.get_loop().time)
        world = OrderWorld(seed)
        runner.run(world.run())
    return world
