"""The demo shop's bot in a whole installation, in four languages: it answers from the shop's articles,
calls a person, and the person reads in the customer's language what it was about.
"""

import asyncio
from dataclasses import dataclass

import asyncpg
import pytest

from ai.extract.cues import cues_of
from chorus.ids import uuid7
from launch.rest_client import RestClient, open_rest
from launch.ws_client import ChatClient
from load.stage import Stage
from tests.journeys.people import rows_of, sign_in
from tests.support.waiting import until

pytestmark = pytest.mark.anyio
INDEXED_S = 60.0
"""The shop's articles are indexed beside the start of the installation."""
ANSWERED_S = 30.0


@dataclass(frozen=True, slots=True)
class Story:
    """What somebody asks, what of an article answers it, and how they ask for a person then."""

    language: str
    asks: str
    known: str
    wants: str
    greeting: str


STORIES = (
    Story(
        "en",
        "How many days does standard delivery take?",
        "three to five working days",
        "I want to talk to a human",
        "Hello, Ada here.",
    ),
    Story(
        "de",
        "Wie viele Werktage dauert die Standardlieferung?",
        "drei bis fünf Werktage",
        "Ich möchte bitte mit einem Mitarbeiter sprechen",
        "Guten Tag, hier ist Ada.",
    ),
    Story(
        "fr",
        "Combien de jours ouvrés prend la livraison standard ?",
        "trois à cinq jours ouvrés",
        "Je voudrais parler à un conseiller humain",
        "Bonjour, ici Ada.",
    ),
    Story(
        "es",
        "¿Cuántos días tengo para devolver un artículo sin usar?",
        "durante 30 días",
        "Quiero hablar con una persona, por favor",
        "Buenas tardes, soy Ada.",
    ),
)


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


@pytest.mark.timeout(180)
async def test_customers_are_answered_in_four_languages_and_then_get_a_person(
    installation: Stage,
) -> None:
    async with open_rest(installation.base) as rest:
        await until(lambda: is_indexed(installation), patience_s=INDEXED_S)
        agent = await sign_in(installation, rest, "agent")
        await asyncio.gather(*(told(installation, rest, agent.token, one) for one in STORIES))


async def told(on: Stage, rest: RestClient, agent: str, story: Story) -> None:
    visitor = await rest.visitor(on.run["bot_inbox_key"], name=f"Nils {story.language}")
    where = visitor.conversation_id
    async with ChatClient(on.base, token=visitor.token, conversation_id=where) as customer:
        await customer.wait_ready()
        await customer.send(story.asks)
        await customer.wait(lambda: heard(customer, story.known), timeout_s=ANSWERED_S)
        await customer.send(story.wants)
        await customer.wait(
            lambda: any(one.event == "handoff" for one in customer.log), timeout_s=ANSWERED_S
        )
        summary = await rest.call("GET", f"/livechat/summary/{where}", token=agent)
        body = {"id": str(uuid7()), "content": story.greeting}
        await rest.call("POST", f"/livechat/conversations/{where}/messages", token=agent, body=body)
        await customer.wait(lambda: heard(customer, story.greeting), timeout_s=ANSWERED_S)
    assert summary["body"]["language"] == story.language
    assert cues_of(story.language).words["about"] in summary["text"]
    rows = await rows_of(on, where)
    assert sum(story.known in one.content for one in rows) == 1
    greeted = next(one.seq for one in rows if one.content == story.greeting)
    assert not [one for one in rows if one.seq > greeted and one.kind == "text"]
