"""One read for all who asked before it began, so that a burst does not ask the same hundreds of times."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from chorus.errors import ChorusError

V = TypeVar("V")


@dataclass(slots=True, eq=False)
class _Batch(Generic[V]):
    """Those who share a read that has not begun yet, and what came of it."""

    answer: tuple[V] | None = None
    error: ChorusError | None = None


@dataclass(slots=True, eq=False)
class _Line(Generic[V]):
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    next: _Batch[V] = field(default_factory=_Batch)
    standing: int = 0


class Together(Generic[V]):
    """Reads by key, one at a time. Whoever asks is never told what was read before they asked."""

    def __init__(self) -> None:
        self._lines: dict[Hashable, _Line[V]] = {}

    async def get(self, key: Hashable, read: Callable[[], Awaitable[V]]) -> V:
        """Read, or take what another read that begins after this call. Raises what the read does."""
        line = self._lines.setdefault(key, _Line())
        batch = line.next
        line.standing += 1
        try:
            async with line.lock:
                return await self._answer(line, batch, read)
        finally:
            line.standing -= 1
            if not line.standing:
                del self._lines[key]

    async def _answer(
        self, line: _Line[V], batch: _Batch[V], read: Callable[[], Awaitable[V]]
    ) -> V:
        if batch.error is not None:
            raise batch.error
        if batch.answer is None:
            if line.next is batch:
                line.next = _Batch()
            try:
                batch.answer = (await read(),)
            except ChorusError as error:
                batch.error = error
                raise
        return batch.answer[0]
