"""Which partitions this writer may read: taken fairly, renewed, given back.

What is held is dealt out to lanes. A lane reads a partition only while `Leases.valid` says so;
that stops before PostgreSQL would give it to another writer.
"""

import asyncio
import os
import secrets
import socket
from collections.abc import Sequence
from math import ceil
from typing import Final

from chat_service.store import leases as rows
from chat_service.store.ingest import Lease
from chorus import metrics
from chorus.clock import Clock
from chorus.db import Db
from chorus.db_connect import RawConnection
from chorus.errors import ChorusError
from chorus.log import get_logger
from chorus.tasks import to_its_end

log = get_logger(__name__)
_TAKE_S: Final = 5.0
"""How long a writer that stops waits for the leases it is taking."""


def fair_share(partitions: int, writers: int) -> int:
    """How many partitions one of `writers` may hold, so that all are held and none hoards."""
    return ceil(partitions / max(writers, 1))


class Leases:
    """The partitions of this writer and the task that keeps them.

    `lane_of[part]` is the lane that reads it. A part leaves in two steps: it is dropped from
    `held`, and released once its lane has finished the batch it was in (`settled`).
    """

    def __init__(
        self, db: Db, clock: Clock, *, lanes: int, lease_s: float, renew_s: float, read_s: float
    ) -> None:
        self._db = db
        self._clock = clock
        self._lanes = lanes
        self._lease_s = lease_s
        self._renew_s = renew_s
        # A writer whose session ended is replaced after `grace_s` without renewal. It stops reading
        # `read_s`, the length of one read, before that.
        self._grace_s = 3 * renew_s + read_s
        self._trusted_s = min(self._grace_s, lease_s) - read_s
        self._key = secrets.randbits(31)
        self.owner = f"{self._key}@{socket.gethostname()}:{os.getpid()}"
        self._held: dict[int, Lease] = {}
        self._leaving: dict[int, Lease] = {}
        self._lane_of: dict[int, int] = {}
        self._valid_until = 0.0
        self._connected = False
        self.partitions = 0
        """How many there are; 0 until PostgreSQL has said so."""

    @property
    def valid(self) -> bool:
        """Say whether the leases may be used right now."""
        return self._connected and self._clock.monotonic() < self._valid_until

    def of_lane(self, lane: int) -> list[Lease]:
        """The partitions that a lane may read now."""
        if not self.valid:
            return []
        return [lease for part, lease in self._held.items() if self._lane_of[part] == lane]

    def forget(self, parts: Sequence[int] | frozenset[int]) -> None:
        """Drop partitions that another writer has taken."""
        for part in parts:
            self._held.pop(part, None)
            self._leaving.pop(part, None)
        metrics.leases_held.set(len(self._held))

    async def settled(self, lane: int) -> None:
        """Told by a lane between two batches: what it shall give up can be released now."""
        mine = [lease for part, lease in self._leaving.items() if self._lane_of[part] == lane]
        for lease in mine:
            del self._leaving[lease.part]
        await self._release(mine)

    async def release_all(self) -> None:
        """Give everything back; the lanes have stopped."""
        leases = [*self._held.values(), *self._leaving.values()]
        self._held.clear()
        self._leaving.clear()
        metrics.leases_held.set(0)
        await self._release(leases)

    async def run(self) -> None:
        """Keep the leases for ever."""
        while True:
            try:
                async with self._db.pinned() as connection:
                    await rows.announce(connection, self._key)
                    await self._keep(connection)
            except ChorusError as error:
                log.warning("leases_unreachable", error=type(error).__name__)
            finally:
                self._connected = False
            await asyncio.sleep(self._renew_s)

    async def _keep(self, connection: RawConnection) -> None:
        while True:
            asked_at_s = self._clock.monotonic()
            await self._renew(connection)
            writers, self.partitions = await rows.census(connection)
            # What is taken must be known to `release_all`, or it would have to run out.
            await to_its_end(
                self._balance(connection, fair_share(self.partitions, writers)), within_s=_TAKE_S
            )
            self._valid_until = asked_at_s + self._trusted_s
            self._connected = True
            await asyncio.sleep(self._renew_s)

    async def _renew(self, connection: RawConnection) -> None:
        leases = [*self._held.values(), *self._leaving.values()]
        kept = await rows.renew(connection, self.owner, leases, lease_s=self._lease_s)
        lost = {lease.part for lease in leases} - kept
        if lost:
            log.warning("leases_lost", parts=sorted(lost))
            self.forget(frozenset(lost))

    async def _balance(self, connection: RawConnection, share: int) -> None:
        for part in sorted(self._held)[share:]:
            self._leaving[part] = self._held.pop(part)
        taken = await rows.take(
            connection,
            self.owner,
            share - len(self._held) - len(self._leaving),
            lease_s=self._lease_s,
            grace_s=self._grace_s,
        )
        for lease in taken:
            self._lane_of[lease.part] = self._emptiest_lane()
            self._held[lease.part] = lease
        if taken:
            log.info("leases_taken", parts=[lease.part for lease in taken])
        metrics.leases_held.set(len(self._held))

    def _emptiest_lane(self) -> int:
        counts = [0] * self._lanes
        for part in self._held:
            counts[self._lane_of[part]] += 1
        return counts.index(min(counts))

    async def _release(self, leases: list[Lease]) -> None:
        try:
            await rows.release(self._db, self.owner, leases)
        except ChorusError as error:
            # They run out by themselves.
            log.warning("leases_not_released", error=type(error).__name__)
