"""Inboxes, keys, retention, issuers, the audit log and health, as admins set them up and see them."""

import asyncio
import csv
import io
from typing import Any

import pytest

from chat_service import health
from chorus.ids import uuid7
from tests.chat_service.admin_world import QUEUES, audited, call, make
from tests.chat_service.api_world import ORIGIN, Api, Tenant, codes, open_api

pytestmark = pytest.mark.anyio
INBOXES, KEYS, AUDIT = "/admin/inboxes", "/admin/api-keys", "/admin/audit"
WIDGET = {
    "color": "#7a1f5c",
    "greeting": "Hello!",
    "offset": {"x": 8, "y": 16},
    "launcher": {"label": "Chat"},
    "prechat": [{"name": "email", "label": "E-mail", "type": "email", "required": True}],
    "consent": {"text": "Agreed", "linkText": "more", "link": "https://shop.example/privacy"},
    "features": {"csat": False},
    "hideOnMobile": True,
}


async def config(api: Api, key: str, origin: str = ORIGIN) -> Any:
    return await api.client.get(
        "/widget/v1/config", params={"key": key}, headers={"Origin": origin}
    )


async def test_an_inbox_that_was_made_serves_its_widget(api: Api, acme: Tenant) -> None:
    queue = await make(api, acme, "support")
    body = {
        "name": "Shop",
        "allowedOrigins": [ORIGIN, ORIGIN, "http://localhost:*"],
        "widget": WIDGET,
        "queueId": str(queue),
        "bot": True,
    }
    made = await call(api, acme, "POST", INBOXES, body)
    assert made.status_code == 201, made.text
    inbox = made.json()
    assert inbox["allowedOrigins"] == [ORIGIN, "http://localhost:*"]
    assert f'data-key="{inbox["publicKey"]}"' in inbox["snippet"]
    shown = (await config(api, inbox["publicKey"])).json()
    assert shown["settings"] == WIDGET
    assert (await config(api, inbox["publicKey"], "https://evil.example")).status_code == 403
    path = f"{INBOXES}/{inbox['id']}"
    await call(api, acme, "PATCH", path, {"widget": {"theme": "dark"}, "name": "Store"})
    found = (await call(api, acme, "GET", path, who="agent")).json()
    assert (found["name"], found["widget"], found["bot"], found["queueId"]) == (
        "Store",
        {"theme": "dark"},
        True,
        str(queue),
    )
    await call(api, acme, "PATCH", path, {"enabled": False})
    assert (await config(api, inbox["publicKey"])).status_code == 404
    assert await audited(api, acme) == [
        "queue.created",
        "inbox.created",
        "inbox.changed",
        "inbox.changed",
    ]


async def test_what_is_no_inbox_is_refused_with_the_field(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    foreign = await make(api, rival, "support", QUEUES)
    for wrong in (
        {"name": " "},
        {"allowedOrigins": ["shop.example"]},
        {"allowedOrigins": ["https://shop.example/path"]},
        {"allowedOrigins": ["https://*.example"]},
        {"allowedOrigins": ["javascript:alert(1)"]},
        {"widget": {"color": "red"}},
        {"widget": {"colour": "#000000"}},
        {"widget": {"greeting": "x" * 501}},
        {"widget": {"launcher": {"icon": "javascript:alert(1)"}}},
        {"widget": {"consent": {"text": "ok", "link": "javascript:alert(1)"}}},
        {"widget": {"prechat": [{"name": "__proto__", "label": "x"}]}},
        {"queueId": str(foreign)},
        {"weight": 101},
        {"publicKey": "pk_mine"},
    ):
        answer = await call(api, acme, "POST", INBOXES, {"name": "Shop", **wrong})
        assert codes(answer) == [(422, "INVALID")], wrong
        assert answer.json()["field"].split(".")[0] == next(iter(wrong))
    taken = await call(api, acme, "POST", INBOXES, {"name": "Web"})
    assert codes(taken) == [(409, "NAME_TAKEN")]
    path = f"{INBOXES}/{acme.inbox_id}"
    refused = [
        await call(api, acme, "POST", INBOXES, {"name": "x"}, who="supervisor"),
        await call(api, rival, "PATCH", path, {"name": "x"}),
        await call(api, rival, "GET", path),
    ]
    assert [status for status, _ in codes(*refused)] == [403, 404, 404]


async def test_an_inbox_is_made_once_for_a_key(api: Api, acme: Tenant) -> None:
    headers = {**api.token(acme.principal("admin")), "Idempotency-Key": "shop"}
    tries = await asyncio.gather(
        *(api.client.post(INBOXES, json={"name": "Shop"}, headers=headers) for _ in range(3))
    )
    assert [one.status_code for one in tries] == [201] * 3
    assert len({one.json()["id"] for one in tries}) == 1


async def test_retention_and_name_are_the_tenants_own(api: Api, acme: Tenant) -> None:
    path = "/admin/settings"
    before = (await call(api, acme, "GET", path)).json()
    assert (before["slug"], before["retentionDays"]) == (acme.slug, None)
    changed = await call(api, acme, "PATCH", path, {"name": "Acme", "retentionDays": 30})
    assert (changed.json()["name"], changed.json()["retentionDays"]) == ("Acme", 30)
    for wrong in ({"retentionDays": 0}, {"retentionDays": 2556}, {"name": ""}, {"slug": "x"}):
        assert codes(await call(api, acme, "PATCH", path, wrong)) == [(422, "INVALID")], wrong
    for who in ("agent", "supervisor", "contact"):
        for method in ("GET", "PATCH"):
            refused = await call(
                api, acme, method, path, (method == "PATCH" and {}) or None, who=who
            )
            assert codes(refused) == [(403, "FORBIDDEN")]
    assert await audited(api, acme) == ["tenant.changed"]


async def test_a_key_opens_until_it_is_revoked(api: Api, acme: Tenant, rival: Tenant) -> None:
    body = {"name": "CRM", "scopes": ["chat:read", "chat:read"]}
    made = (await call(api, acme, "POST", KEYS, body)).json()
    credential = {"Authorization": f"Token {made['credential']}"}
    found = await api.client.get("/livechat/conversations", headers=credential)
    assert found.status_code == 200
    listed = (await call(api, acme, "GET", KEYS)).json()["items"]
    assert [(one["name"], one["scopes"], one["revokedAt"]) for one in listed] == [
        ("CRM", ["chat:read"], None)
    ]
    assert made["credential"] not in str(listed)
    path = f"{KEYS}/{made['id']}"
    assert codes(await call(api, rival, "DELETE", path)) == [(404, "NOT_FOUND")]
    assert (await call(api, acme, "DELETE", path)).status_code == 204
    assert codes(await call(api, acme, "DELETE", path)) == [(404, "NOT_FOUND")]
    tries: tuple[dict[str, Any], ...] = (
        {"scopes": []},
        {"scopes": ["admin:write"]},
        {"scopes": ["everything"]},
        {"expiresAt": "2020-01-01T00:00:00Z"},
        {"name": ""},
    )
    for wrong in tries:
        answer = await call(api, acme, "POST", KEYS, {**body, **wrong})
        assert codes(answer) == [(422, "INVALID")], wrong
    assert await audited(api, acme) == ["api_key.created", "api_key.deleted"]


async def test_a_revoked_key_is_believed_by_no_new_process(
    api: Api, acme: Tenant, api_database_url: str, redis_url: str
) -> None:
    made = (await call(api, acme, "POST", KEYS, {"name": "a", "scopes": ["chat:read"]})).json()
    await call(api, acme, "DELETE", f"{KEYS}/{made['id']}")
    credential = {"Authorization": f"Token {made['credential']}"}
    async with open_api(api_database_url, redis_url) as other:
        found = await other.client.get("/livechat/conversations", headers=credential)
    assert found.status_code == 401


async def test_the_audit_log_is_read_page_by_page_and_narrowed(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    queue = await make(api, acme, "support")
    for priority in range(3):
        await call(api, acme, "PATCH", f"{QUEUES}/{queue}", {"priority": priority + 1})
    await call(api, acme, "PATCH", "/admin/settings", {"name": "=Acme"})
    first = (await call(api, acme, "GET", f"{AUDIT}?limit=2")).json()
    second = (await call(api, acme, "GET", f"{AUDIT}?limit=5&cursor={first['nextCursor']}")).json()
    actions = [one["action"] for one in [*first["items"], *second["items"]]]
    assert actions == ["tenant.changed", *["queue.changed"] * 3, "queue.created"]
    assert second["nextCursor"] is None
    assert (first["items"][0]["actor"], first["items"][0]["role"]) == ("Admin", "admin")
    counted = {
        query: len((await call(api, acme, "GET", f"{AUDIT}?{query}")).json()["items"])
        for query in (
            "action=queue.",
            "action=queue.created",
            "action=%25",
            f"subject=queue:{queue}",
            f"actor={acme.admin}",
            f"actor={uuid7()}",
            "since=2999-01-01T00:00:00Z",
            "until=2999-01-01T00:00:00Z",
        )
    }
    assert list(counted.values()) == [4, 1, 0, 4, 5, 0, 0, 5]
    assert (await call(api, rival, "GET", AUDIT)).json()["items"] == []
    text = (await call(api, acme, "GET", f"{AUDIT}?format=csv")).text
    assert len(list(csv.DictReader(io.StringIO(text)))) == 5
    for who in ("agent", "supervisor"):
        assert codes(await call(api, acme, "GET", AUDIT, who=who)) == [(403, "FORBIDDEN")]
    for wrong in ("actor=me", "since=now", "limit=201", "cursor=x"):
        refused = await call(api, acme, "GET", f"{AUDIT}?{wrong}")
        assert codes(refused) == [(422, "INVALID")], wrong


async def test_issuers_of_others_are_not_shown(
    acme: Tenant, rival: Tenant, api_database_url: str, redis_url: str
) -> None:
    issuers = (
        '[{"name": "ours", "jwks_url": "https://a.example/jwks", "audiences": ["chorus-visitor"],'
        f' "tenant_id": "{acme.id}"}}, {{"name": "all", "jwks_url": "https://b.example/jwks",'
        ' "audiences": ["chorus-agent"]}]'
    )
    async with open_api(api_database_url, redis_url, issuers=issuers) as api:
        ours = (await call(api, acme, "GET", "/admin/identity")).json()
        theirs = (await call(api, rival, "GET", "/admin/identity")).json()
    assert [(one["name"], one["own"]) for one in ours["issuers"]] == [
        ("ours", True),
        ("all", False),
    ]
    assert [one["name"] for one in theirs["issuers"]] == ["all"]
    assert len(ours["keys"]) == 1


async def test_health_says_what_is_missing_and_what_to_do(api: Api, acme: Tenant) -> None:
    found = (await call(api, acme, "GET", "/admin/health")).json()
    by_name = {one["name"]: one for one in found["checks"]}
    assert by_name["postgres"]["state"] == "ok"
    # No writer runs beside this API.
    assert by_name["writer"]["state"] == "broken"
    assert by_name["writer"]["fix"]
    assert found["state"] == "broken"
    assert all(one["fix"] for one in found["checks"] if one["state"] != "ok")
    for who in ("agent", "supervisor", "contact"):
        refused = await call(api, acme, "GET", "/admin/health", who=who)
        assert codes(refused) == [(403, "FORBIDDEN")]


async def test_health_without_redis_still_answers(api: Api, acme: Tenant) -> None:
    async with open_api(api.database_url, "redis://127.0.0.1:1/0") as alone:
        resources = alone.resources
        found = await health.examine(
            resources.system, resources.redis, resources.readiness, resources.clock
        )
    states = {one.name: one.state for one in found.checks}
    assert (states["redis"], states["postgres"]) == ("broken", "ok")
