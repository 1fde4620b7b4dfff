"""A customer nobody can come to leaves how they can be reached."""

from typing import Any

import orjson
import pytest

from chorus.auth import Principal
from chorus.ids import uuid7
from tests.chat_service.api_world import Api, Tenant, codes, read_items, read_snapshot
from tests.chat_service.handoff_world import make_queue
from tests.chat_service.test_escalate import escalate

pytestmark = pytest.mark.anyio


async def leave(api: Api, who: Principal, session: str, **body: Any) -> Any:
    headers = api.token(who) | body.pop("headers", {})
    return await api.client.post(
        f"/livechat/sessions/{session}/contact", json=body, headers=headers
    )


@pytest.fixture
async def deferred(api: Api, acme: Tenant) -> str:
    """A session of a tenant without queues: nobody can come."""
    asked = await escalate(api, acme.principal("contact"), acme)
    assert asked.json()["state"] == "deferred"
    return str(asked.json()["sessionId"])


async def test_what_is_left_stands_with_contact_and_session_and_agents_hear_of_it(
    api: Api, acme: Tenant, deferred: str
) -> None:
    contact, agent = acme.principal("contact"), acme.principal("agent")
    left = {"email": "kim@example.test", "phone": "+43 1 234", "choice": "callback"}
    key = {"Idempotency-Key": "one"}
    done = await leave(api, contact, deferred, **left, message="call me", headers=key)
    again = await leave(api, contact, deferred, **left, message="call me", headers=key)
    assert (done.status_code, done.json()["state"]) == (200, "deferred")
    assert (done.json()["dup"], again.json()["dup"]) == (False, True)
    shown = await read_snapshot(api, agent, acme)
    given = {"email": "kim@example.test", "phone": "+43 1 234"}
    assert shown["contact"]["email"] == given["email"]
    assert shown["contact"]["verified"] is False
    options = shown["session"]["options"]
    assert (options["contact"], options["chosen"]) == (given, "callback")
    assert options["options"] == ["message", "callback"]
    event, message = (await read_items(api, agent, acme))[-2:]
    assert (event["event"], event["data"]["contact"]) == ("conversation.updated", given)
    assert (message["role"], message["content"]) == ("customer", "call me")
    hidden, own = (await read_items(api, contact, acme))[-2:]
    assert (hidden["type"], own["content"]) == ("void", "call me")
    (told,) = await api.rows("SELECT data FROM outbox WHERE event = 'session.contact_left'")
    assert orjson.loads(told["data"])["reached_by"] == ["email", "phone"]
    assert given["email"] not in told["data"], "contents do not travel"


async def test_what_a_verified_contact_types_does_not_change_who_they_are(
    api: Api, acme: Tenant, deferred: str
) -> None:
    await api.rows(
        "UPDATE contacts SET verified = true, email = 'true@example.test' WHERE id = $1",
        acme.contact,
    )
    await leave(api, acme.principal("contact"), deferred, email="typed@example.test")
    shown = await read_snapshot(api, acme.principal("agent"), acme)
    assert shown["contact"]["email"] == "true@example.test"
    assert shown["session"]["options"]["contact"] == {"email": "typed@example.test"}


async def test_nothing_too_little_and_the_wrong_people_are_refused(
    api: Api, acme: Tenant, rival: Tenant, deferred: str
) -> None:
    contact = acme.principal("contact")
    nothing = await leave(api, contact, deferred, name="Kim")
    no_address = await leave(api, contact, deferred, email="kim")
    absent = await leave(api, contact, str(uuid7()), phone="+43 1 234")
    foreign = await leave(api, rival.principal("contact"), deferred, phone="+43 1 234")
    agent = await leave(api, acme.principal("agent"), deferred, phone="+43 1 234")
    assert codes(nothing, no_address) == [(422, "INVALID")] * 2
    assert codes(absent, foreign) == [(404, "NOT_FOUND")] * 2
    assert codes(agent) == [(403, "FORBIDDEN")]


async def test_who_is_answered_already_says_it_to_whoever_is_there(
    api: Api, acme: Tenant, deferred: str
) -> None:
    headers = api.token(acme.principal("agent"))
    claimed = await api.client.post(f"/livechat/sessions/{deferred}/claim", headers=headers)
    assert claimed.json()["state"] == "active"
    contact = acme.principal("contact")
    late = await leave(api, contact, deferred, phone="+43 1 234")
    await api.client.post(f"/livechat/sessions/{deferred}/resolve", headers=headers)
    over = await leave(api, contact, deferred, phone="+43 1 234")
    assert codes(late, over) == [(409, "ALREADY_ASSIGNED"), (409, "CONVERSATION_CLOSED")]


@pytest.fixture
async def queued(api: Api, acme: Tenant) -> str:
    """A session of a customer who waits: nobody knows who is there."""
    await make_queue(api.database_url, acme, members=[acme.agent], is_default=True)
    asked = await escalate(api, acme.principal("contact"), acme)
    assert asked.json()["state"] == "queued"
    return str(asked.json()["sessionId"])


async def _events(api: Api, tenant: Tenant) -> list[Any]:
    items = await read_items(api, tenant.principal("contact"), tenant)
    return [one["data"] for one in items if one.get("event") == "handoff"]


async def test_who_would_rather_be_called_back_need_not_wait(
    api: Api, acme: Tenant, queued: str
) -> None:
    contact = acme.principal("contact")
    done = await leave(api, contact, queued, phone="+43 1 234", choice="callback")
    assert done.json()["state"] == "deferred"
    told = (await _events(api, acme))[-1]
    assert (told["state"], told["reason"]) == ("deferred", "chose_later")
    assert told["options"] == ["message", "callback"]
    texts = [one["content"] for one in await read_items(api, contact, acme) if one.get("content")]
    assert texts[-1] == "You need not wait here. We will get back to you."
    (row,) = await api.rows("SELECT options FROM live_chat_sessions WHERE id = $1", queued)
    kept = orjson.loads(row["options"])
    assert (kept["chosen"], kept["contact"]) == ("callback", {"phone": "+43 1 234"})


async def test_who_leaves_an_address_and_waits_keeps_their_place(
    api: Api, acme: Tenant, queued: str
) -> None:
    done = await leave(api, acme.principal("contact"), queued, email="k@e.test", choice="wait")
    assert done.json()["state"] == "queued"
    again = await escalate(api, acme.principal("contact"), acme)
    assert (again.json()["state"], again.json()["position"]) == ("queued", 1)


@pytest.mark.parametrize("choice", ["message", "callback"])
async def test_a_choice_is_heeded_while_somebody_waits_and_when_they_ask(
    api: Api, acme: Tenant, choice: str
) -> None:
    contact = acme.principal("contact")
    await make_queue(api.database_url, acme, members=[acme.agent], is_default=True)
    asked = await escalate(api, contact, acme)
    waits = await escalate(api, contact, acme, choice="wait")
    chosen = await escalate(api, contact, acme, choice=choice)
    again = await escalate(api, contact, acme, choice=choice)
    states = [one.json()["state"] for one in (asked, waits, chosen, again)]
    assert states == ["queued", "queued", "deferred", "deferred"]
    assert [one["state"] for one in await _events(api, acme)] == ["requested", "queued", "deferred"]
    session = asked.json()["sessionId"]
    cancelled = await api.client.post(
        f"/livechat/sessions/{session}/cancel", headers=api.token(contact)
    )
    assert cancelled.json()["state"] == "cancelled"
    at_once = await escalate(api, contact, acme, choice=choice)
    assert at_once.json()["state"] == "deferred"
    assert (await _events(api, acme))[-1]["reason"] == "chose_later"
