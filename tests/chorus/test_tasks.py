"""Tasks end when they are told to, also those that keep a cancellation for themselves."""

import asyncio

import pytest

from chorus.tasks import beside, end

pytestmark = pytest.mark.anyio


class Stubborn:
    """Work that swallows its first cancellations, as a write of redis-py may."""

    def __init__(self, swallows: int = 2) -> None:
        self.left = swallows
        self.began, self.swallowed = asyncio.Event(), asyncio.Event()
        self.ended = False

    async def run(self) -> None:
        try:
            while True:
                await self._wait()
        finally:
            self.ended = True

    async def _wait(self) -> None:
        try:
            self.began.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if not self.left:
                raise
            self.left -= 1
            self.swallowed.set()


async def test_a_task_that_swallows_its_first_two_cancels_still_ends() -> None:
    stubborn = Stubborn()
    task = asyncio.ensure_future(stubborn.run())
    await stubborn.began.wait()
    await end([task])
    assert (stubborn.left, task.cancelled()) == (0, True)


async def test_a_block_ends_what_runs_beside_it() -> None:
    first, second = Stubborn(), Stubborn(swallows=0)
    async with beside(first.run(), second.run()):
        await first.began.wait()
        await second.began.wait()
    assert (first.ended, second.ended) == (True, True)


async def test_stubborn_work_two_blocks_deep_ends_too() -> None:
    stubborn = Stubborn(swallows=3)

    async def outer() -> None:
        async with beside(stubborn.run()):
            await asyncio.Event().wait()

    async with beside(outer()):
        await stubborn.began.wait()
    assert stubborn.ended


async def test_one_that_fails_ends_the_block_and_the_others() -> None:
    stubborn = Stubborn()

    async def fail() -> None:
        await stubborn.began.wait()
        raise RuntimeError("broke")

    with pytest.RaisesGroup(pytest.RaisesExc(RuntimeError, match="broke")):
        async with beside(stubborn.run(), fail()):
            await asyncio.Event().wait()
    assert stubborn.ended


async def test_who_is_cancelled_while_ending_leaves_nothing_behind() -> None:
    stubborn = Stubborn(swallows=1)
    task = asyncio.ensure_future(stubborn.run())
    await stubborn.began.wait()
    ending = asyncio.ensure_future(end([task]))
    await stubborn.swallowed.wait()
    ending.cancel()
    await asyncio.wait([ending])
    assert (ending.cancelled(), task.cancelled()) == (True, True)


async def test_what_has_ended_by_itself_is_left_alone() -> None:
    async def answer() -> int:
        return 7

    async with beside(answer()) as (task,):
        await task
    assert task.result() == 7
