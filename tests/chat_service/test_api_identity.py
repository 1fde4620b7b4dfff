"""Sign in, refresh, sign out, visitors: over the REST API and real servers."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID

import httpx
import jwt
import orjson
import pytest
from redis.asyncio import Redis

from chat_service import identity
from chat_service.identity import Grant
from chat_service.store import people
from chorus.auth import AUD_AGENT, AUD_VISITOR
from chorus.errors import NotFound, Unauthenticated
from chorus.ids import uuid7
from tests.chat_service.api_world import ORIGIN, PASSWORD, Api, Tenant, open_api

pytestmark = pytest.mark.anyio


async def test_the_right_password_gives_a_token_for_that_agent(api: Api, acme: Tenant) -> None:
    answer = await api.client.post(
        "/auth/login", json={"email": acme.email("agent").upper(), "password": PASSWORD}
    )
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["agent"] == {"id": str(acme.agent), "name": "Agent", "role": "agent"}
    principal = await api.resources.trust.bearer(body["accessToken"])
    assert (principal.user_id, principal.tenant_id) == (acme.agent, acme.id)
    assert principal.audience == AUD_AGENT
    assert body["expiresAt"].endswith("Z")
    assert answer.headers["cache-control"] == "no-store"


async def test_a_wrong_password_and_an_unknown_address_get_one_answer(
    api: Api, acme: Tenant
) -> None:
    wrong = await api.client.post(
        "/auth/login", json={"email": acme.email("agent"), "password": "wrong password"}
    )
    unknown = await api.client.post(
        "/auth/login", json={"email": "nobody@acme.test", "password": PASSWORD}
    )
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.content == unknown.content


async def test_a_disabled_agent_cannot_sign_in_or_refresh_and_their_token_is_void(
    api: Api, acme: Tenant
) -> None:
    tokens = await _login(api, acme)
    await identity.disable_agent(api.resources.identity, acme.id, acme.agent)
    again = await api.client.post(
        "/auth/login", json={"email": acme.email("agent"), "password": PASSWORD}
    )
    refreshed = await api.client.post(
        "/auth/refresh", json={"refreshToken": tokens["refreshToken"]}
    )
    listed = await api.client.get("/livechat/conversations", headers=_bearer(tokens))
    assert (again.status_code, refreshed.status_code, listed.status_code) == (401, 401, 401)


class Thoughtful(identity.Passwords):
    """Says when a password was looked at, and waits to answer."""

    def __init__(self) -> None:
        super().__init__()
        self.looked, self.go_on = asyncio.Event(), asyncio.Event()

    async def fits(self, hashed: str | None, password: str) -> bool:
        fits = await super().fits(hashed, password)
        self.looked.set()
        await self.go_on.wait()
        return fits


async def signing_in(api: Api, acme: Tenant, meanwhile: Callable[[], Awaitable[None]]) -> Grant:
    """Sign in while something else happens."""
    passwords = Thoughtful()
    slowly = replace(api.resources.identity, passwords=passwords)
    asked = asyncio.ensure_future(
        identity.login(slowly, email=acme.email("agent"), password=PASSWORD)
    )
    await passwords.looked.wait()
    await meanwhile()
    passwords.go_on.set()
    return await asked


async def test_who_is_shut_out_while_their_password_is_looked_at_does_not_get_in(
    api: Api, acme: Tenant
) -> None:
    async def shut_out() -> None:
        await identity.disable_agent(api.resources.identity, acme.id, acme.agent)

    with pytest.raises(Unauthenticated):
        await signing_in(api, acme, shut_out)


async def test_who_gets_another_role_while_signing_in_gets_in_with_that(
    api: Api, acme: Tenant
) -> None:
    async def promote() -> None:
        async with api.resources.db.transaction(acme.id) as tx:
            await people.set_role(tx, acme.id, acme.agent, role="supervisor")

    grant = await signing_in(api, acme, promote)
    assert (await api.resources.trust.bearer(grant.token)).role == "supervisor"


async def test_disabling_nobody_is_not_found(api: Api, acme: Tenant, rival: Tenant) -> None:
    with pytest.raises(NotFound):
        await identity.disable_agent(api.resources.identity, acme.id, rival.agent)


async def test_refreshing_rotates_and_answers_like_the_first_time(api: Api, acme: Tenant) -> None:
    first = await _login(api, acme)
    second = await _refresh(api, first["refreshToken"])
    assert second.status_code == 200
    body = second.json()
    assert body.keys() == first.keys()
    assert body["agent"] == first["agent"]
    assert body["refreshToken"] != first["refreshToken"]


async def test_a_used_refresh_token_that_returns_ends_its_family(api: Api, acme: Tenant) -> None:
    first = await _login(api, acme)
    second = (await _refresh(api, first["refreshToken"])).json()
    assert (await _refresh(api, first["refreshToken"])).status_code == 401
    assert (await _refresh(api, second["refreshToken"])).status_code == 401
    listed = await api.client.get("/livechat/conversations", headers=_bearer(second))
    assert listed.status_code == 401


async def test_of_two_refreshes_at_once_at_most_one_is_granted(api: Api, acme: Tenant) -> None:
    first = await _login(api, acme)
    answers = await asyncio.gather(*(_refresh(api, first["refreshToken"]) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [200, 401, 401, 401]


async def test_signing_out_ends_the_family_and_tells_every_gateway(
    api: Api, acme: Tenant, redis_url: str
) -> None:
    tokens = await _login(api, acme)
    other = await _login(api, acme)
    async with Redis.from_url(redis_url) as redis, redis.pubsub() as heard:
        await heard.subscribe("control")
        await heard.get_message(timeout=5)
        answer = await api.client.post(
            "/auth/logout", json={"refreshToken": tokens["refreshToken"]}, headers=_bearer(tokens)
        )
        word = await heard.get_message(timeout=5)
    assert answer.status_code == 204
    jti = jwt.decode(tokens["accessToken"], options={"verify_signature": False})["jti"]
    revoked = orjson.loads(word["data"])["revoke"]
    assert (revoked["kind"], revoked["subject"]) == ("token", jti)
    assert (await _refresh(api, tokens["refreshToken"])).status_code == 401
    listed = await api.client.get("/livechat/conversations", headers=_bearer(tokens))
    assert listed.status_code == 401
    untouched = await api.client.get("/livechat/conversations", headers=_bearer(other))
    assert untouched.status_code == 200


async def test_signing_out_with_an_unknown_token_says_nothing(api: Api) -> None:
    answer = await api.client.post("/auth/logout", json={"refreshToken": "x" * 43})
    assert answer.status_code == 204


async def test_a_revocation_of_another_process_counts_here_soon(
    api: Api, acme: Tenant, api_database_url: str, redis_url: str
) -> None:
    tokens = await _login(api, acme)
    async with open_api(api_database_url, redis_url, revocations_poll_ms=50) as elsewhere:
        await identity.disable_agent(elsewhere.resources.identity, acme.id, acme.agent)
    status = 200
    async with asyncio.timeout(10):
        while status != 401:
            listed = await api.client.get("/livechat/conversations", headers=_bearer(tokens))
            status = listed.status_code


async def test_a_disabled_tenant_is_told_so_and_its_tokens_are_void(api: Api, acme: Tenant) -> None:
    tokens = await _login(api, acme)
    await api.rows("UPDATE tenants SET state = 'disabled' WHERE id = $1", acme.id)
    await identity.revoke_tenant(api.resources.identity, acme.id)
    listed = await api.client.get("/livechat/conversations", headers=_bearer(tokens))
    login = await api.client.post(
        "/auth/login", json={"email": acme.email("agent"), "password": PASSWORD}
    )
    assert (listed.status_code, login.status_code) == (401, 403)
    assert login.json()["code"] == "FORBIDDEN"


async def test_a_visitor_gets_a_token_a_contact_and_a_conversation(api: Api, acme: Tenant) -> None:
    body = await _visitor(api, acme, traits={"name": "Zoé", "attributes": {"plan": "pro"}})
    principal = await api.resources.trust.bearer(body["token"])
    assert (principal.audience, principal.role) == (AUD_VISITOR, "visitor")
    assert str(principal.user_id) == body["contactId"]
    assert principal.origin == ORIGIN
    shown = await api.client.get(
        f"/livechat/conversations/{body['conversationId']}",
        headers={"Authorization": f"Bearer {body['token']}"},
    )
    assert shown.json()["contact"] == {"id": body["contactId"], "name": "Zoé", "verified": False}
    events = await api.rows("SELECT event FROM outbox WHERE tenant_id = $1", acme.id)
    assert [row["event"] for row in events] == ["conversation.created"]


FOREIGN_PAGES = (
    None,
    "null",
    "https://evil.example",
    "https://shop.example.evil.example",
    "https://shop.example:8443",
    "http://shop.example",
    "HTTPS://SHOP.EXAMPLE/",
    "https://xshop.example",
    "http://localhost.evil.example",
    "http://localhost:80@evil.example",
    "http://localhost:99999",
)


async def test_only_an_allowed_page_makes_a_visitor(api: Api, acme: Tenant) -> None:
    for origin in FOREIGN_PAGES:
        headers = {} if origin is None else {"Origin": origin}
        answer = await api.client.post(
            "/livechat/visitors", json={"inboxKey": acme.inbox_key}, headers=headers
        )
        assert answer.status_code == 403, origin
        assert "access-control-allow-origin" not in answer.headers, origin


async def test_an_inbox_may_allow_every_port_of_a_host(api: Api, acme: Tenant) -> None:
    answer = await api.client.post(
        "/livechat/visitors",
        json={"inboxKey": acme.inbox_key},
        headers={"Origin": "http://localhost:5173"},
    )
    assert answer.status_code == 201
    assert answer.headers["access-control-allow-origin"] == "http://localhost:5173"
    assert "access-control-allow-credentials" not in answer.headers


async def test_an_unknown_inbox_key_is_not_found(api: Api, acme: Tenant) -> None:
    answer = await api.client.post(
        "/livechat/visitors", json={"inboxKey": "pk_nope"}, headers={"Origin": ORIGIN}
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


async def test_a_known_visitor_comes_back_to_their_open_conversation(
    api: Api, acme: Tenant
) -> None:
    first = await _visitor(api, acme)
    again = await _visitor(api, acme, token=first["token"])
    named = await _visitor(api, acme, token=first["token"], conversationId=first["conversationId"])
    assert again["contactId"] == named["contactId"] == first["contactId"]
    assert again["conversationId"] == named["conversationId"] == first["conversationId"]


async def test_a_conversation_id_alone_opens_nothing(api: Api, acme: Tenant) -> None:
    first = await _visitor(api, acme)
    stranger = await _visitor(api, acme)
    for token in (None, stranger["token"]):
        headers = {"Origin": ORIGIN} | ({"Authorization": f"Bearer {token}"} if token else {})
        asked = {"inboxKey": acme.inbox_key, "conversationId": first["conversationId"]}
        answer = await api.client.post("/livechat/visitors", json=asked, headers=headers)
        absent = await api.client.post(
            "/livechat/visitors", json={**asked, "conversationId": str(uuid7())}, headers=headers
        )
        assert answer.status_code == 404
        assert answer.content == absent.content


async def test_a_visitor_refreshes_to_the_body_that_first_issued_it(api: Api, acme: Tenant) -> None:
    first = await _visitor(api, acme)
    answer = await api.client.post(
        "/auth/refresh", json={"refreshToken": first["refreshToken"]}, headers={"Origin": ORIGIN}
    )
    body = answer.json()
    assert body.keys() == first.keys()
    assert body["contactId"] == first["contactId"]
    assert body["conversationId"] == first["conversationId"]
    assert (await api.resources.trust.bearer(body["token"])).origin == ORIGIN


async def test_a_refresh_from_a_page_that_is_not_allowed_names_no_page(
    api: Api, acme: Tenant
) -> None:
    first = await _visitor(api, acme)
    answer = await api.client.post(
        "/auth/refresh",
        json={"refreshToken": first["refreshToken"]},
        headers={"Origin": "https://evil.example"},
    )
    assert (await api.resources.trust.bearer(answer.json()["token"])).origin is None


async def test_a_services_secret_speaks_for_its_tenant_only(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    key_id = uuid7()
    await api.rows(
        "INSERT INTO api_keys (id, tenant_id, name, secret_hash, scopes)"
        " VALUES ($1, $2, 'crm', sha256('s3cret.with.dots'), '{chat:read}')",
        key_id,
        acme.id,
    )

    async def status(credential: str) -> int:
        headers = {"Authorization": f"Token {credential}"}
        path = f"/livechat/conversations/{acme.conversation}"
        return (await api.client.get(path, headers=headers)).status_code

    assert await status(f"s3cret.with.dots.{acme.id}") == 200
    assert await status(f"s3cret.with.dots.{acme.slug}") == 200
    assert await status(f"s3cret.with.dots.{rival.id}") == 401
    assert await status(f"s3cret.with.{acme.id}") == 401
    assert await status("s3cret.with.dots") == 401
    assert await status(f".{acme.id}") == 401
    post = await api.client.post(
        f"/livechat/conversations/{acme.conversation}/messages",
        json={"id": str(uuid7()), "content": "hi"},
        headers={"Authorization": f"Token s3cret.with.dots.{acme.slug}"},
    )
    assert post.status_code == 403


async def test_limits_per_address_hold_on_loopback_when_the_setting_says_so(
    api_database_url: str, redis_url: str, acme: Tenant
) -> None:
    async with open_api(
        api_database_url, redis_url, limit_loopback=True, visitors_per_h=2, logins_per_subject=2
    ) as api:
        statuses = []
        for _ in range(3):
            answer = await api.client.post(
                "/livechat/visitors", json={"inboxKey": acme.inbox_key}, headers={"Origin": ORIGIN}
            )
            statuses.append(answer.status_code)
        logins = [
            (
                await api.client.post(
                    "/auth/login", json={"email": email, "password": "wrong password"}
                )
            ).status_code
            for email in ("a@b.test", "A@b.test", " a@b.test", "other@b.test")
        ]
    assert statuses == [201, 201, 429]
    assert int(answer.headers["retry-after"]) > 60
    assert answer.json()["code"] == "RATE_LIMITED"
    assert logins == [401, 401, 429, 401]


async def test_the_one_click_link_works_once_and_only_for_developers(
    api: Api, acme: Tenant, api_database_url: str, redis_url: str
) -> None:
    assert (await api.client.post("/dev/login", json={"token": "t" * 43})).status_code == 404
    async with open_api(api_database_url, redis_url, dev=True) as dev:
        data = dev.resources.settings.data
        facts = {"password": "x", "dev_token": "t" * 43, "emails": [acme.email("admin")]}
        (data / "credentials").write_bytes(orjson.dumps(facts))
        wrong = await dev.client.post("/dev/login", json={"token": "u" * 43})
        right = await dev.client.post("/dev/login", json={"token": "t" * 43})
        again = await dev.client.post("/dev/login", json={"token": "t" * 43})
    assert (wrong.status_code, right.status_code, again.status_code) == (401, 200, 401)
    assert right.json()["agent"]["role"] == "admin"


async def _login(api: Api, tenant: Tenant) -> dict[str, str]:
    answer = await api.client.post(
        "/auth/login", json={"email": tenant.email("agent"), "password": PASSWORD}
    )
    assert answer.status_code == 200, answer.text
    body: dict[str, str] = answer.json()
    return body


async def _refresh(api: Api, refresh_token: str) -> httpx.Response:
    return await api.client.post("/auth/refresh", json={"refreshToken": refresh_token})


async def _visitor(
    api: Api, tenant: Tenant, *, token: str | None = None, **asked: object
) -> dict[str, str]:
    headers = {"Origin": ORIGIN}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    answer = await api.client.post(
        "/livechat/visitors", json={"inboxKey": tenant.inbox_key, **asked}, headers=headers
    )
    assert answer.status_code == 201, answer.text
    body: dict[str, str] = answer.json()
    assert UUID(body["contactId"]).version == 7
    return body


def _bearer(tokens: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['accessToken']}"}
