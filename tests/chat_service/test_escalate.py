"""Asking for a person: the plan, what is promised, doing it once, and taking it back."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest

from chat_service import commands, deeds
from chorus import presence
from chorus.auth import AUD_INTERNAL, Principal
from chorus.bus import open_redis
from chorus.errors import Forbidden
from chorus.ids import uuid7
from chorus.wire.client import Escalate, Resolve
from tests.chat_service.api_world import (
    Api,
    Tenant,
    codes,
    read_events,
    read_items,
    read_snapshot,
    say,
)
from tests.chat_service.handoff_world import comes, make_queue

pytestmark = pytest.mark.anyio
CLOSED = '{"timezone": "Europe/Vienna", "week": {}}'


async def escalate(api: Api, who: Principal, tenant: Tenant, **body: Any) -> Any:
    headers = api.token(who) | body.pop("headers", {})
    asked = {"conversationId": str(tenant.conversation)} | body
    return await api.client.post("/livechat/escalate", json=asked, headers=headers)


async def command(api: Api, who: Principal, tenant: Tenant, event: str, **data: Any) -> Any:
    return await api.client.post(
        f"/livechat/conversations/{tenant.conversation}/commands",
        json={"event": event, "data": {"id": str(uuid7()), **data}},
        headers=api.token(who),
    )


@pytest.fixture
async def support(api: Api, acme: Tenant, redis_url: str, watched: None) -> UUID:
    """A queue whose one member is here."""
    queue = await make_queue(
        api.database_url, acme, members=[acme.agent], is_default=True, sla_s=60
    )
    await comes(redis_url, acme, acme.agent)
    return queue


async def test_who_asks_is_queued_with_a_place_and_told_what_else_there_is(
    api: Api, acme: Tenant, support: UUID
) -> None:
    contact = acme.principal("contact")
    asked = await escalate(api, contact, acme, reason="my order")
    assert asked.status_code == 201
    assert asked.json() | {"sessionId": ""} == {
        "sessionId": "",
        "state": "queued",
        "queue": "support",
        "position": 1,
        "etaSeconds": 0,
        "options": ["wait", "message", "callback"],
        "opensAt": None,
    }
    requested, queued = await read_events(api, contact, acme)
    assert [one["data"]["state"] for one in (requested, queued)] == ["requested", "queued"]
    assert (queued["data"]["position"], queued["data"]["eta_s"]) == (1, 0)
    (session,) = await api.rows("SELECT * FROM live_chat_sessions WHERE tenant_id = $1", acme.id)
    assert (session["source"], session["reason"]) == ("widget", "my order")
    assert (session["sla_due_at"] - session["requested_at"]).total_seconds() == 60
    assert (session["promised_eta_s"], session["deferred_at"]) == (0, None)
    assert session["queued_at"] == session["requested_at"]
    shown = await read_snapshot(api, contact, acme)
    assert (shown["session"]["state"], shown["queue"]) == ("queued", "support")
    assert (shown["position"], shown["etaSeconds"]) == (1, 0)


async def test_an_open_session_is_answered_whatever_the_key(
    api: Api, acme: Tenant, support: UUID
) -> None:
    contact = acme.principal("contact")
    first = await escalate(api, contact, acme, idempotencyKey="one")
    same = await escalate(api, contact, acme, headers={"Idempotency-Key": "one"})
    other = await escalate(api, contact, acme, idempotencyKey="two")
    agent = await escalate(api, acme.principal("agent"), acme)
    assert [one.status_code for one in (first, same, other, agent)] == [201, 200, 200, 200]
    assert len({one.json()["sessionId"] for one in (first, same, other, agent)}) == 1


async def test_one_key_with_two_bodies_is_refused(api: Api, acme: Tenant, support: UUID) -> None:
    contact = acme.principal("contact")
    await escalate(api, contact, acme, idempotencyKey="one", reason="a")
    reused = await escalate(api, contact, acme, idempotencyKey="one", reason="b")
    torn = await escalate(
        api, contact, acme, idempotencyKey="one", headers={"Idempotency-Key": "two"}
    )
    assert codes(reused, torn) == [(409, "KEY_REUSED"), (422, "INVALID")]


async def test_two_tabs_that_ask_at_once_make_one_session(
    api: Api, acme: Tenant, support: UUID
) -> None:
    contact = acme.principal("contact")
    keys = ["same", "same", "other", None]
    answers = await asyncio.gather(
        *(escalate(api, contact, acme, **({"idempotencyKey": key} if key else {})) for key in keys)
    )
    assert sorted(one.status_code for one in answers) == [200, 200, 200, 201]
    assert len({one.json()["sessionId"] for one in answers}) == 1
    states = [item["data"]["state"] for item in await read_events(api, contact, acme)]
    assert states == ["requested", "queued"]


async def test_a_queue_nobody_knows_is_refused_with_those_there_are(
    api: Api, acme: Tenant, rival: Tenant, support: UUID
) -> None:
    await make_queue(api.database_url, acme, "inner", members=[], visibility="internal")
    foreign = await make_queue(api.database_url, rival, "theirs", members=[rival.agent])
    for named in ("sales", str(foreign), "inner"):
        refused = await escalate(api, acme.principal("contact"), acme, queue=named)
        assert codes(refused) == [(422, "UNKNOWN_QUEUE")]
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["queues"] == ["support"]
    by_agent = await escalate(api, acme.principal("agent"), acme, queue="sales")
    assert by_agent.json()["queues"] == ["inner", "support"]
    assert await read_items(api, acme.principal("contact"), acme) == []


async def test_what_customers_say_of_skills_priority_and_source_does_not_count(
    api: Api, acme: Tenant, support: UUID
) -> None:
    wish = {"skills": ["vip"], "priority": 9, "source": "bot"}
    await escalate(api, acme.principal("contact"), acme, **wish)
    await command(api, acme.principal("contact"), acme, "cancel")
    await escalate(api, acme.principal("agent"), acme, **wish)
    rows = await api.rows(
        "SELECT skills, priority, source FROM live_chat_sessions WHERE tenant_id = $1"
        " ORDER BY requested_at",
        acme.id,
    )
    assert [tuple(one) for one in rows] == [([], 0, "widget"), (["vip"], 9, "bot")]


async def test_nobody_there_is_no_promise(api: Api, acme: Tenant, watched: None) -> None:
    await make_queue(api.database_url, acme, members=[acme.agent], is_default=True)
    asked = (await escalate(api, acme.principal("contact"), acme)).json()
    assert (asked["state"], asked["position"], asked["etaSeconds"]) == ("deferred", None, None)
    assert asked["options"] == ["message", "callback"]
    (session,) = await api.rows("SELECT * FROM live_chat_sessions WHERE tenant_id = $1", acme.id)
    assert (session["status"], session["promised_eta_s"]) == ("deferred", None)
    assert session["deferred_at"] == session["requested_at"]


async def test_whoever_nobody_can_come_to_leaves_how_to_be_reached(
    api: Api, acme: Tenant, watched: None
) -> None:
    contact = acme.principal("contact")
    await make_queue(api.database_url, acme, members=[acme.agent], is_default=True)
    first = await escalate(api, contact, acme)
    told = {"contact": {"email": "kim@example.test"}, "choice": "callback"}
    again = await escalate(api, contact, acme, **told)
    assert (again.status_code, again.json()) == (200, first.json())
    shown = await read_snapshot(api, acme.principal("agent"), acme)
    assert (shown["contact"]["name"], shown["contact"]["email"]) == ("Kim", "kim@example.test")
    assert shown["session"]["options"]["chosen"] == "callback"
    assert shown["session"]["options"]["options"] == ["message", "callback"]
    own = await read_snapshot(api, contact, acme)
    assert own["session"] == {"id": first.json()["sessionId"], "state": "deferred"}


async def test_a_closed_queue_defers_and_says_nothing_of_whoever_is_there(
    api: Api, acme: Tenant, redis_url: str, watched: None
) -> None:
    await make_queue(api.database_url, acme, members=[acme.agent], is_default=True, hours=CLOSED)
    await comes(redis_url, acme, acme.agent)
    asked = (await escalate(api, acme.principal("contact"), acme)).json()
    assert (asked["state"], asked["queue"]) == ("deferred", "support")


async def test_unknown_presence_queues_and_promises_no_time(api: Api, acme: Tenant) -> None:
    await make_queue(api.database_url, acme, members=[acme.agent], is_default=True)
    asked = (await escalate(api, acme.principal("contact"), acme)).json()
    assert (asked["state"], asked["position"], asked["etaSeconds"]) == ("queued", 1, None)


async def test_a_tenant_without_queues_defers(api: Api, acme: Tenant) -> None:
    asked = await escalate(api, acme.principal("contact"), acme)
    assert (asked.status_code, asked.json()["state"]) == (201, "deferred")
    assert asked.json()["queue"] is None


async def test_a_queue_takes_what_its_conditions_name(
    api: Api, acme: Tenant, support: UUID
) -> None:
    conditions = '{"channels": ["web"], "attributes": {"plan": ["gold"]}}'
    await make_queue(api.database_url, acme, "gold", members=[acme.agent], conditions=conditions)
    await api.rows(
        'UPDATE contacts SET attributes = \'{"plan": "gold"}\' WHERE id = $1', acme.contact
    )
    asked = await escalate(api, acme.principal("contact"), acme)
    assert asked.json()["queue"] == "gold"


async def test_a_frame_asks_like_rest_and_a_repeat_is_harmless(
    api: Api, acme: Tenant, support: UUID
) -> None:
    contact = acme.principal("contact")
    ask = {"id": str(uuid7()), "reason": "help"}
    path = f"/livechat/conversations/{acme.conversation}/commands"
    answers = [
        await api.client.post(
            path, json={"event": "escalate", "data": ask}, headers=api.token(contact)
        )
        for _ in range(2)
    ]
    assert [one.json()["seq"] for one in answers] == [3, 3]
    assert [one.json()["dup"] for one in answers] == [False, True]
    unknown = await command(api, contact, acme, "escalate", queue="nowhere")
    assert codes(unknown) == [(422, "UNKNOWN_QUEUE")]


async def test_foreign_conversations_and_closed_ones_are_not_asked_in(
    api: Api, acme: Tenant, rival: Tenant, support: UUID
) -> None:
    foreign = await escalate(api, rival.principal("contact"), acme)
    await command(api, acme.principal("agent"), acme, "resolve")
    closed = await escalate(api, acme.principal("contact"), acme)
    assert codes(foreign, closed) == [(404, "NOT_FOUND"), (409, "CONVERSATION_CLOSED")]


async def test_asking_wakes_a_snoozed_conversation(api: Api, acme: Tenant, support: UUID) -> None:
    await command(api, acme.principal("agent"), acme, "snooze", until="2099-01-01T00:00:00Z")
    until = (await api.rows("SELECT now() + interval '1 day' AS at"))[0]["at"].isoformat()
    await command(api, acme.principal("agent"), acme, "snooze", until=until)
    await escalate(api, acme.principal("contact"), acme)
    assert (await read_snapshot(api, acme.principal("agent"), acme))["status"] == "open"


async def test_who_waits_and_asks_again_is_put_off_no_longer(
    api: Api, acme: Tenant, support: UUID
) -> None:
    contact, agent = acme.principal("contact"), acme.principal("agent")
    first = await escalate(api, contact, acme)
    until = (await api.rows("SELECT now() + interval '1 day' AS at"))[0]["at"].isoformat()
    await command(api, agent, acme, "snooze", until=until)
    assert (await read_snapshot(api, agent, acme))["status"] == "snoozed"
    again = await escalate(api, contact, acme)
    assert again.json()["sessionId"] == first.json()["sessionId"]
    shown = await read_snapshot(api, agent, acme)
    assert (shown["status"], shown["session"]["state"]) == ("open", "queued")


async def test_the_wish_is_taken_back_while_it_is_offered(
    api: Api, acme: Tenant, support: UUID
) -> None:
    contact = acme.principal("contact")
    session = (await escalate(api, contact, acme)).json()["sessionId"]
    await api.rows(
        "INSERT INTO session_offers (id, tenant_id, session_id, conversation_id, agent_id,"
        " deadline_at) VALUES ($1, $2, $3, $4, $5, now() + interval '30 s')",
        uuid7(),
        acme.id,
        session,
        acme.conversation,
        acme.agent,
    )
    await api.rows("UPDATE live_chat_sessions SET status = 'offered' WHERE id = $1", session)
    path = f"/livechat/sessions/{session}"
    agent = api.token(acme.principal("agent"))
    by_agent = await api.client.post(f"{path}/cancel", headers=agent)
    cancelled = await api.client.post(f"{path}/cancel", headers=api.token(contact))
    late = await api.client.post(f"{path}/accept", headers=agent)
    assert codes(by_agent, late) == [(403, "FORBIDDEN"), (409, "CONVERSATION_CLOSED")]
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    offers = await api.rows("SELECT state FROM session_offers WHERE session_id = $1", session)
    assert [one["state"] for one in offers] == ["rescinded"]
    again = await escalate(api, contact, acme)
    assert (again.status_code, again.json()["position"]) == (201, 1)


async def test_a_bot_asks_for_a_person_and_keeps_the_floor_until_one_comes(
    api: Api, acme: Tenant, support: UUID
) -> None:
    await api.rows(
        "UPDATE conversations SET floor_holder = 'bot', floor_epoch = 1 WHERE id = $1",
        acme.conversation,
    )
    bot = acme.principal("agent", role="internal", audience=AUD_INTERNAL, user_id=uuid7())
    frame = Escalate(id=uuid7(), reason="asked twice")
    done = await commands.perform(
        api.resources.commands, bot, frame, conversation_id=acme.conversation
    )
    assert done["seq"] == 3
    (session,) = await api.rows(
        "SELECT source, status FROM live_chat_sessions WHERE tenant_id = $1", acme.id
    )
    assert tuple(session) == ("bot", "queued")
    shown = await read_snapshot(api, acme.principal("agent"), acme)
    assert shown["floor"] == {"holder": "bot", "epoch": 1}
    with pytest.raises(Forbidden):
        await commands.perform(
            api.resources.commands,
            bot,
            Resolve(id=uuid7()),
            conversation_id=acme.conversation,
        )


async def test_presence_of_the_people_is_what_redis_says(
    redis_url: str, acme: Tenant, support: UUID
) -> None:
    async with open_redis(redis_url) as client:
        seen = await presence.read(client, acme.id, [acme.agent, acme.colleague])
    assert [seen[one].status for one in (acme.agent, acme.colleague)] == ["online", "offline"]


async def test_acts_stand_in_line_and_who_stands_too_long_is_told_to_come_again(
    api: Api, acme: Tenant, support: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deeds, "TURN_MAX_S", 0.05)
    turns = api.resources.commands.turns
    async with AsyncExitStack() as line:
        for _ in range(deeds.ACTS_AT_ONCE):
            await line.enter_async_context(api.resources.commands.turn())
        refused = await escalate(api, acme.principal("contact"), acme)
        assert turns.locked()
    assert codes(refused) == [(503, "OVERLOADED")]
    again = await escalate(api, acme.principal("contact"), acme)
    assert again.status_code == 201


async def test_who_talks_to_an_agent_is_not_told_that_nobody_is_there(
    api: Api, acme: Tenant, support: UUID
) -> None:
    await api.rows("UPDATE queues SET hours = $1", CLOSED)
    await say(api, acme.principal("agent"), acme.conversation, "How can I help?")
    asked = await escalate(api, acme.principal("contact"), acme)
    assert asked.json()["state"] == "queued"
