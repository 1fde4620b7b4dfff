"""The way of messages from sockets into the ingest log, in arrival order.

One task, one connection, one round trip at a time: what comes meanwhile forms the next batch. When
a round trip fails nobody knows what was stored, so everything unsettled is posted again in arrival
order before anything new (SQL dedupes). While Redis stays away the same items go by `Ingest`.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from time import monotonic

from chorus import bus, metrics, topics
from chorus.errors import ChorusError, Unavailable
from chorus.ingest import FIELD, IngestItem, dump_items
from chorus.log import get_logger
from chorus.rpc import ChatRpc
from chorus.wire.calls import IngestRequest, Outgoing
from gateway.pending import Outstanding, Pending

log = get_logger(__name__)
BYPASS_AFTER_FAILURES = 3
BYPASS_AFTER_S = 2.0
RETRY_S = 0.2
PROBE = "probe"
MAX_BATCH = 1_000


class Forwarder:
    """Owns the path of new messages. `run` is its one task."""

    def __init__(
        self,
        *,
        client: bus.Client,
        rpc: ChatRpc,
        outstanding: Outstanding,
        deliver: Callable[[Outgoing], None],
        on_path: Callable[[bool], None],
    ) -> None:
        self._client = client
        self._rpc = rpc
        self._outstanding = outstanding
        self._deliver = deliver
        self._on_path = on_path
        self._queue: list[IngestItem] = []
        self._publishes: list[tuple[str, bytes]] = []
        self._wake = asyncio.Event()
        self._failures = 0
        self._failing_since = 0.0
        self._suspect = False
        self._connects = True
        bus.guard_connects(client, self._may_connect)
        self.bypassing = False
        self.redis_away = False
        """What whoever looks at Redis once a second saw last."""

    def forward(self, pending: Pending) -> None:
        """Queue one message; its answer comes over the fan-out."""
        self._outstanding.add(pending)
        self._queue.append(pending.item)
        self._wake.set()

    def publish(self, channel: str, packed: bytes) -> None:
        """Queue an ephemeral frame; dropped while Redis is away."""
        if not self.bypassing:
            self._publishes.append((channel, packed))
            self._wake.set()

    def connection_lost(self) -> None:
        """Redis may have lost what it had: post everything unsettled again before anything new."""
        self._suspect = True
        self._wake.set()

    async def run(self) -> None:
        """Post for ever."""
        while True:
            if not self.bypassing:
                await self._wake.wait()
            self._wake.clear()
            await self._round()

    async def _round(self) -> None:
        batch = self._next_batch()
        publishes, self._publishes = self._publishes, []
        began_s = monotonic()
        try:
            if self.bypassing:
                await self._bypass(batch)
            elif batch:
                await append_entries(self._client, _entries(batch))
            if publishes:
                await bus.publish_all(self._client, publishes)
        except ChorusError as error:
            await self._failed(error, began_s)
        else:
            self._failures = 0
            if batch or publishes:
                self._connects = self.bypassing

    def _next_batch(self) -> list[IngestItem]:
        """What is to be posted now: all that is unsettled, where some of it may be lost."""
        if self._suspect:
            self._suspect = False
            self._queue = [pending.item for pending in self._outstanding.unsettled()]
            self._connects = True
        batch, self._queue = self._queue[:MAX_BATCH], self._queue[MAX_BATCH:]
        if self._queue:
            self._wake.set()
        # What was given up meanwhile comes again from its sender, behind what it belongs behind.
        return [item for item in batch if self._outstanding.get(item.slot) is not None]

    def _may_connect(self) -> bool:
        """Nothing new may be the first on a new connection: what the old one took may be lost."""
        if not self._connects:
            self.connection_lost()
        return self._connects

    async def _bypass(self, batch: list[IngestItem]) -> None:
        """Store without Redis, and go back to the stream when it answers and nothing is in flight."""
        if batch:
            reply = await self._rpc.ingest(IngestRequest(batch))
            for outgoing in reply.outgoing:
                self._deliver(outgoing)
        settled = not self._queue and not len(self._outstanding)
        if settled and not self.redis_away and await self._redis_takes_writes():
            self._set_path(bypassing=False)
        else:
            await self._pause()

    async def _redis_takes_writes(self) -> bool:
        """Ask in a way that changes nothing: a Redis that is full or cannot save answers reads."""
        try:
            await self._client.xadd(PROBE, {b"probe": b""}, nomkstream=True)
        except bus.RedisFailure:
            return False
        return True

    async def _failed(self, error: ChorusError, began_s: float) -> None:
        self._failing_since = began_s if not self._failures else self._failing_since
        self._failures += 1
        self._suspect = True
        log.warning("ingest_append_failed", error=type(error).__name__, failures=self._failures)
        failing_s = monotonic() - self._failing_since
        if self._failures >= BYPASS_AFTER_FAILURES or failing_s >= BYPASS_AFTER_S:
            self._set_path(bypassing=True)
        await self._pause()
        self._wake.set()

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), RETRY_S)
        except TimeoutError:
            return

    def _set_path(self, *, bypassing: bool) -> None:
        if self.bypassing == bypassing:
            return
        self.bypassing = bypassing
        metrics.redis_breaker_open.labels("gateway").set(int(bypassing))
        log.warning("ingest_path", bypassing=bypassing)
        self._on_path(bypassing)


def _entries(batch: list[IngestItem]) -> list[tuple[int, bytes]]:
    """One entry per partition, items in arrival order."""
    parts: dict[int, list[IngestItem]] = defaultdict(list)
    for item in batch:
        parts[topics.partition_of(item.conversation_id)].append(item)
    return [(part, dump_items(items)) for part, items in parts.items()]


async def append_entries(client: bus.Client, entries: Sequence[tuple[int, bytes]]) -> None:
    """Append packed items to ingest partitions, in order, in one round trip on one connection.

    Raises:
        Unavailable: any of them may or may not be stored.
    """
    pipe = client.pipeline(transaction=False)
    for partition, items in entries:
        pipe.xadd(topics.ingest(partition), {FIELD: items})
    try:
        await pipe.execute()
    except bus.RedisFailure as error:
        raise Unavailable from error
