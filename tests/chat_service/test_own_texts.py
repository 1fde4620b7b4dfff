"""A queue's own words for what its customers read: checked when set, in what is stored, or ours."""

from typing import Any
from uuid import UUID

import pytest

from chat_service.handoff_words import catalogues, text_of
from chat_service.session_facts import Say
from tests.chat_service.admin_world import QUEUES, call
from tests.chat_service.api_world import Api, Tenant, codes, read_items, say
from tests.chat_service.handoff_world import make_queue

OWN = {
    "en": {"handoff.looking": "One moment.", "somebody": "A gardener"},
    "fr": {"handoff.looking": "Un instant.", "handoff.agent_joined": "Bonjour de {agent} !"},
}
OURS = catalogues()


@pytest.mark.parametrize(
    ("locales", "said"),
    [
        (("fr-CA", "de"), "Un instant."),
        (("en",), "One moment."),
        (("de-AT", "fr"), OURS["de"]["handoff.looking"]),
        (("tlh", "fr"), "Un instant."),
        ((None, None), "One moment."),
    ],
)
def test_the_customers_first_language_counts_and_in_it_the_queues_own_words(
    locales: tuple[str | None, ...], said: str
) -> None:
    assert text_of(Say.LOOKING, locales, OWN) == said


def test_what_a_queue_leaves_out_is_said_in_the_next_language() -> None:
    assert text_of(Say.CANCELLED, ("fr", "de"), OWN) == OURS["de"]["handoff.cancelled"]
    assert text_of(Say.CANCELLED, ("fr",), OWN) == OURS["en"]["handoff.cancelled"]


def test_a_queue_says_who_somebody_is() -> None:
    assert text_of(Say.AGENT_JOINED, ("fr",), OWN, agent="Ada") == "Bonjour de Ada !"
    assert text_of(Say.AGENT_JOINED, ("fr",), OWN) == "Bonjour de A gardener !"
    assert text_of(Say.AGENT_JOINED, ("en",), OWN) == "A gardener has joined the conversation."


WRONG: list[tuple[Any, str]] = [
    ({"de-AT": {"handoff.looking": "x"}}, "texts.de-AT"),
    ({"de": {"handoff.looking": "  "}}, "texts.de.handoff.looking"),
    ({"de": {"handoff.looking": "x" * 501}}, "texts.de.handoff.looking"),
    ({"de": {"handoff.lookin": "x"}}, "texts"),
    ({"de": {"handoff.looking": "{agent} looks"}}, "texts"),
    ({"de": "x"}, "texts.de"),
    (None, "texts"),
]


@pytest.mark.anyio
@pytest.mark.parametrize(("texts", "field"), WRONG)
async def test_words_that_could_not_be_said_are_refused(
    api: Api, acme: Tenant, texts: Any, field: str
) -> None:
    refused = await call(api, acme, "POST", QUEUES, {"name": "q", "texts": texts})
    assert codes(refused) == [(422, "INVALID")]
    assert refused.json()["field"].startswith(field)


@pytest.mark.anyio
async def test_words_are_shown_as_they_were_set_and_can_be_taken_back(
    api: Api, acme: Tenant
) -> None:
    made = (await call(api, acme, "POST", QUEUES, {"name": "q", "texts": OWN})).json()
    assert made["texts"] == OWN
    path = f"{QUEUES}/{made['id']}"
    kept = (await call(api, acme, "PATCH", path, {"priority": 3})).json()
    assert kept["texts"] == OWN
    assert (await call(api, acme, "PATCH", path, {"texts": {}})).json()["texts"] == {}


async def _set(api: Api, tenant: Tenant, queue_id: UUID, texts: dict[str, str]) -> None:
    answer = await call(api, tenant, "PATCH", f"{QUEUES}/{queue_id}", {"texts": {"de": texts}})
    assert answer.status_code == 200, answer.text


async def _told(api: Api, tenant: Tenant) -> list[str]:
    items = await read_items(api, tenant.principal("contact"), tenant)
    return [one["content"] for one in items if one.get("role") == "system"]


@pytest.fixture
async def queues(api: Api, acme: Tenant) -> tuple[UUID, UUID]:
    """Where a customer who speaks German asks, and where they are handed to; with own words."""
    url = api.database_url
    await api.rows("UPDATE contacts SET locale = 'de-AT' WHERE id = $1", acme.contact)
    first = await make_queue(url, acme, members=[acme.agent], is_default=True)
    second = await make_queue(url, acme, "second", members=[acme.colleague])
    words = {
        "handoff.looking": "Wir holen jemanden.",
        "handoff.agent_joined": "{agent} ist hier.",
        "handoff.leave_message": "Morgen wieder.",
    }
    await _set(api, acme, first, words)
    await _set(api, acme, second, {"handoff.transferred": "Ich verbinde."})
    return first, second


async def _asks(api: Api, tenant: Tenant) -> str:
    asked = await api.client.post(
        "/livechat/escalate",
        json={"conversationId": str(tenant.conversation)},
        headers=api.token(tenant.principal("contact")),
    )
    session: str = asked.json()["sessionId"]
    return session


@pytest.mark.anyio
async def test_what_is_stored_is_said_by_the_queue_where_the_session_stands(
    api: Api, acme: Tenant, queues: tuple[UUID, UUID]
) -> None:
    session = await _asks(api, acme)
    await say(api, acme.principal("agent"), acme.conversation)
    handed = await api.client.post(
        f"/livechat/sessions/{session}/transfer",
        json={"to": {"queue": str(queues[1])}, "mode": "blind"},
        headers=api.token(acme.principal("agent")),
    )
    assert handed.status_code == 200, handed.text
    claimed = await api.client.post(
        f"/livechat/sessions/{session}/claim", headers=api.token(acme.principal("colleague"))
    )
    assert claimed.status_code == 200, claimed.text
    ours = OURS["de"]["handoff.agent_joined"].replace("{agent}", "Colleague")
    told = ["Wir holen jemanden.", "Agent ist hier.", "Ich verbinde.", ours]
    assert await _told(api, acme) == told


@pytest.mark.anyio
async def test_who_finds_a_queue_closed_reads_its_own_words(
    api: Api, acme: Tenant, queues: tuple[UUID, UUID]
) -> None:
    never = '{"timezone": "Europe/Vienna", "week": {}}'
    await api.rows("UPDATE queues SET hours = $2 WHERE id = $1", queues[0], never)
    await _asks(api, acme)
    assert await _told(api, acme) == ["Morgen wieder."]
