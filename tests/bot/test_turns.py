"""One turn at a time in a conversation, once its customer has finished what they say."""

import asyncio
from collections.abc import Callable

import pytest

from bot.ports import Where
from bot.speaking import SUPERSEDED
from bot.turns import ELSEWHERE, SUPERSEDED_MAX, TRIES, Pace, Turns
from chorus.errors import Forbidden, Unavailable
from chorus.ids import uuid7

pytestmark = pytest.mark.anyio
PACE = Pace(quiet_s=0.02, quiet_max_s=0.06, at_once=2)
PATIENCE_S = 10.0


def somewhere() -> Where:
    return Where(uuid7(), uuid7())


class Taking:
    """Takes turns as it is told and remembers them."""

    def __init__(self, *outcomes: str | Exception) -> None:
        self.taken: list[Where] = []
        self.busy: dict[Where, int] = {}
        self.most = 0
        self._outcomes = list(outcomes)
        self.began, self.crowded = asyncio.Event(), asyncio.Event()
        self.goes_on = asyncio.Event()
        self.goes_on.set()

    async def take(self, where: Where, superseded: Callable[[], bool]) -> str:
        self.taken.append(where)
        self.busy[where] = self.busy.get(where, 0) + 1
        self.most = max(self.most, sum(self.busy.values()))
        self.began.set()
        if self.most == PACE.at_once:
            self.crowded.set()
        try:
            assert self.busy[where] == 1
            await self.goes_on.wait()
            if superseded():
                return SUPERSEDED
            outcome = self._outcomes.pop(0) if self._outcomes else "answer"
            if isinstance(outcome, Exception):
                raise outcome
            return outcome
        finally:
            self.busy[where] -= 1


async def until_done(*waited: asyncio.Event) -> None:
    async with asyncio.timeout(PATIENCE_S):
        for one in waited:
            await one.wait()


async def test_a_burst_is_one_turn() -> None:
    taking, done = Taking(), [asyncio.Event() for _ in range(3)]
    async with Turns(taking.take, PACE) as turns:
        where = somewhere()
        for one in done:
            turns.heard(where, one.set)
        await until_done(*done)
    assert taking.taken == [where]


async def test_what_is_said_during_a_turn_is_another_one_and_the_first_says_nothing() -> None:
    taking, first, second = Taking(), asyncio.Event(), asyncio.Event()
    taking.goes_on.clear()
    async with Turns(taking.take, PACE) as turns:
        where = somewhere()
        turns.heard(where, first.set)
        await until_done(taking.began)
        turns.heard(where, second.set)
        taking.goes_on.set()
        await until_done(first, second)
    assert taking.taken == [where, where]


async def test_who_never_stops_writing_is_answered_all_the_same() -> None:
    done = asyncio.Event()
    seen: list[bool] = []

    async def take(where: Where, superseded: Callable[[], bool]) -> str:
        turns.heard(where, lambda: None)
        seen.append(superseded())
        if len(seen) > SUPERSEDED_MAX:
            done.set()
            await asyncio.Event().wait()
        return SUPERSEDED

    async with Turns(take, PACE) as turns:
        turns.heard(somewhere(), lambda: None)
        await until_done(done)
    assert seen == [True] * SUPERSEDED_MAX + [False]


async def test_conversations_have_turns_beside_each_other_but_not_too_many() -> None:
    taking, done = Taking(), [asyncio.Event() for _ in range(6)]
    taking.goes_on.clear()
    async with Turns(taking.take, PACE) as turns:
        for one in done:
            turns.heard(somewhere(), one.set)
        await until_done(taking.crowded)
        taking.goes_on.set()
        await until_done(*done)
    assert taking.most == PACE.at_once
    assert len(turns) == 0


async def test_a_chat_service_that_is_away_is_asked_again() -> None:
    taking, done = Taking(Unavailable(), Unavailable(), "answer"), asyncio.Event()
    async with Turns(taking.take, PACE) as turns:
        turns.heard(somewhere(), done.set)
        await until_done(done)
    assert len(taking.taken) == 3


async def test_a_turn_that_is_taken_elsewhere_is_taken_again_and_settles_nothing_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.turns.ELSEWHERE_S", 0.001)
    done, seen = asyncio.Event(), list[bool]()

    async def take(_where: Where, _superseded: Callable[[], bool]) -> str:
        seen.append(done.is_set())
        return ELSEWHERE if len(seen) < 4 else "answer"

    async with Turns(take, PACE) as turns:
        turns.heard(somewhere(), done.set)
        await until_done(done)
    assert seen == [False] * 4


@pytest.mark.parametrize("error", [Forbidden(), RuntimeError("ours")])
async def test_a_refusal_or_a_fault_of_ours_ends_a_turn(error: Exception) -> None:
    taking, done = Taking(error), asyncio.Event()
    async with Turns(taking.take, PACE) as turns:
        turns.heard(somewhere(), done.set)
        await until_done(done)
    assert len(taking.taken) == 1
    assert TRIES > 1


async def test_nothing_is_left_behind_at_the_end() -> None:
    taking, done = Taking(), asyncio.Event()
    taking.goes_on.clear()
    async with Turns(taking.take, PACE) as turns:
        turns.heard(somewhere(), done.set)
        await until_done(taking.began)
    assert not done.is_set()
    assert sum(taking.busy.values()) == 0
