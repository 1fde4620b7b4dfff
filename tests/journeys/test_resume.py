"""Cuts at random points: whatever happens to sockets, every log ends equal to the database."""

import asyncio
import os
import random
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from launch.ws_client import ChatClient, ClientOptions, MessageHandle
from load.stage import Stage
from tests.journeys.people import Meeting, open_meeting

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
SCHEDULES = int(os.environ.get("CHORUS_SCHEDULES", "12"))
STEPS = 14


@pytest.mark.timeout(60 + 3 * SCHEDULES)
async def test_random_schedules_of_cuts_end_with_equal_logs(installation: Stage) -> None:
    """Seeds are part of the name of a failure: `CHORUS_SCHEDULE_SEED=n` plays one again."""
    chosen = os.environ.get("CHORUS_SCHEDULE_SEED")
    seeds = [int(chosen)] if chosen else range(SCHEDULES)
    for seed in seeds:
        async with open_meeting(installation, jitter=random.Random(seed).random) as meeting:
            try:
                await _play(meeting, random.Random(seed))
            except Exception as error:
                raise AssertionError(f"schedule {seed} failed: {error!r}") from error


async def _play(meeting: Meeting, chance: random.Random) -> None:
    clients = [meeting.customer, meeting.ada, meeting.bea]
    handles: list[MessageHandle] = []
    said_by: dict[int, list[str]] = {}

    def say(client: ChatClient, text: str, **fields: Any) -> None:
        handles.append(client.send(text, **fields))
        said_by.setdefault(id(client), []).append(handles[-1].id)

    say(meeting.ada, "I take this one: from now on only I and supervisors may speak")
    await handles[0]
    for step in range(STEPS):
        client = chance.choice(clients)
        moves: list[Callable[[], None]] = [
            partial(say, client, f"step {step}"),
            partial(_burst, say, client, step),
            client.cut,
            partial(_cut_all, clients),
            partial(say, meeting.ada, f"note {step}", visibility="agents"),
        ]
        chance.choices(moves, weights=[4, 2, 3, 1, 1])[0]()
        await asyncio.sleep(chance.choice((0, 0, 0.002, 0.02, 0.1)))
    rows = await meeting.settled(clients)
    stored = [row.id for row in rows if row.kind != "event"]
    assert sorted(stored) == sorted(handle.id for handle in handles)
    for client in clients:
        shown = [entry.id for entry in client.log if entry.id is not None]
        assert len(shown) == len(set(shown)), "shown twice"
    place = {one: number for number, one in enumerate(stored)}
    for ids in said_by.values():
        places = [place[one] for one in ids]
        assert places == sorted(places), "a sender's order was broken"


def _burst(say: Callable[[ChatClient, str], None], client: ChatClient, step: int) -> None:
    for number in range(5):
        say(client, f"step {step}.{number}")


def _cut_all(clients: list[ChatClient]) -> None:
    for client in clients:
        client.cut()


async def test_a_late_comer_reads_everything_from_the_first_message(meeting: Meeting) -> None:
    for number in range(30):
        handle = meeting.customer.send(f"line {number}")
    await handle
    await meeting.settled([meeting.customer])
    options = ClientOptions(jitter=lambda: 0.0)
    async with ChatClient(
        meeting.on.base,
        token=meeting.supervisor.token,
        conversation_id=meeting.conversation_id,
        options=options,
    ) as late:
        await late.wait(lambda: len(late.log) == 30)
        assert [entry.content for entry in late.log] == [f"line {n}" for n in range(30)]


async def test_more_than_500_missed_events_are_read_over_rest(installation: Stage) -> None:
    async with open_meeting(installation) as meeting:
        await meeting.customer.send("the first")
        await meeting.bea.wait(lambda: len(meeting.bea.log) == 1)
        await meeting.bea.close()
        for number in range(600):
            handle = meeting.customer.send(f"line {number}")
        await handle
        await meeting.settled([meeting.customer, meeting.ada])
        token, seen = meeting.supervisor.token, meeting.bea
        async with ChatClient(
            installation.base, token=token, conversation_id=meeting.conversation_id
        ) as back:
            await back.wait(lambda: len(back.log) == 601, timeout_s=20)
            assert back.ready is not None and back.ready["recovered"] is False
        assert len(seen.log) == 1
