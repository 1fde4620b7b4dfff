"""A queue is deleted while customers stand in it: nobody is lost, nobody is stuck."""

import asyncio
from typing import Any
from uuid import UUID

import orjson
import pytest

from chat_service import handoff
from chat_service import session_facts as facts
from chat_service.router import Router
from chorus import topics
from chorus.bus import open_redis
from chorus.clock import SystemClock
from tests.chat_service.admin_world import QUEUES, call, joined, make, session_of, stand
from tests.chat_service.api_world import Api, Tenant, codes
from tests.chat_service.ingest_world import not_gapless
from tests.chat_service.routing_world import tools_for

pytestmark = pytest.mark.anyio

STATES = ("requested", "queued", "offered", "deferred", "active")


async def events(api: Api, conversation: UUID) -> list[dict[str, Any]]:
    """The handoffs of a conversation in order."""
    rows = await api.rows(
        "SELECT payload FROM messages WHERE conversation_id = $1 ORDER BY seq", conversation
    )
    found = [orjson.loads(row["payload"]) for row in rows]
    return [one["data"] for one in found if one.get("event") == "handoff"]


async def all_states(api: Api, tenant: Tenant, queue: UUID) -> dict[str, UUID]:
    return {state: await stand(api, tenant, queue, state) for state in STATES}


@pytest.mark.parametrize("way", ["overflow", "default"])
async def test_who_waits_goes_on_elsewhere_with_the_same_age(
    api: Api, acme: Tenant, way: str
) -> None:
    target = await make(api, acme, "target", isDefault=way == "default")
    overflow = {"overflowQueueId": str(target)} if way == "overflow" else {}
    queue = await make(api, acme, "support", **overflow)
    cases = await all_states(api, acme, queue)
    ages = {one: (await session_of(api, case))["requested_at"] for one, case in cases.items()}
    answer = await call(api, acme, "DELETE", f"{QUEUES}/{queue}")
    assert answer.json() == {"id": str(queue), "instead": str(target), "sessions": 4}
    for state, conversation in cases.items():
        session = await session_of(api, conversation)
        stays = state in ("deferred", "active")
        where = queue if state == "active" else target
        assert (session["status"], session["queue_id"]) == (state if stays else "queued", where)
        assert (session["stands_in"], session["requested_at"]) == (where, ages[state])
        last = (await events(api, conversation))[-1]
        if state == "active":
            assert (session["agent_id"], last["reason"]) == (acme.agent, "claimed")
        else:
            assert (last["reason"], last["queue"]) == ("queue_gone", "target")
            assert session["asked"] is None
    (offer,) = await api.rows(
        "SELECT state, reason FROM session_offers WHERE conversation_id = $1", cases["offered"]
    )
    assert tuple(offer) == ("rescinded", "queue_gone")
    assert await not_gapless(api.database_url) == []


async def test_where_no_queue_is_left_nobody_can_come_and_a_message_can_be_left(
    api: Api, acme: Tenant
) -> None:
    queue = await make(api, acme, "support", isDefault=True)
    cases = await all_states(api, acme, queue)
    answer = await call(api, acme, "DELETE", f"{QUEUES}/{queue}")
    assert answer.json() == {"id": str(queue), "instead": None, "sessions": 4}
    for state, conversation in cases.items():
        session = await session_of(api, conversation)
        if state == "active":
            assert (session["status"], session["assignee_id"]) == ("active", acme.agent)
            continue
        assert (session["status"], session["queue_id"]) == ("deferred", None)
        assert "message" in orjson.loads(session["options"])["options"]
        assert (await events(api, conversation))[-1]["state"] == "deferred"
    claimed = await call(
        api,
        acme,
        "POST",
        f"/livechat/sessions/{(await session_of(api, cases['queued']))['id']}/claim",
        who="agent",
    )
    assert (claimed.status_code, claimed.json()["state"]) == (200, "active")


async def test_customers_and_the_asked_agent_are_told(api: Api, acme: Tenant) -> None:
    await make(api, acme, "target", isDefault=True)
    queue = await make(api, acme, "support")
    conversation = await stand(api, acme, queue, "offered")
    async with (
        open_redis(api.resources.settings.redis_url) as client,
        client.pubsub(ignore_subscribe_messages=True) as pubsub,
    ):
        await pubsub.subscribe("end", topics.inbox(acme.id), topics.fan(conversation))
        await call(api, acme, "DELETE", f"{QUEUES}/{queue}")
        await client.publish("end", b"")
        told, words = [], []
        async with asyncio.timeout(20):
            async for message in pubsub.listen():
                if message["channel"] == b"end":
                    break
                if message["channel"].startswith(b"fan:"):
                    header, frame = topics.unpack(message["data"])
                    told += [orjson.loads(frame)] if header.conversation == conversation else []
                else:
                    words.append(orjson.loads(message["data"]))
    (frame,) = [one for one in told if one["event"] == "handoff"]
    assert frame["data"]["reason"] == "queue_gone"
    (gone,) = [one for one in words if isinstance(one, dict) and "agent" in one]
    assert gone["agent"] == str(acme.agent)
    assert orjson.loads(gone["frame"])["event"] == "offer.rescinded"


async def test_of_two_who_delete_a_queue_one_does(api: Api, acme: Tenant) -> None:
    await make(api, acme, "target", isDefault=True)
    for name in ("a", "b", "c"):
        queue = await make(api, acme, name)
        conversation = await stand(api, acme, queue, "queued")
        done = await asyncio.gather(
            *(call(api, acme, "DELETE", f"{QUEUES}/{queue}") for _ in range(3))
        )
        assert sorted(one.status_code for one in done) == [200, 404, 404]
        reasons = [one["reason"] for one in await events(api, conversation)]
        assert reasons.count("queue_gone") == 1


async def test_queues_deleted_at_once_leave_nobody_in_either(api: Api, acme: Tenant) -> None:
    last = await make(api, acme, "last", isDefault=True)
    two = await make(api, acme, "two", overflowQueueId=str(last))
    one = await make(api, acme, "one", overflowQueueId=str(two))
    cases = [await stand(api, acme, queue, "queued") for queue in (one, two)]
    done = await asyncio.gather(
        *(call(api, acme, "DELETE", f"{QUEUES}/{queue}") for queue in (one, two))
    )
    assert [answer.status_code for answer in done] == [200, 200]
    assert {(await session_of(api, case))["queue_id"] for case in cases} == {last}


async def test_a_deleted_queue_is_unknown_to_whoever_names_it(api: Api, acme: Tenant) -> None:
    queue = await make(api, acme, "support")
    await make(api, acme, "sales")
    await call(api, acme, "DELETE", f"{QUEUES}/{queue}")
    for name in ("support", str(queue)):
        body = {"conversationId": str(acme.conversation), "queue": name}
        answer = await call(api, acme, "POST", "/livechat/escalate", body, who="contact")
        assert (answer.status_code, answer.json()["code"]) == (422, "UNKNOWN_QUEUE")
        assert answer.json()["queues"] == ["sales"]
    path = f"{QUEUES}/{queue}"
    tried = [
        await call(api, acme, "GET", path),
        await call(api, acme, "PATCH", path, {"priority": 1}),
        await call(api, acme, "PUT", f"{path}/members/{acme.agent}"),
    ]
    assert codes(*tried) == [(404, "NOT_FOUND")] * 3


async def test_what_led_to_a_deleted_queue_leads_past_it(api: Api, acme: Tenant) -> None:
    last = await make(api, acme, "last")
    gone = await make(api, acme, "gone", overflowQueueId=str(last))
    first = await make(api, acme, "first", overflowQueueId=str(gone))
    inbox = f"/admin/inboxes/{acme.inbox_id}"
    await call(api, acme, "PATCH", inbox, {"queueId": str(gone)})
    await call(api, acme, "DELETE", f"{QUEUES}/{gone}")
    (found,) = (await call(api, acme, "GET", "/admin/inboxes")).json()["items"]
    assert found["queueId"] == str(last)
    left = (await call(api, acme, "GET", f"{QUEUES}/{first}")).json()
    assert left["overflowQueueId"] == str(last)
    body = {"conversationId": str(acme.conversation)}
    await call(api, acme, "POST", "/livechat/escalate", body, who="contact")
    assert (await session_of(api, acme.conversation))["queue_id"] == last


async def test_what_was_in_a_deleted_queue_stays_readable(api: Api, acme: Tenant) -> None:
    queue = await make(api, acme, "support")
    conversation = await stand(api, acme, queue, "active")
    await call(api, acme, "DELETE", f"{QUEUES}/{queue}")
    await make(api, acme, "support")
    shown = await call(api, acme, "GET", f"/livechat/conversations/{conversation}", who="agent")
    assert (shown.json()["queue"], shown.json()["session"]["state"]) == ("support", "active")


@pytest.mark.parametrize("state", ["queued", "deferred", "active"])
@pytest.mark.parametrize("left", [True, False])
async def test_whoever_comes_to_a_deleted_queue_is_sent_on_by_the_router(
    api: Api, acme: Tenant, state: str, left: bool
) -> None:
    """A request planned before, an agent lost after: nobody waits where nobody looks."""
    target = await make(api, acme, "target", isDefault=True)
    queue = await make(api, acme, "support", policy="manual")
    await joined(api, acme, f"{QUEUES}/{queue}", acme.agent)
    late = await stand(api, acme, queue, "active") if state == "active" else None
    await call(api, acme, "DELETE", f"{QUEUES}/{queue}")
    if not left:
        await call(api, acme, "DELETE", f"{QUEUES}/{target}")
    if late is None:
        late = await stand(api, acme, queue, state)
    else:
        async with api.resources.system.transaction(None) as tx:
            lost, now = facts.AgentLost(acme.agent), SystemClock().now()
            await handoff.apply(tx, acme.id, late, lost, now=now)
    async with tools_for(api.database_url, api.resources.settings.redis_url) as tools:
        while (await Router(tools).route(acme.id)).more:
            pass
    session = await session_of(api, late)
    assert session["queue_id"] == (target if left else None)
    waits = left and state != "deferred"
    assert session["status"] == ("queued" if waits else "deferred")
    assert (await events(api, late))[-1]["reason"] == "queue_gone"


async def test_many_who_wait_are_moved_in_one_go(api: Api, acme: Tenant) -> None:
    target = await make(api, acme, "target", isDefault=True)
    queue = await make(api, acme, "support")
    cases = [await stand(api, acme, queue, "queued") for _ in range(40)]
    answer = await call(api, acme, "DELETE", f"{QUEUES}/{queue}")
    assert answer.json()["sessions"] == 40
    found = await api.rows(
        "SELECT DISTINCT queue_id FROM live_chat_sessions WHERE conversation_id = ANY($1)", cases
    )
    assert [row["queue_id"] for row in found] == [target]
    waiting = (await call(api, acme, "GET", f"{QUEUES}/{target}")).json()["waiting"]
    assert waiting == 40
