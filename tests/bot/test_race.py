"""A person takes over while the bot answers: whoever is first, never both. A customer writes on: it is heard.

`CHORUS_BOT_SCHEDULES` schedules, each drawn from its number; in every second one a model answers,
whose words are shown as they come.
"""

import asyncio
import os
from dataclasses import dataclass
from random import Random
from time import monotonic
from typing import Any
from uuid import UUID

import orjson
import pytest

from bot.act import Superseded, take_turn
from bot.ports import Where
from bot.turns import Pace, Turns
from chat_service.reconcile import wrong_columns
from chat_service.store.reconcile import compare_locked
from tests.bot.modelling import SAYS, access_of, modelled, plan_of_bots, saying
from tests.bot.world import QUESTION, Shop, patiently
from tests.support.model_stub import model_stub_here

pytestmark = pytest.mark.anyio
SCHEDULES = int(os.environ.get("CHORUS_BOT_SCHEDULES", "50"))
AT_ONCE = 4
"""Both sides of each in one process: with more, calls wait for each other past their deadlines."""
SAID = (QUESTION, "I want to talk to a human", "The purple thing hums at night")
LONGEST_S = 0.03
PACE = Pace(quiet_s=0.005, quiet_max_s=0.02, at_once=2 * AT_ONCE)
PERSON = "I want to talk to a human"
WORDS = (QUESTION, "Is return shipping free in Germany?", "How much is shipping to Spain?", PERSON)
WORDS_MAX = 6


async def take_over(shop: Shop, where: Where, draw: Random, longest_s: float) -> None:
    """An agent speaks, or claims what the customer asked a person for."""
    await asyncio.sleep(draw.uniform(0, longest_s))
    agent, customer = shop.tenant.principal("agent"), shop.tenant.principal("contact")
    if draw.random() < 0.3:
        await shop.act(customer, where, "escalate", reason="now")
        await shop.act(agent, where, "claim")
    await shop.act(agent, where, "message", content="Ada here, let me see")


async def bot_answers(shop: Shop, where: Where, draw: Random) -> str:
    await asyncio.sleep(draw.uniform(0, LONGEST_S))
    # As the process does it: a turn whose calls came to nothing is taken again.
    return await patiently(lambda: shop.turn(where))


async def one_schedule(shop: Shop, where: Where, number: int, longest_s: float) -> str:
    draw = Random(number)
    await shop.ask(where, draw.choice(SAID))
    person = take_over(shop, where, draw, longest_s)
    _, done = await asyncio.gather(person, bot_answers(shop, where, draw))
    return done


async def time_of_turns(*shops: Shop) -> float:
    """Seconds that turns take here today, as many at once as in the schedules."""
    began_s = monotonic()
    for one in shops:
        where = await one.open_many(AT_ONCE)
        await asyncio.gather(*(one.ask(each, QUESTION) for each in where))
        await asyncio.gather(*(one.turn(each) for each in where))
    return (monotonic() - began_s) / len(shops)


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of conversations, read at once: hundreds of looks were a storm of connections."""

    rows: dict[UUID, list[Any]]
    sources: dict[UUID, list[str]]
    floors: dict[UUID, tuple[str, UUID]]


async def look(shop: Shop, where: list[Where]) -> Seen:
    ids = [one.conversation_id for one in where]
    rows = await shop.api.rows(
        "SELECT conversation_id, seq, role, visibility, message_type, payload FROM messages"
        " WHERE conversation_id = ANY ($1) ORDER BY conversation_id, seq",
        ids,
    )
    sessions = await shop.api.rows(
        "SELECT conversation_id, source FROM live_chat_sessions WHERE conversation_id = ANY ($1)",
        ids,
    )
    floors = await shop.api.rows(
        "SELECT id, floor_holder, assignee_id FROM conversations WHERE id = ANY ($1)", ids
    )
    return Seen(
        {id_: [row for row in rows if row["conversation_id"] == id_] for id_ in ids},
        {id_: [one["source"] for one in sessions if one["conversation_id"] == id_] for id_ in ids},
        {row["id"]: (row["floor_holder"], row["assignee_id"]) for row in floors},
    )


def acted(shop: Shop, seen: Seen, id_: UUID, number: int) -> bool:
    """Whether the bot did anything before the person; never after."""
    rows, sources = seen.rows[id_], seen.sources[id_]
    agent = next(
        row["seq"] for row in rows if row["role"] == "agent" and row["message_type"] == "text"
    )
    spoke = [
        row["seq"]
        for row in rows
        if row["role"] == "bot" and row["visibility"] == "public" and row["message_type"] != "event"
    ]
    assert all(seq < agent for seq in spoke), (number, rows)
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert len(sources) <= 1
    by_bot = "bot" in sources
    assert not (spoke and by_bot), (number, rows)
    assert seen.floors[id_] == ("human", shop.tenant.agent)
    return bool(spoke) or by_bot


# Only for what hangs: a busy machine takes ten times as long as an idle one.
@pytest.mark.timeout(120 + 3 * SCHEDULES)
async def test_a_person_and_the_bot_never_both_answer(shop: Shop) -> None:
    done: list[str] = []
    where = await shop.open_many(SCHEDULES)
    async with model_stub_here() as stub:
        stub.answer = saying(*SAYS)
        writing = modelled(shop, access_of(shop, plan_of_bots(stub, "streamslow@0.001")))
        # Somebody who always came first would show nothing.
        longest_s = 2 * await time_of_turns(shop, writing)
        for first in range(0, SCHEDULES, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, SCHEDULES))
            told = [(writing if one % 2 else shop, where[one], one, longest_s) for one in numbers]
            done += await asyncio.gather(*(one_schedule(*one) for one in told))
        assert stub.asked
    seen = await look(shop, where)
    before = [acted(shop, seen, one.conversation_id, at) for at, one in enumerate(where)]
    # Schedules that always end alike would show nothing.
    assert any(before)
    assert {outcome for outcome, acted_ in zip(done, before, strict=True) if not acted_}


async def writes_on(shop: Shop, where: Where, number: int) -> list[str]:
    """A customer says this and that, of which the bot hears later or sooner."""
    draw, said, done = Random(number), list[str](), list[asyncio.Event]()

    async def take(one: Where, over: Superseded) -> str:
        return await take_turn(shop.mind, shop.voice, one, over)

    async with Turns(take, PACE) as turns:
        for at in range(draw.randint(2, WORDS_MAX)):
            said.append(draw.choice(WORDS[: -1 if at == 0 else None]))
            await shop.ask(where, said[-1])
            await asyncio.sleep(draw.uniform(0, LONGEST_S))
            done.append(asyncio.Event())
            turns.heard(where, done[-1].set)
            await asyncio.sleep(draw.uniform(0, 2 * LONGEST_S))
        for one in done:
            await one.wait()
    return said


@dataclass(frozen=True, slots=True)
class Row:
    """A message: its seq, and of an answer up to which seq the bot had read."""

    seq: int
    role: str
    upto: int


def row_of(row: Any) -> Row:
    bot = orjson.loads(row["payload"]).get("meta", {}).get("bot", {})
    return Row(row["seq"], row["role"], bot.get("upto", 0))


def unread(rows: list[Row]) -> list[Row]:
    """What the customer said that stands before an answer of a bot that had not read it."""
    told = [one for one in rows if one.role == "bot"]
    return [
        one
        for one in rows
        if one.role == "customer" and any(bot.upto < one.seq < bot.seq for bot in told)
    ]


@pytest.mark.timeout(120 + 3 * SCHEDULES)
async def test_nothing_that_a_customer_says_stays_unheard(shop: Shop) -> None:
    said: list[list[str]] = []
    where = await shop.open_many(SCHEDULES)
    async with model_stub_here() as stub:
        stub.answer = saying(*SAYS)
        writing = modelled(shop, access_of(shop, plan_of_bots(stub, "streamslow@0.001")))
        for first in range(0, SCHEDULES, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, SCHEDULES))
            told = [(writing if one % 2 else shop, where[one], one) for one in numbers]
            said += await asyncio.gather(*(writes_on(*one) for one in told))
    seen, overtaken = await look(shop, where), list[Row]()
    for at, one in enumerate(where):
        spoken = [row for row in seen.rows[one.conversation_id] if row["message_type"] != "event"]
        rows = list(map(row_of, spoken))
        overtaken += unread(rows)
        async with shop.api.resources.system.raw_transaction() as raw:
            compared = await compare_locked(raw, one.conversation_id)
        assert compared is not None
        assert wrong_columns(compared) == [], (at, rows)
        if seen.sources[one.conversation_id]:
            continue
        assert PERSON not in said[at], (at, rows)
        assert compared.waiting_since is None, (at, rows)
        read = max(row.upto for row in rows if row.role == "bot")
        assert read == max(row.seq for row in rows if row.role == "customer"), (at, rows)
    # Schedules in which the bot always heard in time would show nothing.
    assert overtaken
    assert not all(seen.sources.values())
