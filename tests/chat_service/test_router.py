"""The router against real tables and real presence: who is offered what, once, and what is kept."""

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from chat_service import handoff
from chat_service.jobs import Tools
from chat_service.router import EXPLAINED_FOR_S, OFFERS_AT_ONCE, Router
from chat_service.session_facts import SYSTEM, CancelledByCustomer
from chat_service.store import routing as store
from chorus import topics
from chorus.db import ReadSession
from chorus.ids import uuid7
from chorus.wire.common import PresenceStatus
from tests.chat_service.ingest_world import rows_of, superuser
from tests.chat_service.routing_world import (
    Floor,
    MovableClock,
    come,
    fetch,
    go,
    make_floor,
    make_waiting,
    presence_watched,
    seen_as,
    serve_queue,
    sessions,
    tools_for,
)

pytestmark = pytest.mark.anyio


async def route_all(router: Router, floor: Floor) -> None:
    """Route until nothing more is to be given out."""
    while (await router.route(floor.tenant_id)).more:
        pass


async def decisions(url: str) -> list[Any]:
    return await fetch(url, "SELECT * FROM routing_decisions ORDER BY at, id")


async def offers(url: str) -> list[Any]:
    return await fetch(url, "SELECT * FROM session_offers ORDER BY id")


def loads_of(found: Sequence[Any]) -> dict[UUID, int]:
    asked = [row["asked"] for row in found if row["asked"]]
    return {one: asked.count(one) for one in asked}


async def test_a_session_is_offered_with_everything_that_follows(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 2, offer_s=40)
    (case,) = await make_waiting(database_url, floor, 1)
    async with tools_for(database_url, redis_db) as tools, presence_watched(redis_db):
        await come(tools.client, floor, floor.agents[1])
        async with tools.client.pubsub() as pubsub:
            await pubsub.subscribe(topics.inbox(floor.tenant_id))
            await Router(tools).route(floor.tenant_id)
            word = await _offer_word(pubsub)
    (session,) = await sessions(database_url, floor)
    assert (session["status"], session["asked"]) == ("offered", floor.agents[1])
    assert session["deadline_at"] - session["offered_at"] == timedelta(seconds=40)
    (event,) = await rows_of(database_url, case.conversation_id)
    assert orjson.loads(event["payload"])["event"] == "handoff"
    (timer,) = await fetch(database_url, "SELECT * FROM jobs WHERE kind = 'offer_expiry'")
    assert timer["due_at"] == session["deadline_at"]
    (kept,) = await decisions(database_url)
    candidates = orjson.loads(kept["candidates"])
    assert (kept["chosen"], kept["why"]) == (floor.agents[1], "longest_idle")
    assert candidates[str(floor.agents[0])] == {"eligible": False, "refused": "presence_unknown"}
    assert candidates[str(floor.agents[1])]["eligible"]
    assert (word["agent"], word["conv"]) == (str(floor.agents[1]), str(case.conversation_id))
    assert orjson.loads(word["frame"])["data"]["session"] == str(case.session_id)


async def _offer_word(pubsub: Any) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=1)
            word = orjson.loads(message["data"]) if message else None
            if isinstance(word, dict):
                return word


async def test_a_burst_is_offered_in_full_and_nobody_gets_more_than_fits(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 100, capacity=5)
    await make_waiting(database_url, floor, 500)
    async with tools_for(database_url, redis_db) as tools, presence_watched(redis_db):
        await come(tools.client, floor)
        await route_all(Router(tools), floor)
    found = await sessions(database_url, floor)
    assert {row["status"] for row in found} == {"offered"}
    assert loads_of(found) == dict.fromkeys(floor.agents, 5)


async def test_a_round_holds_few_conversations_and_says_that_more_wait(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 20)
    await make_waiting(database_url, floor, OFFERS_AT_ONCE + 3)
    async with tools_for(database_url, redis_db) as tools, presence_watched(redis_db):
        await come(tools.client, floor)
        plan = await Router(tools).route(floor.tenant_id)
    assert (len(plan.chosen), plan.more) == (OFFERS_AT_ONCE, True)
    asked = [row["status"] for row in await sessions(database_url, floor)]
    assert asked == ["offered"] * OFFERS_AT_ONCE + ["queued"] * 3


async def test_two_routers_at_once_offer_each_session_once(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 30, capacity=2)
    cases = await make_waiting(database_url, floor, 100)
    async with tools_for(database_url, redis_db) as tools, presence_watched(redis_db):
        await come(tools.client, floor)
        await asyncio.gather(*(route_all(Router(tools), floor) for _ in range(3)))
    found = await sessions(database_url, floor)
    assert loads_of(found) == dict.fromkeys(floor.agents, 2)
    assert len(await offers(database_url)) == 60
    events = [len(await rows_of(database_url, one.conversation_id)) for one in cases]
    assert events == [1] * 60 + [0] * 40


async def test_a_conversation_that_somebody_holds_waits_for_the_next_round(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 3)
    held, _ = await make_waiting(database_url, floor, 2)
    async with tools_for(database_url, redis_db) as tools, presence_watched(redis_db):
        await come(tools.client, floor)
        router = Router(tools)
        async with superuser(database_url) as other, other.transaction():
            await other.execute(
                "SELECT 1 FROM conversations WHERE id = $1 FOR UPDATE", held.conversation_id
            )
            assert (await router.route(floor.tenant_id)).more
            states = [row["status"] for row in await sessions(database_url, floor)]
            assert states == ["queued", "offered"]
        await router.route(floor.tenant_id)
    assert {row["status"] for row in await sessions(database_url, floor)} == {"offered"}


async def test_nobody_is_offered_anything_while_presence_is_unknown(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 3)
    await make_waiting(database_url, floor, 2)
    async with tools_for(database_url, redis_db) as tools:
        router = Router(tools)
        for _ in range(3):
            await router.route(floor.tenant_id)
    assert {row["status"] for row in await sessions(database_url, floor)} == {"queued"}
    assert [row["why"] for row in await decisions(database_url)] == ["presence_unknown"] * 2


async def test_a_manual_queue_is_never_routed(database_url: str, redis_db: str) -> None:
    floor = await make_floor(database_url, 2, policy="manual")
    await make_waiting(database_url, floor, 2)
    async with tools_for(database_url, redis_db) as tools, presence_watched(redis_db):
        await come(tools.client, floor)
        await Router(tools).route(floor.tenant_id)
    assert {row["status"] for row in await sessions(database_url, floor)} == {"queued"}
    assert await decisions(database_url) == []


async def test_a_refusal_is_kept_once_until_it_is_another_one(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1, capacity=0)
    await make_waiting(database_url, floor, 2)
    async with tools_for(database_url, redis_db) as tools, presence_watched(redis_db):
        clock = MovableClock()
        router = Router(replace(tools, clock=clock))
        await come(tools.client, floor)
        for _ in range(3):
            await router.route(floor.tenant_id)
            clock.ahead_s += EXPLAINED_FOR_S + 1
        assert len(await decisions(database_url)) == 2
        await fetch(database_url, "UPDATE agents SET status = 'away'")
        for _ in range(2):
            await router.route(floor.tenant_id)
            clock.ahead_s += EXPLAINED_FOR_S + 1
    kept = [orjson.loads(row["candidates"]) for row in await decisions(database_url)]
    refused = [one[str(floor.agents[0])]["refused"] for one in kept]
    assert refused == ["full"] * 2 + ["not_online"] * 2


async def test_who_waited_too_long_goes_to_the_overflow_queue(
    database_url: str, redis_db: str
) -> None:
    second = uuid7()
    floor = await make_floor(database_url, 1)
    await fetch(
        database_url,
        "INSERT INTO queues (id, tenant_id, name) VALUES ($1, $2, 'everybody')",
        second,
        floor.tenant_id,
    )
    await fetch(
        database_url,
        "UPDATE queues SET max_wait_s = 60, overflow_queue_id = $1 WHERE id = $2",
        second,
        floor.queue_id,
    )
    await fetch(database_url, "DELETE FROM queue_members")
    await serve_queue(database_url, floor, second, floor.agents)
    await make_waiting(database_url, floor, 1)
    async with tools_for(database_url, redis_db) as tools, presence_watched(redis_db):
        clock = MovableClock()
        router = Router(replace(tools, clock=clock))
        await come(tools.client, floor)
        plan = await router.route(floor.tenant_id)
        assert plan.look_again_at is not None
        clock.ahead_s = 61
        assert (await router.route(floor.tenant_id)).more
        (session,) = await sessions(database_url, floor)
        assert (session["status"], session["queue_id"]) == ("queued", second)
        await router.route(floor.tenant_id)
    (session,) = await sessions(database_url, floor)
    assert (session["status"], session["asked"]) == ("offered", floor.agents[0])


async def test_somebody_of_the_team_or_whom_the_customer_knows_is_asked(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 5)
    team = uuid7()
    await fetch(
        database_url,
        "INSERT INTO teams (id, tenant_id, name) VALUES ($1, $2, 'T')",
        team,
        floor.tenant_id,
    )
    await fetch(
        database_url,
        "INSERT INTO team_members (team_id, agent_id, tenant_id) VALUES ($1, $2, $3)",
        team,
        floor.agents[3],
        floor.tenant_id,
    )
    first, second = await make_waiting(database_url, floor, 2)
    await fetch(
        database_url,
        "UPDATE conversations SET team_id = $1 WHERE id = $2",
        team,
        first.conversation_id,
    )
    await fetch(
        database_url,
        "INSERT INTO live_chat_sessions (id, tenant_id, conversation_id, status, agent_id,"
        " accepted_at, ended_at) VALUES ($1, $2, $3, 'ended', $4, now(), now())",
        uuid7(),
        floor.tenant_id,
        second.conversation_id,
        floor.agents[4],
    )
    async with tools_for(database_url, redis_db) as tools, presence_watched(redis_db):
        await come(tools.client, floor)
        await Router(tools).route(floor.tenant_id)
    asked = [row["asked"] for row in await sessions(database_url, floor) if row["asked"]]
    assert asked == [floor.agents[3], floor.agents[4]]
    assert {row["why"] for row in await decisions(database_url)} == {"longest_idle", "sticky"}


async def test_who_just_came_gets_no_more_than_their_capacity_at_once(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1, capacity=2)
    cases = await make_waiting(database_url, floor, 3)
    async with tools_for(database_url, redis_db) as tools, presence_watched(redis_db):
        clock = MovableClock()
        router = Router(replace(tools, clock=clock))
        await come(tools.client, floor)
        await router.route(floor.tenant_id)
        await _cancel(tools, floor, cases[0].conversation_id, cases[1].conversation_id)
        plan = await router.route(floor.tenant_id)
        assert plan.chosen == []
        assert plan.look_again_at is not None
        clock.ahead_s = 31
        await router.route(floor.tenant_id)
    states = [row["status"] for row in await sessions(database_url, floor)]
    assert states == ["cancelled", "cancelled", "offered"]


async def _cancel(tools: Tools, floor: Floor, *conversations: UUID) -> None:
    happening = CancelledByCustomer(SYSTEM)
    async with tools.db.transaction(None) as tx:
        happenings = dict.fromkeys(conversations, happening)
        await handoff.apply_all(tx, floor.tenant_id, happenings, now=tools.clock.now())


async def test_a_round_asks_as_many_questions_for_fifty_as_for_five(
    database_url: str, redis_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    execute = ReadSession.execute
    # What goes on beside the round asks questions, too.
    routing = ContextVar("routing", default=False)

    async def counting(self: ReadSession, statement: Any, params: Any = None) -> Any:
        if routing.get():
            asked.append(str(statement))
        return await execute(self, statement, params)

    async with tools_for(database_url, redis_db) as tools, presence_watched(redis_db):
        counts = []
        for waiting in (5, 50):
            floor = await make_floor(database_url, 1, capacity=3)
            await make_waiting(database_url, floor, waiting)
            await come(tools.client, floor)
            with monkeypatch.context() as patch:
                patch.setattr(ReadSession, "execute", counting)
                token = routing.set(True)
                await Router(tools).route(floor.tenant_id)
                routing.reset(token)
            counts.append(len(asked))
            asked.clear()
    assert counts[0] == counts[1] > 0


async def test_a_deferred_session_of_a_closed_queue_stays_until_it_opens(
    database_url: str, redis_db: str
) -> None:
    never = orjson.dumps({"timezone": "UTC", "week": {}}).decode()
    floor = await make_floor(database_url, 1, hours=never)
    await make_waiting(database_url, floor, 1, state="deferred")
    async with tools_for(database_url, redis_db) as tools, presence_watched(redis_db):
        await come(tools.client, floor)
        router = Router(tools)
        await router.route(floor.tenant_id)
        assert [row["status"] for row in await sessions(database_url, floor)] == ["deferred"]
        await fetch(database_url, "UPDATE queues SET hours = NULL")
        await router.route(floor.tenant_id)
    assert [row["status"] for row in await sessions(database_url, floor)] == ["offered"]


async def test_who_has_chosen_nothing_yet_is_asked_and_who_chose_to_be_away_is_not(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 2)
    statement = "UPDATE agents SET status = $1, status_at = $2 WHERE id = $3"
    await fetch(database_url, statement, "offline", None, floor.agents[0])
    await fetch(database_url, statement, "away", datetime.now(UTC), floor.agents[1])
    await make_waiting(database_url, floor, 2)
    async with tools_for(database_url, redis_db) as tools, presence_watched(redis_db):
        await come(tools.client, floor)
        await Router(tools).route(floor.tenant_id)
    assert {row["asked"] for row in await sessions(database_url, floor)} == {floor.agents[0]}


async def test_a_heavy_inbox_takes_more_of_an_agent(database_url: str, redis_db: str) -> None:
    floor = await make_floor(database_url, 1, capacity=5)
    await fetch(database_url, """UPDATE inboxes SET settings = '{"weight": 2}'""")
    await make_waiting(database_url, floor, 4)
    async with tools_for(database_url, redis_db) as tools, presence_watched(redis_db):
        await come(tools.client, floor)
        await route_all(Router(tools), floor)
        async with tools.db.read(None) as session:
            (facts,) = await store.agents(
                session, floor.tenant_id, floor.agents, now=tools.clock.now()
            )
    assert (facts.offered, facts.load) == (4, 0)
    states = [row["status"] for row in await sessions(database_url, floor)]
    assert states == ["offered", "offered", "queued", "queued"]


async def test_who_left_is_not_asked_any_more(database_url: str, redis_db: str) -> None:
    floor = await make_floor(database_url, 1)
    async with tools_for(database_url, redis_db) as tools, presence_watched(redis_db, ttl_ms=100):
        await come(tools.client, floor)
        await go(tools.client, floor, *floor.agents)
        await seen_as(tools.client, floor, PresenceStatus.OFFLINE, *floor.agents)
        await make_waiting(database_url, floor, 1)
        await Router(tools).route(floor.tenant_id)
    (kept,) = await decisions(database_url)
    refused = orjson.loads(kept["candidates"])[str(floor.agents[0])]["refused"]
    assert (kept["why"], refused) == ("nobody", "not_online")
