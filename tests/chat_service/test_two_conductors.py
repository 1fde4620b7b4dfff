"""Two conductors at once, as while one is lost and does not know yet: every transition once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from chat_service import jobs, unanswered
from chat_service.absence import Absence
from chat_service.conductor import TIMERS
from chat_service.router import Router
from chat_service.session_facts import SYSTEM, Assigned, Offered, Resolved
from chorus.presence import WATCH
from tests.chat_service import routing_world as world
from tests.chat_service.routing_world import Case, make_floor, make_waiting
from tests.chat_service.shift_world import SOON_MS, Shift, handoffs, on_shift

pytestmark = pytest.mark.anyio
EACH = 8
Pair = tuple[Shift, Shift]


@asynccontextmanager
async def two(shift: Shift) -> AsyncIterator[Pair]:
    """A shift and another conductor of its floor: a pool and a memory of its own, the same time."""
    async with world.tools_for(shift.url, shift.tools.settings.redis_url) as real:
        tools = replace(real, clock=shift.clock)
        router = Router(tools)
        yield shift, replace(shift, tools=tools, router=router, absence=Absence(tools, router))


async def at_once(pair: Pair, act: Callable[[Shift], Awaitable[object]]) -> None:
    """Let both act at the same time, and both once more: the second finds everything done."""
    for _ in range(2):
        await asyncio.gather(*map(act, pair))


async def given(shift: Shift, agent: UUID) -> list[Case]:
    """Conversations that an agent answers."""
    cases = await make_waiting(shift.url, shift.floor, EACH)
    for case in cases:
        await shift.happen(case, Assigned(agent, SYSTEM))
    return cases


async def offered(shift: Shift, agent: UUID) -> list[Case]:
    cases = await make_waiting(shift.url, shift.floor, EACH)
    deadline_at = shift.clock.now() + timedelta(seconds=30)
    for case in cases:
        await shift.happen(case, Offered(agent, deadline_at))
    return cases


async def last(shift: Shift, cases: list[Case], *, before: int) -> set[tuple[tuple[str, str], ...]]:
    """What became of sessions after their first handoffs: the different ways there were."""
    return {tuple((await handoffs(shift.url, one))[before:]) for one in cases}


async def test_what_somebody_gone_leaves_is_taken_from_them_once(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 2)
    async with on_shift(database_url, redis_db, floor, ttl_ms=SOON_MS) as shift, two(shift) as pair:
        await shift.come()
        held = await given(shift, floor.agents[0])
        asked = await offered(shift, floor.agents[1])
        await shift.leave()
        await at_once(pair, lambda one: one.absence.look())
        lost = (("queued", "agent_lost"),)
        assert await last(shift, asked, before=1) == {lost}
        assert await last(shift, held, before=1) == {()}
        shift.clock.ahead_s = 91
        await at_once(pair, lambda one: one.absence.look())
        assert await last(shift, held, before=1) == {lost}
        assert await last(shift, asked, before=1) == {lost}


async def test_what_runs_out_does_so_once(database_url: str, redis_db: str) -> None:
    floor = await make_floor(database_url, 2)
    async with on_shift(database_url, redis_db, floor) as shift, two(shift) as pair:
        await shift.come()
        done = await given(shift, floor.agents[0])
        for case in done:
            await shift.happen(case, Resolved(SYSTEM, timedelta(seconds=20)))
        asked = await offered(shift, floor.agents[1])
        shift.clock.ahead_s = 31
        await world.fetch(
            database_url, "UPDATE jobs SET due_at = now() - interval '1 s' WHERE state = 'pending'"
        )
        await at_once(pair, lambda one: jobs.run_all_due(one.tools, TIMERS, limit=3))
        assert await last(shift, asked, before=1) == {(("queued", "offer_expired"),)}
        assert await last(shift, done, before=2) == {(("ended", "wrapped_up"),)}
    unfinished = await world.fetch(
        database_url,
        "SELECT kind FROM jobs WHERE state <> 'done' AND kind = ANY ($1)",
        ["offer_expiry", "wrap_up_end"],
    )
    assert unfinished == []


async def test_who_waits_for_somebody_gone_is_put_into_line_once(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1, is_default=True)
    cases = await world.make_left(database_url, floor, EACH)
    async with on_shift(database_url, redis_db, floor, ttl_ms=None) as shift, two(shift) as pair:
        await shift.tools.client.set(WATCH, b"0 0")
        await at_once(pair, lambda one: unanswered.release(one.tools))
        found = await shift.sessions()
        ways = await last(shift, cases, before=0)
    assert [one["status"] for one in found] == ["queued"] * EACH
    assert len(ways) == 1
    assert next(iter(ways))[-1] == ("queued", "agent_lost")
