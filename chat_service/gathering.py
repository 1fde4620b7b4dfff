"""What is asked while its like is under way is done together, by whichever lane is free next.

Nobody waits for a batch to fill: whoever comes alone is served alone and at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from chorus.errors import ChorusError, Overloaded
from chorus.log import get_logger
from chorus.tasks import end

log = get_logger(__name__)

A = TypeVar("A")
D = TypeVar("D")

LANES: Final = 2
"""Batches under way at once, by key: while one waits for PostgreSQL another is thought out."""
TOGETHER_MAX: Final = 25


@dataclass(slots=True, eq=False)
class _Asked(Generic[A, D]):
    what: A
    answer: asyncio.Future[D | None]


@dataclass(slots=True, eq=False)
class _Line(Generic[A, D]):
    do: Callable[[Sequence[A]], Awaitable[Sequence[D | None]]]
    waiting: list[_Asked[A, D]] = field(default_factory=list)
    lanes: int = 0

    def take(self) -> list[_Asked[A, D]]:
        """The next batch, without those whose caller has gone."""
        here = [one for one in self.waiting if not one.answer.done()]
        self.waiting = here[TOGETHER_MAX:]
        return here[:TOGETHER_MAX]


class Gathering(Generic[A, D]):
    """Lines by key, and the batches under way, which it owns."""

    def __init__(self) -> None:
        self._lines: dict[Hashable, _Line[A, D]] = {}
        self._lanes: set[asyncio.Task[None]] = set()

    async def ask(
        self, key: Hashable, what: A, do: Callable[[Sequence[A]], Awaitable[Sequence[D | None]]]
    ) -> D | None:
        """Have it done with others of its key; None: it was not done, and is to be done alone.

        A caller who is cancelled in the line is left out; in a batch it may be done nevertheless.

        Raises:
            Overloaded: nothing was done.
        """
        line = self._lines.setdefault(key, _Line(do))
        mine = _Asked[A, D](what, asyncio.get_running_loop().create_future())
        line.waiting.append(mine)
        if line.lanes < LANES:
            line.lanes += 1
            served = self._serve(key, line)
            lane = asyncio.get_running_loop().create_task(served, name="gathering")
            self._lanes.add(lane)
            lane.add_done_callback(self._lanes.discard)
        return await mine.answer

    def standing(self, key: Hashable) -> int:
        """How many wait for a lane."""
        line = self._lines.get(key)
        return len(line.waiting) if line else 0

    async def end(self) -> None:
        """End what is still under way; nothing may be asked any more."""
        if self._lanes:
            await end(self._lanes)

    async def _serve(self, key: Hashable, line: _Line[A, D]) -> None:
        try:
            while batch := line.take():
                await _serve_batch(batch, line.do)
        finally:
            line.lanes -= 1
            if not line.lanes:
                # Someone is left only when this lane was cancelled.
                _leave(line.waiting)
                del self._lines[key]


async def _serve_batch(
    batch: Sequence[_Asked[A, D]], do: Callable[[Sequence[A]], Awaitable[Sequence[D | None]]]
) -> None:
    """Answer everybody, whatever happens: what fails for all is tried again by each alone."""
    try:
        answers = await do([one.what for one in batch])
        for one, answer in zip(batch, answers, strict=True):
            if not one.answer.done():
                one.answer.set_result(answer)
    except Overloaded:
        for one in batch:
            if not one.answer.done():
                one.answer.set_exception(Overloaded())
    except ChorusError as error:
        log.warning("batch_apart", error=type(error).__name__, count=len(batch))
    except Exception:
        # A fault of ours: one of them may be the reason, the others are served.
        log.exception("batch_failed", count=len(batch))
    finally:
        _leave(batch)


def _leave(some: Sequence[_Asked[A, D]]) -> None:
    for one in some:
        if not one.answer.done():
            one.answer.set_result(None)
