"""Search: words are found a moment after they were said, by whom they may be, and by nobody else."""

from typing import Any

import orjson
import pytest

from chat_service import jobs, search_index
from chat_service.conductor import UNHURRIED
from chat_service.jobs import Tools
from chat_service.settings import ConductorSettings
from chorus.clock import SystemClock
from chorus.ids import uuid7
from chorus.jobs import JobKind
from tests.chat_service.admin_world import call
from tests.chat_service.api_world import Api, Tenant, codes, say
from tests.chat_service.test_properties import another, command

pytestmark = pytest.mark.anyio
SEARCH = "/livechat/search"


async def look(api: Api, tenant: Tenant, q: str, *, who: str = "agent", **params: Any) -> Any:
    await search_index.index_all(api.resources.system)
    answer = await api.client.get(
        SEARCH, params={"q": q, **params}, headers=api.token(tenant.principal(who))
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def texts(api: Api, tenant: Tenant, q: str, **params: Any) -> list[str]:
    found = await look(api, tenant, q, **params)
    return ["".join(piece["text"] for piece in one["snippet"]) for one in found["items"]]


async def test_words_are_found_in_any_order_begun_and_in_any_script(api: Api, acme: Tenant) -> None:
    customer = acme.principal("contact")
    for content in (
        "My parcel CH-48210 was lost in Graz",
        "荷物が東京都で紛失しました",
        "พัสดุของฉันหายไป",
        "ضاع الطرد في الطريق",
        "Das Größte fehlt",
    ):
        await say(api, customer, acme.conversation, content)
    found = {
        q: len(await texts(api, acme, q))
        for q in (
            "lost parcel",
            "GRAZ par",
            "48210",
            '"was lost in"',
            '"lost was"',
            "parcel -graz",
            "京",
            "東京",
            "京都",
            "東都",
            "พัสดุ",
            "หายไป",
            "الطرد",
            "GRÖSSTE",
            "arcel",
        )
    }
    assert found == {
        "lost parcel": 1,
        "GRAZ par": 1,
        "48210": 1,
        '"was lost in"': 1,
        '"lost was"': 0,
        "parcel -graz": 0,
        "京": 1,
        "東京": 1,
        "京都": 1,
        "東都": 0,
        "พัสดุ": 1,
        "หายไป": 1,
        "الطرد": 1,
        "GRÖSSTE": 1,
        "arcel": 0,
    }


async def test_what_is_found_leads_to_its_place(api: Api, acme: Tenant) -> None:
    told = await say(api, acme.principal("contact"), acme.conversation, "A blue umbrella <b>!")
    (one,) = (await look(api, acme, "umbrella"))["items"]
    assert (one["conversationId"], one["seq"], one["id"]) == (
        str(acme.conversation),
        told["seq"],
        told["id"],
    )
    assert one["snippet"] == [
        {"text": "A blue ", "hit": False},
        {"text": "umbrella", "hit": True},
        {"text": " <b>!", "hit": False},
    ]
    assert (one["contact"]["name"], one["role"], one["status"]) == ("Kim", "customer", "open")


async def test_what_was_edited_or_deleted_is_found_no_more(api: Api, acme: Tenant) -> None:
    customer = acme.principal("contact")
    told = await say(api, customer, acme.conversation, "my secret umbrella")
    assert len(await texts(api, acme, "umbrella")) == 1
    await command(api, acme, "edit", who="contact", target=told["id"], content="my hat")
    assert await texts(api, acme, "umbrella") == []
    assert len(await texts(api, acme, "hat")) == 1
    await command(api, acme, "delete", who="contact", target=told["id"])
    assert await texts(api, acme, "hat") == []
    (left,) = await api.rows(
        "SELECT count(*) AS n FROM message_search WHERE tenant_id = $1", acme.id
    )
    assert left["n"] == 0


async def test_nobody_finds_what_a_foreign_tenant_said(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    await say(api, acme.principal("contact"), acme.conversation, "umbrella")
    assert len(await texts(api, acme, "umbrella")) == 1
    assert await texts(api, rival, "umbrella") == []
    by_id = await texts(api, rival, "umbrella", conversation=str(acme.conversation))
    assert by_id == []
    assert (await look(api, rival, "Kim", kind="contacts"))["items"][0]["id"] == str(rival.contact)
    found = (await look(api, rival, str(acme.conversation), kind="conversations"))["items"]
    assert found == []
    refused = await call(api, acme, "GET", f"{SEARCH}?q=umbrella", who="contact")
    assert codes(refused) == [(403, "FORBIDDEN")]


async def test_a_role_without_a_tenant_finds_nothing(api: Api, acme: Tenant) -> None:
    await say(api, acme.principal("contact"), acme.conversation, "umbrella")
    await search_index.index_all(api.resources.system)
    statement = (
        "SELECT count(*) FROM chorus_find_messages(to_tsquery('simple', 'umbrella'), '{}',"
        " NULL, NULL, NULL, 10)"
    )
    async with api.resources.db.raw_transaction(acme.id) as raw:
        assert await raw.fetchval(statement) == 1
    async with api.resources.db.raw_transaction(uuid7()) as raw:
        assert await raw.fetchval(statement) == 0


async def test_filters_narrow_what_is_found(api: Api, acme: Tenant) -> None:
    await say(api, acme.principal("contact"), acme.conversation, "an umbrella, please")
    await say(api, acme.principal("agent"), acme.conversation, "one umbrella for you")
    note = {"visibility": "agents"}
    await say(api, acme.principal("agent"), acme.conversation, "umbrella again", **note)
    await command(api, acme, "update", add_tags=["rain"])
    counted = {
        str(narrow): len(await texts(api, acme, "umbrella", **narrow))
        for narrow in (
            {},
            {"role": "customer"},
            {"notes": "true"},
            {"notes": "false"},
            {"sender": str(acme.agent)},
            {"since": "2999-01-01T00:00:00Z"},
            {"until": "2999-01-01T00:00:00Z"},
            {"contact": str(acme.contact)},
            {"contact": str(uuid7())},
            {"inbox": str(acme.inbox_id)},
            {"status": "closed"},
            {"assignee": "me"},
            {"assignee": str(acme.colleague)},
            {"tag": "rain"},
            {"tag": "sun"},
        )
    }
    assert list(counted.values()) == [3, 1, 1, 2, 2, 0, 3, 3, 0, 3, 0, 3, 0, 3, 0]
    for wrong in ("q=", "q=x&kind=all", "q=x&since=today", "q=!!!", "q=x&limit=51", "q=x&cursor=x"):
        refused = await call(api, acme, "GET", f"{SEARCH}?{wrong}", who="agent")
        assert codes(refused) == [(422, "INVALID")], wrong


async def test_pages_of_what_is_found_hold_each_once(api: Api, acme: Tenant) -> None:
    for number in range(5):
        await say(api, acme.principal("contact"), acme.conversation, f"umbrella {number}")
    seen, cursor = [], None
    for _ in range(3):
        page = await look(api, acme, "umbrella", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [one["seq"] for one in page["items"]]
        cursor = page["nextCursor"]
    assert (seen, cursor) == ([5, 4, 3, 2, 1], None)


async def test_people_are_found_by_name_address_and_number(api: Api, acme: Tenant) -> None:
    await api.rows(
        "UPDATE contacts SET name = 'Ana María 山田太郎', email = 'ana.maria@mail.example',"
        " phone = '+43 664 1234567', words = NULL WHERE id = $1",
        acme.contact,
    )
    for q in ("ana", "MARÍA", "太郎", "ana.maria@mail.example", "mail.example", "1234567", "664"):
        found = await look(api, acme, q, kind="contacts")
        assert [one["id"] for one in found["items"]] == [str(acme.contact)], q
    assert (await look(api, acme, "kim", kind="contacts"))["items"] == []


async def test_conversations_are_found_by_person_tag_and_id(api: Api, acme: Tenant) -> None:
    other = await another(api, acme, tags=["rain"], status="closed", closed_at=SystemClock().now())
    for q, ids in (
        ("kim", [str(other), str(acme.conversation)]),
        ("rain", [str(other)]),
        (str(acme.conversation), [str(acme.conversation)]),
        ("nobody", []),
    ):
        found = await look(api, acme, q, kind="conversations")
        assert [one["id"] for one in found["items"]] == ids, q
    narrowed = await look(api, acme, "kim", kind="conversations", status="closed")
    assert [one["id"] for one in narrowed["items"]] == [str(other)]


async def test_a_backfill_finds_what_no_event_told_of(api: Api, acme: Tenant) -> None:
    await say(api, acme.principal("contact"), acme.conversation, "an old umbrella")
    await api.rows("UPDATE outbox SET searched_at = now() WHERE tenant_id = $1", acme.id)
    assert await texts(api, acme, "umbrella") == []
    await api.rows(
        "INSERT INTO jobs (id, tenant_id, kind, key) VALUES ($1, $2, $3, 'again')",
        uuid7(),
        acme.id,
        JobKind.SEARCH_BACKFILL,
    )
    settings = ConductorSettings.model_validate({})
    tools = Tools(api.resources.system, api.resources.redis, settings, SystemClock())
    only = {str(JobKind.SEARCH_BACKFILL): UNHURRIED[JobKind.SEARCH_BACKFILL]}
    for _ in range(2):
        await jobs.run_all_due(tools, only, limit=1)
    assert len(await texts(api, acme, "umbrella")) == 1


async def test_words_are_looked_up_in_their_index_whatever_the_role(api: Api, acme: Tenant) -> None:
    (row,) = await api.rows(
        "SELECT prosecdef AS definer, pg_get_userbyid(proowner) AS owner FROM pg_proc"
        " WHERE proname = 'chorus_find_messages'"
    )
    assert (row["definer"], row["owner"]) == (True, "chorus_lookup")
    async with api.resources.system.raw_transaction() as raw:
        await raw.execute("SET LOCAL enable_seqscan = off")
        plan = await raw.fetch(
            "EXPLAIN SELECT 1 FROM message_search WHERE words @@ to_tsquery('simple', 'umbrella')"
        )
    assert "message_search_words_idx" in orjson.dumps([row[0] for row in plan]).decode()
