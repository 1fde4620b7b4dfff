"""Who is served first: the wish's priority or the conversation's, whichever is higher, and age."""

from uuid import UUID

import pytest

from chat_service.eta import Service
from chat_service.queue_frames import places
from chat_service.router import Router
from chat_service.store import lines, queues
from chorus.clock import SystemClock
from tests.chat_service.ingest_world import superuser
from tests.chat_service.routing_world import (
    Case,
    come,
    fetch,
    make_floor,
    make_waiting,
    presence_watched,
    tools_for,
)

pytestmark = pytest.mark.anyio


async def weigh(url: str, case: Case, *, conversation: int = 0, session: int = 0) -> None:
    async with superuser(url) as connection:
        await connection.execute(
            "UPDATE conversations SET priority = $2 WHERE id = $1",
            case.conversation_id,
            conversation,
        )
        await connection.execute(
            "UPDATE live_chat_sessions SET priority = $2 WHERE id = $1", case.session_id, session
        )


async def wait_since(url: str, case: Case, minutes: int) -> None:
    async with superuser(url) as connection:
        await connection.execute(
            "UPDATE live_chat_sessions SET requested_at = now() - $2 * interval '1 min'"
            " WHERE id = $1",
            case.session_id,
            minutes,
        )


async def test_the_higher_of_both_priorities_orders_and_age_overtakes_it(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1, capacity=5)
    plain, of_wish, of_conversation, of_both, old = await make_waiting(database_url, floor, 5)
    await weigh(database_url, of_wish, session=2)
    await weigh(database_url, of_conversation, conversation=3)
    await weigh(database_url, of_both, conversation=1, session=4)
    await wait_since(database_url, old, 6)
    wanted = [old, of_both, of_conversation, of_wish, plain]
    async with tools_for(database_url, redis_db) as tools, presence_watched(redis_db):
        now = SystemClock().now()
        async with tools.db.transaction(None) as tx:
            standing = await lines.standing(tx, floor.tenant_id, now=now)
            waits = [
                await queues.wait_of(tx, floor.tenant_id, one.conversation_id, now=now)
                for one in wanted
            ]
        told = places(standing, lambda *_: Service(1, 0, []), now=now)
        await come(tools.client, floor)
        plan = await Router(tools).route(floor.tenant_id)
    assert [one.place.conversation_id for one in plan.chosen] == [
        one.conversation_id for one in wanted
    ]
    assert [one.position for one in waits if one is not None] == [1, 2, 3, 4, 5]
    assert [told[one.conversation_id].position for one in wanted] == [1, 2, 3, 4, 5]


async def test_one_more_for_whom_there_is_no_room_is_the_least_urgent(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1, capacity=1)
    _, urgent = await make_waiting(database_url, floor, 2)
    await weigh(database_url, urgent, conversation=1)
    async with tools_for(database_url, redis_db) as tools, presence_watched(redis_db):
        await come(tools.client, floor)
        await Router(tools).route(floor.tenant_id)
    offered: list[UUID] = [
        one["session_id"] for one in await fetch(database_url, "SELECT * FROM session_offers")
    ]
    assert offered == [urgent.session_id]
