"""What people do with sessions, over REST and frames, and who wins when they do it at once."""

import asyncio
from typing import Any
from uuid import UUID

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
from tests.chat_service.handoff_world import make_queue

pytestmark = pytest.mark.anyio


@pytest.fixture
async def queue(api: Api, acme: Tenant) -> UUID:
    return await make_queue(
        api.database_url,
        acme,
        members=[acme.agent, acme.colleague],
        is_default=True,
        wrap_up_s=300,
    )


@pytest.fixture
async def waiting(api: Api, acme: Tenant, queue: UUID) -> str:
    """The session of a customer who waits."""
    asked = await api.client.post(
        "/livechat/escalate",
        json={"conversationId": str(acme.conversation)},
        headers=api.token(acme.principal("contact")),
    )
    session: str = asked.json()["sessionId"]
    return session


async def offer(api: Api, tenant: Tenant, session: str, agent: UUID) -> None:
    """What the router does, in the database only."""
    await api.rows(
        "INSERT INTO session_offers (id, tenant_id, session_id, conversation_id, agent_id,"
        " deadline_at) VALUES ($1, $2, $3, $4, $5, now() + interval '30 s')",
        uuid7(),
        tenant.id,
        session,
        tenant.conversation,
        agent,
    )
    await api.rows("UPDATE live_chat_sessions SET status = 'offered' WHERE id = $1", session)


async def act(
    api: Api, who: Principal, session: str, name: str, body: dict[str, Any] | None = None
) -> Any:
    return await api.client.post(
        f"/livechat/sessions/{session}/{name}", json=body, headers=api.token(who)
    )


async def command(api: Api, who: Principal, tenant: Tenant, event: str, **data: Any) -> Any:
    return await api.client.post(
        f"/livechat/conversations/{tenant.conversation}/commands",
        json={"event": event, "data": {"id": str(uuid7()), **data}},
        headers=api.token(who),
    )


async def reasons(api: Api, tenant: Tenant) -> list[str]:
    items = await read_items(api, tenant.principal("agent"), tenant)
    return [one["data"]["reason"] for one in items if one.get("event") == "handoff"]


async def test_an_offer_is_accepted_once_and_a_repeat_is_the_same(
    api: Api, acme: Tenant, waiting: str
) -> None:
    agent = acme.principal("agent")
    await offer(api, acme, waiting, acme.agent)
    headers = api.token(agent) | {"Idempotency-Key": "k"}
    path = f"/livechat/sessions/{waiting}/accept"
    first = await api.client.post(path, headers=headers)
    again = await api.client.post(path, headers=headers)
    assert first.json() | {"dup": True} == again.json()
    assert (first.json()["state"], first.json()["agent"]["name"]) == ("active", "Agent")
    assert (await reasons(api, acme))[-1] == "accepted"
    shown = await read_snapshot(api, agent, acme)
    assert (shown["assignee"]["id"], shown["floor"]["holder"]) == (str(acme.agent), "human")


async def test_of_two_who_take_a_session_at_once_one_wins_and_the_other_learns_who(
    api: Api, acme: Tenant, waiting: str
) -> None:
    people = [acme.principal("agent"), acme.principal("colleague")]
    answers = await asyncio.gather(*(act(api, who, waiting, "claim") for who in people))
    won, lost = sorted(answers, key=lambda one: one.status_code)
    assert (won.status_code, *codes(lost)) == (200, (409, "ALREADY_ASSIGNED"))
    assert lost.json()["by"]["userId"] == won.json()["agent"]["id"]
    assert won.json()["agent"]["name"] in lost.json()["detail"]


async def test_two_accepts_of_one_offer_at_once(api: Api, acme: Tenant, waiting: str) -> None:
    await offer(api, acme, waiting, acme.agent)
    answers = await asyncio.gather(
        act(api, acme.principal("agent"), waiting, "accept"),
        act(api, acme.principal("colleague"), waiting, "accept"),
        act(api, acme.principal("agent"), waiting, "accept"),
    )
    assert [one.status_code for one in answers] == [200, 409, 200]
    assert (await reasons(api, acme)).count("accepted") == 1


async def test_an_offer_that_was_declined_cannot_be_accepted(
    api: Api, acme: Tenant, waiting: str
) -> None:
    await offer(api, acme, waiting, acme.agent)
    declined = await act(api, acme.principal("agent"), waiting, "decline")
    late = await act(api, acme.principal("agent"), waiting, "accept")
    assert (declined.json()["state"], *codes(late)) == ("queued", (409, "STALE_FLOOR"))
    (row,) = await api.rows(
        "SELECT excluded_agent_ids FROM live_chat_sessions WHERE id = $1", waiting
    )
    assert row["excluded_agent_ids"] == [acme.agent]


async def test_frames_name_the_session_and_need_no_conversation(
    api: Api, acme: Tenant, rival: Tenant, waiting: str
) -> None:
    await offer(api, acme, waiting, acme.agent)
    path = f"/livechat/conversations/{acme.conversation}/commands"
    data = {"id": str(uuid7()), "session": str(uuid7())}
    absent = await api.client.post(
        path,
        json={"event": "offer.accept", "data": data},
        headers=api.token(acme.principal("agent")),
    )
    foreign = await act(api, rival.principal("agent"), waiting, "accept")
    taken = await command(api, acme.principal("agent"), acme, "offer.accept", session=waiting)
    assert codes(absent, foreign) == [(409, "CONVERSATION_CLOSED"), (404, "NOT_FOUND")]
    assert taken.status_code == 200


async def test_resolving_twice_is_refused_and_wrap_up_ends_when_the_agent_is_back(
    api: Api, acme: Tenant, waiting: str
) -> None:
    agent = acme.principal("agent")
    await act(api, agent, waiting, "claim")
    resolved = await act(api, agent, waiting, "resolve")
    again = await act(api, agent, waiting, "resolve")
    assert (resolved.json()["state"], *codes(again)) == ("wrap_up", (409, "CONVERSATION_CLOSED"))
    reply = await api.client.post(
        messages_path(acme), json=message(), headers=api.token(acme.principal("contact"))
    )
    assert codes(reply) == [(409, "CONVERSATION_CLOSED")]
    rated = await command(api, acme.principal("contact"), acme, "rate", score=5)
    assert rated.status_code == 200
    timers = await api.rows("SELECT kind FROM jobs WHERE tenant_id = $1", acme.id)
    assert {one["kind"] for one in timers} == {"customer_idle", "wrap_up_end"}
    await command(api, agent, acme, "agent.status", status="online")
    assert (await reasons(api, acme))[-2:] == ["resolved", "wrapped_up"]
    over = await act(api, agent, waiting, "claim")
    assert codes(over) == [(409, "CONVERSATION_CLOSED")]


async def test_reopened_while_wrapping_up_it_is_the_same_session(
    api: Api, acme: Tenant, waiting: str
) -> None:
    agent = acme.principal("agent")
    await act(api, agent, waiting, "claim")
    await act(api, agent, waiting, "resolve")
    await command(api, acme.principal("colleague"), acme, "reopen")
    await say(api, acme.principal("contact"), acme.conversation, "one more thing")
    shown = await read_snapshot(api, agent, acme)
    assert (shown["status"], shown["session"]["id"]) == ("open", waiting)
    assert shown["assignee"]["id"] == str(acme.agent)


async def test_a_transfer_goes_to_somebody_else_who_can_be_asked(
    api: Api, acme: Tenant, rival: Tenant, waiting: str
) -> None:
    agent = acme.principal("agent")
    await make_queue(api.database_url, acme, "empty", members=[])
    await act(api, agent, waiting, "claim")
    foreign_queue = await make_queue(api.database_url, rival, "theirs", members=[rival.agent])
    wrong: list[dict[str, Any]] = [
        {"agent": str(acme.agent)},
        {"queue": "empty"},
        {"queue": "nowhere"},
        {"queue": str(foreign_queue)},
        {"agent": str(rival.agent)},
        {"team": "nobody"},
        {},
        {"agent": str(acme.colleague), "queue": "support"},
    ]
    answers = [await act(api, agent, waiting, "transfer", {"to": to}) for to in wrong]
    assert codes(*answers) == [
        (422, "INVALID"),
        (422, "INVALID"),
        (422, "UNKNOWN_QUEUE"),
        (422, "UNKNOWN_QUEUE"),
        (404, "NOT_FOUND"),
        (404, "NOT_FOUND"),
        (422, "INVALID"),
        (422, "INVALID"),
    ]
    assert (await reasons(api, acme))[-1] == "claimed"


async def test_a_transfer_to_an_agent_leaves_a_note_and_offers(
    api: Api, acme: Tenant, waiting: str
) -> None:
    agent, colleague = acme.principal("agent"), acme.principal("colleague")
    await act(api, agent, waiting, "claim")
    body = {"to": {"agent": str(acme.colleague)}, "mode": "warm", "note": "knows the order"}
    moved = await act(api, agent, waiting, "transfer", body)
    assert moved.json()["state"] == "offered"
    note, event = (await read_items(api, agent, acme))[-2:]
    assert (note["content"], note["visibility"]) == ("knows the order", "agents")
    assert event["data"]["reason"] == "transferred"
    hidden = (await read_items(api, acme.principal("contact"), acme))[-2]
    assert hidden["type"] == "void"
    await say(api, agent, acme.conversation, "My colleague comes")
    accepted = await act(api, colleague, waiting, "accept")
    assert accepted.json()["agent"]["id"] == str(acme.colleague)
    declined = await act(api, colleague, waiting, "decline")
    assert codes(declined) == [(409, "ALREADY_ASSIGNED")]


async def test_a_direct_offer_that_is_declined_goes_back_to_who_made_it(
    api: Api, acme: Tenant, waiting: str
) -> None:
    agent = acme.principal("agent")
    await act(api, agent, waiting, "claim")
    body = {"to": {"agent": str(acme.colleague)}, "mode": "warm"}
    await act(api, agent, waiting, "transfer", body)
    back = await act(api, acme.principal("colleague"), waiting, "decline")
    assert (back.json()["state"], back.json()["agent"]["id"]) == ("active", str(acme.agent))


async def test_a_team_is_asked_in_the_sessions_queue(api: Api, acme: Tenant, waiting: str) -> None:
    team = uuid7()
    await api.rows(
        "INSERT INTO teams (id, tenant_id, name) VALUES ($1, $2, 'Billing')", team, acme.id
    )
    await api.rows(
        "INSERT INTO team_members (team_id, agent_id, tenant_id) VALUES ($1, $2, $3)",
        team,
        acme.colleague,
        acme.id,
    )
    agent = acme.principal("agent")
    await act(api, agent, waiting, "claim")
    moved = await act(api, agent, waiting, "transfer", {"to": {"team": "Billing"}})
    assert moved.json()["state"] == "queued"
    shown = await read_snapshot(api, agent, acme)
    assert (shown["team"]["id"], shown["assignee"]) == (str(team), None)


async def test_the_bot_gets_the_floor_back_where_there_is_one(
    api: Api, acme: Tenant, waiting: str
) -> None:
    agent = acme.principal("agent")
    await act(api, agent, waiting, "claim")
    nobody = await act(api, agent, waiting, "return-to-bot", {})
    await api.rows(
        'UPDATE inboxes SET settings = \'{"bot": {"enabled": true}}\' WHERE id = $1',
        acme.inbox_id,
    )
    given = await act(api, agent, waiting, "transfer", {"to": "bot", "note": "asked twice"})
    assert (*codes(nobody), given.json()["state"]) == ((422, "INVALID"), "ended")
    shown = await read_snapshot(api, agent, acme)
    assert (shown["floor"]["holder"], shown["session"]) == ("bot", None)


async def test_an_act_on_a_conversation_nobody_asked_in_begins_a_session(
    api: Api, acme: Tenant, queue: UUID
) -> None:
    agent = acme.principal("agent")
    await say(api, agent, acme.conversation, "I take this")
    refused = await command(api, acme.principal("colleague"), acme, "claim")
    assert codes(refused) == [(409, "ALREADY_ASSIGNED")]
    given = await command(api, agent, acme, "assign", to=str(acme.colleague))
    assert given.status_code == 200
    assert await reasons(api, acme) == ["asked", "assigned", "assigned"]
    shown = await read_snapshot(api, agent, acme)
    assert shown["assignee"]["id"] == str(acme.colleague)
    (session,) = await api.rows(
        "SELECT source, status, agent_id FROM live_chat_sessions WHERE tenant_id = $1", acme.id
    )
    assert tuple(session) == ("agent", "active", acme.colleague)


async def test_an_assignment_by_hand_is_for_agents_of_this_house(
    api: Api, acme: Tenant, rival: Tenant, waiting: str
) -> None:
    await api.rows("UPDATE agents SET disabled_at = now() WHERE id = $1", acme.colleague)
    supervisor = acme.principal("supervisor")
    answers = [
        await command(api, supervisor, acme, "assign", to=str(to))
        for to in (acme.colleague, rival.agent, uuid7())
    ]
    assert codes(*answers) == [(404, "NOT_FOUND")] * 3


async def test_less_capacity_hinders_no_act_by_hand(api: Api, acme: Tenant, waiting: str) -> None:
    await offer(api, acme, waiting, acme.agent)
    await api.rows("UPDATE agents SET capacity = 0 WHERE id = $1", acme.agent)
    accepted = await act(api, acme.principal("agent"), waiting, "accept")
    assert accepted.json()["state"] == "active"


async def test_a_queue_with_sessions_in_it_cannot_be_deleted(
    api: Api, acme: Tenant, queue: UUID, waiting: str
) -> None:
    with pytest.raises(Exception, match="still referenced"):
        await api.rows("DELETE FROM queues WHERE id = $1", queue)


async def test_why_it_was_routed_so_is_told_to_agents(
    api: Api, acme: Tenant, rival: Tenant, waiting: str
) -> None:
    candidates = (
        f'{{"{acme.agent}": {{"eligible": true, "score": [0, 1]}},'
        f' "{acme.colleague}": {{"eligible": false, "refused": "full"}}}}'
    )
    await api.rows(
        "INSERT INTO routing_decisions (id, tenant_id, session_id, candidates, chosen, why)"
        " VALUES ($1, $2, $3, $4::jsonb, $5, 'longest_idle')",
        uuid7(),
        acme.id,
        waiting,
        candidates,
        acme.agent,
    )
    path = f"/livechat/sessions/{waiting}/decisions"
    told = await api.client.get(path, headers=api.token(acme.principal("agent")))
    (item,) = told.json()["items"]
    assert (item["chosen"], item["why"]) == (str(acme.agent), "longest_idle")
    by_name = {one["name"]: one for one in item["candidates"]}
    assert by_name["Colleague"]["refused"] == "full"
    assert by_name["Agent"]["score"] == [0, 1]
    foreign = await api.client.get(path, headers=api.token(rival.principal("agent")))
    customer = await api.client.get(path, headers=api.token(acme.principal("contact")))
    assert codes(foreign, customer) == [(404, "NOT_FOUND"), (403, "FORBIDDEN")]


async def test_what_an_act_begins_stands_in_the_queue_of_its_conversation(
    api: Api, acme: Tenant, queue: UUID
) -> None:
    agent, colleague = acme.principal("agent"), acme.principal("colleague")
    await say(api, agent, acme.conversation, "I take this")
    given = await command(
        api, agent, acme, "transfer", to={"agent": str(acme.colleague)}, mode="blind"
    )
    assert given.status_code == 200
    (session,) = await api.rows(
        "SELECT id, queue_id FROM live_chat_sessions WHERE tenant_id = $1", acme.id
    )
    assert session["queue_id"] == queue
    back = await act(api, colleague, str(session["id"]), "decline")
    assert back.json()["state"] == "queued"


async def test_who_was_put_off_is_claimed_assigned_and_handed_on(
    api: Api, acme: Tenant, waiting: str
) -> None:
    agent, colleague = acme.principal("agent"), acme.principal("colleague")
    other = await make_queue(api.database_url, acme, "other", members=[acme.colleague])
    options = '{"options": ["message", "callback"]}'
    await api.rows(
        "UPDATE live_chat_sessions SET status = 'deferred', options = $2 WHERE id = $1",
        waiting,
        options,
    )
    moved = await act(api, agent, waiting, "transfer", {"to": {"queue": "other"}})
    assert (moved.json()["state"], moved.json()["queue"]) == ("deferred", "other")
    named = await act(api, agent, waiting, "transfer", {"to": {"agent": str(acme.colleague)}})
    assert named.json()["state"] == "offered"
    back = await act(api, colleague, waiting, "decline")
    assert back.json()["state"] == "deferred"
    given = await command(api, agent, acme, "assign", to=str(acme.colleague))
    assert given.status_code == 200
    shown = await read_snapshot(api, agent, acme)
    assert (shown["assignee"]["id"], shown["session"]["state"]) == (str(acme.colleague), "active")
    (row,) = await api.rows("SELECT queue_id FROM live_chat_sessions WHERE id = $1", waiting)
    assert row["queue_id"] == other
