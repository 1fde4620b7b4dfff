"""Calls that are given up half-way, as sockets leave and deadlines pass, take nothing from others.

The chat service is cut off at each point of its reads while an agent works: what the agent was
told is done stands in the database, at the place that was told.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from uuid import UUID

import asyncpg
import orjson
import pytest

from chorus.errors import Unavailable
from chorus.wire.calls import HeadsRequest, ResumeRequest
from launch.ws_client import ChatClient
from tests.chat_service.ingest_world import superuser
from tests.journeys.people import SETTLE_S, Meeting, has_seen
from tests.support.bot import service_calls

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.no_cover]
ACTS = 120
HASTY = 3
EVENTS_SHARE = 0.7
MOST_PATIENCE_S = 0.03
"""About what a call takes here while others are made."""


@asynccontextmanager
async def hasty_callers(meeting: Meeting, chance: random.Random) -> AsyncIterator[list[bool]]:
    """Ask for events and heads, and mostly think better of it; tells of each call whether it came to its end."""
    ended: list[bool] = []
    tenant_id = await tenant_of(meeting)

    async def ask() -> None:
        if chance.random() < EVENTS_SHARE:
            await calls.resume(ResumeRequest(tenant_id, meeting.conversation_id, 0))
        else:
            await calls.heads(HeadsRequest([]))

    async def ask_for_ever() -> None:
        while True:
            ended.append(False)
            place = len(ended) - 1
            with suppress(TimeoutError, Unavailable):
                async with asyncio.timeout(chance.uniform(0.0, MOST_PATIENCE_S)):
                    await ask()
                ended[place] = True
            await asyncio.sleep(chance.uniform(0.0, MOST_PATIENCE_S))

    async with service_calls(meeting.on, tenant_id) as (calls, _), asyncio.TaskGroup() as group:
        asking = [group.create_task(ask_for_ever()) for _ in range(HASTY)]
        try:
            yield ended
        finally:
            for one in asking:
                one.cancel()


async def tenant_of(meeting: Meeting) -> UUID:
    (row,) = await fetch(meeting, "SELECT tenant_id FROM conversations WHERE id = $1")
    return UUID(int=row["tenant_id"].int)


async def fetch(meeting: Meeting, statement: str) -> list[asyncpg.Record]:
    async with superuser(meeting.on.database_url) as connection:
        found: list[asyncpg.Record] = await connection.fetch(statement, meeting.conversation_id)
        return found


async def priorities_told(agent: ChatClient) -> dict[int, int]:
    """Change the priority again and again; answers by seq what was told to be done."""
    told: dict[int, int] = {}
    for number in range(ACTS):
        priority = 1 + number % 3
        settled = await agent.command("update", priority=priority)
        assert settled.seq is not None
        told[settled.seq] = priority
    return told


async def test_what_is_done_beside_calls_that_are_given_up_stays_done(meeting: Meeting) -> None:
    async with hasty_callers(meeting, random.Random(20261122)) as ended:
        told = await priorities_told(meeting.ada)
    assert ended.count(False) > ACTS // 2, "hardly anybody gave up: this proves too little"
    assert any(ended), "nobody came to an end: this proves too little"
    rows = await fetch(
        meeting, "SELECT seq, payload FROM messages WHERE conversation_id = $1 ORDER BY seq"
    )
    stored = {one["seq"]: orjson.loads(one["payload"])["data"]["priority"] for one in rows}
    assert told == stored
    for agent in (meeting.ada, meeting.bea):
        await agent.wait(partial(has_seen, agent, len(rows)), timeout_s=SETTLE_S)
        assert {one.seq: one.data["priority"] for one in agent.log} == stored
