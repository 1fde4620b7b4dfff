"""Admins set bots up and bind them to inboxes; customers begin with them from then on."""

from typing import Any

import pytest

from tests.chat_service.api_world import Api, Tenant

pytestmark = pytest.mark.anyio


async def ask(api: Api, who: Any, method: str, path: str, **body: Any) -> tuple[int, Any]:
    given: dict[str, Any] = {"json": body} if body else {}
    answer = await api.client.request(method, path, headers=api.token(who), **given)
    return answer.status_code, answer.json()


async def test_a_bot_is_made_changed_and_bound(api: Api, acme: Tenant) -> None:
    admin = acme.principal("admin")
    settings = {
        "policy": {"version": "shy-1", "confidentAt": 0.7},
        "allowedHosts": ["shop.example"],
        "translates": True,
    }
    status, made = await ask(
        api,
        admin,
        "POST",
        "/admin/bots",
        name="Robin",
        persona="A patient bird.",
        settings=settings,
    )
    assert (status, made["mode"], made["enabled"], made["inboxIds"]) == (201, "answer", True, [])
    assert made["settings"] == settings
    path = f"/admin/bots/{made['id']}"
    status, changed = await ask(api, admin, "PATCH", path, mode="suggest", enabled=False)
    assert (status, changed["mode"], changed["enabled"]) == (200, "suggest", False)
    assert changed["settings"] == settings
    status, inbox = await ask(
        api, admin, "PATCH", f"/admin/inboxes/{acme.inbox_id}", botId=made["id"], bot=True
    )
    assert (status, inbox["botId"], inbox["bot"]) == (200, made["id"], True)
    status, shown = await ask(api, acme.principal("agent"), "GET", path)
    assert (status, shown["inboxIds"]) == (200, [str(acme.inbox_id)])
    status, listed = await ask(api, admin, "GET", "/admin/bots")
    assert [one["id"] for one in listed["items"]] == [made["id"]]
    (kept,) = await api.rows(
        "SELECT settings->'policy'->>'confident_at' FROM bots WHERE id = $1", made["id"]
    )
    assert kept[0] == "0.7"


@pytest.mark.parametrize(("said", "bot"), [({}, False), ({"bot": True}, True)])
async def test_an_inbox_whose_bot_is_unbound_has_none_unless_it_is_said_to_come_by_the_api(
    api: Api, acme: Tenant, said: dict[str, Any], bot: bool
) -> None:
    admin, path = acme.principal("admin"), f"/admin/inboxes/{acme.inbox_id}"
    _, made = await ask(api, admin, "POST", "/admin/bots", name="Robin")
    await ask(api, admin, "PATCH", path, botId=made["id"], bot=True)
    status, inbox = await ask(api, admin, "PATCH", path, botId=None, **said)
    assert (status, inbox["botId"], inbox["bot"]) == (200, None, bot)


async def test_names_are_unique_and_tables_are_checked(api: Api, acme: Tenant) -> None:
    admin = acme.principal("admin")
    assert (await ask(api, admin, "POST", "/admin/bots", name="Robin"))[0] == 201
    status, refused = await ask(api, admin, "POST", "/admin/bots", name="Robin")
    assert (status, refused["code"]) == (409, "NAME_TAKEN")
    for policy in ({"handoffAt": 101}, {"noSuchRow": 1}):
        status, _ = await ask(
            api, admin, "POST", "/admin/bots", name="Wren", settings={"policy": policy}
        )
        assert status == 422


async def test_only_admins_set_bots_up_and_each_tenant_its_own(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    status, made = await ask(api, acme.principal("admin"), "POST", "/admin/bots", name="Robin")
    path = f"/admin/bots/{made['id']}"
    for who in ("agent", "supervisor"):
        assert (await ask(api, acme.principal(who), "PATCH", path, name="Wren"))[0] == 403
    assert (await ask(api, rival.principal("admin"), "GET", path))[0] == 404
    status, refused = await ask(
        api, rival.principal("admin"), "PATCH", f"/admin/inboxes/{rival.inbox_id}", botId=made["id"]
    )
    assert (status, "botId" in refused["detail"]) == (422, True)


async def test_a_bot_is_deleted_once_no_inbox_has_it_and_frees_its_name(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    admin, inbox = acme.principal("admin"), f"/admin/inboxes/{acme.inbox_id}"
    _, made = await ask(api, admin, "POST", "/admin/bots", name="Robin")
    path = f"/admin/bots/{made['id']}"
    await ask(api, admin, "PATCH", inbox, botId=made["id"], bot=True)
    status, refused = await ask(api, admin, "DELETE", path)
    assert (status, refused["code"]) == (409, "BOT_BOUND")
    assert "Web" in refused["detail"]
    await ask(api, admin, "PATCH", inbox, botId=None)
    for who, code in (("agent", 403), ("supervisor", 403)):
        assert (await ask(api, acme.principal(who), "DELETE", path))[0] == code
    assert (await ask(api, rival.principal("admin"), "DELETE", path))[0] == 404
    gone = await api.client.delete(path, headers=api.token(admin))
    assert gone.status_code == 204
    for method in ("GET", "DELETE"):
        assert (await ask(api, admin, method, path))[0] == 404
    status, _ = await ask(api, admin, "PATCH", inbox, botId=made["id"])
    assert status == 422
    assert (await ask(api, admin, "POST", "/admin/bots", name="Robin"))[0] == 201
    kept = await api.rows(
        "SELECT action, detail->>'name' FROM audit_log WHERE tenant_id = $1"
        " AND action LIKE '%deleted'",
        acme.id,
    )
    assert [tuple(one) for one in kept] == [("bot.deleted", "Robin")]


async def test_the_widget_hears_what_the_bot_that_answers_is_called(api: Api, acme: Tenant) -> None:
    admin, inbox = acme.principal("admin"), f"/admin/inboxes/{acme.inbox_id}"

    async def told() -> Any:
        answer = await api.client.get("/widget/v1/config", params={"key": acme.inbox_key})
        return answer.json()["bot"]

    _, made = await ask(api, admin, "POST", "/admin/bots", name="Robin")
    await ask(api, admin, "PATCH", inbox, botId=made["id"])
    assert await told() is None
    await ask(api, admin, "PATCH", inbox, bot=True)
    assert await told() == "Robin"
    for change in ({"mode": "suggest"}, {"mode": "answer", "enabled": False}):
        await ask(api, admin, "PATCH", f"/admin/bots/{made['id']}", **change)
        assert await told() is None
