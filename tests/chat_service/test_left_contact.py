"""A customer nobody can come to leaves how they can be reached."""

from typing import Any

import orjson
import pytest

from chorus.auth import Principal
from chorus.ids import uuid7
from tests.chat_service.api_world import Api, Tenant, codes, read_items, read_snapshot
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
