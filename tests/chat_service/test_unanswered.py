"""Conversations without a session, whose agent is gone and whose customer waits."""

from collections.abc import Callable

import orjson
import pytest

from chat_service import unanswered
from chat_service.messages import ingest
from chorus import presence
from chorus.ingest import IngestItem
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
    fetch,
    make_floor,
    make_waiting,
    seen_as,
)
from tests.chat_service.shift_world import SOON_MS, Shift, on_shift
from tests.support.waiting import until

pytestmark = pytest.mark.anyio
AFTER_MS = 200


async def taken_by_message(url: str, floor: Floor) -> Case:
    """A conversation that nobody asked a person for."""
    (case,) = await make_waiting(url, floor, 1)
    await fetch(url, "DELETE FROM live_chat_sessions")
    await fetch(url, "UPDATE queues SET is_default = true")
    return case


async def talk(shift: Shift, case: Case, *who: str) -> None:
    """Let the customer and the agent say something, in this order."""
    floor = shift.floor
    world = World(floor.tenant_id, floor.inbox_id, floor.agents, ())
    where = Conversation(case.conversation_id, case.contact_id)
    speak: dict[str, Callable[..., IngestItem]] = {"customer": said, "agent": answered}
    await ingest(shift.tools.db, [speak[one](world, where) for one in who])


async def test_who_waits_for_somebody_gone_is_back_in_line_after_the_grace(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1)
    case = await taken_by_message(database_url, floor)
    async with on_shift(database_url, redis_db, floor, ttl_ms=SOON_MS) as shift:
        await shift.come()
        await talk(shift, case, "agent", "customer")
        shift.clock.ahead_s = 91
        assert await unanswered.release(shift.tools) == 0, "they are here"
        await shift.leave()
        shift.clock.ahead_s = 60
        assert await unanswered.release(shift.tools) == 0, "they may come back"
        shift.clock.ahead_s = 91
        assert await unanswered.release(shift.tools) == 1
        assert await unanswered.release(shift.tools) == 0
        session = await shift.session()
    head = await head_of(database_url, case.conversation_id)
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


async def test_who_is_gone_without_a_record_is_gone_for_the_conductors_after_this_one_too(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1)
    case = await taken_by_message(database_url, floor)
    async with on_shift(database_url, redis_db, floor, ttl_ms=SOON_MS) as shift:
        await talk(shift, case, "agent", "customer")
        await seen_as(shift.tools.client, floor, PresenceStatus.OFFLINE, *floor.agents)
        assert not await shift.tools.client.exists(
            presence.left_key(floor.tenant_id, floor.agents[0])
        )

        async def is_released() -> bool:
            return await unanswered.release(shift.tools, after_ms=AFTER_MS) == 1

        assert await unanswered.release(shift.tools) == 0, "they may come back"
        await until(is_released)
        assert (await shift.session())["status"] == "queued"


async def test_nobody_loses_what_needs_no_answer(database_url: str, redis_db: str) -> None:
    floor = await make_floor(database_url, 1)
    case = await taken_by_message(database_url, floor)
    async with on_shift(database_url, redis_db, floor, ttl_ms=SOON_MS) as shift:
        await shift.come()
        await talk(shift, case, "customer", "agent")
        await shift.leave()
        shift.clock.ahead_s = 50_000
        assert await unanswered.release(shift.tools) == 0
        await talk(shift, case, "customer")
        assert await unanswered.release(shift.tools) == 1


async def test_while_presence_is_unknown_nobody_loses_anything(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1)
    case = await taken_by_message(database_url, floor)
    async with on_shift(database_url, redis_db, floor, ttl_ms=None) as shift:
        await talk(shift, case, "agent", "customer")
        shift.clock.ahead_s = 50_000
        assert await unanswered.release(shift.tools) == 0


async def test_without_any_queue_they_are_asked_to_leave_a_message(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1)
    case = await taken_by_message(database_url, floor)
    await fetch(database_url, "UPDATE queues SET is_default = false")
    async with on_shift(database_url, redis_db, floor, ttl_ms=SOON_MS) as shift:
        await shift.come()
        await talk(shift, case, "agent", "customer")
        await shift.leave()
        shift.clock.ahead_s = 91
        assert await unanswered.release(shift.tools) == 1
        session = await shift.session()
    assert (session["status"], session["queue_id"]) == ("deferred", None)
