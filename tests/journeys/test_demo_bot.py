"""The demo shop's bot in a whole installation: it answers from the shop's articles, and calls a person."""

import asyncpg
import pytest

from launch.rest_client import open_rest
from launch.ws_client import ChatClient
from load.stage import Stage
from tests.journeys.people import rows_of
from tests.support.waiting import until

pytestmark = pytest.mark.anyio
INDEXED_S = 60.0
"""The shop's articles are indexed beside the start of the installation."""
ANSWERED_S = 30.0


async def is_indexed(on: Stage) -> bool:
    connection = await asyncpg.connect(on.database_url)
    try:
        waiting = await connection.fetchval(
            "SELECT count(*) FROM knowledge_sources WHERE state <> 'ready'"
        )
    finally:
        await connection.close()
    return not waiting


def heard(customer: ChatClient, words: str) -> bool:
    return any(words in (one.content or "") for one in customer.log)


async def test_a_customer_is_answered_from_an_article_and_then_asks_for_a_person(
    installation: Stage,
) -> None:
    async with open_rest(installation.base) as rest:
        await until(lambda: is_indexed(installation), patience_s=INDEXED_S)
        visitor = await rest.visitor(installation.run["bot_inbox_key"], name="Nils")
        async with ChatClient(
            installation.base, token=visitor.token, conversation_id=visitor.conversation_id
        ) as customer:
            await customer.wait_ready()
            await customer.send("How many days does standard delivery take?")
            await customer.wait(
                lambda: heard(customer, "three to five working days"), timeout_s=ANSWERED_S
            )
            await customer.send("I want to talk to a human")
            await customer.wait(
                lambda: any(one.event == "handoff" for one in customer.log), timeout_s=ANSWERED_S
            )
    rows = await rows_of(installation, visitor.conversation_id)
    assert sum("three to five working days" in one.content for one in rows) == 1
