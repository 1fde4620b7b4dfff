"""kill -9 under load: nothing acknowledged is lost, nothing is shown twice or out of order.

The ledger is what clients were told (`delivered`); it is compared with the database and with what
every client shows. `CHORUS_KILLS` sets how many kills; each victim has its turn.
"""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from time import monotonic

import pytest

from launch.client_core import Settlement
from launch.ws_client import ChatClient, MessageHandle
from load.stage import Stage, stage
from tests.journeys.people import Meeting, has_settled, open_meeting
from tests.support.installation import UNMEASURED

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.no_cover]
QUICK = {**UNMEASURED, "CHORUS_ACK_MS": "3000", "CHORUS_HEADS_EVERY_MS": "2000"}
VICTIMS = ("edge", "writer", "redis", "postgres")
KILLS = int(os.environ.get("CHORUS_KILLS", "4"))
CONVERSATIONS = int(os.environ.get("CHORUS_KILL_CONVERSATIONS", "4"))
PAUSE_S = 0.04
MOST_UNSETTLED = 40
AGAIN_S = 60.0
AFTER_S = 120.0


@pytest.fixture(scope="module")
def doomed() -> Iterator[Stage]:
    """An installation of its own: nobody else wants one whose processes die."""
    with stage(environment=QUICK) as on:
        yield on


class Talker:
    """Keeps talking on one client and remembers what was promised."""

    def __init__(self, client: ChatClient, chance: random.Random) -> None:
        self.client = client
        self.handles: list[MessageHandle] = []
        self._chance = chance

    async def talk(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await asyncio.sleep(PAUSE_S * self._chance.uniform(0.5, 1.5))
            if self.client.unsettled <= MOST_UNSETTLED:
                self.handles.append(self.client.send(f"line {len(self.handles)}"))

    @property
    def settled(self) -> list[Settlement]:
        return [handle.settled.result() for handle in self.handles if handle.settled.done()]


Room = tuple[Meeting, list[Talker]]


@asynccontextmanager
async def opened(on: Stage, chance: random.Random) -> AsyncIterator[list[Room]]:
    """Conversations with a customer and a supervisor who will talk, and an agent who listens."""
    async with AsyncExitStack() as rooms:
        found = []
        for _ in range(CONVERSATIONS):
            meeting = await rooms.enter_async_context(open_meeting(on, jitter=chance.random))
            talkers = [Talker(client, chance) for client in (meeting.customer, meeting.bea)]
            found.append((meeting, talkers))
        yield found


@asynccontextmanager
async def talking(rooms: list[Room]) -> AsyncIterator[None]:
    """Everybody talks for as long as the context is open."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as voices:
        for _, talkers in rooms:
            for talker in talkers:
                voices.create_task(talker.talk(stop))
        try:
            yield
        finally:
            stop.set()


@pytest.mark.timeout(180 + KILLS * 60)
async def test_kill_9_of_every_part_loses_nothing(doomed: Stage) -> None:
    chance = random.Random(20261120)
    async with opened(doomed, chance) as rooms:
        async with talking(rooms):
            for number in range(KILLS):
                await asyncio.sleep(chance.uniform(0.3, 1.2))
                await _kill(doomed, VICTIMS[number % len(VICTIMS)])
                await _everybody_is_heard_again(rooms)
        for meeting, talkers in rooms:
            await _nothing_is_lost(meeting, talkers)


async def _kill(on: Stage, victim: str) -> None:
    before = on.processes()[victim]
    os.kill(before[0], signal.SIGKILL)
    ends = monotonic() + AGAIN_S
    while on.processes().get(victim, before) == before:
        assert monotonic() < ends, f"{victim} was not started again"
        await asyncio.sleep(0.05)


async def _everybody_is_heard_again(rooms: list[Room]) -> None:
    """Each talker gets something delivered that was said after the kill."""
    async with asyncio.timeout(AGAIN_S):
        for _, talkers in rooms:
            for talker in talkers:
                await talker.client.send("is anybody there?")


async def _nothing_is_lost(meeting: Meeting, talkers: list[Talker]) -> None:
    clients = [meeting.customer, meeting.bea, meeting.ada]
    for client in clients:
        await client.wait(partial(has_settled, client), timeout_s=AFTER_S)
    rows = await meeting.settled(clients)
    stored = {row.id: row.seq for row in rows}
    assert len(stored) == len(rows), "an id was stored twice"
    for talker in talkers:
        promised = [one for one in talker.settled if one.code is None]
        assert len(promised) == len(talker.handles), [one for one in talker.settled if one.code]
        assert all(stored.get(one.id) == one.seq for one in promised), "a promise was broken"
        places = [stored[one.id] for one in promised]
        assert places == sorted(places), "a sender's order was broken"
