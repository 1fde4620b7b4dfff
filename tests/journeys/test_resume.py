"""Cuts at random points: whatever happens to sockets, every log ends equal to the database."""

import asyncio
import os
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from launch.ws_client import ChatClient, ClientOptions, MessageHandle
from load.stage import Stage
from tests.journeys.people import Meeting, open_meeting

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.no_cover]
SCHEDULES = int(os.environ.get("CHORUS_SCHEDULES", "12"))
LONG = "CHORUS_LONG" in os.environ
# Weighted: a sampled list draws evenly.
MOVES = ("say",) * 4 + ("burst",) * 2 + ("cut",) * 3 + ("cut_all", "note")
PAUSES_S = (0.0, 0.0, 0.002, 0.02, 0.1)
Step = tuple[int, str, float]
STEP = st.tuples(st.integers(0, 2), st.sampled_from(MOVES), st.sampled_from(PAUSES_S))


@pytest.mark.timeout(120 + 6 * SCHEDULES)
@settings(
    max_examples=SCHEDULES,
    deadline=None,
    # The same schedules in every short run, new ones in every long one; a failure is shrunk.
    derandomize=not LONG,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(steps=st.lists(STEP, min_size=4, max_size=24), jitter=st.integers(0, 2**32))
async def test_any_schedule_of_cuts_ends_with_equal_logs(
    installation: Stage, steps: list[Step], jitter: int
) -> None:
    async with open_meeting(installation, jitter=random.Random(jitter).random) as meeting:
        await _play(meeting, steps)


async def _play(meeting: Meeting, steps: list[Step]) -> None:
    clients = [meeting.customer, meeting.ada, meeting.bea]
    said_by: dict[int, list[str]] = {}

    def say(client: ChatClient, text: str, **fields: Any) -> None:
        handle: MessageHandle = client.send(text, **fields)
        said_by.setdefault(id(client), []).append(handle.id)

    def move(client: ChatClient, kind: str, text: str) -> None:
        if kind == "note":
            say(meeting.ada, text, visibility="agents")
        for number in range({"say": 1, "burst": 5}.get(kind, 0)):
            say(client, f"{text}.{number}")
        for one in {"cut": [client], "cut_all": clients}.get(kind, []):
            one.cut()

    say(meeting.ada, "I take this one: from now on only I and supervisors may speak")
    await meeting.settled([meeting.ada])
    for number, (who, kind, pause_s) in enumerate(steps):
        move(clients[who], kind, f"step {number}")
        await asyncio.sleep(pause_s)
    await _agree(meeting, said_by)


async def _agree(meeting: Meeting, said_by: dict[int, list[str]]) -> None:
    """Everybody has what the database has: all that was said, once, each sender's in order."""
    clients = [meeting.customer, meeting.ada, meeting.bea]
    rows = await meeting.settled(clients)
    stored = [row.id for row in rows if row.kind != "event"]
    assert sorted(stored) == sorted(id for ids in said_by.values() for id in ids)
    for client in clients:
        shown = [entry.id for entry in client.log if entry.id is not None]
        assert len(shown) == len(set(shown)), "shown twice"
    place = {one: number for number, one in enumerate(stored)}
    for ids in said_by.values():
        places = [place[one] for one in ids]
        assert places == sorted(places), "a sender's order was broken"


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
