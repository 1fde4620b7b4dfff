"""Messages that move a session: in the transaction of the message, and in the order of seqs."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import orjson
import pytest

from chat_service import session_facts as facts
from chat_service.intake import Refused, Stored
from chat_service.messages import Outcome, ingest, publications
from chat_service.session_facts import Actor, ToAgent, TransferMode
from chorus import topics
from chorus.clock import SystemClock
from chorus.codes import NackCode
from chorus.db import Db
from chorus.ids import uuid7
from chorus.ingest import IngestItem
from tests.chat_service.api_world import Tenant, make_tenant
from tests.chat_service.handoff_world import OFFER, ask, happen, make_queue, offer_to
from tests.chat_service.ingest_world import (
    hashed,
    not_gapless,
    statements_during,
    superuser,
    system_db,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Db]:
    async with system_db(database_url) as opened:
        yield opened


@pytest.fixture
async def acme(database_url: str, db: Db) -> Tenant:
    """A tenant whose customer waits in a queue."""
    tenant = await make_tenant(database_url, "acme")
    queue = await make_queue(database_url, tenant, members=[tenant.agent, tenant.colleague])
    await ask(db, tenant, queue)
    return tenant


def answer(tenant: Tenant, who: str = "agent", **other: Any) -> IngestItem:
    principal = tenant.principal(who)
    given = {
        "tenant_id": tenant.id,
        "conversation_id": tenant.conversation,
        "id": uuid7(),
        "sender_id": principal.user_id,
        "sender_role": principal.role,
        "role": principal.speaks_as,
        "type": "text",
        "visibility": "public",
        "content": "Hello",
        "body_hash": "",
        "sent_ms": 0,
    }
    return hashed(IngestItem(**{**given, **other}))


def seqs(outcome: Outcome) -> list[int]:
    return [one.seq for one in outcome.answers if isinstance(one, Stored)]


async def session_of(database_url: str) -> Any:
    async with superuser(database_url) as connection:
        return await connection.fetchrow(
            "SELECT s.*, c.floor_holder, c.assignee_id, o.state AS offer FROM live_chat_sessions s"
            " JOIN conversations c ON c.id = s.conversation_id"
            " LEFT JOIN session_offers o ON o.session_id = s.id ORDER BY o.offered_at DESC LIMIT 1"
        )


async def events_of(database_url: str) -> list[tuple[int, str, str]]:
    async with superuser(database_url) as connection:
        found = await connection.fetch(
            "SELECT seq, payload FROM messages WHERE message_type = 'event' ORDER BY seq"
        )
    read = [(row["seq"], orjson.loads(row["payload"])) for row in found]
    return [
        (seq, one["event"], one["data"].get("reason") or one["data"].get("change"))
        for seq, one in read
    ]


async def texts_of(database_url: str) -> list[tuple[int, str]]:
    async with superuser(database_url) as connection:
        found = await connection.fetch(
            "SELECT seq, payload FROM messages WHERE role = 'system' AND message_type = 'text'"
            " ORDER BY seq"
        )
    return [(row["seq"], orjson.loads(row["payload"])["meta"]["say"]) for row in found]


async def test_the_first_answer_of_whom_it_is_offered_to_accepts(
    database_url: str, db: Db, acme: Tenant
) -> None:
    await offer_to(db, acme, acme.agent)
    outcome = await ingest(db, [answer(acme)])
    assert seqs(outcome) == [8]
    assert (await events_of(database_url))[3:] == [
        (5, "handoff", "first_reply"),
        (7, "participant", "joined"),
    ]
    assert await texts_of(database_url) == [
        (3, "handoff.looking"),
        (6, "handoff.agent_joined"),
    ]
    session = await session_of(database_url)
    assert (session["status"], session["agent_id"], session["offer"]) == (
        "active",
        acme.agent,
        "accepted",
    )
    assert (session["floor_holder"], session["assignee_id"]) == ("human", acme.agent)
    assert await not_gapless(database_url) == []


async def test_whoever_answers_takes_over_what_a_colleague_was_offered(
    database_url: str, db: Db, acme: Tenant
) -> None:
    await offer_to(db, acme, acme.agent)
    outcome = await ingest(db, [answer(acme, "colleague"), answer(acme, "agent")])
    late = outcome.answers[1]
    assert isinstance(late, Refused)
    assert (late.code, late.by) == (NackCode.ALREADY_ASSIGNED, acme.colleague)
    session = await session_of(database_url)
    assert (session["status"], session["agent_id"], session["offer"]) == (
        "active",
        acme.colleague,
        "rescinded",
    )
    words = [
        orjson.loads(packed)
        for channel, packed in publications(outcome, claimed=False)
        if channel == topics.inbox(acme.id)
    ]
    gone = next(word for word in words if isinstance(word, dict))
    assert gone["agent"] == str(acme.agent)
    assert orjson.loads(gone["frame"])["data"]["by"]["userId"] == str(acme.colleague)


async def test_a_warm_transfer_is_over_when_the_new_agent_speaks(
    database_url: str, db: Db, acme: Tenant
) -> None:
    await happen(db, acme, facts.Claimed(acme.agent))
    await _hand_over_warmly(db, acme, acme.colleague)
    beside = await ingest(db, [answer(acme, "agent")])
    await happen(db, acme, facts.Accepted(acme.colleague))
    both = await ingest(db, [answer(acme, "agent"), answer(acme, "colleague")])
    assert len(seqs(beside) + seqs(both)) == 3
    (_, *done), (_, *left) = (await events_of(database_url))[-2:]
    assert (done, left) == (["handoff", "transfer_done"], ["participant", "left"])
    assert isinstance((await ingest(db, [answer(acme, "agent")])).answers[0], Refused)
    assert (await session_of(database_url))["leaving_agent_id"] is None
    assert await not_gapless(database_url) == []


async def test_an_answer_to_a_warm_offer_accepts_and_ends_it_at_once(
    database_url: str, db: Db, acme: Tenant
) -> None:
    await happen(db, acme, facts.Claimed(acme.agent))
    await _hand_over_warmly(db, acme, acme.colleague)
    await ingest(db, [answer(acme, "colleague")])
    reasons = [reason for _, event, reason in await events_of(database_url) if event == "handoff"]
    assert reasons[-2:] == ["first_reply", "transfer_done"]
    session = await session_of(database_url)
    assert (session["agent_id"], session["leaving_agent_id"]) == (acme.colleague, None)


async def _hand_over_warmly(db: Db, tenant: Tenant, to: UUID) -> None:
    deadline = SystemClock().now() + OFFER
    target = ToAgent(to, deadline, reachable=True)
    await happen(db, tenant, facts.Transferred(target, TransferMode.WARM, Actor(tenant.agent)))


async def test_a_note_and_a_seniors_word_move_nothing(
    database_url: str, db: Db, acme: Tenant
) -> None:
    await ingest(db, [answer(acme, visibility="agents")])
    assert (await session_of(database_url))["status"] == "queued"
    await happen(db, acme, facts.Claimed(acme.agent))
    await _hand_over_warmly(db, acme, acme.colleague)
    await ingest(db, [answer(acme, "supervisor")])
    session = await session_of(database_url)
    assert (session["status"], session["offer"]) == ("offered", "open")


async def test_a_bot_that_lost_the_floor_is_heard_by_agents_only(
    database_url: str, db: Db, acme: Tenant
) -> None:
    async with superuser(database_url) as connection:
        await connection.execute("UPDATE conversations SET floor_holder = 'bot', floor_epoch = 3")
    bot: dict[str, Any] = {
        "sender_id": uuid7(),
        "sender_role": "internal",
        "role": "bot",
        "floor_epoch": 3,
    }
    await ingest(db, [answer(acme, **bot)])
    await happen(db, acme, facts.Claimed(acme.agent))
    await ingest(db, [answer(acme, **(bot | {"id": uuid7()}))])
    async with superuser(database_url) as connection:
        said = await connection.fetch(
            "SELECT message_type, visibility FROM messages WHERE role = 'bot' ORDER BY seq"
        )
    assert [tuple(one) for one in said] == [("text", "public"), ("suggestion", "agents")]


async def test_only_a_message_that_may_move_a_session_costs_a_statement(
    database_url: str, acme: Tenant
) -> None:
    other = await make_tenant(database_url, "other")
    queue = await make_queue(database_url, other, members=[other.agent])
    async with system_db(database_url, size=1) as db:
        await ask(db, other, queue)
        await ingest(db, [answer(other)])
        first = await statements_during(db, lambda: ingest(db, [answer(acme)]))
        then = await statements_during(db, lambda: ingest(db, [answer(acme)]))
    # The driver asks for the types of each statement once: `other` made it do so.
    assert then == ["WITH", "WITH"]
    assert first == ["WITH", "BEGIN", "WITH", "SELECT", "WITH", "UPDATE", "COMMIT"]
