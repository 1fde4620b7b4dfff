"""Who works here: invitations, roles, shutting out and letting in again."""

import asyncio
from typing import Any

import pytest

from tests.chat_service.admin_world import AGENTS, QUEUES, audited, call, joined, make, stand
from tests.chat_service.api_world import PASSWORD, Api, Tenant, codes

pytestmark = pytest.mark.anyio
NEW = {"email": "Dee@new.example", "name": "Dee", "role": "agent", "languages": ["de"]}


def somebody(tenant: Tenant, **changes: Any) -> dict[str, Any]:
    return {**NEW, "email": f"dee@{tenant.slug}.example", **changes}


async def invited(api: Api, tenant: Tenant, **changes: Any) -> Any:
    answer = await call(api, tenant, "POST", AGENTS, somebody(tenant, **changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def accept(api: Api, token: str, password: str = "correct horse battery") -> Any:
    body = {"token": token, "password": password}
    return await api.client.post("/auth/invite", json=body)


async def login(api: Api, email: str, password: str = PASSWORD) -> Any:
    body = {"email": email, "password": password}
    return await api.client.post("/auth/login", json=body)


async def test_who_is_invited_chooses_a_password_once_and_is_in(api: Api, acme: Tenant) -> None:
    made = await invited(api, acme, email=f"DEE@{acme.slug}.Example")
    assert made["agent"]["email"] == f"dee@{acme.slug}.example"
    invitation = made["invitation"]
    assert invitation["url"].endswith(f"/console/invite#{invitation['token']}")
    assert codes(await login(api, made["agent"]["email"])) == [(401, "UNAUTHENTICATED")]
    grant = await accept(api, invitation["token"])
    assert grant.json()["agent"] == {"id": made["agent"]["id"], "name": "Dee", "role": "agent"}
    listed = await api.client.get(
        AGENTS, headers={"Authorization": f"Bearer {grant.json()['accessToken']}"}
    )
    assert listed.status_code == 200
    assert (await login(api, made["agent"]["email"])).status_code == 200
    again = await accept(api, invitation["token"], "another password")
    assert codes(again) == [(401, "UNAUTHENTICATED")]
    assert await audited(api, acme) == ["agent.created"]
    (entry,) = await api.rows("SELECT detail FROM audit_log WHERE tenant_id = $1", acme.id)
    assert invitation["token"] not in entry["detail"]


async def test_of_two_who_use_an_invitation_at_once_one_gets_in(api: Api, acme: Tenant) -> None:
    token = (await invited(api, acme))["invitation"]["token"]
    both = await asyncio.gather(accept(api, token), accept(api, token))
    assert sorted(one.status_code for one in both) == [200, 401]


async def test_an_old_a_newer_and_a_strange_invitation(api: Api, acme: Tenant) -> None:
    made = await invited(api, acme)
    path = f"{AGENTS}/{made['agent']['id']}/invite"
    second = (await call(api, acme, "POST", path)).json()["token"]
    await api.rows(
        "UPDATE agent_invites SET expires_at = now() - interval '1 s' WHERE tenant_id = $1", acme.id
    )
    third = (await call(api, acme, "POST", path)).json()["token"]
    for token in (made["invitation"]["token"], second, "no such thing"):
        assert codes(await accept(api, token)) == [(401, "UNAUTHENTICATED")]
    short = await accept(api, third, "short")
    assert codes(short) == [(422, "INVALID")]
    assert (await accept(api, third)).status_code == 200


async def test_an_address_is_somebodys_once_whatever_the_tenant(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    body = somebody(acme)
    tries = await asyncio.gather(
        *(call(api, tenant, "POST", AGENTS, body) for tenant in (acme, rival, acme))
    )
    assert sorted(one.status_code for one in tries) == [201, 409, 409]
    assert {one.json()["code"] for one in tries if one.status_code == 409} == {"EMAIL_TAKEN"}
    for wrong in ({"email": "dee"}, {"name": ""}, {"role": "owner"}, {"password": "x" * 12}):
        answer = await call(api, acme, "POST", AGENTS, somebody(acme, **wrong))
        assert codes(answer) == [(422, "INVALID")], wrong
    refused = await call(api, acme, "POST", AGENTS, somebody(acme), who="supervisor")
    assert codes(refused) == [(403, "FORBIDDEN")]


async def test_another_role_ends_the_tokens_of_the_one_before(api: Api, acme: Tenant) -> None:
    tokens = (await login(api, acme.email("supervisor"))).json()
    path = f"{AGENTS}/{acme.supervisor}"
    changed = await call(api, acme, "PATCH", path, {"role": "agent", "capacity": 7})
    assert (changed.json()["role"], changed.json()["capacity"]) == ("agent", 7)
    old = {"Authorization": f"Bearer {tokens['accessToken']}"}
    assert (await api.client.get(AGENTS, headers=old)).status_code == 401
    body = {"refreshToken": tokens["refreshToken"]}
    renewed = (await api.client.post("/auth/refresh", json=body)).json()
    assert renewed["agent"]["role"] == "agent"
    # Also in the second in which the role changed: who hears of it renews at once.
    new = {"Authorization": f"Bearer {renewed['accessToken']}"}
    assert (await api.client.get(AGENTS, headers=new)).status_code == 200
    refused = await call(
        api, acme, "PATCH", f"{AGENTS}/{acme.agent}", {"role": "admin"}, who="supervisor"
    )
    assert refused.status_code == 401 or codes(refused) == [(403, "FORBIDDEN")]


async def test_somebody_stays_who_sets_things_up(api: Api, acme: Tenant) -> None:
    path = f"{AGENTS}/{acme.admin}"
    last = await call(api, acme, "PATCH", path, {"role": "agent"})
    oneself = await call(api, acme, "POST", f"{path}/disable")
    assert codes(last, oneself) == [(409, "LAST_ADMIN"), (422, "INVALID")]
    await call(api, acme, "PATCH", f"{AGENTS}/{acme.colleague}", {"role": "admin"})
    other = acme.principal("colleague", role="admin")
    both = await asyncio.gather(
        call(api, acme, "PATCH", f"{AGENTS}/{acme.colleague}", {"role": "agent"}),
        api.client.post(f"{path}/disable", headers=api.token(other)),
    )
    assert any(one.status_code in (401, 403, 409) for one in both)
    (left,) = await api.rows(
        "SELECT count(*) AS n FROM agents WHERE tenant_id = $1 AND role = 'admin'"
        " AND disabled_at IS NULL",
        acme.id,
    )
    assert left["n"] == 1


async def test_who_is_shut_out_loses_tokens_and_chats_and_may_come_back(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    queue = await make(api, acme, "support", isDefault=True)
    await joined(api, acme, f"{QUEUES}/{queue}", acme.agent, acme.colleague)
    conversation = await stand(api, acme, queue, "active")
    tokens = (await login(api, acme.email("agent"))).json()
    path = f"{AGENTS}/{acme.agent}"
    foreign = await call(api, rival, "POST", f"{path}/disable")
    assert codes(foreign) == [(404, "NOT_FOUND")]
    for _ in range(2):
        assert (await call(api, acme, "POST", f"{path}/disable")).status_code == 204
    old = {"Authorization": f"Bearer {tokens['accessToken']}"}
    assert (await api.client.get(AGENTS, headers=old)).status_code == 401
    refreshed = await api.client.post(
        "/auth/refresh", json={"refreshToken": tokens["refreshToken"]}
    )
    assert refreshed.status_code == 401
    assert codes(await login(api, acme.email("agent"))) == [(401, "UNAUTHENTICATED")]
    (session,) = await api.rows(
        "SELECT status, agent_id FROM live_chat_sessions WHERE conversation_id = $1", conversation
    )
    assert (session["status"], session["agent_id"]) == ("queued", None)
    again = await call(api, acme, "POST", f"{path}/invite")
    assert codes(again) == [(404, "NOT_FOUND")]
    assert (await call(api, acme, "POST", f"{path}/enable")).status_code == 204
    assert (await login(api, acme.email("agent"))).status_code == 200
    assert [one for one in await audited(api, acme) if one.startswith("agent.")] == [
        "agent.disabled",
        "agent.enabled",
    ]
