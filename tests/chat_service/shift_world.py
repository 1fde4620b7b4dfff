"""A conductor at work on one floor: its parts, who is there, and a clock that is put forward by hand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import orjson

from chat_service import handoff, jobs
from chat_service.absence import Absence
from chat_service.conductor import TIMERS
from chat_service.jobs import Tools
from chat_service.router import Router
from chat_service.routing_plan import Plan
from chat_service.session_facts import Accepted, Happening
from chorus import presence
from chorus.errors import Unavailable
from chorus.tasks import end
from chorus.wire.common import PresenceStatus
from tests.chat_service import routing_world as world
from tests.chat_service.ingest_world import rows_of
from tests.chat_service.routing_world import Case, Floor, MovableClock

SOON_MS = 1_000
"""How long presence believes a silent person, where somebody is to be gone."""
BEAT_S = 0.05


@dataclass(frozen=True, slots=True)
class Shift:
    url: str
    floor: Floor
    tools: Tools
    clock: MovableClock
    router: Router
    absence: Absence
    here: set[UUID] = field(default_factory=set)
    beating: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def come(self, *agents: UUID) -> None:
        """Let agents be here until they `leave`, all of the floor when none is named."""
        self.here.update(agents or self.floor.agents)
        await world.come(self.tools.client, self.floor, *agents)

    async def leave(self) -> None:
        """Let everybody of the floor be gone, and wait until it is known."""
        people = self.floor.agents
        self.here.clear()
        async with self.beating:  # A beat that is under way arrives before they go.
            await world.go(self.tools.client, self.floor, *people)
        await world.seen_as(self.tools.client, self.floor, PresenceStatus.OFFLINE, *people)

    async def route(self) -> Plan:
        return await self.router.route(self.floor.tenant_id)

    async def happen(self, case: Case, happening: Happening) -> None:
        async with self.tools.db.transaction(None) as tx:
            now = self.tools.clock.now()
            await handoff.apply(tx, self.floor.tenant_id, case.conversation_id, happening, now=now)

    async def run_timers(self) -> None:
        """Do the timers of sessions as if they were due."""
        await world.fetch(
            self.url, "UPDATE jobs SET due_at = now() - interval '1 s' WHERE state = 'pending'"
        )
        await jobs.run_due(self.tools, TIMERS, limit=10)

    async def sessions(self) -> list[Any]:
        """In the order they were asked for, each with whom it is offered to."""
        return await world.sessions(self.url, self.floor)

    async def session(self) -> Any:
        """The only one."""
        (found,) = await self.sessions()
        return found


@asynccontextmanager
async def on_shift(
    url: str, redis_url: str, floor: Floor, *, ttl_ms: int | None = 60_000
) -> AsyncIterator[Shift]:
    """Open a shift; presence forgets after `ttl_ms`, and knows nothing where that is None."""
    async with AsyncExitStack() as stack:
        real = await stack.enter_async_context(world.tools_for(url, redis_url))
        if ttl_ms is not None:
            watched = world.presence_watched(redis_url, ttl_ms=ttl_ms)
            await stack.enter_async_context(watched)
        clock = MovableClock()
        tools = replace(real, clock=clock)
        router = Router(tools)
        shift = Shift(url, floor, tools, clock, router, Absence(tools, router))
        stack.push_async_callback(end, [asyncio.create_task(_beat(shift))])
        yield shift


@asynccontextmanager
async def one_to_one(
    url: str, redis_url: str, *happenings: type[Accepted], ttl_ms: int = SOON_MS
) -> AsyncIterator[tuple[Shift, Case]]:
    """A shift of one agent, who was offered the only session; then what they did with it."""
    floor = await world.make_floor(url, 1)
    (case,) = await world.make_waiting(url, floor, 1)
    async with on_shift(url, redis_url, floor, ttl_ms=ttl_ms) as shift:
        await shift.come()
        await shift.route()
        for happening in happenings:
            await shift.happen(case, happening(floor.agents[0]))
        yield shift, case


async def handoffs(url: str, case: Case) -> list[tuple[str, str]]:
    """State and reason of each handoff of a conversation."""
    payloads = [orjson.loads(row["payload"]) for row in await rows_of(url, case.conversation_id)]
    told = [one["data"] for one in payloads if one.get("event") == "handoff"]
    return [(one["state"], one["reason"]) for one in told]


async def _beat(shift: Shift) -> None:
    """Say again and again who is here, as a gateway does."""
    while True:
        async with shift.beating:
            beats = [world.beat_of(shift.floor, one) for one in shift.here]
            with suppress(Unavailable):
                await presence.beat(shift.tools.client, beats)
        await asyncio.sleep(BEAT_S)
