"""Work that is done together: nobody waits for company, and nobody falls with the others."""

import asyncio
from collections.abc import Sequence

import pytest

from chat_service.gathering import LANES, TOGETHER_MAX, Gathering
from chorus.errors import Overloaded, Unavailable

pytestmark = pytest.mark.anyio


class Desk:
    """Answers each number with its double, when it is let."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.begun = asyncio.Semaphore(0)
        self.may_end = asyncio.Semaphore(0)
        self.error: Exception | None = None

    async def do(self, some: Sequence[int]) -> list[int | None]:
        self.batches.append(list(some))
        self.begun.release()
        await self.may_end.acquire()
        if self.error is not None:
            raise self.error
        return [None if one < 0 else 2 * one for one in some]

    def open(self) -> None:
        for _ in range(100):
            self.may_end.release()


async def _busy(desk: Desk, gathering: Gathering[int, int], group: asyncio.TaskGroup) -> None:
    """Have every lane at work with one of its own."""
    for number in range(LANES):
        group.create_task(gathering.ask("a", number, desk.do))
        await desk.begun.acquire()


async def test_who_comes_alone_is_served_alone() -> None:
    desk, gathering = Desk(), Gathering[int, int]()
    desk.open()
    assert [await gathering.ask("a", one, desk.do) for one in (1, 2)] == [2, 4]
    assert desk.batches == [[1], [2]]


async def test_who_comes_meanwhile_goes_together_up_to_the_bound_and_each_key_by_itself() -> None:
    desk, gathering = Desk(), Gathering[int, int]()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        await _busy(desk, gathering, group)
        late = range(100, 100 + TOGETHER_MAX + 3)
        asked = [group.create_task(gathering.ask("a", one, desk.do)) for one in late]
        other = group.create_task(gathering.ask("b", 7, desk.do))
        await desk.begun.acquire()
        assert desk.batches[LANES:] == [[7]]
        desk.open()
    assert [one.result() for one in asked] == [2 * one for one in late]
    assert other.result() == 14
    assert desk.batches[LANES + 1 :] == [list(late[:TOGETHER_MAX]), list(late[TOGETHER_MAX:])]


async def test_what_cannot_be_done_together_is_said_to_that_one_only() -> None:
    desk, gathering = Desk(), Gathering[int, int]()
    desk.open()
    some = (1, -1, 3)
    done = await asyncio.gather(*(gathering.ask("a", one, desk.do) for one in some))
    assert done == [2, None, 6]
    assert desk.batches == [[1, -1, 3]]


@pytest.mark.parametrize("error", [Unavailable(), ZeroDivisionError()])
async def test_a_batch_that_fails_is_left_to_each_alone(error: Exception) -> None:
    desk, gathering = Desk(), Gathering[int, int]()
    desk.open()
    desk.error = error
    done = await asyncio.gather(*(gathering.ask("a", one, desk.do) for one in (1, 2)))
    assert done == [None, None]
    desk.error = None
    assert await gathering.ask("a", 3, desk.do) == 6


async def test_too_much_to_do_is_told_to_everybody() -> None:
    desk, gathering = Desk(), Gathering[int, int]()
    desk.open()
    desk.error = Overloaded()
    asked = (gathering.ask("a", one, desk.do) for one in (1, 2))
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in told] == [Overloaded, Overloaded]


async def test_who_gives_up_in_the_line_is_left_out_and_in_a_batch_hinders_nobody() -> None:
    desk, gathering = Desk(), Gathering[int, int]()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        await _busy(desk, gathering, group)
        asked = [group.create_task(gathering.ask("a", one, desk.do)) for one in (11, 12, 13)]
        await asyncio.sleep(0)
        assert gathering.standing("a") == 3
        asked[0].cancel()
        desk.may_end.release()
        await desk.begun.acquire()
        assert desk.batches[-1] == [12, 13]
        asked[1].cancel()
        desk.open()
    assert asked[2].result() == 26
    assert [one.cancelled() for one in asked] == [True, True, False]


async def test_the_end_lets_go_of_who_still_waits() -> None:
    desk, gathering = Desk(), Gathering[int, int]()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        await _busy(desk, gathering, group)
        late = group.create_task(gathering.ask("a", 11, desk.do))
        await asyncio.sleep(0)
        assert gathering.standing("a") == 1
        await gathering.end()
    assert late.result() is None
    assert desk.batches == [[one] for one in range(LANES)]
