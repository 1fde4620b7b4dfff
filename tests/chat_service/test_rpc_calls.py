"""The six internal calls, over the real gRPC listener."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import orjson
import pytest

from chorus import rpc, topics
from chorus.auth import AUD_AGENT, AUD_VISITOR, ROLE_SCOPES, Principal, foreign_user_id
from chorus.errors import ChorusError, NotFound, Unauthenticated
from chorus.ids import uuid7
from chorus.ingest import IngestItem, body_hash
from chorus.rpc import RpcClient
from chorus.wire import client as frames
from chorus.wire.calls import (
    AccessItem,
    AccessReply,
    AccessRequest,
    ActRequest,
    HeadsRequest,
    IngestRequest,
    Outgoing,
    ReceiptItem,
    ReceiptsRequest,
    ResumePoint,
    ResumeRequest,
)
from chorus.wire.envelope import decode_server
from tests.chat_service.api_world import Api, Tenant, say

pytestmark = pytest.mark.anyio


@pytest.fixture
async def calls(api: Api) -> AsyncIterator[RpcClient]:
    async with rpc.open_client(api.resources.settings.rpc_target) as client:
        yield client


async def test_a_first_visit_replays_everything_and_is_no_resume(
    calls: RpcClient, api: Api, acme: Tenant
) -> None:
    contact = acme.principal("contact")
    told = [await say(api, contact, acme.conversation, str(number)) for number in range(3)]
    state = (await _access(calls, contact, acme)).conversations[0]
    assert (state.resumed, state.recovered, state.replay_from) == (False, True, 1)
    assert (state.head_seq, state.first_seq, state.status) == (3, 1, "open")
    assert [event.seq for event in state.events] == [1, 2, 3]
    assert [str(event.id) for event in state.events] == [one["id"] for one in told]
    model, envelope = decode_server(state.events[0].frame)
    assert (model.event, envelope["seq"], envelope["data"]["userId"]) == (
        "message",
        1,
        str(acme.contact),
    )


async def test_a_resume_gets_what_followed_and_nothing_else(
    calls: RpcClient, api: Api, acme: Tenant
) -> None:
    contact = acme.principal("contact")
    for number in range(4):
        await say(api, contact, acme.conversation, str(number))
    epoch = (await _access(calls, contact, acme)).conversations[0].epoch
    seen = {}
    for last in (0, 2, 4, 5):
        reply = await _access(calls, contact, acme, resume=ResumePoint(epoch, last))
        state = reply.conversations[0]
        seen[last] = (state.resumed, state.recovered, [event.seq for event in state.events])
    assert seen == {
        0: (True, True, [1, 2, 3, 4]),
        2: (True, True, [3, 4]),
        4: (True, True, []),
        5: (True, False, []),
    }
    other = await _access(calls, contact, acme, resume=ResumePoint("elsewhere", 2))
    assert (other.conversations[0].recovered, other.conversations[0].events) == (False, [])


async def test_more_than_the_limit_is_read_over_rest(
    calls: RpcClient, api: Api, acme: Tenant
) -> None:
    contact = acme.principal("contact")
    for number in range(4):
        await say(api, contact, acme.conversation, str(number))
    items = [AccessItem(acme.conversation)]
    exactly = await calls.access(AccessRequest(contact, items, max_events=4))
    over = await calls.access(AccessRequest(contact, items, max_events=3))
    assert len(exactly.conversations[0].events) == 4
    assert (over.conversations[0].recovered, over.conversations[0].events) == (False, [])


async def test_no_more_is_answered_than_was_asked_for_but_always_something(
    calls: RpcClient, api: Api, acme: Tenant
) -> None:
    contact = acme.principal("contact")
    for number in range(4):
        await say(api, contact, acme.conversation, str(number) * 1_000)
    items = [AccessItem(acme.conversation)]
    sizes = {}
    for max_bytes in (1, 1_500, 2_500, None):
        asked = AccessRequest(contact, items, max_bytes=max_bytes)
        state = (await calls.access(asked)).conversations[0]
        assert state.recovered and state.head_seq == 4
        seqs = [event.seq for event in state.events]
        resumed = ResumeRequest(acme.id, acme.conversation, 0, max_bytes=max_bytes)
        assert [event.seq for event in (await calls.resume(resumed)).events] == seqs
        sizes[max_bytes] = seqs
    assert sizes == {1: [1], 1_500: [1, 2], 2_500: [1, 2, 3], None: [1, 2, 3, 4]}


async def test_what_retention_took_cannot_be_resumed(
    calls: RpcClient, api: Api, acme: Tenant
) -> None:
    contact = acme.principal("contact")
    for number in range(4):
        await say(api, contact, acme.conversation, str(number))
    await api.rows("DELETE FROM messages WHERE tenant_id = $1 AND seq < 3", acme.id)
    await api.rows("UPDATE conversations SET first_seq = 3 WHERE id = $1", acme.conversation)
    fresh = (await _access(calls, contact, acme)).conversations[0]
    assert (fresh.recovered, fresh.replay_from, [event.seq for event in fresh.events]) == (
        True,
        3,
        [3, 4],
    )
    last_kept = await _access(calls, contact, acme, resume=ResumePoint(fresh.epoch, 2))
    lost = await _access(calls, contact, acme, resume=ResumePoint(fresh.epoch, 1))
    assert last_kept.conversations[0].recovered
    assert not lost.conversations[0].recovered


async def test_absent_and_foreign_conversations_are_refused_alike(
    calls: RpcClient, acme: Tenant, rival: Tenant
) -> None:
    absent = uuid7()
    for who in ("contact", "agent"):
        reply = await calls.access(
            AccessRequest(
                acme.principal(who),
                [AccessItem(absent), AccessItem(rival.conversation), AccessItem(acme.conversation)],
            )
        )
        assert set(reply.refused) == {absent, rival.conversation}
        assert [state.conversation_id for state in reply.conversations] == [acme.conversation]
    stranger = acme.principal("contact", user_id=uuid7())
    assert (await _access(calls, stranger, acme)).refused == [acme.conversation]


async def test_a_token_for_one_conversation_opens_no_other(calls: RpcClient, acme: Tenant) -> None:
    bound = acme.principal("contact", conversation_id=uuid7())
    assert (await _access(calls, bound, acme)).refused == [acme.conversation]
    fits = acme.principal("contact", conversation_id=acme.conversation)
    assert (await _access(calls, fits, acme)).refused == []


async def test_the_inbox_socket_learns_who_the_agent_is(
    calls: RpcClient, api: Api, acme: Tenant
) -> None:
    await say(api, acme.principal("agent"), acme.conversation, "mine")
    reply = await calls.access(AccessRequest(acme.principal("agent"), []))
    assert reply.agent is not None
    assert (reply.agent.status, reply.agent.capacity, reply.agent.load) == (None, 5, 1)
    await api.rows("UPDATE agents SET disabled_at = now() WHERE id = $1", acme.agent)
    with pytest.raises(Unauthenticated):
        await calls.access(AccessRequest(acme.principal("agent"), []))


async def test_a_conversation_closed_for_eight_days_says_so(
    calls: RpcClient, api: Api, acme: Tenant
) -> None:
    states = []
    for days in (6, 8):
        await api.rows(
            "UPDATE conversations SET status = 'closed', closed_at = now() - $2 * interval '1 day'"
            " WHERE id = $1",
            acme.conversation,
            days,
        )
        reply = await _access(calls, acme.principal("contact"), acme)
        states.append(reply.conversations[0].closed_long_ago)
    assert states == [False, True]


async def test_somebody_of_a_foreign_issuer_gets_a_row_of_their_own(
    calls: RpcClient, api: Api, acme: Tenant
) -> None:
    for role, audience, table in (
        ("visitor", AUD_VISITOR, "contacts"),
        ("supervisor", AUD_AGENT, "agents"),
    ):
        subject = f"{role}|7"
        user_id = foreign_user_id("https://idp.example", acme.id, subject)
        principal = Principal(
            tenant_id=acme.id,
            user_id=user_id,
            role=role,
            audience=audience,
            scopes=ROLE_SCOPES[role],
            expires_at=2**39,
            issued_at=2**39 - 60,
            issuer="https://idp.example",
            subject=subject,
        )
        for _ in range(2):
            await calls.access(AccessRequest(principal, []))
        found = await api.rows(f"SELECT tenant_id FROM {table} WHERE id = $1", user_id)
        assert [row["tenant_id"] for row in found] == [acme.id]
    known = await api.rows("SELECT subject FROM contact_identities WHERE tenant_id = $1", acme.id)
    assert [row["subject"] for row in known] == ["visitor|7"]


async def test_resume_reads_after_a_seq_and_not_across_tenants(
    calls: RpcClient, api: Api, acme: Tenant, rival: Tenant
) -> None:
    for number in range(3):
        await say(api, acme.principal("contact"), acme.conversation, str(number))
    reply = await calls.resume(ResumeRequest(acme.id, acme.conversation, 1, limit=1))
    assert ([event.seq for event in reply.events], reply.head_seq) == ([2], 3)
    with pytest.raises(NotFound):
        await calls.resume(ResumeRequest(rival.id, acme.conversation, 0))


async def test_heads_are_told_whatever_the_tenant_with_what_was_revoked(
    calls: RpcClient, api: Api, acme: Tenant, rival: Tenant
) -> None:
    await say(api, acme.principal("contact"), acme.conversation)
    await api.client.post("/auth/logout", json={}, headers=api.token(acme.principal("agent")))
    reply = await calls.heads(HeadsRequest([acme.conversation, rival.conversation, uuid7()]))
    heads = {head.conversation_id: head.head_seq for head in reply.heads}
    assert heads == {acme.conversation: 1, rival.conversation: 0}
    assert "token" in {one.kind for one in reply.revocations}
    assert reply.epoch


async def test_ingest_answers_as_the_stream_would(
    calls: RpcClient, api: Api, acme: Tenant, rival: Tenant
) -> None:
    items = [_item(acme, "one"), _item(acme, "two"), _item(rival, "three")]
    reply = await calls.ingest(IngestRequest(items))
    again = await calls.ingest(IngestRequest(items[:1]))
    told = [_told(one) for one in reply.outgoing]
    assert [(header.kind, header.seq, header.slot) for header, _ in told] == [
        (topics.Kind.DURABLE, 1, 9),
        (topics.Kind.DURABLE, 2, 9),
        (topics.Kind.DURABLE, 1, 9),
    ]
    header, frame = _told(again.outgoing[0])
    assert (header.kind, frame["event"], frame["data"]["dup"]) == (
        topics.Kind.REPLY,
        "delivered",
        True,
    )
    foreign = _item(acme, "four", conversation_id=rival.conversation)
    refused = _told((await calls.ingest(IngestRequest([foreign]))).outgoing[0])[1]
    assert refused["data"]["code"] == "NOT_FOUND"


async def test_act_answers_delivered_or_nack_with_the_id(
    calls: RpcClient, api: Api, acme: Tenant
) -> None:
    told = await say(api, acme.principal("contact"), acme.conversation)
    target = {"target": told["id"], "content": "better"}
    ok = await _act(calls, acme.principal("contact"), acme, "edit", target)
    foreign = await _act(calls, acme.principal("agent"), acme, "edit", target)
    unknown = await _act(calls, acme.principal("agent"), acme, "unsubscribe", {"conv": []})
    misfit = await _act(calls, acme.principal("agent"), acme, "snooze", {"until": "tomorrow"})
    assert (ok["event"], ok["data"]["seq"]) == ("delivered", 2)
    assert "seq" not in ok
    assert [one["data"]["code"] for one in (foreign, unknown, misfit)] == [
        "FORBIDDEN",
        "UNKNOWN_EVENT",
        "INVALID",
    ]
    assert all("id" in one["data"] for one in (foreign, unknown, misfit))


async def test_act_is_refused_for_a_foreign_tenant_and_a_revoked_token(
    calls: RpcClient, api: Api, acme: Tenant, rival: Tenant
) -> None:
    answer = await _act(calls, rival.principal("admin"), acme, "resolve", {})
    assert answer["data"]["code"] == "NOT_FOUND"
    headers = api.token(acme.principal("agent"))
    principal = await api.resources.trust.principal(headers["Authorization"])
    await api.client.post("/auth/logout", json={}, headers=headers)
    with pytest.raises(Unauthenticated):
        await _act(calls, principal, acme, "resolve", {})


async def test_the_inbox_opens_with_a_page_and_its_counters(
    calls: RpcClient, api: Api, acme: Tenant
) -> None:
    await say(api, acme.principal("contact"), acme.conversation, "Hello there")
    frame = await _act(calls, acme.principal("agent"), None, "inbox.open", {"view": "all"})
    model, _ = decode_server(orjson.dumps(frame))
    assert model.event == "inbox.snapshot"
    item = frame["data"]["items"][0]
    assert (item["conv"], item["preview"], item["unread"]) == (
        str(acme.conversation),
        "Hello there",
        1,
    )
    assert frame["data"]["counts"]["all"] == 1
    asked = ActRequest(acme.principal("agent"), None, "c1", "inbox.open", {"view": "all"})
    counters = orjson.loads((await calls.act(asked)).frames[1])
    assert counters["event"] == "inbox.counts"
    assert set(counters["data"]["queues"].values()) <= {0}
    visitor = await _act(calls, acme.principal("contact"), None, "inbox.open", {"view": "all"})
    assert visitor["data"]["code"] == "FORBIDDEN"


async def test_rows_are_read_again_by_conversation(
    calls: RpcClient, acme: Tenant, rival: Tenant
) -> None:
    asked = {"conv": [str(acme.conversation), str(rival.conversation), str(uuid7())]}
    frame = await _act(calls, acme.principal("agent"), None, "inbox.rows", asked)
    assert [item["conv"] for item in frame["data"]["items"]] == [str(acme.conversation)]


async def test_an_agent_chooses_their_status(calls: RpcClient, api: Api, acme: Tenant) -> None:
    frame = await _act(calls, acme.principal("agent"), None, "agent.status", {"status": "online"})
    assert frame["event"] == "delivered"
    reply = await calls.access(AccessRequest(acme.principal("agent"), []))
    assert reply.agent is not None
    assert reply.agent.status == "online"
    visitor = await _act(
        calls, acme.principal("contact"), None, "agent.status", {"status": "online"}
    )
    assert visitor["data"]["code"] == "FORBIDDEN"


async def test_heads_tell_what_agents_chose_and_nothing_of_who_never_did(
    calls: RpcClient, acme: Tenant, rival: Tenant
) -> None:
    await _act(calls, acme.principal("agent"), None, "agent.status", {"status": "offline"})
    await _act(calls, rival.principal("agent"), None, "agent.status", {"status": "busy"})
    reply = await calls.heads(HeadsRequest([], [acme.agent, acme.colleague, rival.agent]))
    chosen = {agent: status for agent, status, _ in reply.statuses}
    assert chosen == {acme.agent: "offline", rival.agent: "busy"}


async def test_receipts_are_clamped_merged_and_never_fall(
    calls: RpcClient, api: Api, acme: Tenant, rival: Tenant
) -> None:
    for number in range(3):
        await say(api, acme.principal("agent"), acme.conversation, str(number))
    head = (await _access(calls, acme.principal("contact"), acme)).conversations[0].head_seq

    async def record(*said: tuple[Tenant, UUID, str, str, int]) -> int:
        items = [
            ReceiptItem(tenant.id, acme.conversation, user, role, kind, up_to)
            for tenant, user, role, kind, up_to in said
        ]
        return (await calls.receipts(ReceiptsRequest(items))).stored

    customer = (acme, acme.contact, "visitor")
    assert await record((*customer, "read", 2), (*customer, "delivered", 10**9)) == 1
    assert await record((*customer, "read", 1)) == 0
    assert await record((rival, rival.contact, "visitor", "read", 2)) == 0
    assert await record((acme, uuid7(), "visitor", "read", 2)) == 0
    state = (await _access(calls, acme.principal("agent"), acme)).conversations[0]
    marks = [(mark.user_id, mark.delivered_seq, mark.read_seq) for mark in state.receipts]
    assert marks == [(acme.contact, head, 2)]
    stamped = await api.rows(
        "SELECT seq, delivered_at IS NOT NULL AS got, read_at IS NOT NULL AS read FROM messages"
        " WHERE tenant_id = $1 AND message_type <> 'event' ORDER BY seq",
        acme.id,
    )
    assert [(row["got"], row["read"]) for row in stamped] == [
        (True, row["seq"] <= 2) for row in stamped
    ]


async def test_a_call_that_means_nothing_fails_as_an_error_of_the_tree(
    calls: RpcClient, acme: Tenant
) -> None:
    with pytest.raises(ChorusError):
        await calls.resume(ResumeRequest(acme.id, uuid7(), 0))


async def _access(
    calls: RpcClient, who: Principal, tenant: Tenant, *, resume: ResumePoint | None = None
) -> AccessReply:
    return await calls.access(AccessRequest(who, [AccessItem(tenant.conversation, resume)]))


async def _act(
    calls: RpcClient, who: Principal, tenant: Tenant | None, event: str, data: dict[str, Any]
) -> dict[str, Any]:
    conversation_id = None if tenant is None else tenant.conversation
    given = data if event.startswith("inbox.") else {"id": str(uuid7()), **data}
    reply = await calls.act(ActRequest(who, conversation_id, "c1", event, given))
    frame: dict[str, Any] = orjson.loads(reply.frames[0])
    return frame


def _item(tenant: Tenant, content: str, **changes: Any) -> IngestItem:
    frame = frames.Message(id=uuid7(), content=content)
    facts: dict[str, Any] = {
        "tenant_id": tenant.id,
        "conversation_id": tenant.conversation,
        "id": frame.id,
        "sender_id": tenant.contact,
        "sender_role": "visitor",
        "role": "customer",
        "type": "text",
        "visibility": "public",
        "content": content,
        "body_hash": body_hash(tenant.contact, frame),
        "sent_ms": 1,
        "node": 5,
        "conn": 7,
        "slot": 9,
    }
    return IngestItem(**{**facts, **changes})


def _told(outgoing: Outgoing) -> tuple[topics.Header, dict[str, Any]]:
    header, frame = topics.unpack(bytes.fromhex(outgoing.header) + outgoing.frame.encode())
    return header, orjson.loads(frame)
