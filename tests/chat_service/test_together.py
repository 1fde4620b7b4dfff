"""A read that many share: never older than the question, never asked more often than needed."""

import asyncio

import pytest

from chat_service.together import Together
from chorus.errors import Unavailable

pytestmark = pytest.mark.anyio


class Well:
    """Answers how often it was read; each read waits until it is let go."""

    def __init__(self) -> None:
        self.reads = 0
        self.begun = asyncio.Semaphore(0)
        self.may_end = asyncio.Semaphore(0)
        self.fails = False

    async def read(self) -> int:
        self.reads += 1
        number = self.reads
        self.begun.release()
        await self.may_end.acquire()
        if self.fails:
            raise Unavailable
        return number


async def test_who_asks_while_a_read_runs_shares_the_next_one() -> None:
    well, together = Well(), Together[int]()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        first = group.create_task(together.get("a", well.read))
        await well.begun.acquire()
        others = [group.create_task(together.get("a", well.read)) for _ in range(5)]
        other_key = group.create_task(together.get("b", well.read))
        await well.begun.acquire()
        for _ in range(3):
            well.may_end.release()
    assert first.result() == 1
    assert other_key.result() == 2
    assert {one.result() for one in others} == {3}


async def test_who_asks_after_a_read_has_ended_reads_again() -> None:
    well, together = Well(), Together[int]()
    for number in (1, 2):
        well.may_end.release()
        assert await together.get("a", well.read) == number


async def test_a_failure_is_told_to_all_who_shared_it_and_to_nobody_after() -> None:
    well, together = Well(), Together[int]()
    well.fails = True
    async with asyncio.timeout(20):
        first = asyncio.create_task(together.get("a", well.read))
        await well.begun.acquire()
        others = [asyncio.create_task(together.get("a", well.read)) for _ in range(3)]
        for _ in range(2):
            well.may_end.release()
        told = await asyncio.gather(first, *others, return_exceptions=True)
        assert [type(one) for one in told] == [Unavailable] * 4
        assert well.reads == 2
        well.fails = False
        well.may_end.release()
        assert await together.get("a", well.read) == 3


async def test_one_who_gives_up_leaves_the_read_to_the_next() -> None:
    well, together = Well(), Together[int]()
    async with asyncio.timeout(20):
        first = asyncio.create_task(together.get("a", well.read))
        await well.begun.acquire()
        leader, follower = (asyncio.create_task(together.get("a", well.read)) for _ in range(2))
        well.may_end.release()
        assert await first == 1
        await well.begun.acquire()
        leader.cancel()
        await well.begun.acquire()
        well.may_end.release()
        assert await follower == 3
        assert leader.cancelled()
