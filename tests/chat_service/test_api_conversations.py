"""Conversations, messages, lists and receipts over REST."""

from typing import Any

import orjson
import pytest
from redis.asyncio import Redis

from chorus import topics
from chorus.auth import Principal
from chorus.ids import uuid7
from chorus.wire.envelope import decode_server
from tests.chat_service.api_world import (
    ORIGIN,
    Api,
    Tenant,
    codes,
    message,
    messages_path,
    read_items,
    read_page,
    read_snapshot,
    say,
)

pytestmark = pytest.mark.anyio


async def test_a_repeated_id_gives_the_first_answer_and_one_row(api: Api, acme: Tenant) -> None:
    path, headers = messages_path(acme), api.token(acme.principal("contact"))
    body = message("Where is my parcel?")
    first = await api.client.post(path, json=body, headers=headers)
    again = await api.client.post(path, json=body, headers=headers)
    other = await api.client.post(path, json={**body, "content": "else"}, headers=headers)
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert first.json() | {"dup": True} == again.json()
    assert other.json()["code"] == "ID_CONFLICT"
    assert len(await read_items(api, acme.principal("contact"), acme)) == 1


async def test_a_posted_message_reaches_the_fan_out(api: Api, acme: Tenant, redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis, redis.pubsub() as heard:
        await heard.subscribe(topics.fan(acme.conversation), topics.inbox(acme.id))
        for _ in range(2):
            await heard.get_message(timeout=5)
        told = await say(api, acme.principal("contact"), acme.conversation, "Hello")
        spoken = [await heard.get_message(timeout=5) for _ in range(2)]
    header, frame = topics.unpack(spoken[0]["data"])
    model, envelope = decode_server(frame)
    assert (model.event, envelope["seq"], header.seq) == ("message", told["seq"], told["seq"])
    assert orjson.loads(spoken[1]["data"]) == [{"conv": str(acme.conversation), "rev": told["seq"]}]


async def test_a_note_is_void_for_the_customer_and_text_for_agents(api: Api, acme: Tenant) -> None:
    contact, agent = acme.principal("contact"), acme.principal("agent")
    await say(api, contact, acme.conversation, "one")
    note = await say(api, agent, acme.conversation, "secret note", visibility="agents")
    await say(api, contact, acme.conversation, "two")
    seen = await read_items(api, contact, acme)
    assert [item["seq"] for item in seen] == [1, 2, 3]
    assert seen[1] == {"seq": 2, "id": note["id"], "type": "void"}
    assert (await read_items(api, agent, acme))[1]["content"] == "secret note"
    listed = await api.client.get("/livechat/conversations", headers=api.token(contact))
    assert listed.json()["items"][0]["preview"] == "two"


async def test_a_customer_may_write_no_note_and_speak_as_nobody_else(
    api: Api, acme: Tenant
) -> None:
    headers = api.token(acme.principal("contact"))
    note = await api.client.post(
        messages_path(acme), json=message(visibility="agents"), headers=headers
    )
    agent = await api.client.post(messages_path(acme), json=message(role="agent"), headers=headers)
    forged = await api.client.post(
        messages_path(acme),
        json=message(userId=str(acme.agent), tenantId=str(uuid7()), seq=99, senderId="x"),
        headers=headers,
    )
    assert (note.status_code, agent.status_code, forged.status_code) == (403, 403, 201)
    item = (await read_items(api, acme.principal("contact"), acme))[0]
    assert (item["userId"], item["role"], item["seq"]) == (str(acme.contact), "customer", 1)


async def test_the_history_is_paged_by_key_both_ways(api: Api, acme: Tenant) -> None:
    contact = acme.principal("contact")
    for number in range(7):
        await say(api, contact, acme.conversation, str(number))
    seen: list[int] = []
    cursor: Any = 0
    while cursor is not None:
        page = await read_page(api, contact, acme, after=cursor, limit=3)
        seen += [item["seq"] for item in page["items"]]
        cursor = page["nextCursor"]
    assert seen == [1, 2, 3, 4, 5, 6, 7]
    last = await read_page(api, contact, acme, before=8, limit=3)
    assert [item["seq"] for item in last["items"]] == [5, 6, 7]
    assert (last["nextCursor"], last["headSeq"]) == (5, 7)
    first = await read_page(api, contact, acme, before=3, limit=5)
    assert ([item["seq"] for item in first["items"]], first["nextCursor"]) == ([1, 2], None)


async def test_the_snapshot_of_a_customer_holds_exactly_these_fields(
    api: Api, acme: Tenant
) -> None:
    await say(api, acme.principal("contact"), acme.conversation)
    await say(api, acme.principal("agent"), acme.conversation, "Hi, I am Agent")
    shown = await read_snapshot(api, acme.principal("contact"), acme)
    assert set(shown) == {
        "id", "status", "epoch", "headSeq", "firstSeq", "floor", "session", "queue", "position",
        "etaSeconds", "assignee", "team", "contact", "participants", "receipts", "messages",
        "summary",
    }  # fmt: skip
    assert set(shown["contact"]) == {"id", "name", "verified"}
    assert shown["assignee"] == {"id": str(acme.agent), "name": "Agent", "role": "agent"}
    assert shown["floor"]["holder"] == "human"
    assert shown["participants"] == [
        {"userId": str(acme.contact), "name": "Kim", "role": "customer"},
        {"userId": str(acme.agent), "name": "Agent", "role": "agent"},
    ]
    assert [item["seq"] for item in shown["messages"]] == list(range(1, shown["headSeq"] + 1))
    for_agents = await read_snapshot(api, acme.principal("agent"), acme)
    assert set(for_agents) - set(shown) == {
        "priority", "tags", "visibleMessages", "inbox", "attributes", "createdAt", "snoozedUntil",
        "closedAt", "markedUnread", "csat", "bots", "traits",
    }  # fmt: skip
    assert for_agents["inbox"] == {"id": str(acme.inbox_id), "name": "Web", "channel": "web"}
    assert for_agents["createdAt"].endswith("Z")
    assert "email" in for_agents["contact"]


async def test_receipts_rise_stamp_the_other_side_and_zero_unread(
    api: Api, acme: Tenant, redis_url: str
) -> None:
    contact, agent = acme.principal("contact"), acme.principal("agent")
    told = [await say(api, contact, acme.conversation, str(number)) for number in range(3)]
    assert await _unread(api, acme) == 3
    async with Redis.from_url(redis_url) as redis, redis.pubsub() as heard:
        await heard.subscribe(topics.fan(acme.conversation))
        await heard.get_message(timeout=5)
        assert await _ack(api, agent, told[1]["id"], conversationId=str(acme.conversation)) == 204
        header, frame = topics.unpack((await heard.get_message(timeout=5))["data"])
    model, _ = decode_server(frame)
    assert (model.event, header.kind, header.audience) == (
        "receipt",
        topics.Kind.EPHEMERAL,
        topics.Audience.OTHERS,
    )
    assert header.author == topics.author_key(acme.agent)
    assert await _unread(api, acme) == 1
    items = await read_items(api, contact, acme)
    assert [item["readAt"] is not None for item in items] == [True, True, False]
    await _ack(api, agent, told[0]["id"], conversationId=str(acme.conversation))
    shown = await read_snapshot(api, agent, acme)
    assert shown["receipts"] == [{"userId": str(acme.agent), "delivered": 2, "read": 2}]


async def test_an_ack_needs_a_message_its_reader_can_see(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    contact, agent = acme.principal("contact"), acme.principal("agent")
    note = await say(api, agent, acme.conversation, "note", visibility="agents")
    foreign = await say(api, rival.principal("contact"), rival.conversation)
    assert await _ack(api, agent, note["id"]) == 422
    assert await _ack(api, contact, note["id"]) == 404
    assert await _ack(api, contact, foreign["id"]) == 404
    assert await _ack(api, agent, foreign["id"], conversationId=str(rival.conversation)) == 404
    assert await _ack(api, contact, "not-an-id") == 404
    own = await say(api, agent, acme.conversation, "public")
    assert await _ack(api, contact, own["id"], kind="delivered") == 204


async def test_a_visitor_starts_again_and_lists_only_their_own(api: Api, acme: Tenant) -> None:
    visitor = (
        await api.client.post(
            "/livechat/visitors", json={"inboxKey": acme.inbox_key}, headers={"Origin": ORIGIN}
        )
    ).json()
    headers = {"Authorization": f"Bearer {visitor['token']}"}
    fresh = await api.client.post("/livechat/conversations", json={}, headers=headers)
    assert fresh.status_code == 201
    assert fresh.json()["contact"]["id"] == visitor["contactId"]
    keyed = [
        await api.client.post(
            "/livechat/conversations", json={}, headers=headers | {"Idempotency-Key": "k"}
        )
        for _ in range(2)
    ]
    assert keyed[0].json()["id"] == keyed[1].json()["id"]
    listed = (await api.client.get("/livechat/conversations", headers=headers)).json()["items"]
    assert {one["id"] for one in listed} == {
        visitor["conversationId"],
        fresh.json()["id"],
        keyed[0].json()["id"],
    }
    assert "contact" not in listed[0]


async def test_an_agent_opens_a_conversation_for_a_contact_of_the_tenant(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    headers = api.token(acme.principal("agent"))

    async def status(**body: Any) -> int:
        return (
            await api.client.post("/livechat/conversations", json=body, headers=headers)
        ).status_code

    wanted = uuid7()
    assert await status(id=str(wanted), contactId=str(acme.contact)) == 201
    assert await status(id=str(wanted), contactId=str(acme.contact)) == 201
    assert await status(contactId=str(rival.contact)) == 404
    assert await status(id=str(rival.conversation), contactId=str(acme.contact)) == 409
    assert await status() == 403


async def test_a_list_is_paged_without_repeating_anyone(api: Api, acme: Tenant) -> None:
    agent = acme.principal("agent")
    ids = {acme.conversation}
    for _ in range(6):
        one = uuid7()
        ids.add(one)
        await api.client.post(
            "/livechat/conversations",
            json={"id": str(one), "contactId": str(acme.contact)},
            headers=api.token(agent),
        )
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 3}
    while query:
        answer = await api.client.get(
            "/livechat/conversations", params=query, headers=api.token(agent)
        )
        page = answer.json()
        seen += [one["id"] for one in page["items"]]
        query = {"limit": 3, "cursor": page["nextCursor"]} if page["nextCursor"] else {}
    assert sorted(seen) == sorted(map(str, ids))
    bad = await api.client.get(
        "/livechat/conversations", params={"cursor": "rubbish"}, headers=api.token(agent)
    )
    assert codes(bad) == [(422, "INVALID")]


async def test_the_views_of_the_inbox_hold_what_they_say(api: Api, acme: Tenant) -> None:
    agent = acme.principal("agent")

    async def view(name: str, **query: str) -> int:
        answer = await api.client.get(
            "/livechat/conversations", params={"view": name, **query}, headers=api.token(agent)
        )
        assert answer.status_code == 200, answer.text
        return len(answer.json()["items"])

    assert [await view(name) for name in ("all", "mine", "queue", "snoozed", "bot")] == [
        1,
        0,
        0,
        0,
        0,
    ]
    await say(api, agent, acme.conversation, "mine now", mentions=[str(acme.agent)])
    assert [await view("mine"), await view("mentions")] == [1, 1]
    assert await view("all", assignee="me") == 1
    assert await view("all", assignee=str(acme.colleague)) == 0
    assert await view("all", status="closed") == 0
    assert await view("all", queue="nowhere") == 0


async def _ack(api: Api, who: Principal, message_id: str, **body: Any) -> int:
    answer = await api.client.post(f"/livechat/ack/{message_id}", json=body, headers=api.token(who))
    return answer.status_code


async def _unread(api: Api, tenant: Tenant) -> int:
    rows = await api.rows("SELECT unread FROM conversations WHERE id = $1", tenant.conversation)
    return int(rows[0]["unread"])


async def test_who_answers_over_a_colleagues_head_learns_whose_and_when(
    api: Api, acme: Tenant
) -> None:
    seen = (await say(api, acme.principal("contact"), acme.conversation))["seq"]
    told = await say(api, acme.principal("agent"), acme.conversation, "I have it")
    body = message("Me too", expectedSeq=seen)
    senior = api.token(acme.principal("supervisor"))
    refused = await api.client.post(messages_path(acme), json=body, headers=senior)
    assert codes(refused) == [(409, "STALE_VIEW")]
    facts = refused.json()
    assert (facts["headSeq"], facts["at"]) == (told["seq"], told["ts"])
    assert facts["by"] == {"userId": str(acme.agent), "name": "Agent"}
    anyway = await api.client.post(
        messages_path(acme), json={**body, "expectedSeq": told["seq"]}, headers=senior
    )
    assert anyway.status_code == 201
    note = message("psst", expectedSeq=seen, visibility="agents")
    own = api.token(acme.principal("agent"))
    stale = await api.client.post(messages_path(acme), json=note, headers=own)
    assert stale.json()["by"]["name"] == "Supervisor"
