"""What clients were promised while processes died, against the database and every client's view."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from launch.client_core import Settlement
from launch.ws_client import ChatClient, MessageHandle
from load.stage import Stage
from tests.journeys.people import Meeting, Overhearing, has_settled, nobody, open_meeting

PAUSE_S = 0.04
MOST_UNSETTLED = 40
AGAIN_S = 60.0
AFTER_S = 120.0


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
async def opened(
    on: Stage, conversations: int, chance: random.Random, *, overhearing: Overhearing = nobody
) -> AsyncIterator[list[Room]]:
    """Conversations with a customer and a supervisor who will talk, and an agent who listens."""
    async with AsyncExitStack() as rooms:
        found = []
        for _ in range(conversations):
            meeting = await rooms.enter_async_context(
                open_meeting(on, jitter=chance.random, overhearing=overhearing)
            )
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


async def everybody_is_heard_again(rooms: list[Room]) -> None:
    """Each talker gets something delivered that was said after the kill."""
    async with asyncio.timeout(AGAIN_S):
        for _, talkers in rooms:
            for talker in talkers:
                await talker.client.send("is anybody there?")


async def nothing_is_lost(meeting: Meeting, talkers: list[Talker]) -> None:
    """Nothing promised is lost, doubled or out of order, in the database and before everybody's eyes."""
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
