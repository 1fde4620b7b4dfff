"""A person takes over while the bot answers: whoever is first, never both.

`CHORUS_BOT_SCHEDULES` schedules, each drawn from its number; in every second one a model answers,
whose words are shown as they come.
"""

import asyncio
import os
from random import Random

import pytest

from bot.ports import Where
from tests.bot.modelling import SAYS, access_of, modelled, plan_of_bots, saying
from tests.bot.world import QUESTION, Shop, patiently
from tests.support.model_stub import model_stub

pytestmark = pytest.mark.anyio
SCHEDULES = int(os.environ.get("CHORUS_BOT_SCHEDULES", "50"))
AT_ONCE = 10
SAID = (QUESTION, "I want to talk to a human", "The purple thing hums at night")
LONGEST_S = 0.03


async def take_over(shop: Shop, where: Where, draw: Random) -> None:
    """An agent speaks, or claims what the customer asked a person for."""
    await asyncio.sleep(draw.uniform(0, LONGEST_S))
    agent, customer = shop.tenant.principal("agent"), shop.tenant.principal("contact")
    if draw.random() < 0.3:
        await shop.act(customer, where, "escalate", reason="now")
        await shop.act(agent, where, "claim")
    await shop.act(agent, where, "message", content="Ada here, let me see")


async def bot_answers(shop: Shop, where: Where, draw: Random) -> str:
    await asyncio.sleep(draw.uniform(0, LONGEST_S))
    # As the process does it: a turn whose calls came to nothing is taken again.
    return await patiently(lambda: shop.turn(where))


async def one_schedule(shop: Shop, number: int) -> str:
    draw = Random(number)
    where = await shop.open()
    await shop.ask(where, draw.choice(SAID))
    _, done = await asyncio.gather(take_over(shop, where, draw), bot_answers(shop, where, draw))
    rows = await shop.api.rows(
        "SELECT seq, role, visibility, message_type FROM messages WHERE conversation_id = $1"
        " ORDER BY seq",
        where.conversation_id,
    )
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
    by_bot = [one for one in await shop.sessions(where) if one["source"] == "bot"]
    assert len(await shop.sessions(where)) <= 1
    assert not (spoke and by_bot), (number, rows)
    (floor,) = await shop.api.rows(
        "SELECT floor_holder, assignee_id FROM conversations WHERE id = $1", where.conversation_id
    )
    assert tuple(floor) == ("human", shop.tenant.agent)
    return "before" if spoke or by_bot else done


@pytest.mark.timeout(60 + SCHEDULES)
async def test_a_person_and_the_bot_never_both_answer(shop: Shop) -> None:
    outcomes: list[str] = []
    with model_stub() as stub:
        stub.answer = saying(*SAYS)
        writing = modelled(shop, access_of(shop, plan_of_bots(stub, "streamslow@0.001")))
        for first in range(0, SCHEDULES, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, SCHEDULES))
            told = [(writing if one % 2 else shop, one) for one in numbers]
            outcomes += await asyncio.gather(*(one_schedule(*one) for one in told))
        assert stub.asked
    # Schedules that always end alike would show nothing.
    assert "before" in outcomes
    assert set(outcomes) - {"before"}
