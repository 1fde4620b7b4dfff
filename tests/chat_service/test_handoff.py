"""What one move of a session writes and says, in a real database."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import orjson
import pytest

from chat_service import handoff
from chat_service import session_facts as facts
from chat_service.handoff import Moved
from chat_service.session_facts import Actor
from chat_service.session_records import Refused
from chorus.clock import SystemClock
from chorus.db import Db
from chorus.errors import AlreadyAssigned, ConversationClosed, NotFound
from chorus.ids import uuid7
from chorus.wire.envelope import decode_server
from tests.chat_service.api_world import Tenant, make_tenant
from tests.chat_service.handoff_world import ask, happen, make_queue, offer_to
from tests.chat_service.ingest_world import not_gapless, superuser, system_db

pytestmark = pytest.mark.anyio


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Db]:
    async with system_db(database_url) as opened:
        yield opened


async def rows(database_url: str, statement: str, *values: Any) -> list[Any]:
    async with superuser(database_url) as connection:
        found: list[Any] = await connection.fetch(statement, *values)
        return found


async def test_a_session_goes_its_way_and_every_step_is_an_event(database_url: str, db: Db) -> None:
    acme = await make_tenant(database_url, "acme")
    queue = await make_queue(database_url, acme, members=[acme.agent], wrap_up_s=60)
    await ask(db, acme, queue)
    await offer_to(db, acme, acme.agent)
    await happen(db, acme, facts.Accepted(acme.agent))
    await happen(db, acme, facts.Resolved(Actor(acme.agent), timedelta(seconds=60)))
    await happen(db, acme, facts.WrapUpOver(Actor(acme.agent)))
    told = await rows(
        database_url, "SELECT payload FROM messages WHERE message_type = 'event' ORDER BY seq"
    )
    events = [orjson.loads(one["payload"]) for one in told]
    states = [one["data"]["state"] for one in events if one["event"] == "handoff"]
    assert states == ["requested", "queued", "offered", "active", "wrap_up", "ended"]
    others = [one["event"] for one in events if one["event"] != "handoff"]
    assert others == ["participant", "conversation.closed"]
    for one in events:
        decode_server(orjson.dumps(one))
    assert await not_gapless(database_url) == []


async def test_a_move_writes_session_offer_floor_events_and_timer_together(
    database_url: str, db: Db
) -> None:
    acme = await make_tenant(database_url, "acme")
    queue = await make_queue(database_url, acme, members=[acme.agent])
    await ask(db, acme, queue)
    await offer_to(db, acme, acme.agent)
    (timer,) = await rows(
        database_url, "SELECT kind, key, due_at FROM jobs WHERE kind <> 'customer_idle'"
    )
    (offer,) = await rows(database_url, "SELECT * FROM session_offers")
    assert (timer["kind"], timer["key"]) == ("offer_expiry", str(acme.conversation))
    assert timer["due_at"] == offer["deadline_at"]
    assert (offer["state"], offer["agent_id"]) == ("open", acme.agent)
    await happen(db, acme, facts.Accepted(acme.agent))
    (session,) = await rows(database_url, "SELECT * FROM live_chat_sessions")
    (head,) = await rows(database_url, "SELECT * FROM conversations")
    (settled,) = await rows(database_url, "SELECT * FROM session_offers")
    assert (session["status"], session["agent_id"]) == ("active", acme.agent)
    assert (head["floor_holder"], head["floor_epoch"]) == ("human", 1)
    assert (head["assignee_id"], head["queue_id"]) == (acme.agent, queue)
    assert (settled["state"], settled["reason"]) == ("accepted", "accepted")
    told = await rows(database_url, "SELECT event FROM outbox ORDER BY event")
    assert [one["event"] for one in told] == ["handoff.changed"] * 4 + ["owner.changed"]


async def test_words_show_an_offer_and_take_it_back(database_url: str, db: Db) -> None:
    acme = await make_tenant(database_url, "acme")
    queue = await make_queue(database_url, acme, members=[acme.agent])
    await ask(db, acme, queue)
    shown = await offer_to(db, acme, acme.agent)
    taken = await happen(db, acme, facts.Claimed(acme.colleague))
    now = SystemClock().now()
    said = [*handoff.publications([shown], now=now), *handoff.publications([taken], now=now)]
    offer, gone = (packed for _, packed in said if b'"frame"' in packed)
    offered, rescinded = orjson.loads(offer), orjson.loads(gone)
    assert offered["agent"] == rescinded["agent"] == str(acme.agent)
    frame, _ = decode_server(offered["frame"])
    assert vars(frame)["packet"].contact.name == "Kim"
    assert vars(frame)["packet"].reason == "my order"
    frame, _ = decode_server(rescinded["frame"])
    assert vars(frame)["reason"] == "claimed"
    assert vars(frame)["by"].userId == acme.colleague


async def test_who_lost_a_race_learns_who_won(database_url: str, db: Db) -> None:
    acme = await make_tenant(database_url, "acme")
    queue = await make_queue(database_url, acme, members=[acme.agent])
    await ask(db, acme, queue)
    await happen(db, acme, facts.Claimed(acme.agent))
    with pytest.raises(AlreadyAssigned) as lost:
        await happen(db, acme, facts.Claimed(acme.colleague))
    assert lost.value.extra["by"] == {"userId": str(acme.agent), "name": "Agent"}
    assert lost.value.detail == "Agent has this conversation."


async def test_absent_sessions_and_those_that_are_over_are_told_apart(
    database_url: str, db: Db
) -> None:
    acme = await make_tenant(database_url, "acme")
    rival = await make_tenant(database_url, "rival")
    queue = await make_queue(database_url, acme, members=[acme.agent])
    with pytest.raises(NotFound):
        await happen(db, acme, facts.Claimed(acme.agent))
    await ask(db, acme, queue)
    await happen(db, acme, facts.CancelledByCustomer(Actor(acme.contact)))
    with pytest.raises(ConversationClosed):
        await happen(db, acme, facts.Claimed(acme.agent))
    async with db.transaction(rival.id) as tx:
        with pytest.raises(NotFound):
            await handoff.enter(tx, rival.id, acme.conversation)
        with pytest.raises(ConversationClosed):
            await handoff.enter(tx, acme.id, acme.conversation, session_id=uuid7())


async def test_many_move_together_and_a_refusal_hinders_no_other(database_url: str, db: Db) -> None:
    acme = await make_tenant(database_url, "acme")
    queue = await make_queue(database_url, acme, members=[acme.agent])
    others = sorted(uuid7() for _ in range(4))
    async with superuser(database_url) as connection:
        await connection.executemany(
            "INSERT INTO conversations (id, tenant_id, inbox_id, contact_id, last_ts)"
            " VALUES ($1, $2, $3, $4, now())",
            [(one, acme.id, acme.inbox_id, acme.contact) for one in others],
        )
        await connection.executemany(
            "INSERT INTO live_chat_sessions (id, tenant_id, conversation_id, status, queue_id,"
            " excluded_agent_ids, queued_at) VALUES ($1, $2, $3, 'queued', $4, $5, now())",
            [
                (uuid7(), acme.id, one, queue, [acme.agent] if place == 3 else [acme.admin])
                for place, one in enumerate(others)
            ],
        )
    now = SystemClock().now()
    held = facts.Offered(acme.agent, now + timedelta(seconds=30))
    async with db.transaction(acme.id) as tx:
        answers = await handoff.apply_all(tx, acme.id, dict.fromkeys(others, held), now=now)
    assert [type(answers[one]) for one in others] == [Moved] * 3 + [Refused]
    kept = await rows(database_url, "SELECT * FROM live_chat_sessions ORDER BY conversation_id")
    assert [one["status"] for one in kept] == ["offered"] * 3 + ["queued"]
    assert kept[0]["excluded_agent_ids"] == [acme.admin]
    assert await not_gapless(database_url) == []


async def test_a_conversation_somebody_holds_can_be_skipped(database_url: str, db: Db) -> None:
    acme = await make_tenant(database_url, "acme")
    queue = await make_queue(database_url, acme, members=[acme.agent])
    await ask(db, acme, queue)
    now = SystemClock().now()
    held = {acme.conversation: facts.Offered(acme.agent, now + timedelta(seconds=30))}
    async with db.transaction(acme.id) as first, db.transaction(acme.id) as second:
        await handoff.enter(first, acme.id, acme.conversation)
        assert await handoff.apply_all(second, acme.id, held, now=now, skip_locked=True) == {}


async def test_an_agent_rests_when_a_session_ends(database_url: str, db: Db) -> None:
    acme: Tenant = await make_tenant(database_url, "acme")
    queue = await make_queue(database_url, acme, members=[acme.agent])
    await ask(db, acme, queue)
    await happen(db, acme, facts.Claimed(acme.agent))
    assert await _idle_since(database_url, acme) is None
    await happen(db, acme, facts.Resolved(Actor(acme.agent), timedelta()))
    assert await _idle_since(database_url, acme) is not None


async def _idle_since(database_url: str, tenant: Tenant) -> Any:
    found = await rows(database_url, "SELECT idle_since FROM agents WHERE id = $1", tenant.agent)
    return found[0]["idle_since"]
