"""One lane of the writer: from the streams of its partitions into PostgreSQL, and out again.

A lane does one thing at a time: nothing of its partitions is in flight when it reads. So whatever
is pending then is a stray of a lost reply or of a former owner, and is finished before anything
new.
"""

import asyncio
from typing import Final

import asyncpg

from chat_service import failpoints
from chat_service.entries import Bad, Batch, Taken, batches, given_up, refused_by_database
from chat_service.kept import Kept
from chat_service.leases import Leases
from chat_service.messages import Outcome, Publication, ingest, publications, reply
from chat_service.recent import Recent
from chat_service.settings import WriterSettings
from chat_service.store import streams
from chat_service.store.ingest import Lease, LeaseLost
from chat_service.store.streams import Entry
from chorus import metrics
from chorus.bus import Client, RedisFailure
from chorus.clock import Clock, unix_ms
from chorus.db import Db
from chorus.errors import Overloaded, Unavailable
from chorus.log import get_logger
from chorus.wire.envelope import encode_raw, nack

log = get_logger(__name__)

RETRY_FIRST_S: Final = 0.05
RETRY_LAST_S: Final = 1.0
STRAYS_EVERY_S: Final = 1.0
BUSY_ENTRIES: Final = 8
"""A read that brings this many shows a stream that fills faster than batches of one can empty it."""
SUSPICIOUS_DELIVERIES: Final = 3
"""From here on entries are stored one by one, so that the one that kills writers stands alone."""
_DATA_STATES: Final = frozenset({"22", "23", "54"})
"""SQLSTATE classes that blame the data: data exception, integrity violation, limit exceeded."""
_STUMBLES: Final = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    RecursionError,
)
"""What our own code raises over an item it did not expect: it would again, and all would wait."""


class Stopped(Exception):
    """The process ends before the batch could be finished; its entries stay pending."""


def blames_the_data(error: Exception) -> bool:
    """Say whether the same items would fail for ever, wherever they are written."""
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate or "")[:2] in _DATA_STATES
    return isinstance(error, _STUMBLES)


class Lane:
    """Reads, stores, publishes and acknowledges for the partitions that are dealt to it."""

    def __init__(
        self,
        number: int,
        db: Db,
        client: Client,
        *,
        leases: Leases,
        settings: WriterSettings,
        clock: Clock,
    ) -> None:
        self._number = number
        self._db = Kept(db)
        self._client = client
        self._leases = leases
        self._settings = settings
        self._clock = clock
        self._recent = Recent(clock)
        self._reading = {
            "count": settings.writer_batch_items,
            "block_ms": settings.writer_block_ms,
        }
        self._stopping = asyncio.Event()
        self._drained: set[Lease] = set()
        """Leases whose partition had nothing pending when it was last looked at."""
        self._retry_s = RETRY_FIRST_S
        self._next_read_s = 0.0
        self._next_sweep_s = 0.0

    def stop(self) -> None:
        """Finish the batch in hand and return from `run`."""
        self._stopping.set()

    async def run(self) -> None:
        """Work until `stop`. Redis and PostgreSQL may come and go."""
        try:
            while not self._stopping.is_set():
                await self._leases.settled(self._number)
                await self._step_or_wait()
        finally:
            await self._db.close()
        await self._leases.settled(self._number)

    async def _step_or_wait(self) -> None:
        try:
            await self._step(self._leases.of_lane(self._number))
        except Stopped:
            return
        except RedisFailure as error:
            await self._redis_failed(error)

    async def _step(self, held: list[Lease]) -> None:
        self._drained.intersection_update(held)
        if not held:
            await self._pause(RETRY_FIRST_S)
            return
        await self._sweep([lease for lease in held if lease in self._drained])
        fresh = [lease for lease in held if lease not in self._drained]
        if fresh:
            await self._drain(fresh[0])
        else:
            await self._read(held)
        self._all_well()

    async def _drain(self, lease: Lease) -> None:
        """Finish what was delivered before; only then is the partition read."""
        await streams.ensure_groups(self._client, [lease.part])
        entries = await streams.claim(self._client, lease.part)
        if not entries:
            self._drained.add(lease)
            return
        most = self._settings.writer_deliveries_max
        if entries[0].deliveries > most:
            # It is the oldest, so it is the one that was in hand each time a writer died.
            await self._settle([], Batch(True, [entries[0]], [], given_up(entries[0])))
            return
        suspicious = any(entry.deliveries >= SUSPICIOUS_DELIVERIES for entry in entries)
        size = 1 if suspicious else self._settings.writer_batch_items
        for batch in batches(entries, most_items=size, claimed=True):
            await self._finish(batch, [lease])

    async def _read(self, held: list[Lease]) -> None:
        # Reads of a busy lane are spread, so that larger batches form; a calm one waits for nothing.
        await self._pause(self._next_read_s - self._clock.monotonic())
        entries = await streams.read(self._client, [lease.part for lease in held], **self._reading)
        while entries:
            entries = await self._write(entries, held)

    async def _write(self, entries: list[Entry], held: list[Lease]) -> list[Entry]:
        """Finish what was read, and read on in the same round trip where nothing else is due."""
        if len(entries) >= BUSY_ENTRIES:
            self._next_read_s = self._clock.monotonic() + self._settings.writer_linger_ms / 1000
        most = self._settings.writer_batch_items
        *others, last = batches(entries, most_items=most, claimed=False)
        for batch in others:
            await self._finish(batch, held)
        spoken = await self._stored(last, held)
        if last.bad or not self._may_read_on(held):
            await self._settle(spoken, last)
            return []
        return await self._settle_and_read(spoken, last, [lease.part for lease in held])

    def _may_read_on(self, held: list[Lease]) -> bool:
        """Whether the next thing to do would be to read the same partitions at once."""
        now_s = self._clock.monotonic()
        waits = self._stopping.is_set() or now_s < self._next_read_s
        return (
            not waits and now_s < self._next_sweep_s and self._leases.of_lane(self._number) == held
        )

    async def _settle_and_read(
        self, spoken: list[Publication], batch: Batch, parts: list[int]
    ) -> list[Entry]:
        try:
            await self._die_before_ack(spoken)
            return await streams.settle_and_read(
                self._client, spoken, batch.entries, parts, **self._reading
            )
        except RedisFailure as error:
            # What it has read meanwhile is pending, and finished with the strays.
            await self._redis_failed(error)
        await self._settle(spoken, batch)
        return []

    async def _sweep(self, drained: list[Lease]) -> None:
        """Look for strays and count what waits, once in a while."""
        if self._clock.monotonic() < self._next_sweep_s or not drained:
            return
        self._next_sweep_s = self._clock.monotonic() + STRAYS_EVERY_S
        parts = [lease.part for lease in drained]
        found = await streams.strays(self._client, parts)
        self._drained.difference_update([lease for lease in drained if lease.part in found])
        if self._number == 0:
            every = range(self._leases.partitions)
            metrics.ingest_backlog.set(await streams.backlog(self._client, every))

    async def _finish(self, batch: Batch, leases: list[Lease]) -> None:
        """Store a batch, then tell everybody; retried until both are done."""
        await self._settle(await self._stored(batch, leases), batch)

    async def _stored(self, batch: Batch, leases: list[Lease]) -> list[Publication]:
        """Store a batch; answers what is to be told of it."""
        spoken: list[Publication] = []
        for outcome in await self._store(batch, batch.taken, leases):
            spoken += publications(outcome, claimed=batch.claimed)
        failpoints.passing("before_publish")
        return spoken

    async def _store(self, batch: Batch, taken: list[Taken], leases: list[Lease]) -> list[Outcome]:
        """Commit `taken`, in parts when the whole is refused. What cannot be stored turns bad."""
        attempts = 0
        while taken:
            try:
                return [await self._ingest(taken, leases)]
            except LeaseLost as lost:
                self._leases.forget(lost.parts)
                batch.drop(lost.parts)
                taken = [one for one in taken if one[1].part not in lost.parts]
            except (Unavailable, Overloaded) as error:
                await self._store_failed(error)
            except Exception as error:  # noqa: BLE001 (sorted out here, never dropped)
                if not blames_the_data(error):
                    await self._store_failed(error)
                elif len(taken) > 1:
                    middle = len(taken) // 2
                    first = await self._store(batch, taken[:middle], leases)
                    return first + await self._store(batch, taken[middle:], leases)
                elif (attempts := attempts + 1) >= self._settings.writer_deliveries_max:
                    batch.bad.append(refused_by_database(*taken[0], type(error).__name__))
                    return []
        return []

    async def _ingest(self, taken: list[Taken], leases: list[Lease]) -> Outcome:
        parts = {entry.part for _, entry in taken}
        items = [item for item, _ in taken]
        with metrics.timed(metrics.writer_commit_ms):
            outcome = await ingest(
                self._db,
                items,
                leases=[lease for lease in leases if lease.part in parts],
                recent=self._recent,
            )
        metrics.ingest_batch_size.observe(len(items))
        return outcome

    async def _settle(self, spoken: list[Publication], batch: Batch) -> None:
        """Publish and acknowledge; after the commit this is never given up while we live."""
        spoken = spoken + [told for bad in batch.bad for told in _answer(bad)]
        while not await self._told(spoken, batch):
            if self._stopping.is_set():
                raise Stopped

    async def _told(self, spoken: list[Publication], batch: Batch) -> bool:
        try:
            for bad in batch.bad:
                await self._bury(bad)
            batch.bad.clear()
            await self._die_before_ack(spoken)
            await streams.settle(self._client, spoken, batch.entries)
        except RedisFailure as error:
            await self._redis_failed(error)
            return False
        return True

    async def _die_before_ack(self, spoken: list[Publication]) -> None:
        if failpoints.due("before_ack"):
            await streams.settle(self._client, spoken, [])
            failpoints.die()

    async def _bury(self, bad: Bad) -> None:
        log.error("message_buried", part=bad.entry.part, reason=bad.reason)
        metrics.ingest_dead_total.inc()
        now_ms = unix_ms(self._clock.now())
        await streams.bury(self._client, bad.entry, bad.packed, reason=bad.reason, at_ms=now_ms)

    async def _redis_failed(self, error: BaseException) -> None:
        """Wait before the next try; replies may be lost, so every partition is drained again."""
        log.warning("redis_failed", error=type(error).__name__, lane=self._number)
        metrics.redis_breaker_open.labels("writer").set(1)
        self._drained.clear()
        await self._back_off()

    async def _store_failed(self, error: Exception) -> None:
        log.warning("store_failed", error=type(error).__name__, lane=self._number)
        if self._stopping.is_set():
            raise Stopped from error
        await self._back_off()

    async def _back_off(self) -> None:
        await self._pause(self._retry_s)
        self._retry_s = min(2 * self._retry_s, RETRY_LAST_S)

    def _all_well(self) -> None:
        self._retry_s = RETRY_FIRST_S
        metrics.redis_breaker_open.labels("writer").set(0)

    async def _pause(self, duration_s: float) -> None:
        """Wait, unless the process ends."""
        if duration_s <= 0:
            return
        try:
            async with asyncio.timeout(duration_s):
                await self._stopping.wait()
        except TimeoutError:
            return


def _answer(bad: Bad) -> list[Publication]:
    if bad.item is None or not bad.item.node:
        return []
    return [reply(bad.item, encode_raw("nack", {"id": str(bad.item.id), **nack(bad.code)}))]
