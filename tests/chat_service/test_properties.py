"""Priority, tags, unread, mentions: what the team keeps of a conversation, and where it shows."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from chat_service import receipts
from chat_service.inbox import Wish, asked_of, opened
from chorus.ids import uuid7
from chorus.wire.calls import ReceiptItem
from tests.chat_service.admin_world import TEAMS, call, joined, make
from tests.chat_service.api_world import Api, Tenant, codes, read_events, read_snapshot, say

pytestmark = pytest.mark.anyio
LIST = "/livechat/conversations"


async def command(api: Api, tenant: Tenant, event: str, *, who: str = "agent", **data: Any) -> Any:
    body = {"event": event, "data": {"id": str(uuid7()), **data}}
    path = f"{LIST}/{tenant.conversation}/commands"
    return await call(api, tenant, "POST", path, body, who=who)


async def listed(api: Api, tenant: Tenant, query: str = "", *, who: str = "agent") -> list[Any]:
    answer = await call(api, tenant, "GET", f"{LIST}?{query}", who=who)
    assert answer.status_code == 200, answer.text
    items: list[Any] = answer.json()["items"]
    return items


async def another(api: Api, tenant: Tenant, **columns: Any) -> UUID:
    """One more conversation of the contact."""
    conversation = uuid7()
    names = "".join(f", {name}" for name in columns)
    places = "".join(f", ${n}" for n in range(5, 5 + len(columns)))
    await api.rows(
        "INSERT INTO conversations (id, tenant_id, inbox_id, contact_id, last_ts"
        f"{names}) VALUES ($1, $2, $3, $4, now(){places})",
        conversation,
        tenant.id,
        tenant.inbox_id,
        tenant.contact,
        *columns.values(),
    )
    return conversation


async def view(api: Api, tenant: Tenant, name: str, *, who: str = "agent") -> dict[str, Any]:
    """What answers `inbox.open`."""
    asked = asked_of(Wish(name), {}, agent_id=getattr(tenant, who))
    (_, snapshot), _ = await opened(api.resources.db, tenant.principal(who), asked)
    return snapshot


async def test_priority_and_tags_are_chosen_for_the_team(api: Api, acme: Tenant) -> None:
    first = await command(api, acme, "update", priority=3, add_tags=["vip", "returns"])
    assert first.json()["seq"] == 1
    await command(api, acme, "update", add_tags=["late"], remove_tags=["returns", "never"])
    again = await command(api, acme, "update", priority=3, add_tags=["vip"])
    assert "seq" not in again.json()
    shown = await read_snapshot(api, acme.principal("agent"), acme)
    assert (shown["priority"], shown["tags"]) == (3, ["vip", "late"])
    told = [one["data"] for one in await read_events(api, acme.principal("agent"), acme)]
    by = str(acme.agent)
    assert told == [
        {"priority": 3, "tags": ["vip", "returns"], "by": by},
        {"tags": ["vip", "late"], "by": by},
    ]
    assert await read_events(api, acme.principal("contact"), acme) == []


async def test_tags_that_come_at_once_are_all_kept(api: Api, acme: Tenant) -> None:
    names = [f"tag-{n}" for n in range(8)]
    tried = await asyncio.gather(*(command(api, acme, "update", add_tags=[one]) for one in names))
    # A crowded machine may ask some to come again.
    done = {one for one, answer in zip(names, tried, strict=True) if answer.status_code == 200}
    assert done
    assert {answer.status_code for answer in tried} <= {200, 503}
    shown = await read_snapshot(api, acme.principal("agent"), acme)
    assert done <= set(shown["tags"]) <= set(names)


async def test_what_is_no_priority_and_no_tag_is_refused(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    for wrong in (
        {"priority": 101},
        {"priority": -1},
        {"priority": "high"},
        {"add_tags": [""]},
        {"add_tags": [" vip"]},
        {"add_tags": ["x" * 51]},
        {"add_tags": "vip"},
        {"add_tags": [str(n) for n in range(51)]},
    ):
        assert codes(await command(api, acme, "update", **wrong)) == [(422, "INVALID")], wrong
    await command(api, acme, "update", add_tags=[str(n) for n in range(50)])
    assert codes(await command(api, acme, "update", add_tags=["more"])) == [(422, "INVALID")]
    by_customer = await command(api, acme, "update", who="contact", priority=1)
    foreign = await call(
        api,
        rival,
        "POST",
        f"{LIST}/{acme.conversation}/commands",
        {"event": "update", "data": {"id": str(uuid7()), "priority": 1}},
    )
    assert codes(by_customer, foreign) == [(403, "FORBIDDEN"), (404, "NOT_FOUND")]


async def test_a_conversation_put_back_is_unread_until_somebody_reads_on(
    api: Api, acme: Tenant
) -> None:
    told = await say(api, acme.principal("contact"), acme.conversation)
    await read_to(api, acme, told["seq"])
    assert [one["unread"] for one in await listed(api, acme)] == [0]
    await command(api, acme, "mark", unread=True)
    assert [one["unread"] for one in await listed(api, acme, "unread=true")] == [1]
    await command(api, acme, "mark", unread=False)
    assert await listed(api, acme, "unread=true") == []
    await command(api, acme, "mark", unread=True)
    later = await say(api, acme.principal("contact"), acme.conversation)
    await read_to(api, acme, later["seq"])
    assert [one["unread"] for one in await listed(api, acme)] == [0]
    refused = await command(api, acme, "mark", who="contact", unread=True)
    assert codes(refused, await command(api, acme, "mark", unread="yes")) == [
        (403, "FORBIDDEN"),
        (422, "INVALID"),
    ]


async def read_to(api: Api, tenant: Tenant, seq: int) -> None:
    who = tenant.principal("agent")
    item = ReceiptItem(tenant.id, tenant.conversation, who.user_id, who.role, "read", seq)
    await receipts.record(api.resources.receipts, [item])


async def test_a_list_is_narrowed_and_sorted(api: Api, acme: Tenant) -> None:
    await command(api, acme, "update", priority=5, add_tags=["vip", "late"])
    other = await another(api, acme, priority=1, assignee_id=acme.agent)
    mine, first = str(other), str(acme.conversation)
    found = {
        query: [one["id"] for one in await listed(api, acme, query)]
        for query in (
            "tags=vip,late",
            "tags=vip,new",
            "priority=2",
            "assignee=none",
            "assignee=me",
            f"inbox={acme.inbox_id}",
            "channel=sms",
            "sort=priority",
            "sort=oldest",
        )
    }
    assert found == {
        "tags=vip,late": [first],
        "tags=vip,new": [],
        "priority=2": [first],
        "assignee=none": [first],
        "assignee=me": [mine],
        f"inbox={acme.inbox_id}": [mine, first],
        "channel=sms": [],
        "sort=priority": [first, mine],
        "sort=oldest": [first, mine],
    }
    for wrong in ("sort=size", "priority=101", "channel=fax", "assignee=you", "status=lost"):
        refused = await call(api, acme, "GET", f"{LIST}?{wrong}", who="agent")
        assert codes(refused) == [(422, "INVALID")], wrong


@pytest.mark.parametrize("sort", ["latest", "oldest", "waiting", "priority"])
async def test_pages_of_any_order_hold_each_row_once(api: Api, acme: Tenant, sort: str) -> None:
    for priority in (0, 3, 3, 7):
        await another(api, acme, priority=priority)
    await say(api, acme.principal("contact"), acme.conversation)
    seen: list[str] = []
    query = f"sort={sort}&limit=2"
    for _ in range(3):
        answer = await call(api, acme, "GET", f"{LIST}?{query}", who="agent")
        page = answer.json()
        seen += [one["id"] for one in page["items"]]
        query = f"sort={sort}&limit=2&cursor={page['nextCursor']}"
    assert len(seen) == len(set(seen)) == 5
    assert page["nextCursor"] is None
    whole = [one["id"] for one in await listed(api, acme, f"sort={sort}")]
    assert seen == whole


async def test_a_cursor_of_another_order_is_refused(api: Api, acme: Tenant) -> None:
    await another(api, acme)
    answer = await call(api, acme, "GET", f"{LIST}?limit=1", who="agent")
    cursor = answer.json()["nextCursor"]
    refused = await call(api, acme, "GET", f"{LIST}?sort=priority&cursor={cursor}", who="agent")
    assert codes(refused) == [(422, "INVALID")]


async def test_who_is_named_in_a_note_finds_it_alone_or_by_a_team(api: Api, acme: Tenant) -> None:
    gold = await make(api, acme, "gold", TEAMS)
    await joined(api, acme, f"{TEAMS}/{gold}", acme.colleague)
    author = acme.principal("supervisor")
    note = {"visibility": "agents", "mentions": [str(gold), str(acme.admin)]}
    await say(api, author, acme.conversation, "@gold @Admin look", **note)
    counted = {}
    for who in ("colleague", "admin", "agent"):
        snapshot = await view(api, acme, "mentions", who=who)
        counted[who] = (len(snapshot["items"]), snapshot["counts"]["mentions"])
    assert counted == {"colleague": (1, 1), "admin": (1, 1), "agent": (0, 0)}
    (row,) = (await view(api, acme, "mentions", who="admin"))["items"]
    assert row["mentions"] == sorted([str(acme.colleague), str(acme.admin)])
    assert [one["id"] for one in await listed(api, acme, "view=mentions", who="admin")] == [
        str(acme.conversation)
    ]


async def test_a_customer_names_nobody_and_a_note_taken_back_neither(
    api: Api, acme: Tenant
) -> None:
    named = [str(acme.agent)]
    await say(api, acme.principal("contact"), acme.conversation, "@Agent", mentions=named)
    assert (await view(api, acme, "mentions"))["items"] == []
    author = acme.principal("colleague")
    note = await say(api, author, acme.conversation, "@Agent", visibility="agents", mentions=named)
    assert len((await view(api, acme, "mentions"))["items"]) == 1
    await command(api, acme, "delete", who="colleague", target=note["id"])
    assert (await view(api, acme, "mentions"))["items"] == []


async def test_mentions_are_found_by_their_index_under_row_level_security(
    api: Api, acme: Tenant
) -> None:
    explain = (
        "SELECT m.conversation_id FROM messages m WHERE m.tenant_id = $1"
        " AND m.payload ? 'mentions' AND m.role = 'agent' AND m.payload->'mentions' ?| $2"
    )
    async with api.resources.db.raw_transaction(acme.id) as raw:
        await raw.execute("SET LOCAL enable_seqscan = off")
        plan = await raw.fetch(f"EXPLAIN {explain}", acme.id, [str(acme.agent)])
    assert "messages_mentions_idx" in "\n".join(row[0] for row in plan)
