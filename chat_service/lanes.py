"""Work of many tenants side by side: each tenant alone, at most so many at once.

Whoever is slow holds up nobody but themselves, until as many are slow as there are lanes.
"""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self
from uuid import UUID


class Lanes:
    """Owns what it starts: leaving it waits for the end, and cancelling it cancels all."""

    def __init__(self, at_once: int) -> None:
        self._group = asyncio.TaskGroup()
        self._free = asyncio.Semaphore(at_once)
        self._busy: set[UUID] = set()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._group.__aexit__(kind, error, trace)

    def is_busy(self, tenant_id: UUID) -> bool:
        """Whether something is done for this tenant now: start nothing else for it."""
        return tenant_id in self._busy

    async def start(self, tenant_id: UUID, act: Callable[[], Awaitable[None]]) -> None:
        """Begin to act as soon as a lane is free. `act` answers for its own faults."""
        await self._free.acquire()
        self._busy.add(tenant_id)
        self._group.create_task(self._do(tenant_id, act))

    async def _do(self, tenant_id: UUID, act: Callable[[], Awaitable[None]]) -> None:
        try:
            await act()
        finally:
            self._busy.discard(tenant_id)
            self._free.release()
