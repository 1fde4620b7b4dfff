"""Commands over REST: edits, moderation, closing, and doing each of them once."""

from typing import Any

import orjson
import pytest

from chorus.auth import Principal
from chorus.ids import uuid7
from tests.chat_service.api_world import (
    Api,
    Tenant,
    codes,
    message,
    messages_path,
    read_items,
    read_snapshot,
    say,
)

pytestmark = pytest.mark.anyio


async def test_an_edit_changes_the_message_and_takes_a_seq(api: Api, acme: Tenant) -> None:
    contact = acme.principal("contact")
    told = await say(api, contact, acme.conversation, "teh")
    answer = await _command(api, contact, acme, "edit", target=told["id"], content="the")
    assert answer.json()["seq"] == told["seq"] + 1
    edited, event = await read_items(api, contact, acme)
    assert (edited["content"], edited["rev"]) == ("the", 1)
    assert edited["editedAt"] is not None
    assert (event["type"], event["event"]) == ("event", "message.updated")
    assert event["data"] == {
        "target": told["id"],
        "content": "the",
        "by": str(acme.contact),
        "rev": 1,
    }
    shown = await api.client.get("/livechat/conversations", headers=api.token(contact))
    assert shown.json()["items"][0]["preview"] == "the"


async def test_only_the_author_edits_and_only_for_a_while(api: Api, acme: Tenant) -> None:
    contact, agent = acme.principal("contact"), acme.principal("agent")
    told = await say(api, contact, acme.conversation)
    foreign = await _command(api, agent, acme, "edit", target=told["id"], content="x")
    unknown = await _command(api, contact, acme, "edit", target=str(uuid7()), content="x")
    await api.rows(
        "UPDATE messages SET created_at = now() - interval '16 minutes' WHERE tenant_id = $1",
        acme.id,
    )
    late = await _command(api, contact, acme, "edit", target=told["id"], content="x")
    assert codes(foreign, unknown, late) == [
        (403, "FORBIDDEN"),
        (404, "NOT_FOUND"),
        (409, "EDIT_WINDOW"),
    ]


async def test_a_deleted_message_leaves_a_tombstone_and_its_words_nowhere(
    api: Api, acme: Tenant
) -> None:
    contact = acme.principal("contact")
    told = await say(api, contact, acme.conversation, "my card is 4111")
    await _command(api, contact, acme, "edit", target=told["id"], content="my card is 4222")
    deleted = await _command(api, contact, acme, "delete", target=told["id"])
    assert deleted.json()["seq"] == 3
    message_item, edit, event = await read_items(api, acme.principal("agent"), acme)
    assert message_item["content"] is None
    assert message_item["deletedAt"] is not None
    assert "content" not in edit["data"]
    assert event["event"] == "message.deleted"
    left = await api.rows(
        "SELECT 1 FROM messages WHERE tenant_id = $1"
        " AND (content LIKE '%4111%' OR payload::text LIKE '%4222%' OR content LIKE '%4222%')",
        acme.id,
    )
    assert left == []
    again = await _command(api, contact, acme, "delete", target=told["id"])
    assert again.status_code == 404


async def test_moderation_takes_a_message_and_its_edits_from_the_customer(
    api: Api, acme: Tenant
) -> None:
    contact, agent = acme.principal("contact"), acme.principal("agent")
    told = await say(api, agent, acme.conversation, "oops, wrong chat")
    await _command(api, agent, acme, "edit", target=told["id"], content="oops")
    by_customer = await _command(
        api, contact, acme, "moderate", target=told["id"], visibility="hidden"
    )
    assert by_customer.status_code == 403
    await _command(api, agent, acme, "moderate", target=told["id"], visibility="hidden")
    seen = await read_items(api, contact, acme)
    assert "oops" not in orjson.dumps(seen).decode()
    assert seen[-1]["data"] == {
        "target": told["id"],
        "visibility": "hidden",
        "by": str(acme.agent),
        "rev": 2,
        "visible": 0,
    }
    kinds = [item["type"] for item in seen]
    assert kinds[told["seq"] - 1] == kinds[told["seq"]] == "void"
    assert [item["seq"] for item in seen] == list(range(1, len(seen) + 1))
    await _command(api, agent, acme, "moderate", target=told["id"], visibility="public")
    back = (await read_items(api, contact, acme))[-1]
    assert back["data"]["content"] == "oops"


async def test_a_shadowed_author_notices_nothing(api: Api, acme: Tenant) -> None:
    contact, agent = acme.principal("contact"), acme.principal("agent")
    told = await say(api, contact, acme.conversation, "buy my pills")
    await _command(api, agent, acme, "moderate", target=told["id"], visibility="shadowed")
    seen = await read_items(api, contact, acme)
    assert seen[0]["content"] == "buy my pills"
    assert seen[1] == {"seq": 2, "id": seen[1]["id"], "type": "void"}


async def test_a_closed_conversation_takes_no_message_until_it_is_reopened(
    api: Api, acme: Tenant
) -> None:
    contact, agent = acme.principal("contact"), acme.principal("agent")
    told = await say(api, contact, acme.conversation)
    resolved = await _command(api, agent, acme, "resolve")
    again = await _command(api, agent, acme, "resolve")
    refused = await api.client.post(messages_path(acme), json=message(), headers=api.token(contact))
    edit = await _command(api, contact, acme, "edit", target=told["id"], content="x")
    assert codes(again, refused, edit) == [(409, "CONVERSATION_CLOSED")] * 3
    rated = await _command(api, contact, acme, "rate", score=5)
    assert "seq" not in rated.json()
    reopened = await _command(api, agent, acme, "reopen")
    assert reopened.json()["seq"] == resolved.json()["seq"] + 1
    await say(api, contact, acme.conversation, "thanks")
    events = [item.get("event") for item in await read_items(api, contact, acme)]
    assert events == [None, "conversation.closed", "conversation.updated", None]


async def test_a_conversation_is_rated_from_its_end_on_for_a_week(api: Api, acme: Tenant) -> None:
    contact, agent = acme.principal("contact"), acme.principal("agent")
    before = await _command(api, contact, acme, "rate", score=1)
    await _command(api, agent, acme, "resolve")
    by_agent = await _command(api, agent, acme, "rate", score=5)
    rated = await _command(api, contact, acme, "rate", score=4)
    await api.rows(
        "UPDATE conversations SET closed_at = now() - interval '8 days' WHERE id = $1",
        acme.conversation,
    )
    after = await _command(api, contact, acme, "rate", score=1)
    await _command(api, agent, acme, "reopen")
    reopened = await _command(api, contact, acme, "rate", score=1)
    assert codes(before, by_agent, after, reopened) == [
        (422, "INVALID"),
        (403, "FORBIDDEN"),
        (409, "CONVERSATION_CLOSED"),
        (422, "INVALID"),
    ]
    (row,) = await api.rows("SELECT csat_score FROM conversations WHERE id = $1", acme.conversation)
    assert (rated.status_code, row["csat_score"]) == (200, 4)


async def test_resolving_ends_the_open_session_in_the_same_breath(api: Api, acme: Tenant) -> None:
    session = uuid7()
    await api.rows(
        "INSERT INTO live_chat_sessions (id, tenant_id, conversation_id, status)"
        " VALUES ($1, $2, $3, 'queued')",
        session,
        acme.id,
        acme.conversation,
    )
    await _command(api, acme.principal("agent"), acme, "resolve")
    handoff, said, closed = await read_items(api, acme.principal("contact"), acme)
    assert (handoff["event"], handoff["data"]["state"]) == ("handoff", "ended")
    assert handoff["data"]["session"] == str(session)
    assert (said["role"], said["meta"]["say"]) == ("system", "handoff.resolved")
    assert closed["event"] == "conversation.closed"


async def test_a_colleagues_conversation_is_resolved_by_seniors_only(
    api: Api, acme: Tenant
) -> None:
    await say(api, acme.principal("agent"), acme.conversation, "I take this")
    colleague = await _command(api, acme.principal("colleague"), acme, "resolve")
    assert codes(colleague) == [(409, "ALREADY_ASSIGNED")]
    assert (await _command(api, acme.principal("supervisor"), acme, "resolve")).status_code == 200


async def test_snoozing_sets_a_timer_and_stays_among_agents(api: Api, acme: Tenant) -> None:
    agent = acme.principal("agent")
    past = await _command(api, agent, acme, "snooze", until="2020-01-01T00:00:00Z")
    assert codes(past) == [(422, "INVALID")]
    until = (await api.rows("SELECT now() + interval '1 day' AS at"))[0]["at"]
    for days in (1, 2):
        at = until if days == 1 else until.replace(year=until.year)
        await _command(api, agent, acme, "snooze", until=at.isoformat())
    jobs = await api.rows("SELECT kind, state, due_at FROM jobs WHERE tenant_id = $1", acme.id)
    assert [(job["kind"], job["state"]) for job in jobs] == [("unsnooze", "pending")]
    assert (await read_items(api, acme.principal("contact"), acme))[0]["type"] == "void"
    await _command(api, agent, acme, "reopen")
    shown = await read_snapshot(api, agent, acme)
    assert shown["status"] == "open"


async def test_a_command_is_done_once_and_answers_the_same(api: Api, acme: Tenant) -> None:
    contact = acme.principal("contact")
    told = await say(api, contact, acme.conversation)
    command = {"id": str(uuid7()), "target": told["id"], "content": "better"}
    first = await _raw_command(api, contact, acme, "edit", command)
    again = await _raw_command(api, contact, acme, "edit", command)
    other = await _raw_command(api, contact, acme, "edit", {**command, "content": "worse"})
    assert again.json() == first.json() | {"dup": True}
    assert codes(other) == [(409, "ID_CONFLICT")]
    assert len(await read_items(api, contact, acme)) == 2


async def test_a_refused_command_may_be_sent_again_with_the_same_id(api: Api, acme: Tenant) -> None:
    agent = acme.principal("agent")
    command = {"id": str(uuid7())}
    await api.rows("UPDATE conversations SET assignee_id = $1 WHERE id = $2",
                   acme.colleague, acme.conversation)  # fmt: skip
    refused = await _raw_command(api, agent, acme, "resolve", command)
    await api.rows("UPDATE conversations SET assignee_id = NULL WHERE id = $1", acme.conversation)
    done = await _raw_command(api, agent, acme, "resolve", command)
    assert (refused.status_code, done.status_code) == (409, 200)


async def test_unknown_and_misfitting_commands_are_told_apart(api: Api, acme: Tenant) -> None:
    agent = acme.principal("agent")
    answers = [
        await _raw_command(api, agent, acme, event, data)
        for event, data in (
            ("nonsense", {}),
            ("ping", {"n": 1}),
            ("edit", {"id": str(uuid7())}),
            ("resolve", {"id": "4b4f6a5e-0000-4000-8000-000000000000"}),
        )
    ]
    assert codes(*answers) == [(422, "INVALID")] * 4


async def _command(api: Api, who: Principal, tenant: Tenant, event: str, **data: Any) -> Any:
    return await _raw_command(api, who, tenant, event, {"id": str(uuid7()), **data})


async def _raw_command(
    api: Api, who: Principal, tenant: Tenant, event: str, data: dict[str, Any]
) -> Any:
    return await api.client.post(
        f"/livechat/conversations/{tenant.conversation}/commands",
        json={"event": event, "data": data},
        headers=api.token(who),
    )
