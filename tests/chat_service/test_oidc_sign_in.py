"""Agents who sign in by an identity provider: a real one on loopback, over the REST API."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID, uuid4

import pytest

from chat_service import identity, oidc_line
from chorus.bus import open_redis
from tests.chat_service.api_world import PASSWORD, make_tenant
from tests.chat_service.oidc_world import (
    CALLBACK,
    COOKIE,
    Browser,
    World,
    claims_of,
    hire,
    linked,
    open_world,
)
from tests.support.oidc_issuer import Answer, OidcIssuer, oidc_issuer

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def provider() -> Iterator[OidcIssuer]:
    with oidc_issuer() as serving:
        yield serving


@pytest.fixture
def issuer(provider: OidcIssuer) -> OidcIssuer:
    provider.forget_faults()
    return provider


@pytest.fixture(scope="module")
async def world(
    api_database_url: str, redis_url: str, provider: OidcIssuer
) -> AsyncIterator[World]:
    async with open_world(api_database_url, redis_url, provider) as opened:
        yield opened


@pytest.fixture
def browser(world: World, issuer: OidcIssuer) -> Browser:
    return Browser(world, issuer)


async def test_the_page_learns_which_buttons_to_show(world: World) -> None:
    ways = (await world.api.client.get("/auth/methods")).json()
    named = [{"name": name, "label": "Acme"} for name in ("acme", "open")]
    assert ways == {"password": True, "oidc": named}


async def test_an_agent_signs_in_as_with_a_password(
    world: World, issuer: OidcIssuer, browser: Browser
) -> None:
    hired = await hire(world, role="supervisor")
    issuer.person = hired["claims"]
    body = await browser.signed_in()
    password = await world.api.client.post(
        "/auth/login", json={"email": world.tenant.email("agent"), "password": PASSWORD}
    )
    assert body.keys() == password.json().keys()
    assert body["agent"] == {"id": str(hired["id"]), "name": "Noor", "role": "supervisor"}
    principal = await world.api.resources.trust.bearer(body["accessToken"])
    assert (principal.user_id, principal.tenant_id) == (hired["id"], world.tenant.id)
    refreshed = await browser.http.post(
        "/auth/refresh", json={"refreshToken": body["refreshToken"]}
    )
    assert refreshed.status_code == 200


async def test_what_goes_to_the_provider_is_bound_to_this_sign_in(browser: Browser) -> None:
    there = await browser.http.get("/auth/oidc/acme?next=https://evil.test&redirect_uri=x")
    asked = dict(parse_qsl(urlsplit(there.headers["location"]).query))
    assert asked["redirect_uri"] == CALLBACK
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    (cookie,) = there.headers.get_list("set-cookie")
    marks = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert cookie.startswith(f"{COOKIE}=")
    assert {"httponly", "secure", "samesite=lax", "path=/", "max-age=600"} <= marks
    assert asked["state"] not in cookie


async def test_after_the_first_time_the_account_counts_and_not_the_address(
    world: World, issuer: OidcIssuer, browser: Browser
) -> None:
    hired = await hire(world)
    issuer.person = hired["claims"]
    await browser.signed_in()
    issuer.person = {"sub": hired["claims"]["sub"], "email": world.tenant.email("admin")}
    assert (await browser.signed_in())["agent"]["id"] == str(hired["id"])
    rows = await world.api.rows(
        "SELECT action, detail::text FROM audit_log WHERE actor_id = $1", hired["id"]
    )
    assert [row["action"] for row in rows] == ["agent.linked"]


async def test_an_address_that_moved_on_opens_no_door_until_an_admin_says_so(
    world: World, issuer: OidcIssuer, browser: Browser
) -> None:
    hired = await hire(world)
    issuer.person = hired["claims"]
    await browser.signed_in()
    issuer.person = {**hired["claims"], "sub": "somebody-else"}
    assert await browser.refusal() == "other_account"
    assert await linked(world, hired["id"]) == [hired["claims"]["sub"]]
    path = f"/admin/agents/{hired['id']}/unlink"
    admin = world.api.token(world.tenant.principal("admin"))
    assert (await world.api.client.post(path, headers=admin)).status_code == 204
    assert (await browser.signed_in())["agent"]["id"] == str(hired["id"])
    assert await linked(world, hired["id"]) == ["somebody-else"]


@pytest.mark.parametrize(
    "said",
    [
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": "false"},
        {"email": None},
        {"email": ["a@acme.test"]},
        {"email": "a@acme.te\u017ft"},
    ],
)
async def test_an_address_that_nobody_vouches_for_opens_no_door(
    world: World, issuer: OidcIssuer, browser: Browser, said: dict[str, Any]
) -> None:
    hired = await hire(world)
    issuer.person, issuer.said = hired["claims"], said
    assert await browser.refusal() == "unverified"
    assert await linked(world, hired["id"]) == []


async def test_who_is_only_named_in_the_token_is_described_by_their_profile(
    world: World, issuer: OidcIssuer, browser: Browser
) -> None:
    hired = await hire(world)
    issuer.person = {"sub": hired["claims"]["sub"]}
    issuer.profile = hired["claims"]
    assert (await browser.signed_in())["agent"]["id"] == str(hired["id"])
    # Now that the account is known, the profile may be away.
    issuer.answers = {"/userinfo": Answer(b"", 503)}
    assert (await browser.signed_in())["agent"]["id"] == str(hired["id"])


async def test_a_profile_of_somebody_else_is_not_used(
    world: World, issuer: OidcIssuer, browser: Browser
) -> None:
    hired = await hire(world)
    issuer.person = {"sub": "attacker"}
    issuer.profile = hired["claims"]
    assert await browser.refusal() == "provider"
    issuer.profile = {**hired["claims"], "sub": "attacker", "email_verified": False}
    assert await browser.refusal() == "unverified"
    issuer.person = {"sub": "attacker", "email_verified": False}
    issuer.profile = {**hired["claims"], "sub": "attacker"}
    assert await browser.refusal() == "unverified"
    issuer.answers = {"/userinfo": Answer(b"", 503)}
    assert await browser.refusal() == "unverified"
    assert await linked(world, hired["id"]) == []


async def test_a_provider_knows_nobody_of_another_tenant(
    world: World, issuer: OidcIssuer, browser: Browser
) -> None:
    rival = await make_tenant(world.api.database_url, "rival")
    issuer.person = claims_of(rival.email("admin"), hd="new")
    assert await browser.refusal() == "unknown"
    # Nor by becoming new under that address.
    await world.api.rows(
        "UPDATE agents SET email = $1 WHERE id = $2", f"{rival.slug}@new.test", rival.admin
    )
    issuer.person = claims_of(f"{rival.slug}@new.test", hd="new")
    assert await browser.refusal("open") == "unknown"


async def test_nobody_becomes_an_agent_where_no_setting_says_so(
    world: World, issuer: OidcIssuer, browser: Browser
) -> None:
    issuer.person = claims_of("noor@new.test", hd="new")
    assert await browser.refusal("acme") == "unknown"
    issuer.person = claims_of("noor@sub.new.test", hd="new")
    assert await browser.refusal("open") == "unknown"
    issuer.person = claims_of("noor@new.test", hd="other")
    assert await browser.refusal("open") == "unknown"
    assert await world.api.rows("SELECT 1 FROM agents WHERE email LIKE 'noor@%'") == []


async def test_a_new_colleague_of_an_allowed_domain_becomes_an_agent_once(
    world: World, issuer: OidcIssuer, browser: Browser
) -> None:
    email = f"{uuid4().hex}@new.test"
    issuer.person = claims_of(email.upper(), hd="new", name="  Zo\u0308e\u202e Doe ")
    first = await browser.signed_in("open")
    again = await browser.signed_in("open")
    assert first["agent"]["id"] == again["agent"]["id"]
    assert (first["agent"]["name"], first["agent"]["role"]) == ("Zöe Doe", "agent")
    rows = await world.api.rows(
        "SELECT action FROM audit_log WHERE subject = $1 ORDER BY at, action",
        f"agent:{first['agent']['id']}",
    )
    assert {row["action"] for row in rows} == {"agent.created", "agent.linked"}
    assert len(rows) == 2


async def test_windows_that_come_back_at_once_make_one_agent(
    world: World, issuer: OidcIssuer
) -> None:
    windows = [Browser(world, issuer) for _ in range(4)]
    issuer.person = claims_of(f"{uuid4().hex}@new.test", hd="new")
    bodies = await asyncio.gather(*(window.signed_in("open") for window in windows))
    assert len({body["agent"]["id"] for body in bodies}) == 1
    (subject,) = await linked(world, UUID(bodies[0]["agent"]["id"]))
    assert subject == issuer.person["sub"]


async def test_who_is_shut_out_stays_out(
    world: World, issuer: OidcIssuer, browser: Browser
) -> None:
    hired = await hire(world)
    issuer.person = hired["claims"]
    await browser.signed_in()
    code = await browser.code()
    who = world.api.resources.identity
    await identity.disable_agent(who, world.tenant.id, hired["id"])
    assert (await browser.redeem(code)).status_code == 401
    assert await browser.refusal() == "disabled"
    late = await hire(world)
    await identity.disable_agent(who, world.tenant.id, late["id"])
    issuer.person = late["claims"]
    assert await browser.refusal() == "disabled"
    assert await linked(world, late["id"]) == []


async def test_nobody_of_a_disabled_tenant_comes_in(
    world: World, issuer: OidcIssuer, browser: Browser
) -> None:
    hired = await hire(world)
    issuer.person = hired["claims"]
    early = await browser.code()
    change = "UPDATE tenants SET state = $1 WHERE id = $2"
    await world.api.rows(change, "disabled", world.tenant.id)
    try:
        assert await browser.refusal() == "disabled"
        assert (await browser.redeem(early)).status_code in (401, 403)
    finally:
        await world.api.rows(change, "active", world.tenant.id)


async def test_a_one_time_code_is_good_once_and_in_its_own_browser(
    world: World, issuer: OidcIssuer, browser: Browser
) -> None:
    issuer.person = (await hire(world))["claims"]
    stranger = Browser(world, issuer)
    await stranger.begin()
    stolen = await browser.code()
    assert (await stranger.redeem(stolen)).status_code == 401
    assert (await browser.redeem(stolen)).status_code == 401
    code = await browser.code()
    assert (await browser.redeem(code)).status_code == 200
    assert (await browser.redeem(code)).status_code == 401


async def test_two_tabs_of_a_browser_sign_in_side_by_side(
    world: World, issuer: OidcIssuer, browser: Browser
) -> None:
    issuer.person = (await hire(world))["claims"]
    first, second = await browser.begin(), await browser.begin()
    for url in (second, first):
        what, code = await browser.back(url)
        assert what == "code"
        assert (await browser.redeem(code)).status_code == 200


async def test_a_picture_on_somebodys_page_begins_nothing(browser: Browser) -> None:
    headers = {"Sec-Fetch-Mode": "no-cors"}
    assert (await browser.http.get("/auth/oidc/acme", headers=headers)).status_code == 404
    headers = {"Sec-Fetch-Mode": "navigate"}
    assert (await browser.http.get("/auth/oidc/acme", headers=headers)).status_code == 302


async def test_who_was_unlinked_is_out_at_once(
    world: World, issuer: OidcIssuer, browser: Browser
) -> None:
    hired = await hire(world)
    issuer.person = hired["claims"]
    tokens, waiting = await browser.signed_in(), await browser.code()
    mine = {"Authorization": f"Bearer {tokens['accessToken']}"}
    assert (await browser.http.get("/livechat/conversations", headers=mine)).status_code == 200
    path = f"/admin/agents/{hired['id']}/unlink"
    admin = world.api.token(world.tenant.principal("admin"))
    assert (await world.api.client.post(path, headers=admin)).status_code == 204
    assert (await browser.redeem(waiting)).status_code == 401
    assert (await browser.http.get("/livechat/conversations", headers=mine)).status_code == 401
    again = {"refreshToken": tokens["refreshToken"]}
    assert (await browser.http.post("/auth/refresh", json=again)).status_code == 401


async def test_a_second_provider_opens_no_door_that_another_keeps(
    world: World, issuer: OidcIssuer, browser: Browser
) -> None:
    hired = await hire(world)
    issuer.person = hired["claims"]
    await world.api.rows(
        "INSERT INTO agent_identities (id, tenant_id, agent_id, issuer, subject)"
        " VALUES ($1, $2, $3, 'https://elsewhere.test', 'noor')",
        uuid4(),
        world.tenant.id,
        hired["id"],
    )
    assert await browser.refusal() == "other_account"
    assert await linked(world, hired["id"]) == ["noor"]


async def test_what_waits_for_a_browser_is_kept_hashed_and_not_for_long(
    world: World, issuer: OidcIssuer, browser: Browser, redis_url: str
) -> None:
    issuer.person = (await hire(world))["claims"]
    code = await browser.code()
    secret = browser.http.cookies[COOKIE]
    async with open_redis(redis_url) as client:
        (key,) = await client.keys("oidc:code:*")
        kept = await client.get(key)
        assert code.encode() not in key + kept
        assert secret.encode() not in kept
        assert 0 < await client.ttl(key) <= 60
        await client.delete(key)
    assert (await browser.redeem(code)).status_code == 401


async def test_somebody_elses_answer_is_not_taken(
    world: World, issuer: OidcIssuer, browser: Browser
) -> None:
    """Login CSRF: an attacker's own, perfectly good answer, brought by a victim's browser."""
    issuer.person = (await hire(world))["claims"]
    attacker = Browser(world, issuer)
    url = await attacker.begin()
    assert await browser.back(url) == ("refused", "expired")
    await browser.begin()
    assert await browser.back(await attacker.begin()) == ("refused", "expired")
    # It was burnt by that.
    assert await attacker.back(url) == ("refused", "expired")


async def test_an_answer_is_good_once_and_for_its_own_provider(
    world: World, issuer: OidcIssuer, browser: Browser
) -> None:
    issuer.person = (await hire(world))["claims"]
    url = await browser.begin("acme")
    assert (await browser.back(url))[0] == "code"
    assert await browser.back(url) == ("refused", "expired")
    mixed = (await browser.begin("acme")).replace("/oidc/acme/", "/oidc/open/")
    assert await browser.back(mixed) == ("refused", "expired")
    assert await browser.back(CALLBACK) == ("refused", "expired")
    nobody = await browser.http.get("/auth/oidc/nobody/callback?state=x")
    assert nobody.status_code == 404


@pytest.mark.parametrize(
    ("returns", "refusal"),
    [
        ({"error": "access_denied", "code": ""}, "denied"),
        ({"error": "server_error", "code": ""}, "provider"),
        ({"code": "made-up"}, "provider"),
        ({"code": ""}, "provider"),
        ({"iss": "https://other.test"}, "provider"),
        ({"iss": ""}, "provider"),
    ],
)
async def test_an_answer_that_is_none_is_refused(
    world: World, issuer: OidcIssuer, browser: Browser, returns: dict[str, str], refusal: str
) -> None:
    issuer.person = (await hire(world))["claims"]
    issuer.returns = returns
    assert await browser.refusal() == refusal


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"<html>", 200),
        Answer(b"[]"),
        Answer(b"{}"),
        Answer(b'{"id_token": 5}'),
        Answer(b'{"id_token": "a.b.c"}'),
        Answer(b"{}", 500),
        Answer(b"", 307, {"Location": "http://127.0.0.1:1/token"}),
        Answer(b"[" * 2_000_000),
    ],
)
async def test_a_provider_that_answers_garbage_is_not_believed(
    issuer: OidcIssuer, browser: Browser, answer: Answer
) -> None:
    issuer.answers = {"/token": answer}
    assert await browser.refusal() == "provider"


async def test_a_provider_that_hangs_holds_nobody_for_ever(
    issuer: OidcIssuer, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc_line, "TIMEOUT_S", 0.1)
    url = await browser.begin()
    issuer.held = threading.Event()
    try:
        assert await browser.back(url) == ("refused", "provider")
    finally:
        issuer.held.set()


async def test_an_id_token_of_another_sign_in_is_refused(
    world: World, issuer: OidcIssuer, browser: Browser
) -> None:
    issuer.person = (await hire(world))["claims"]
    issuer.said = {"nonce": "of-another"}
    assert await browser.refusal() == "provider"


async def test_no_page_leads_anywhere_but_to_the_console(browser: Browser) -> None:
    for path in ("acme%2f..", "acme/", "//evil.test", "acme/callback/evil.test"):
        answer = await browser.http.get(f"/auth/oidc/{path}?next=//evil.test")
        assert answer.status_code == 404, path
    url = f"{CALLBACK}?state=x&code=y&next=//evil.test&redirect_uri=https://evil.test"
    assert await browser.back(url) == ("refused", "expired")
