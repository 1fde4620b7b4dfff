"""Hiding, shadowing and deleting what was said: who sees what afterwards, and what is kept of it."""

from typing import Any

import orjson
import pytest

from chat_service.reconcile import wrong_columns
from chat_service.store import reconcile
from chorus.ids import uuid7
from tests.chat_service.admin_world import call
from tests.chat_service.api_world import Api, Tenant, codes, read_items, read_snapshot, say
from tests.chat_service.test_properties import command, listed

pytestmark = pytest.mark.anyio


async def moderated(
    api: Api, tenant: Tenant, target: str, visibility: str, *, who: str = "agent"
) -> Any:
    return await command(api, tenant, "moderate", who=who, target=target, visibility=visibility)


async def seen(api: Api, tenant: Tenant, who: str) -> list[str | None]:
    """What somebody reads of the messages, place by place."""
    items = await read_items(api, tenant.principal(who), tenant)
    return [one.get("content") for one in items if one["type"] != "event"]


async def visible(api: Api, tenant: Tenant) -> int:
    shown = await read_snapshot(api, tenant.principal("agent"), tenant)
    count: int = shown["visibleMessages"]
    return count


async def entries(api: Api, tenant: Tenant) -> list[tuple[str, dict[str, Any]]]:
    found = await api.rows(
        "SELECT action, detail FROM audit_log WHERE tenant_id = $1 ORDER BY id", tenant.id
    )
    return [(one["action"], orjson.loads(one["detail"])) for one in found]


async def test_what_is_hidden_agents_still_read_and_the_customer_does_not(
    api: Api, acme: Tenant
) -> None:
    told = await say(api, acme.principal("contact"), acme.conversation, "you idiots")
    await say(api, acme.principal("agent"), acme.conversation, "Good day")
    assert await visible(api, acme) == 2
    assert (await moderated(api, acme, told["id"], "hidden")).status_code == 200
    assert await seen(api, acme, "contact") == [None, "Good day"]
    assert await seen(api, acme, "colleague") == ["you idiots", "Good day"]
    assert await visible(api, acme) == 1
    await moderated(api, acme, told["id"], "public", who="supervisor")
    assert await seen(api, acme, "contact") == ["you idiots", "Good day"]
    assert await visible(api, acme) == 2
    about = {"conversation": str(acme.conversation), "author": str(acme.contact)}
    assert await entries(api, acme) == [
        ("message.hidden", {**about, "from": "public", "visible": 1}),
        ("message.shown", {**about, "from": "hidden", "visible": 2}),
    ]


async def test_a_shadowed_message_counts_as_unseen_but_its_author_sees_it(
    api: Api, acme: Tenant
) -> None:
    told = await say(api, acme.principal("contact"), acme.conversation, "buy my pills")
    await moderated(api, acme, told["id"], "shadowed")
    assert await seen(api, acme, "contact") == ["buy my pills", None]
    assert await visible(api, acme) == 0
    own = [
        one["event"]
        for one in await read_items(api, acme.principal("contact"), acme)
        if one["type"] == "event"
    ]
    assert own == []


async def test_a_supervisor_deletes_for_others_and_it_is_written_down(
    api: Api, acme: Tenant
) -> None:
    told = await say(api, acme.principal("contact"), acme.conversation, "my card is 4111")
    refused = await command(api, acme, "delete", target=told["id"])
    assert codes(refused) == [(403, "FORBIDDEN")]
    await command(api, acme, "delete", who="supervisor", target=told["id"])
    items = await read_items(api, acme.principal("contact"), acme)
    assert items[-1]["data"] == {
        "target": told["id"],
        "by": str(acme.supervisor),
        "visible": 0,
    }
    for who in ("contact", "agent", "admin"):
        assert "4111" not in orjson.dumps(await read_items(api, acme.principal(who), acme)).decode()
    assert [action for action, _ in await entries(api, acme)] == ["message.deleted"]
    again = await moderated(api, acme, told["id"], "hidden")
    assert codes(again) == [(404, "NOT_FOUND")]


async def test_a_note_stays_a_note_and_only_customers_are_shadowed(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    note = await say(
        api, acme.principal("agent"), acme.conversation, "difficult", visibility="agents"
    )
    answer = await say(api, acme.principal("agent"), acme.conversation, "Good day")
    refused = [
        await moderated(api, acme, note["id"], "public"),
        await moderated(api, acme, answer["id"], "shadowed"),
        await moderated(api, acme, answer["id"], "agents"),
        await moderated(api, acme, answer["id"], "gone"),
        await moderated(api, acme, str(uuid7()), "hidden"),
        await moderated(api, rival, answer["id"], "hidden"),
        await moderated(api, acme, answer["id"], "hidden", who="contact"),
    ]
    assert [status for status, _ in codes(*refused)] == [422, 422, 422, 422, 404, 404, 403]
    assert await seen(api, acme, "contact") == [None, "Good day"]
    assert await entries(api, acme) == []


async def test_an_inbox_row_says_what_is_left_to_read(api: Api, acme: Tenant) -> None:
    first = await say(api, acme.principal("contact"), acme.conversation, "spam")
    await say(api, acme.principal("contact"), acme.conversation, "a question")
    await moderated(api, acme, first["id"], "shadowed")
    (row,) = await listed(api, acme)
    assert (row["unread"], row["preview"]) == (1, "a question")
    async with api.resources.system.raw_transaction() as raw:
        compared = await reconcile.compare_locked(raw, acme.conversation)
    assert compared is not None
    assert wrong_columns(compared) == []
    second = (await read_items(api, acme.principal("contact"), acme))[1]
    await command(api, acme, "delete", who="admin", target=second["id"])
    async with api.resources.system.raw_transaction() as raw:
        compared = await reconcile.compare_locked(raw, acme.conversation)
    assert compared is not None
    assert wrong_columns(compared) == []
    assert [one["unread"] for one in await listed(api, acme)] == [0]


async def test_the_same_decision_twice_is_one(api: Api, acme: Tenant) -> None:
    told = await say(api, acme.principal("contact"), acme.conversation)
    for _ in range(2):
        await moderated(api, acme, told["id"], "hidden")
    assert len(await entries(api, acme)) == 1
    found = await call(
        api, acme, "GET", f"/livechat/conversations/{acme.conversation}/messages", who="agent"
    )
    assert found.json()["headSeq"] == 2
