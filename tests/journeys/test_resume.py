"""Cuts at random points: whatever happens to sockets, every log ends equal to the database."""

import asyncio
import os
import random
from contextlib import AsyncExitStack
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from launch.ws_client import ChatClient, ClientOptions, MessageHandle
from load.stage import Stage
from tests.journeys.people import Meeting, agrees, open_meeting
from tests.journeys.rude import Rude, authenticate, becomes, metric
from tests.journeys.test_slow_readers import STALLED, conversation_of, pour, stalling

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.no_cover]
SCHEDULES = int(os.environ.get("CHORUS_SCHEDULES", "12"))
LONG = "CHORUS_LONG" in os.environ
# Weighted: a sampled list draws evenly.
MOVES = ("say",) * 4 + ("burst",) * 2 + ("cut",) * 3 + ("cut_all", "note")
FAT_LINES, FAT_BYTES = 400, 4_000
LONGEST_LINES = 450
"""Of 16 KB: as much as is replayed at most, but for the events of taking over."""
HELD_BYTES = 2_097_152
"""A third of it."""
PAUSES_S = (0.0, 0.0, 0.002, 0.02, 0.1)
Step = tuple[int, str, float]
STEP = st.tuples(st.integers(0, 3), st.sampled_from(MOVES), st.sampled_from(PAUSES_S))


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
    chance = random.Random(jitter).random
    async with (
        open_meeting(installation, jitter=chance) as meeting,
        meeting.other_tab(jitter=chance) as tab,
    ):
        await _play(meeting, [meeting.customer, meeting.ada, meeting.bea, tab], steps)


async def _play(meeting: Meeting, clients: list[ChatClient], steps: list[Step]) -> None:
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
    await _agree(meeting, clients, said_by)


async def _agree(
    meeting: Meeting, clients: list[ChatClient], said_by: dict[int, list[str]]
) -> None:
    """Everybody has what the database has: all that was said, once, each sender's in order."""
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


def _fat(meeting: Meeting) -> MessageHandle:
    """Say much more than may wait for anybody's socket; answers the last."""
    for number in range(FAT_LINES):
        handle = meeting.customer.send(f"{number} " + "x" * FAT_BYTES)
    return handle


async def test_much_that_was_missed_comes_on_one_socket(installation: Stage) -> None:
    async with open_meeting(installation) as meeting:
        slow = await closed_so_far(installation)
        await _fat(meeting)
        rows = await meeting.settled([meeting.customer])
        async with meeting.other_tab() as tab:
            assert tab.ready is not None and tab.ready["recovered"]
            synced = await tab.wait_heard("synced", timeout_s=20)
            assert synced["data"]["seq"] == len(rows) == FAT_LINES
            agrees(tab.log, rows, is_agent=False)
            assert tab.sockets_opened == 1
        assert await closed_so_far(installation) == slow


async def test_an_agent_who_resumes_much_of_several_conversations_keeps_one_socket(
    installation: Stage,
) -> None:
    async with AsyncExitStack() as stack:
        slow = await closed_so_far(installation)
        meetings = [await stack.enter_async_context(open_meeting(installation)) for _ in range(3)]
        for meeting in meetings:
            await _fat(meeting)
        agent = meetings[0].agent
        inbox = await stack.enter_async_context(ChatClient(installation.base, token=agent.token))
        await inbox.wait_ready()
        inbox.follow(*(meeting.conversation_id for meeting in meetings))
        for meeting in meetings:
            conv = meeting.conversation_id
            await inbox.wait(partial(_is_synced, inbox, conv), timeout_s=30)
            agrees(inbox.log_of(conv), await meeting.rows(), is_agent=True)
        assert inbox.sockets_opened == 1
        assert await closed_so_far(installation) == slow


def _is_synced(inbox: ChatClient, conv: UUID) -> bool:
    return any(one["event"] == "synced" and one["conv"] == str(conv) for one in inbox.heard)


async def closed_so_far(on: Stage, code: str = "4102") -> float:
    return await metric(on, "ws_disconnects_total", code=code)


async def test_who_stalls_in_a_replay_goes_with_4106_and_little_is_held_for_them(
    rude: Rude,
) -> None:
    token, conversation = await conversation_of(rude)
    async with rude.live(token=token, conversation=conversation) as writer:
        await pour(writer, LONGEST_LINES)
    async with rude.live(token=token, conversation=conversation):
        """Once by somebody who reads, so that what a replay costs anyhow is counted before."""
    before_bytes = rude.on.rss_bytes("edge")
    slow, stuck = await closed_so_far(rude.on), await closed_so_far(rude.on, "4106")

    growth_bytes = 0

    async def went() -> bool:
        nonlocal growth_bytes
        growth_bytes = max(growth_bytes, rude.on.rss_bytes("edge") - before_bytes)
        return await closed_so_far(rude.on, "4106") == stuck + STALLED

    async with AsyncExitStack() as stack:
        for _ in range(STALLED):
            ws = await stack.enter_async_context(
                rude.socket(token=token, conversation=conversation)
            )
            await authenticate(ws)
            await stack.enter_async_context(stalling(ws))
        await becomes(went)
    assert growth_bytes < STALLED * HELD_BYTES, f"{growth_bytes / STALLED:.0f} B a socket"
    assert await closed_so_far(rude.on) == slow


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
