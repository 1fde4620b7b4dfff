"""Tasks end when they are told to, also those that keep a cancellation for themselves."""

import asyncio
import signal

import pytest

from chorus.tasks import beside, end, vital

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


async def fail() -> None:
    raise RuntimeError("broke")


async def test_a_vital_task_that_fails_asks_for_a_drain_in_which_the_others_go_on() -> None:
    stubborn, drain = Stubborn(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, drain.set)
    gone_on: list[bool] = []

    async def serve() -> None:
        async with vital(stubborn.run(), fail()):
            await drain.wait()
            gone_on.append(not stubborn.ended)

    try:
        with pytest.raises(RuntimeError, match="broke"):
            await serve()
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
    assert (gone_on, stubborn.ended) == ([True], True)


async def test_a_vital_task_ends_the_block_where_no_drain_waits_for_the_signal() -> None:
    with pytest.RaisesGroup(pytest.RaisesExc(RuntimeError, match="broke")):
        async with vital(fail()):
            await asyncio.Event().wait()


async def test_a_block_beside_vital_work_ends_by_itself() -> None:
    stubborn = Stubborn()
    async with vital(stubborn.run()):
        await stubborn.began.wait()
    assert stubborn.ended
