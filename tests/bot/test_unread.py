"""A customer who writes on while the bot makes an answer: nothing they say is lost behind it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from ai.knowledge.passages import Found
from bot.act import take_turn
from bot.chat import GrpcChat
from bot.ports import BotCard, Knowledge, Where
from bot.turns import SUPERSEDED_MAX, Pace, Turns
from chat_service.reconcile import wrong_columns
from chat_service.store.reconcile import compare_locked
from chorus.errors import Unavailable
from tests.bot.world import QUESTION, Shop

pytestmark = pytest.mark.anyio
PERSON = "I want to talk to a human"
FREE = "Is return shipping free in Germany?"
SPAIN = "How much is shipping to Spain?"
DANGER = "The battery exploded and I am injured"
PACE = Pace(quiet_s=0.01, quiet_max_s=0.05, at_once=10)
PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """Knowledge that takes as long as something else: each search waits for the next of it."""

    shelf: Knowledge
    happens: list[Callable[[], Awaitable[object]]]

    async def search(self, tenant_id: UUID, question: str, k: int = 5) -> Found:
        if self.happens:
            await self.happens.pop(0)()
        return await self.shelf.search(tenant_id, question, k)


def busy(shop: Shop, *happens: Callable[[], Awaitable[object]]) -> Shop:
    """A bot during whose next turns this happens."""
    knowledge = Meanwhile(shop.mind.knowledge, list(happens))
    return shop.thinking(knowledge=knowledge, turn_s=PATIENCE_S)


async def waits_since(shop: Shop, where: Where) -> datetime | None:
    """Since when the customer waits; all messages of the conversation say the same."""
    async with shop.api.resources.system.raw_transaction() as raw:
        compared = await compare_locked(raw, where.conversation_id)
    assert compared is not None
    assert wrong_columns(compared) == []
    return compared.waiting_since


async def when(shop: Shop, where: Where, content: str) -> datetime:
    (row,) = await shop.api.rows(
        "SELECT created_at FROM messages WHERE conversation_id = $1 AND content = $2",
        where.conversation_id, content,
    )  # fmt: skip
    at: datetime = row["created_at"]
    return at


async def test_a_wish_for_a_person_during_an_answer_is_heard(shop: Shop) -> None:
    where = await shop.open()
    await shop.ask(where, QUESTION)
    assert await busy(shop, lambda: shop.ask(where, PERSON)).turn(where) == "answer"
    assert await waits_since(shop, where) == await when(shop, where, PERSON)
    assert await shop.turn(where) == "handoff"
    assert [one["reason"] for one in await shop.sessions(where)] == ["asked"]
    assert len(await shop.said(where)) == 1


async def test_a_question_during_an_answer_gets_one_of_its_own(shop: Shop) -> None:
    where = await shop.open()
    await shop.ask(where, QUESTION)
    assert await busy(shop, lambda: shop.ask(where, SPAIN)).turn(where) == "answer"
    assert await shop.turn(where) == "answer"
    first, second = [one["content"] for one in await shop.said(where)]
    assert "30 days" in first and "Spain" not in first
    assert "9.90" in second
    assert await waits_since(shop, where) is None
    assert await shop.turn(where) == "nothing"


async def test_what_comes_during_the_turn_that_waits_for_nobody_is_heard(shop: Shop) -> None:
    where = await shop.open()
    done: list[asyncio.Event] = []

    async def says(content: str) -> None:
        done.append(asyncio.Event())
        await shop.ask(where, content)
        turns.heard(where, done[-1].set)

    words = [*[FREE] * SUPERSEDED_MAX, PERSON]
    slow = busy(shop, *[lambda word=word: says(word) for word in words])

    async with Turns(lambda one, over: take_turn(slow.mind, slow.voice, one, over), PACE) as turns:
        await says(QUESTION)
        async with asyncio.timeout(PATIENCE_S):
            await done[0].wait()
            await done[-1].wait()
    assert len(done) == 1 + len(words)
    (said,) = await shop.said(where)
    assert "free" in said["content"]
    assert [one["reason"] for one in await shop.sessions(where)] == ["asked"]


class Faint(GrpcChat):
    """A chat service that goes away just before a person is called."""

    async def hand_over(self, where: Where, bot: BotCard, data: dict[str, Any]) -> str | None:
        raise Unavailable


async def test_words_of_help_answer_nothing_and_a_person_is_called_in_the_next_try(
    shop: Shop,
) -> None:
    where = await shop.open()
    faint = replace(shop, voice=replace(shop.voice, chat=Faint(shop.calls)))
    await shop.ask(where, DANGER)
    with pytest.raises(Unavailable):
        await faint.turn(where)
    assert len(await shop.said(where)) == 1
    assert await waits_since(shop, where) == await when(shop, where, DANGER)
    assert await shop.turn(where) == "handoff"
    assert [one["reason"] for one in await shop.sessions(where)] == ["safety"]
    assert len(await shop.said(where)) == 1


async def test_who_took_back_what_they_wrote_on_waits_for_nothing(shop: Shop) -> None:
    where, customer = await shop.open(), shop.tenant.principal("contact")

    async def writes_on() -> None:
        for content in (FREE, SPAIN):
            told = await shop.act(customer, where, "message", content=content)
            ids.append(told["data"]["id"])

    ids: list[str] = []
    await shop.ask(where, QUESTION)
    assert await busy(shop, writes_on).turn(where) == "answer"
    assert await waits_since(shop, where) == await when(shop, where, FREE)
    await shop.act(customer, where, "delete", target=ids[0])
    assert await waits_since(shop, where) == await when(shop, where, SPAIN)
    await shop.act(customer, where, "delete", target=ids[1])
    assert await waits_since(shop, where) is None
    assert await shop.turn(where) == "nothing"


async def test_nobody_answers_what_was_taken_back(shop: Shop) -> None:
    where, customer = await shop.open(), shop.tenant.principal("contact")
    told = await shop.act(customer, where, "message", content=PERSON)
    await shop.act(customer, where, "delete", target=told["data"]["id"])
    assert await waits_since(shop, where) is None
    assert await shop.turn(where) == "nothing"
    await shop.ask(where, QUESTION)
    assert await shop.turn(where) == "answer"


async def test_who_waits_for_a_person_that_cannot_come_is_answered_by_the_bot(shop: Shop) -> None:
    where = await shop.open()
    await shop.ask(where, PERSON)
    assert await shop.turn(where) == "handoff"
    await put_off(shop, where)
    await shop.ask(where, FREE)
    assert await shop.turn(where) == "answer"
    assert len(await shop.sessions(where)) == 1
    assert await shop.turn(where) == "nothing", "it is answered"
    await shop.ask(where, SPAIN)
    assert await shop.turn(where) == "answer"


async def put_off(shop: Shop, where: Where) -> None:
    """Nobody is there: the session waits for whoever comes first, and the bot has the floor again."""
    await shop.api.rows(
        "UPDATE live_chat_sessions SET status = 'deferred' WHERE conversation_id = $1",
        where.conversation_id,
    )
    await shop.api.rows(
        "UPDATE conversations SET floor_holder = 'bot' WHERE id = $1", where.conversation_id
    )
