"""Contacts: who they are, who says so, and what agents may put right."""

from typing import Any

import pytest

from chat_service.store import contacts as store
from chat_service.store import people
from chat_service.store.people import Traits
from chorus.clock import SystemClock
from chorus.ids import uuid7
from tests.chat_service.admin_world import audited, call
from tests.chat_service.api_world import Api, Tenant, codes
from tests.chat_service.test_properties import another

pytestmark = pytest.mark.anyio
CONTACTS = "/livechat/contacts"
SIGNED = {"name": "Kim Lee", "email": "kim@shop.example", "attributes": {"plan": "gold"}}


async def vouched(api: Api, tenant: Tenant) -> None:
    async with api.resources.db.transaction(tenant.id) as tx:
        await store.vouch(tx, tenant.id, tenant.contact, SIGNED)


async def one(api: Api, tenant: Tenant, *, who: str = "agent") -> Any:
    return await call(api, tenant, "GET", f"{CONTACTS}/{tenant.contact}", who=who)


async def change(api: Api, tenant: Tenant, body: Any, *, who: str = "agent") -> Any:
    return await call(api, tenant, "PATCH", f"{CONTACTS}/{tenant.contact}", body, who=who)


async def test_it_shows_what_was_signed_and_what_was_typed(api: Api, acme: Tenant) -> None:
    await vouched(api, acme)
    typed = Traits("Mallory", None, "+43 1 2", None, {"plan": "free", "size": 42})
    async with api.resources.db.transaction(acme.id) as tx:
        await people.save_contact(
            tx, acme.id, acme.contact, traits=typed, verified=False, at=SystemClock().now()
        )
    shown = (await one(api, acme)).json()
    assert (shown["name"], shown["email"], shown["phone"]) == (
        "Kim Lee",
        "kim@shop.example",
        "+43 1 2",
    )
    assert shown["signed"] == ["name", "email"]
    assert shown["attributes"] == [
        {"name": "plan", "value": "gold", "signed": True},
        {"name": "size", "value": 42, "signed": False},
    ]


async def test_agents_put_right_what_was_typed_only(api: Api, acme: Tenant) -> None:
    await vouched(api, acme)
    refused = [
        await change(api, acme, {"name": "Mallory"}),
        await change(api, acme, {"email": None}),
        await change(api, acme, {"attributes": {"plan": "free"}}),
    ]
    assert codes(*refused) == [(422, "INVALID")] * 3
    assert [each.json()["field"] for each in refused] == ["name", "email", "attributes.plan"]
    body = {"phone": " +43 1 3 ", "locale": "de-AT", "attributes": {"size": 42, "vip": True}}
    shown = (await change(api, acme, body)).json()
    assert (shown["phone"], shown["locale"]) == ("+43 1 3", "de-AT")
    again = await change(api, acme, {"attributes": {"vip": None}, "name": "Kim Lee"})
    assert [trait["name"] for trait in again.json()["attributes"]] == ["plan", "size"]
    assert await audited(api, acme) == ["contact.changed"] * 2
    (entry, _) = await api.rows(
        "SELECT detail FROM audit_log WHERE tenant_id = $1 ORDER BY id", acme.id
    )
    assert "+43" not in entry["detail"]


async def test_what_is_no_trait_is_refused(api: Api, acme: Tenant) -> None:
    for wrong in (
        {"email": "nobody"},
        {"name": "x" * 81},
        {"name": "  "},
        {"locale": "german!"},
        {"attributes": {"a": [1]}},
        {"attributes": {"a": "x" * 5_000}},
        {"verified": True},
    ):
        assert codes(await change(api, acme, wrong)) == [(422, "INVALID")], wrong
    assert (await change(api, acme, {"name": "Kim"})).status_code == 200
    assert await audited(api, acme) == []


async def test_a_list_goes_page_by_page_and_shows_ones_own_only(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    for number in range(4):
        await api.rows(
            "INSERT INTO contacts (id, tenant_id, name, last_seen_at)"
            " VALUES ($1, $2, $3, now() - make_interval(mins => $4))",
            uuid7(),
            acme.id,
            f"Contact {number}",
            number + 1,
        )
    seen: list[str] = []
    query = "limit=2"
    for _ in range(3):
        page = (await call(api, acme, "GET", f"{CONTACTS}?{query}", who="agent")).json()
        seen += [each["name"] for each in page["items"]]
        query = f"limit=2&cursor={page['nextCursor']}"
    assert seen == ["Kim", *(f"Contact {number}" for number in range(4))]
    assert page["nextCursor"] is None
    strangers = [
        await call(api, rival, "GET", f"{CONTACTS}/{acme.contact}", who="agent"),
        await call(api, rival, "PATCH", f"{CONTACTS}/{acme.contact}", {"name": "x"}, who="agent"),
        await call(api, rival, "GET", f"{CONTACTS}/{acme.contact}/conversations", who="agent"),
    ]
    assert codes(*strangers) == [(404, "NOT_FOUND")] * 3
    by_customer = await call(api, acme, "GET", CONTACTS, who="contact")
    assert codes(by_customer) == [(403, "FORBIDDEN")]


async def test_earlier_conversations_are_listed_the_latest_first(api: Api, acme: Tenant) -> None:
    closed = await another(api, acme, status="closed", closed_at=SystemClock().now())
    path = f"{CONTACTS}/{acme.contact}/conversations"
    first = (await call(api, acme, "GET", f"{path}?limit=1", who="agent")).json()
    rest = await call(api, acme, "GET", f"{path}?limit=1&cursor={first['nextCursor']}", who="agent")
    seen = [each["id"] for each in [*first["items"], *rest.json()["items"]]]
    assert seen == [str(closed), str(acme.conversation)]
    assert rest.json()["nextCursor"] is None
    assert (await one(api, acme)).json()["conversations"] == 2
