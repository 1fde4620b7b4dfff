"""Default deny: every route without, with expired, with foreign and with wrong-role credentials."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from chat_service.app import ROUTES, create_app
from chat_service.routes.guard import GuardedRoute, Needs, Public
from chat_service.settings import ApiSettings
from chorus.auth import AUD_AGENT, AUD_INTERNAL, AUD_VISITOR, SCOPES
from chorus.ids import uuid7
from tests.chat_service.api_world import ORIGIN, Api, Tenant, message, say

pytestmark = pytest.mark.anyio

PUBLIC = {
    ("POST", "/auth/login"),
    ("POST", "/auth/refresh"),
    ("POST", "/auth/logout"),
    ("POST", "/auth/invite"),
    ("GET", "/auth/methods"),
    ("GET", "/auth/oidc/{name}"),
    ("GET", "/auth/oidc/{name}/callback"),
    ("POST", "/auth/oidc/token"),
    ("GET", "/.well-known/jwks.json"),
    ("POST", "/dev/login"),
    ("GET", "/dev/demo.json"),
    ("GET", "/dev/demo/jwks.json"),
    ("POST", "/dev/demo/user"),
    ("POST", "/dev/demo/hours"),
    ("POST", "/livechat/visitors"),
    ("GET", "/widget/v1/config"),
    ("GET", "/files/{token}"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/docs"),
    ("GET", "/docs/{name:path}"),
}
# By name, not by id: everybody has labels of any name.
NAMED = {"/livechat/labels/{name}"}
IDS = (
    "queueId",
    "teamId",
    "agentId",
    "inboxId",
    "replyId",
    "macroId",
    "viewId",
    "contactId",
    "keyId",
    "sourceId",
    "attachmentId",
)
GUARDED = [route for route in ROUTES if isinstance(route.access, Needs)]


def test_nothing_is_public_but_what_this_list_names() -> None:
    named = {(route.method, route.path) for route in ROUTES if isinstance(route.access, Public)}
    assert named == PUBLIC
    assert all(
        route.access.why if isinstance(route.access, Public) else route.access.scope in SCOPES
        for route in ROUTES
    )


def test_a_route_that_declares_nothing_cannot_be_made() -> None:
    async def endpoint() -> None: ...

    app = FastAPI()
    app.router.route_class = GuardedRoute
    with pytest.raises(TypeError, match="does not declare"):
        app.add_api_route("/open", endpoint)


def test_the_app_has_no_route_beside_the_table() -> None:
    app = create_app(ApiSettings())
    made = {
        (method, route.path)
        for route in app.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    listed = {(route.method, route.path) for route in ROUTES}
    assert made == listed | {("GET", "/openapi.json")}
    assert all(isinstance(route, GuardedRoute) for route in app.routes)


def test_openapi_names_the_scope_of_every_route() -> None:
    described = create_app(ApiSettings()).openapi()
    assert described["openapi"].startswith("3.1")
    for route in ROUTES:
        if not route.shown:
            continue
        security = described["paths"][route.path][route.method.lower()]["security"]
        wanted = [route.access.scope] if isinstance(route.access, Needs) else None
        expected = [] if wanted is None else [{"bearer": wanted}, {"service": wanted}]
        assert security == expected, route.path


async def test_no_route_answers_without_a_good_token(api: Api, acme: Tenant) -> None:
    agent = acme.principal("agent")
    good = api.token(agent)["Authorization"]
    internal = api.token(agent, role="internal", audience=AUD_INTERNAL)
    expired = api.resources.identity.maker.make(
        tenant_id=acme.id, user_id=acme.agent, role="agent", audience=AUD_AGENT, ttl_s=-60
    )[0]
    unbelieved: list[dict[str, str]] = [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer x.y.z"},
        {"Authorization": f"Basic {good.split()[1]}"},
        {"Authorization": good.split()[1]},
        {"Authorization": good[:-2] + ("AA" if not good.endswith("AA") else "BB")},
        {"Authorization": f"Bearer {expired}"},
        {"Authorization": f"Token {good.split()[1]}"},
        api.token(agent, tenant_id=uuid7()),
    ]
    for route in GUARDED:
        for headers in unbelieved:
            answer = await _call(api, route, acme, headers)
            assert answer.status_code == 401, (route.path, headers)
            assert answer.json()["code"] == "UNAUTHENTICATED"
            assert answer.headers["www-authenticate"].startswith("Bearer")
        assert (await _call(api, route, acme, internal)).status_code == 403, route.path
        assert (await _call(api, route, acme, {"Authorization": good})).status_code < 500


async def _waiting_session(api: Api, tenant: Tenant) -> str:
    session_id = str(uuid7())
    await api.rows(
        "INSERT INTO live_chat_sessions (id, tenant_id, conversation_id, status)"
        " VALUES ($1, $2, $3, 'queued')",
        session_id,
        tenant.id,
        tenant.conversation,
    )
    return session_id


async def _things(api: Api, tenant: Tenant) -> dict[str, str]:
    """What a path may name besides conversations."""
    admin = tenant.principal("admin")
    made = {
        name: (await api.client.post(path, json={"name": name}, headers=api.token(admin))).json()
        for name, path in (("queueId", "/admin/queues"), ("teamId", "/admin/teams"))
    }
    shared: dict[str, tuple[str, dict[str, Any]]] = {
        "replyId": ("/livechat/canned-replies", {"shortcut": "a", "title": "a", "body": "a"}),
        "macroId": ("/livechat/macros", {"name": "a", "actions": [{"do": "resolve"}]}),
        "viewId": ("/livechat/views", {"name": "a", "filter": {}}),
    }
    for name, (path, body) in shared.items():
        answer = await api.client.post(
            path, json={**body, "shared": True}, headers=api.token(admin)
        )
        made[name] = answer.json()
    people = {"agentId": str(tenant.agent), "inboxId": str(tenant.inbox_id)}
    key = {"name": "a", "scopes": ["chat:read"]}
    made["keyId"] = (
        await api.client.post("/admin/api-keys", json=key, headers=api.token(admin))
    ).json()
    source = {"name": "a", "content": "a"}
    made["sourceId"] = (
        await api.client.post("/admin/knowledge/sources", json=source, headers=api.token(admin))
    ).json()
    people |= {"contactId": str(tenant.contact)}
    file = {"id": str(uuid7()), "conversationId": str(tenant.conversation), "name": "a.txt"}
    made["attachmentId"] = (
        await api.client.post(
            "/livechat/attachments", params=file, content=b"a", headers=api.token(admin)
        )
    ).json()
    return people | {name: one["id"] for name, one in made.items()}


def _may(route: Any, who: str) -> bool:
    role = "visitor" if who == "contact" else who
    return not route.access.roles or role in route.access.roles


async def test_a_foreign_tenant_sees_what_is_absent(api: Api, acme: Tenant, rival: Tenant) -> None:
    told = await say(api, acme.principal("contact"), acme.conversation)
    session = await _waiting_session(api, acme)
    things = await _things(api, acme)
    for who in ("contact", "agent", "supervisor", "admin"):
        headers = api.token(rival.principal(who))
        for route in GUARDED:
            if "{" not in route.path or route.path in NAMED:
                continue
            body = {"conversationId": str(acme.conversation)}
            foreign = await _call(
                api,
                route,
                acme,
                headers,
                message_id=told["id"],
                session=session,
                ack=body,
                things=things,
            )
            absent_body = {"conversationId": str(uuid7())}
            absent = await _call(
                api, route, acme, headers, conversation=str(uuid7()), ack=absent_body
            )
            status = 404 if _may(route, who) else 403
            assert (foreign.status_code, foreign.content) == (status, absent.content), route.path


async def test_another_visitor_of_the_tenant_sees_what_is_absent(api: Api, acme: Tenant) -> None:
    told = await say(api, acme.principal("contact"), acme.conversation)
    session = await _waiting_session(api, acme)
    stranger = (
        await api.client.post(
            "/livechat/visitors", json={"inboxKey": acme.inbox_key}, headers={"Origin": ORIGIN}
        )
    ).json()
    headers = {"Authorization": f"Bearer {stranger['token']}"}
    for route in GUARDED:
        if "{" in route.path and route.path not in NAMED:
            answer = await _call(api, route, acme, headers, message_id=told["id"], session=session)
            assert answer.status_code == (404 if _may(route, "contact") else 403), route.path


async def test_a_visitors_token_does_no_agents_work(api: Api, acme: Tenant) -> None:
    contact = acme.principal("contact")
    told = await say(api, acme.principal("agent"), acme.conversation, "hi")
    for event, data in (
        ("resolve", {}),
        ("reopen", {}),
        ("snooze", {"until": "2099-01-01T00:00:00Z"}),
        ("moderate", {"target": told["id"], "visibility": "hidden"}),
        ("delete", {"target": told["id"]}),
        ("edit", {"target": told["id"], "content": "x"}),
        ("agent.status", {"status": "online"}),
        ("claim", {}),
        ("assign", {"to": str(acme.agent)}),
        ("transfer", {"to": {"agent": str(acme.agent)}, "mode": "blind"}),
        ("return_to_bot", {}),
    ):
        answer = await api.client.post(
            f"/livechat/conversations/{acme.conversation}/commands",
            json={"event": event, "data": {"id": str(uuid7()), **data}},
            headers=api.token(contact),
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN"), event


async def test_a_role_that_does_not_fit_its_audience_is_not_believed(
    api: Api, acme: Tenant
) -> None:
    for role, audience in (
        ("admin", AUD_VISITOR),
        ("visitor", AUD_AGENT),
        ("server", AUD_AGENT),
        ("agent", AUD_INTERNAL),
    ):
        headers = api.token(acme.principal("agent"), role=role, audience=audience)
        answer = await api.client.get("/livechat/conversations", headers=headers)
        assert answer.status_code == 401


async def test_an_agent_who_is_disabled_writes_nothing_with_a_token_still_good(
    api: Api, acme: Tenant
) -> None:
    headers = api.token(acme.principal("agent"))
    session = await _waiting_session(api, acme)
    await api.rows("UPDATE agents SET disabled_at = now() WHERE id = $1", acme.agent)
    for route in GUARDED:
        if route.method == "POST" and ("Id}" in route.path or "escalate" in route.path):
            if "messageId" in route.path:
                continue
            answer = await _call(api, route, acme, headers, session=session)
            assert answer.status_code == 403, route.path


async def _call(
    api: Api,
    route: Any,
    tenant: Tenant,
    headers: dict[str, str],
    *,
    conversation: str | None = None,
    message_id: str | None = None,
    session: str | None = None,
    ack: dict[str, str] | None = None,
    things: dict[str, str] | None = None,
) -> Any:
    path = route.path.replace("{conversationId}", conversation or str(tenant.conversation))
    path = path.replace("{messageId}", message_id or str(uuid7()))
    path = path.replace("{sessionId}", session or str(uuid7()))
    path = path.replace("{mode}", "reply")
    for name in IDS:
        path = path.replace(f"{{{name}}}", (things or {}).get(name) or str(uuid7()))
    bodies: dict[str, Any] = {
        "/livechat/conversations": {},
        "/livechat/conversations/{conversationId}/messages": message(),
        "/livechat/conversations/{conversationId}/commands": {
            "event": "resolve",
            "data": {"id": str(uuid7())},
        },
        "/livechat/ack/{messageId}": ack or {},
        "/livechat/escalate": {"conversationId": conversation or str(tenant.conversation)},
        "/livechat/sessions/{sessionId}/transfer": {"to": "bot"},
        "/livechat/sessions/{sessionId}/contact": {"phone": "+43 1 234"},
        "/admin/teams/{teamId}": {"name": "gold"},
        "/livechat/conversations/{conversationId}/drafts/{mode}": {"content": "Hello"},
        "/livechat/summary/{conversationId}": {"text": "Hello", "rev": 0},
        "/livechat/conversations/{conversationId}/rendered": {"text": "Hello"},
        "/livechat/conversations/{conversationId}/macros/{macroId}": {"id": str(uuid7())},
    }
    body = bodies.get(route.path, {})
    if route.method in ("GET", "DELETE") or (route.method == "PUT" and not body):
        return await api.client.request(route.method, path, headers=headers)
    return await api.client.request(route.method, path, json=body, headers=headers)
