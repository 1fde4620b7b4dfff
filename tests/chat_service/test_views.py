"""Saved views and labels: whose they are, what they count, what they may not hold."""

import asyncio
from typing import Any

import pytest

from chorus.ids import uuid7
from tests.chat_service.admin_world import audited, call
from tests.chat_service.api_world import Api, Tenant, codes, say
from tests.chat_service.test_properties import another, command, listed

pytestmark = pytest.mark.anyio
VIEWS, LABELS = "/livechat/views", "/livechat/labels"


async def saved(api: Api, tenant: Tenant, *, who: str = "agent", **body: Any) -> Any:
    answer = await call(api, tenant, "POST", VIEWS, body, who=who)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def counts(api: Api, tenant: Tenant, *, who: str = "agent") -> dict[str, int]:
    items = (await call(api, tenant, "GET", VIEWS, who=who)).json()["items"]
    return {one["name"]: one["count"] for one in items}


async def test_a_view_is_kept_with_what_narrows_it_and_counts_for_who_looks(
    api: Api, acme: Tenant
) -> None:
    await another(api, acme, assignee_id=acme.agent, priority=5)
    await another(api, acme, assignee_id=acme.colleague, tags=["vip"])
    urgent = {"view": "all", "priority": 3, "assignee": "me"}
    view = await saved(api, acme, name="Urgent", filter=urgent, sort="waiting")
    assert (view["filter"], view["sort"], view["shared"], view["count"]) == (
        urgent,
        "waiting",
        False,
        1,
    )
    await saved(api, acme, who="supervisor", name="VIP", filter={"tags": ["vip"]}, shared=True)
    await saved(api, acme, who="supervisor", name="My own", filter={"assignee": "me"}, shared=True)
    assert await counts(api, acme) == {"Urgent": 1, "VIP": 1, "My own": 1}
    assert await counts(api, acme, who="colleague") == {"VIP": 1, "My own": 1}
    assert await counts(api, acme, who="admin") == {"VIP": 1, "My own": 0}


async def test_a_view_is_changed_shared_and_thrown_away(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    view = await saved(api, acme, who="supervisor", name="Mine", filter={"view": "mine"})
    path = f"{VIEWS}/{view['id']}"
    assert (
        codes(
            await call(api, acme, "PATCH", path, {"name": "x"}, who="agent"),
            await call(api, rival, "PATCH", path, {"name": "x"}, who="admin"),
            await call(api, rival, "DELETE", path, who="admin"),
        )
        == [(404, "NOT_FOUND")] * 3
    )
    change = {"filter": {"view": "queue", "queue": "billing"}, "shared": True}
    changed = (await call(api, acme, "PATCH", path, change, who="supervisor")).json()
    assert (changed["name"], changed["filter"], changed["shared"]) == (
        "Mine",
        {"view": "queue", "queue": "billing"},
        True,
    )
    assert list(await counts(api, acme)) == ["Mine"]
    refused = await call(api, acme, "DELETE", path, who="agent")
    assert codes(refused) == [(403, "FORBIDDEN")]
    assert (await call(api, acme, "DELETE", path, who="supervisor")).status_code == 204
    assert await counts(api, acme, who="supervisor") == {}
    assert await audited(api, acme) == ["saved_view.changed", "saved_view.deleted"]


async def test_what_is_no_view_is_refused(api: Api, acme: Tenant) -> None:
    for wrong in (
        {"view": "everything"},
        {"assignee": "somebody"},
        {"tags": ["x" * 51]},
        {"priority": 101},
        {"inbox": "web"},
        {"channel": "fax"},
        {"unread": "yes"},
        {"colour": "red"},
        {"status": None},
    ):
        body = {"name": "Wrong", "filter": wrong}
        answer = await call(api, acme, "POST", VIEWS, body, who="agent")
        assert codes(answer) == [(422, "INVALID")], wrong
    nameless = await call(api, acme, "POST", VIEWS, {"filter": {}}, who="agent")
    unsorted = {"name": "x", "filter": {}, "sort": "size"}
    assert (
        codes(nameless, await call(api, acme, "POST", VIEWS, unsorted, who="agent"))
        == [(422, "INVALID")] * 2
    )


async def test_a_label_that_was_used_is_offered_until_it_is_removed(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    await command(api, acme, "update", add_tags=["vip", "late"])
    green = f"{LABELS}/vip"
    for _ in range(2):
        put = await call(api, acme, "PUT", green, {"color": "green"}, who="supervisor")
        assert put.status_code == 204
    items = (await call(api, acme, "GET", LABELS, who="agent")).json()["items"]
    assert items == [
        {"name": "late", "color": "grey", "conversations": 1},
        {"name": "vip", "color": "green", "conversations": 1},
    ]
    assert (await call(api, rival, "GET", LABELS, who="agent")).json()["items"] == []
    refused = [
        await call(api, acme, "PUT", green, {"color": "red"}, who="agent"),
        await call(api, rival, "DELETE", green, who="admin"),
        await call(api, acme, "PUT", green, {"color": "javascript:"}, who="admin"),
        await call(api, acme, "DELETE", f"{LABELS}/{uuid7()}", who="admin"),
    ]
    assert [status for status, _ in codes(*refused)] == [403, 404, 422, 404]
    assert (await call(api, acme, "DELETE", green, who="admin")).status_code == 204
    assert [one["tags"] for one in await listed(api, acme)] == [["vip", "late"]]
    assert await audited(api, acme) == ["label.changed", "label.deleted"]


async def test_counters_say_what_each_view_holds_for_who_looks(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    await another(api, acme, assignee_id=acme.agent)
    await another(api, acme, floor_holder="bot")
    note = {"visibility": "agents", "mentions": [str(acme.agent)]}
    await say(api, acme.principal("supervisor"), acme.conversation, "@Agent", **note)
    seen = (await call(api, acme, "GET", "/livechat/counts", who="agent")).json()
    assert seen == {"queue": 0, "mine": 1, "all": 3, "mentions": 1, "snoozed": 0, "bot": 1}
    theirs = (await call(api, rival, "GET", "/livechat/counts", who="agent")).json()
    assert (theirs["all"], theirs["mentions"]) == (1, 0)
    refused = await call(api, acme, "GET", "/livechat/counts", who="contact")
    assert codes(refused) == [(403, "FORBIDDEN")]


async def test_preferences_are_ones_own_and_merged(api: Api, acme: Tenant) -> None:
    path = "/livechat/preferences"
    first = {"sort.mine": "waiting", "theme": "dark", "keys": {"e": "resolve"}}
    await call(api, acme, "PATCH", path, first, who="agent")
    changed = await call(api, acme, "PATCH", path, {"theme": None, "density": 2}, who="agent")
    kept = {"sort.mine": "waiting", "keys": {"e": "resolve"}, "density": 2}
    assert changed.json() == kept
    assert (await call(api, acme, "GET", path, who="agent")).json() == kept
    assert (await call(api, acme, "GET", path, who="colleague")).json() == {}
    for wrong, code in (
        ({"x": "y" * 17_000}, (413, "TOO_LARGE")),
        ({"": 1}, (422, "INVALID")),
        (["theme"], (422, "INVALID")),
    ):
        refused = await call(api, acme, "PATCH", path, wrong, who="agent")
        assert codes(refused) == [code], wrong
    assert codes(await call(api, acme, "GET", path, who="contact")) == [(403, "FORBIDDEN")]
    each = await asyncio.gather(
        *(call(api, acme, "PATCH", path, {f"n{n}": n}, who="admin") for n in range(6))
    )
    assert max(len(one.json()) for one in each) == 6
