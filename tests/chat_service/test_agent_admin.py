"""What agents take and can do, over REST; and that the router heeds it at once."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import orjson
import pytest

from chat_service.bell import Bell
from chat_service.router import Router
from chorus.ids import uuid7
from chorus.tasks import beside
from tests.chat_service.admin_world import (
    AGENTS,
    QUEUES,
    audited,
    call,
    joined,
    make,
    session_of,
    stand,
)
from tests.chat_service.api_world import Api, Tenant, codes, make_tenant, open_api
from tests.chat_service.routing_world import PATIENCE_S, Floor, come, presence_watched, tools_for

pytestmark = pytest.mark.anyio


async def capacity(api: Api, tenant: Tenant, value: int, who: str = "admin") -> Any:
    path = f"{AGENTS}/{tenant.agent}"
    return await call(api, tenant, "PATCH", path, {"capacity": value}, who=who)


async def test_agents_are_listed_with_what_they_can_do(api: Api, acme: Tenant) -> None:
    queue = await make(api, acme, "support")
    await joined(api, acme, f"{QUEUES}/{queue}", acme.agent)
    await stand(api, acme, queue, "active")
    chosen = {"capacity": 3, "skills": ["billing", "vip"], "languages": ["de", "pt-BR"]}
    changed = await call(api, acme, "PATCH", f"{AGENTS}/{acme.agent}", chosen)
    assert chosen.items() <= changed.json().items()
    found = (await call(api, acme, "GET", AGENTS)).json()["items"]
    assert [one["name"] for one in found] == ["Admin", "Agent", "Colleague", "Supervisor"]
    assert found[1] == changed.json()
    assert (found[1]["load"], found[1]["status"], found[1]["role"]) == (1, None, "agent")
    assert found[1]["queues"] == [{"id": str(queue), "name": "support"}]
    assert found[1]["email"] == acme.email("agent")


async def test_a_page_of_agents_follows_the_other(api: Api, acme: Tenant) -> None:
    first = (await call(api, acme, "GET", f"{AGENTS}?limit=3")).json()
    path = f"{AGENTS}?limit=3&cursor={first['nextCursor']}"
    second = (await call(api, acme, "GET", path)).json()
    names = [one["name"] for one in [*first["items"], *second["items"]]]
    assert (names, second["nextCursor"]) == (["Admin", "Agent", "Colleague", "Supervisor"], None)


async def test_addresses_and_hidden_queues_are_not_for_every_agent(api: Api, acme: Tenant) -> None:
    gold = await make(api, acme, "gold", "/admin/teams")
    vip = await make(api, acme, "vip", visibleTo=[str(gold)])
    await joined(api, acme, f"{QUEUES}/{vip}", acme.colleague)
    path = f"{AGENTS}/{acme.colleague}"
    seen = {
        who: (await call(api, acme, "GET", path, who=who)).json()
        for who in ("agent", "colleague", "supervisor")
    }
    assert [(one["email"], len(one["queues"])) for one in seen.values()] == [
        (None, 0),
        (acme.email("colleague"), 1),
        (acme.email("colleague"), 1),
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"capacity": -1}, "capacity"),
        ({"capacity": 1001}, "capacity"),
        ({"capacity": "5"}, "capacity"),
        ({"capacity": True}, "capacity"),
        ({"capacity": None}, "capacity"),
        ({"skills": [""]}, "skills.0"),
        ({"skills": ["x" * 61]}, "skills.0"),
        ({"languages": ["Klingon!"]}, "languages.0"),
        ({"role": "owner"}, "role"),
        ({"email": "x@y.test"}, "email"),
    ],
)
async def test_what_no_agent_can_be_is_named(
    api: Api, acme: Tenant, body: dict[str, Any], field: str
) -> None:
    answer = await call(api, acme, "PATCH", f"{AGENTS}/{acme.agent}", body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert await audited(api, acme) == []


async def test_supervisors_change_the_capacity_and_nothing_else(api: Api, acme: Tenant) -> None:
    assert (await capacity(api, acme, 0, "supervisor")).json()["capacity"] == 0
    skills = {"capacity": 9, "skills": ["vip"]}
    tried = [
        await call(api, acme, "PATCH", f"{AGENTS}/{acme.agent}", skills, who="supervisor"),
        await capacity(api, acme, 9, "agent"),
        await capacity(api, acme, 9, "contact"),
    ]
    assert codes(*tried) == [(403, "FORBIDDEN")] * 3
    assert (await capacity(api, acme, 0)).json()["skills"] == []
    (entry,) = await api.rows("SELECT * FROM audit_log WHERE tenant_id = $1", acme.id)
    assert orjson.loads(entry["detail"]) == {"capacity": {"from": 5, "to": 0}}


async def test_another_tenants_agents_are_not_there(api: Api, acme: Tenant, rival: Tenant) -> None:
    path = f"{AGENTS}/{rival.agent}"
    tried = [
        await call(api, acme, "GET", path),
        await call(api, acme, "PATCH", path, {"capacity": 1}),
        await call(api, acme, "PATCH", f"{AGENTS}/{uuid7()}", {"capacity": 1}),
        await call(api, acme, "PATCH", f"/admin/inboxes/{rival.inbox_id}", {"weight": 2}),
    ]
    assert codes(*tried) == [(404, "NOT_FOUND")] * 4


async def test_a_conversation_of_an_inbox_weighs_what_was_chosen(api: Api, acme: Tenant) -> None:
    queue = await make(api, acme, "support")
    await stand(api, acme, queue, "active")
    path = f"/admin/inboxes/{acme.inbox_id}"
    await call(api, acme, "PATCH", path, {"weight": 3})
    (inbox,) = (await call(api, acme, "GET", "/admin/inboxes", who="agent")).json()["items"]
    assert (inbox["weight"], inbox["queueId"], inbox["channel"]) == (3, None, "web")
    agent = (await call(api, acme, "GET", f"{AGENTS}/{acme.agent}")).json()
    assert agent["load"] == 3
    for body, field in (
        ({"weight": 101}, "weight"),
        ({"weight": None}, "weight"),
        ({"queueId": str(uuid7())}, "queueId"),
    ):
        answer = await call(api, acme, "PATCH", path, body)
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    (kept,) = await api.rows("SELECT settings FROM inboxes WHERE id = $1", acme.inbox_id)
    assert orjson.loads(kept["settings"]) == {"weight": 3}
    assert (await call(api, acme, "PATCH", path, {"weight": 1}, who="agent")).status_code == 403


@pytest.fixture
async def floor(database_url: str, redis_db: str) -> AsyncIterator[tuple[Api, Tenant, UUID]]:
    """A queue, its agent who is here, and a conductor's router that nothing wakes but the bell."""
    tenant = await make_tenant(database_url, "acme")
    async with (
        open_api(database_url, redis_db) as api,
        tools_for(database_url, redis_db) as tools,
        presence_watched(redis_db),
    ):
        queue = await make(api, tenant, "support")
        await come(tools.client, Floor(tenant.id, tenant.inbox_id, queue, (tenant.agent,)))
        router = Router(tools)
        bell = Bell(
            redis_db,
            tools.client,
            on_handoff=router.rung,
            on_summary=lambda *_: None,
            on_glance=lambda *_: None,
        )
        async with beside(router.run(), *bell.tasks()):
            yield api, tenant, queue


async def is_asked(api: Api, tenant: Tenant, conversation: Any) -> None:
    """Wait until the session is held out to the agent."""
    async with asyncio.timeout(PATIENCE_S):
        while (await session_of(api, conversation))["asked"] != tenant.agent:  # noqa: ASYNC110 (no row tells)
            await asyncio.sleep(0.02)


async def ring(api: Api, tenant: Tenant) -> None:
    """Have a round made that changes nothing: whatever could be offered before it is."""
    path = f"{AGENTS}/{tenant.supervisor}"
    value = (await call(api, tenant, "GET", path)).json()["capacity"]
    await call(api, tenant, "PATCH", path, {"capacity": value + 1})


async def decided(api: Api, conversation: Any, count: int) -> list[Any]:
    """Wait until the router has stored that many decisions about a session."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = await api.rows(
                "SELECT d.* FROM routing_decisions d JOIN live_chat_sessions s"
                " ON s.id = d.session_id WHERE s.conversation_id = $1 ORDER BY d.at",
                conversation,
            )
            if len(found) >= count:
                return found
            await asyncio.sleep(0.02)


async def test_who_waits_is_offered_as_soon_as_somebody_may_take_more(
    floor: tuple[Api, Tenant, UUID],
) -> None:
    api, tenant, queue = floor
    await joined(api, tenant, f"{QUEUES}/{queue}", tenant.agent)
    await capacity(api, tenant, 0)
    conversation = await stand(api, tenant, queue, "queued")
    await ring(api, tenant)
    (kept, *_) = await decided(api, conversation, 1)
    reasons = orjson.loads(kept["candidates"])
    assert reasons[str(tenant.agent)] == {"eligible": False, "refused": "full"}
    await capacity(api, tenant, 1)
    await is_asked(api, tenant, conversation)


async def test_who_waits_is_offered_to_a_new_member_at_once(
    floor: tuple[Api, Tenant, UUID],
) -> None:
    api, tenant, queue = floor
    conversation = await stand(api, tenant, queue, "queued")
    await ring(api, tenant)
    await decided(api, conversation, 1)
    await joined(api, tenant, f"{QUEUES}/{queue}", tenant.agent)
    await is_asked(api, tenant, conversation)


async def test_a_lower_capacity_takes_no_chat_and_gives_nothing_new(
    floor: tuple[Api, Tenant, UUID],
) -> None:
    api, tenant, queue = floor
    await joined(api, tenant, f"{QUEUES}/{queue}", tenant.agent)
    chats = [await stand(api, tenant, queue, "active") for _ in range(3)]
    assert (await capacity(api, tenant, 1)).json()["load"] == 3
    waiting = await stand(api, tenant, queue, "queued")
    await ring(api, tenant)
    await decided(api, waiting, 1)
    assert (await session_of(api, waiting))["status"] == "queued"
    found = [await session_of(api, one) for one in chats]
    assert [(one["status"], one["agent_id"]) for one in found] == [("active", tenant.agent)] * 3
    for one in found:
        path = f"/livechat/sessions/{one['id']}/resolve"
        assert (await call(api, tenant, "POST", path, {}, who="agent")).status_code == 200
    await is_asked(api, tenant, waiting)
