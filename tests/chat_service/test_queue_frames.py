"""What waiting customers are told of their place, and agents of their queues."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from chat_service import handoff
from chat_service.eta import Service
from chat_service.jobs import Tools
from chat_service.queue_choice import EVERYBODY, Circle
from chat_service.queue_frames import Lines, Place, places
from chat_service.routing import Policy, Waiting
from chat_service.session_facts import SYSTEM, CancelledByCustomer
from chat_service.store.lines import Standing
from chorus import topics
from chorus.topics import Audience
from tests.chat_service.routing_world import (
    Case,
    Floor,
    come,
    counted,
    fetch,
    make_floor,
    make_team,
    make_waiting,
    presence_watched,
    set_on,
    tools_for,
)

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
QUEUE, OTHER = UUID(int=1), UUID(int=2)
Told = dict[UUID, dict[str, Any]]


@asynccontextmanager
async def heard(tools: Tools, floor: Floor) -> AsyncIterator[Any]:
    """Listen to everything customers and agents of a floor are told."""
    async with tools.client.pubsub(ignore_subscribe_messages=True) as pubsub:
        await pubsub.subscribe("end", topics.inbox(floor.tenant_id), *topics.fan_channels())
        yield pubsub


async def published(tools: Tools, pubsub: Any) -> list[tuple[str, bytes]]:
    """What was published until now."""
    await tools.client.publish("end", b"")
    found: list[tuple[str, bytes]] = []
    async with asyncio.timeout(20):
        async for message in pubsub.listen():
            if message["channel"] == b"end":
                break
            found.append((message["channel"].decode(), message["data"]))
    return found


async def places_told(tools: Tools, pubsub: Any) -> Told:
    told: Told = {}
    for channel, packed in await published(tools, pubsub):
        if channel.startswith("fan:"):
            header, frame = topics.unpack(packed)
            read = orjson.loads(frame)
            assert (header.audience, read["event"]) == (Audience.CUSTOMERS, "queue")
            told[header.conversation] = read["data"]
    return told


async def cancel(tools: Tools, floor: Floor, case: Case) -> None:
    async with tools.db.transaction(None) as tx:
        now = tools.clock.now()
        happening = CancelledByCustomer(SYSTEM)
        await handoff.apply(tx, floor.tenant_id, case.conversation_id, happening, now=now)


@pytest.mark.anyio
async def test_customers_hear_their_place_once_and_again_when_it_is_another(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1, capacity=1)
    first, second, third = await make_waiting(database_url, floor, 3)
    async with tools_for(database_url, redis_db) as tools, heard(tools, floor) as pubsub:
        lines = Lines(tools)
        await lines.tell_places()
        told = await places_told(tools, pubsub)
        assert [told[one.conversation_id]["position"] for one in (first, second, third)] == [
            1,
            2,
            3,
        ]
        # Nobody knows who is there, so nothing is promised.
        assert not any("eta_s" in one for one in told.values())
        lines.moved(floor.tenant_id)
        await lines.tell_places()
        assert await places_told(tools, pubsub) == {}
        await cancel(tools, floor, second)
        lines.moved(floor.tenant_id)
        await lines.tell_places()
        assert await places_told(tools, pubsub) == {third.conversation_id: {"position": 2}}


@pytest.mark.anyio
async def test_a_wait_is_foretold_from_who_is_there_and_how_long_the_last_ones_took(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1, capacity=1)
    await make_waiting(
        database_url,
        floor,
        3,
        state="ended",
        ended_at=datetime.now(UTC) + timedelta(seconds=100),
        accepted_at=datetime.now(UTC),
    )
    cases = await make_waiting(database_url, floor, 2)
    async with (
        tools_for(database_url, redis_db) as tools,
        presence_watched(redis_db),
        heard(tools, floor) as pubsub,
    ):
        await come(tools.client, floor)
        await Lines(tools).tell_places()
        told = await places_told(tools, pubsub)
    waits_s = [told[one.conversation_id]["eta_s"] for one in cases]
    assert waits_s == [0, pytest.approx(100, abs=2)]


@pytest.mark.anyio
async def test_agents_hear_how_many_wait_only_when_it_changed(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1)
    (case, _) = await make_waiting(database_url, floor, 2)
    async with tools_for(database_url, redis_db) as tools, heard(tools, floor) as pubsub:
        lines = Lines(tools)
        for _ in range(2):
            lines.moved(floor.tenant_id)
            await lines.tell_counts()
        await cancel(tools, floor, case)
        lines.moved(floor.tenant_id)
        await lines.tell_counts()
        words = [orjson.loads(packed) for _, packed in await published(tools, pubsub)]
    assert words == [{"counts": {"support": counted(waiting=count)}} for count in (2, 1)]


@pytest.mark.anyio
async def test_agents_hear_how_many_sessions_of_a_queue_stand_where(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1)
    (agent,) = floor.agents
    await make_waiting(database_url, floor, 2)
    await make_waiting(database_url, floor, 1, state="offered")
    await make_waiting(database_url, floor, 3, state="deferred")
    for state, count in (("active", 2), ("wrap_up", 1)):
        await make_waiting(database_url, floor, count, state=state, agent_id=agent)
    await make_waiting(database_url, floor, 4, state="ended", ended_at=NOW)
    async with tools_for(database_url, redis_db) as tools, heard(tools, floor) as pubsub:
        lines = Lines(tools)
        lines.moved(floor.tenant_id)
        await lines.tell_counts()
        ((_, packed),) = await published(tools, pubsub)
    stand = counted(waiting=3, offered=1, active=2, wrap_up=1, deferred=3)
    assert orjson.loads(packed) == {"counts": {"support": stand}}


@pytest.mark.anyio
async def test_a_line_that_is_empty_is_forgotten(database_url: str, redis_db: str) -> None:
    floor = await make_floor(database_url, 1)
    (case,) = await make_waiting(database_url, floor, 1)
    async with tools_for(database_url, redis_db) as tools, heard(tools, floor) as pubsub:
        lines = Lines(tools)
        await lines.tell_places()
        await cancel(tools, floor, case)
        lines.moved(floor.tenant_id)
        await lines.tell_places()
        await fetch(
            database_url, "UPDATE live_chat_sessions SET status = 'queued', ended_at = NULL"
        )
        lines.moved(floor.tenant_id)
        await places_told(tools, pubsub)
        await lines.tell_places()
        assert await places_told(tools, pubsub) == {case.conversation_id: {"position": 1}}


def standing(number: int, queue_id: UUID, waited_s: int, priority: int = 0) -> Standing:
    at = NOW - timedelta(seconds=waited_s)
    waiting = Waiting(UUID(int=number), queue_id, Policy.LONGEST_IDLE, at, at, priority)
    return Standing(waiting, UUID(int=number))


def test_places_follow_the_order_of_routing_in_each_queue() -> None:
    line = [
        standing(11, QUEUE, 10),
        standing(12, QUEUE, 50),
        standing(13, OTHER, 5),
        standing(14, QUEUE, 1, priority=3),
    ]
    services = {QUEUE: Service(1, 0, [60.0]), OTHER: Service(0, 0, [])}
    found = places(line, lambda queue_id, _: services[queue_id], now=NOW)
    assert found == {
        UUID(int=14): Place(1, 60),
        UUID(int=12): Place(2, 120),
        UUID(int=11): Place(3, 180),
        UUID(int=13): Place(1, None),
    }


def test_who_may_be_given_to_a_few_waits_for_the_line_and_for_one_of_them() -> None:
    team, alone = Circle(team=frozenset({UUID(int=5)})), Circle(frozenset({UUID(int=6)}))
    circles = {11: team, 12: EVERYBODY, 13: team, 14: alone, 15: EVERYBODY}
    line = [
        replace(standing(number, QUEUE, 60 - number), circle=circle)
        for number, circle in circles.items()
    ]
    services = {
        EVERYBODY: Service(6, 1, [60.0]),
        team: Service(1, 0, [60.0]),
        alone: Service(0, 0, [60.0]),
    }
    found = places(line, lambda _, circle: services[circle], now=NOW)
    assert [place.eta_s for place in found.values()] == [60, 10, 120, None, 40]


@pytest.mark.anyio
async def test_who_has_just_refused_a_session_is_no_help_to_its_customer(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 2, asked_again_after_s=60)
    (refused,) = await make_waiting(database_url, floor, 1)
    async with tools_for(database_url, redis_db) as tools, presence_watched(redis_db):
        await come(tools.client, floor)
        async with heard(tools, floor) as pubsub:
            lines = Lines(tools)

            async def told(change: str) -> Any:
                await fetch(database_url, change, refused.session_id)
                lines.moved(floor.tenant_id)
                await lines.tell_places()
                return (await places_told(tools, pubsub)).get(refused.conversation_id)

            everybody = "ARRAY(SELECT agent_id FROM queue_members WHERE queue_id = s.queue_id)"
            session = "UPDATE live_chat_sessions s SET {} WHERE id = $1"
            assert await told(session.format(f"excluded_agent_ids = {everybody}")) == {
                "position": 1
            }
            # They are asked again: not yet all of them, then all.
            offer = (
                "INSERT INTO session_offers (id, tenant_id, session_id, conversation_id, agent_id,"
                " state, offered_at, deadline_at, settled_at)"
                " SELECT gen_random_uuid(), tenant_id, id, conversation_id, excluded_agent_ids[1],"
                " 'declined', now(), now(), now() FROM live_chat_sessions WHERE id = $1"
            )
            waited = "queued_at = now() - interval '61 s'"
            assert await told(offer) is None
            assert await told(session.format(waited)) == {"position": 1, "eta_s": 0}


@pytest.mark.anyio
async def test_while_a_team_is_meant_only_its_people_shorten_the_wait(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 2)
    (case,) = await make_waiting(database_url, floor, 1)
    here, away = floor.agents
    await fetch(database_url, "UPDATE agents SET status = 'away' WHERE id = $1", away)
    found = []
    async with tools_for(database_url, redis_db) as tools, presence_watched(redis_db):
        await come(tools.client, floor)
        async with heard(tools, floor) as pubsub:
            lines = Lines(tools)
            for agent in (away, here):
                team = await make_team(database_url, floor, agent)
                await set_on(database_url, case, team_id=team)
                lines.moved(floor.tenant_id)
                await lines.tell_places()
                found.append((await places_told(tools, pubsub))[case.conversation_id])
    assert found == [{"position": 1}, {"position": 1, "eta_s": 0}]
