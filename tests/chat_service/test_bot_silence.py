"""Whoever a bot leaves without an answer gets a person, whatever is wrong with the bot."""

from datetime import timedelta
from typing import Any

import pytest

from chat_service import bot_silence
from chat_service.bot_silence import Patience
from chat_service.jobs import Tools
from chat_service.store.bots import Silent
from chorus.ids import uuid7
from tests.chat_service.routing_world import Case, fetch, make_floor, make_waiting
from tests.chat_service.shift_world import Shift, on_shift

pytestmark = pytest.mark.anyio


async def with_bot(url: str, shift: Shift, case: Case, *, waits_s: int) -> None:
    """A conversation without a session whose bot, bound to its inbox, has not answered."""
    bot_id = uuid7()
    await fetch(url, "DELETE FROM live_chat_sessions")
    await fetch(url, "UPDATE queues SET is_default = true")
    await fetch(
        url, "INSERT INTO bots (id, tenant_id, name) VALUES ($1, $2, $3)",
        bot_id, shift.floor.tenant_id, f"bot {bot_id}",
    )  # fmt: skip
    await fetch(url, "UPDATE inboxes SET bot_id = $1 WHERE id = $2", bot_id, shift.floor.inbox_id)
    await fetch(
        url,
        "UPDATE conversations SET floor_holder = 'bot', waiting_since = now() - $2::interval"
        " WHERE id = $1",
        case.conversation_id,
        timedelta(seconds=waits_s),
    )


async def told(url: str) -> list[Any]:
    return await fetch(url, "SELECT event FROM outbox WHERE event = 'bot.overdue'")


async def test_a_bot_is_asked_once_more_and_then_a_person(database_url: str, redis_db: str) -> None:
    floor = await make_floor(database_url, 1)
    (case,) = await make_waiting(database_url, floor, 1)
    async with on_shift(database_url, redis_db, floor) as shift:
        patience = Patience()
        await with_bot(database_url, shift, case, waits_s=10)
        assert await bot_silence.look(shift.tools, patience) == 0
        assert await told(database_url) == []
        await with_bot(database_url, shift, case, waits_s=40)
        for _ in range(3):
            assert await bot_silence.look(shift.tools, patience) == 0
        assert len(await told(database_url)) == 1
        await with_bot(database_url, shift, case, waits_s=61)
        assert await bot_silence.look(shift.tools, patience) == 1
        assert await bot_silence.look(shift.tools, patience) == 0
    (session,) = await fetch(database_url, "SELECT status, source, reason FROM live_chat_sessions")
    assert tuple(session)[1:] == ("rule", "bot_silent")


async def test_one_who_cannot_be_given_a_person_keeps_nobody_else_from_one(
    database_url: str, redis_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    floor = await make_floor(database_url, 1)
    first, second = await make_waiting(database_url, floor, 2)
    give = bot_silence._give_a_person

    async def breaks_for_the_first(tools: Tools, one: Silent) -> bool:
        if one.conversation_id == first.conversation_id:
            raise RuntimeError("this one is broken")
        return await give(tools, one)

    monkeypatch.setattr(bot_silence, "_give_a_person", breaks_for_the_first)
    async with on_shift(database_url, redis_db, floor) as shift:
        await with_bot(database_url, shift, first, waits_s=90)
        await with_bot(database_url, shift, second, waits_s=80)
        assert await bot_silence.look(shift.tools, Patience()) == 1


@pytest.mark.parametrize(("by_api", "rescued"), [(True, 0), (False, 1)])
async def test_who_is_left_by_a_bot_that_was_unbound_gets_a_person_and_a_bot_by_the_api_is_left_alone(
    database_url: str, redis_db: str, by_api: bool, rescued: int
) -> None:
    floor = await make_floor(database_url, 1)
    (case,) = await make_waiting(database_url, floor, 1)
    async with on_shift(database_url, redis_db, floor) as shift:
        await with_bot(database_url, shift, case, waits_s=500)
        await fetch(
            database_url,
            "UPDATE inboxes SET bot_id = NULL, settings = settings"
            " || jsonb_build_object('bot', jsonb_build_object('enabled', $1::boolean))",
            by_api,
        )
        assert await bot_silence.look(shift.tools, Patience()) == rescued
    assert len(await fetch(database_url, "SELECT 1 FROM live_chat_sessions")) == rescued
