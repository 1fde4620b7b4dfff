"""Conversations without a session, whose agent is gone and whose customer waits."""

from dataclasses import replace

import orjson
import pytest

from chat_service import unanswered
from chat_service.messages import ingest
from chorus.wire.common import PresenceStatus
from tests.chat_service.ingest_world import (
    Conversation,
    World,
    answered,
    head_of,
    not_gapless,
    rows_of,
    said,
)
from tests.chat_service.routing_world import (
    Case,
    Floor,
    MovableClock,
    come,
    fetch,
    go,
    make_floor,
    make_waiting,
    presence_watched,
    seen_as,
    sessions,
    tools_for,
)

pytestmark = pytest.mark.anyio


async def taken_by_message(url: str, floor: Floor) -> Case:
    """A conversation that nobody asked a person for."""
    (case,) = await make_waiting(url, floor, 1)
    await fetch(url, "DELETE FROM live_chat_sessions")
    await fetch(url, "UPDATE queues SET is_default = true")
    return case


def places(floor: Floor, case: Case) -> tuple[World, Conversation]:
    world = World(floor.tenant_id, floor.inbox_id, floor.agents, ())
    return world, Conversation(case.conversation_id, case.contact_id)


async def test_who_waits_for_somebody_gone_is_back_in_line_after_the_grace(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1)
    case = await taken_by_message(database_url, floor)
    world, where = places(floor, case)
    clock = MovableClock()
    async with tools_for(database_url, redis_db) as real, presence_watched(redis_db, ttl_ms=500):
        tools = replace(real, clock=clock)
        await come(real.client, floor)
        await ingest(real.db, [answered(world, where), said(world, where)])
        clock.ahead_s = 91
        assert await unanswered.release(tools) == 0, "they are here"
        await go(real.client, floor, *floor.agents)
        await seen_as(real.client, floor, PresenceStatus.OFFLINE, *floor.agents)
        clock.ahead_s = 60
        assert await unanswered.release(tools) == 0, "they may come back"
        clock.ahead_s = 91
        assert await unanswered.release(tools) == 1
        assert await unanswered.release(tools) == 0
    head, (session,) = (
        await head_of(database_url, case.conversation_id),
        await sessions(database_url, floor),
    )
    assert (head["floor_holder"], head["assignee_id"], head["floor_epoch"]) == ("none", None, 2)
    assert (session["status"], session["queue_id"]) == ("queued", floor.queue_id)
    assert (session["source"], session["requested_by"]) == ("rule", None)
    rows = await rows_of(database_url, case.conversation_id)
    told = [
        orjson.loads(row["payload"])["meta"]["say"]
        for row in rows
        if row["role"] == "system" and row["content"]
    ]
    assert told == ["handoff.agent_lost"]
    assert await not_gapless(database_url) == []


async def test_nobody_loses_what_needs_no_answer(database_url: str, redis_db: str) -> None:
    floor = await make_floor(database_url, 1)
    case = await taken_by_message(database_url, floor)
    world, where = places(floor, case)
    clock = MovableClock()
    async with tools_for(database_url, redis_db) as real, presence_watched(redis_db, ttl_ms=500):
        tools = replace(real, clock=clock)
        await come(real.client, floor)
        await ingest(real.db, [said(world, where), answered(world, where)])
        await go(real.client, floor, *floor.agents)
        await seen_as(real.client, floor, PresenceStatus.OFFLINE, *floor.agents)
        clock.ahead_s = 50_000
        assert await unanswered.release(tools) == 0
        await ingest(real.db, [said(world, where)])
        assert await unanswered.release(tools) == 1


async def test_while_presence_is_unknown_nobody_loses_anything(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1)
    case = await taken_by_message(database_url, floor)
    world, where = places(floor, case)
    clock = MovableClock()
    async with tools_for(database_url, redis_db) as real:
        await ingest(real.db, [answered(world, where), said(world, where)])
        clock.ahead_s = 50_000
        assert await unanswered.release(replace(real, clock=clock)) == 0


async def test_without_any_queue_they_are_asked_to_leave_a_message(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1)
    case = await taken_by_message(database_url, floor)
    await fetch(database_url, "UPDATE queues SET is_default = false")
    world, where = places(floor, case)
    clock = MovableClock()
    async with tools_for(database_url, redis_db) as real, presence_watched(redis_db, ttl_ms=500):
        await come(real.client, floor)
        await ingest(real.db, [answered(world, where), said(world, where)])
        await go(real.client, floor, *floor.agents)
        await seen_as(real.client, floor, PresenceStatus.OFFLINE, *floor.agents)
        clock.ahead_s = 91
        assert await unanswered.release(replace(real, clock=clock)) == 1
    (session,) = await sessions(database_url, floor)
    assert (session["status"], session["queue_id"]) == ("deferred", None)
