"""What identity providers publish, and what is believed of it; over loopback HTTP."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from chat_service import oidc_line
from chat_service.oidc_line import ProviderLine, _is_public
from chat_service.oidc_providers import parse_providers
from chat_service.oidc_refusal import SignInRefused
from chorus.settings import BadSettings
from tests.support.oidc_issuer import CLIENT_ID, CLIENT_SECRET, KID, Answer, OidcIssuer, oidc_issuer

pytestmark = pytest.mark.anyio

DISCOVERY = "/.well-known/openid-configuration"
ASKED = f"GET {DISCOVERY}"


@pytest.fixture(scope="module")
def serving() -> Iterator[OidcIssuer]:
    with oidc_issuer() as provider:
        yield provider


@pytest.fixture
def issuer(serving: OidcIssuer) -> OidcIssuer:
    serving.forget_faults()
    serving.asked.clear()
    return serving


@dataclass(slots=True)
class Watch:
    at_s: float = 1000.0
    now: Any = field(init=False)

    def __post_init__(self) -> None:
        self.now = lambda: self.at_s


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=5, trust_env=False) as opened:
        yield opened


def entry(issuer: str, **more: Any) -> dict[str, Any]:
    known = {"name": "acme", "label": "Acme", "tenant": "acme", "client_id": CLIENT_ID}
    return {**known, "issuer": issuer, **more}


def line(
    issuer: OidcIssuer, client: httpx.AsyncClient, watch: Watch, *, dev: bool = True
) -> ProviderLine:
    secrets = orjson.dumps({"acme": CLIENT_SECRET}).decode()
    configured = orjson.dumps([entry(issuer.url)]).decode()
    (provider,) = parse_providers(configured, secrets, base_url="", dev=True)
    return ProviderLine(provider, client, dev=dev, now=watch.now)


async def test_it_is_asked_once_an_hour(issuer: OidcIssuer, client: httpx.AsyncClient) -> None:
    watch = Watch()
    provider = line(issuer, client, watch)
    found = await asyncio.gather(*(provider.facts() for _ in range(5)))
    assert {one.token_endpoint for one in found} == {f"{issuer.url}/token"}
    watch.at_s += 3599
    await provider.facts()
    assert issuer.asked == [ASKED]
    watch.at_s += 2
    await provider.facts()
    assert issuer.asked == [ASKED] * 2
    assert await provider.key(KID) is not None
    assert await provider.key("unknown") is None


async def test_what_was_read_holds_while_it_is_away_and_it_is_not_pressed(
    issuer: OidcIssuer, client: httpx.AsyncClient
) -> None:
    watch = Watch()
    provider = line(issuer, client, watch)
    issuer.answers = {DISCOVERY: Answer(b"", 503)}
    for _ in range(3):
        with pytest.raises(SignInRefused):
            await provider.facts()
    assert issuer.asked == [ASKED]
    issuer.forget_faults()
    watch.at_s += 5
    known = await provider.facts()
    issuer.answers = {DISCOVERY: Answer(b"", 503)}
    watch.at_s += 4000
    assert await provider.facts() == known
    assert issuer.asked == [ASKED] * 3


@pytest.mark.parametrize(
    "published",
    [
        {"issuer": "https://other.test"},
        {"issuer": None},
        {"token_endpoint": None},
        {"token_endpoint": 5},
        {"token_endpoint": "/token"},
        {"token_endpoint": "http://id.example/token"},
        {"token_endpoint": "https://169.254.169.254/latest/meta-data"},
        {"token_endpoint": "https://10.0.0.7/token"},
        {"token_endpoint": "https://[::ffff:10.0.0.7]/token"},
        {"token_endpoint": "file:///etc/passwd"},
        {"jwks_uri": "https://192.168.0.1/keys"},
        {"jwks_uri": "https://user:secret@id.example/keys"},
        {"jwks_uri": "http://[::1"},
        {"userinfo_endpoint": "https://10.0.0.7/me"},
        {"userinfo_endpoint": "http://id.example/me"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "http://id.example/authorize"},
    ],
)
async def test_a_provider_that_publishes_nonsense_is_not_used(
    issuer: OidcIssuer, client: httpx.AsyncClient, published: dict[str, Any]
) -> None:
    issuer.published = published
    with pytest.raises(SignInRefused):
        await line(issuer, client, Watch()).facts()


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"<html>"),
        Answer(b"[]"),
        Answer(b'{"issuer": "' + b"x" * 1_100_000 + b'"}'),
        Answer(b"{}", 404),
        Answer(b"", 302, {"Location": DISCOVERY}),
    ],
)
async def test_garbage_is_not_believed(
    issuer: OidcIssuer, client: httpx.AsyncClient, answer: Answer
) -> None:
    issuer.answers = {DISCOVERY: answer}
    with pytest.raises(SignInRefused):
        await line(issuer, client, Watch()).facts()
    assert issuer.asked == [ASKED]


async def test_plain_http_is_for_developers(issuer: OidcIssuer, client: httpx.AsyncClient) -> None:
    with pytest.raises(SignInRefused):
        await line(issuer, client, Watch(), dev=False).facts()


async def test_one_that_hangs_is_given_up(
    issuer: OidcIssuer, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc_line, "TIMEOUT_S", 0.1)
    issuer.held = threading.Event()
    try:
        with pytest.raises(SignInRefused):
            await line(issuer, client, Watch()).facts()
    finally:
        issuer.held.set()


async def test_where_nobody_listens_nobody_signs_in(client: httpx.AsyncClient) -> None:
    with oidc_issuer() as gone:
        provider = line(gone, client, Watch())
    with pytest.raises(SignInRefused):
        await provider.facts()


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
    ],
)
async def test_only_the_internet_is_public(address: str, public: bool) -> None:
    assert _is_public(address) is public


GOOD = entry("https://id.test")
WRONG: dict[str, tuple[Any, dict[str, str], str]] = {
    "no list": ({}, {}, "CHORUS_OIDC"),
    "a name twice": ([GOOD, GOOD], {}, "twice"),
    "an unknown field": ([{**GOOD, "client_secret": "hunter2"}], {}, "client_secret"),
    "a name that is no part of an address": ([{**GOOD, "name": "a/b"}], {}, "name"),
    "plain http": ([entry("http://id.test")], {}, "https"),
    "http on this machine, unless developing": ([entry("http://127.0.0.1:1")], {}, "https"),
    "no openid": ([{**GOOD, "scopes": ["email"]}], {}, "openid"),
    "a file that is not there": ([{**GOOD, "client_secret_file": "/nowhere"}], {}, "/nowhere"),
    "a secret of nobody": ([GOOD], {"other": "hunter2"}, "CHORUS_OIDC_SECRETS"),
    "no domains": ([{**GOOD, "new_agents": {"domains": []}}], {}, "domains"),
    "every domain": ([{**GOOD, "new_agents": {"domains": ["*"]}}], {}, "domains"),
    "new administrators": (
        [{**GOOD, "new_agents": {"domains": ["a.test"], "role": "admin"}}],
        {},
        "role",
    ),
}


@pytest.mark.parametrize(("configured", "secrets", "named"), WRONG.values(), ids=WRONG)
async def test_settings_that_do_not_fit_are_named_and_not_repeated(
    configured: Any, secrets: dict[str, str], named: str
) -> None:
    spelled = (orjson.dumps(one).decode() for one in (configured, secrets))
    with pytest.raises(BadSettings) as bad:
        parse_providers(*spelled, base_url="https://chat.test", dev=False)
    assert named in str(bad.value)
    assert "hunter2" not in str(bad.value)


async def test_providers_need_to_know_where_to_send_people_back() -> None:
    configured = orjson.dumps([GOOD]).decode()
    for base_url in ("", "http://chat.test"):
        with pytest.raises(BadSettings, match="CHORUS_BASE_URL"):
            parse_providers(configured, "{}", base_url=base_url, dev=False)
    assert parse_providers("[]", "{}", base_url="", dev=False) == ()


async def test_a_secret_in_a_file_may_change_while_we_run(
    issuer: OidcIssuer, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text("old\n")
    configured = orjson.dumps([entry(issuer.url, client_secret_file=str(file))]).decode()
    (provider,) = parse_providers(configured, "{}", base_url="", dev=True)
    assert provider.client_secret() == "old"
    file.write_text("new\n")
    assert provider.client_secret() == "new"
    file.unlink()
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(oidc_line.provider_line(provider, dev=True))
        with pytest.raises(SignInRefused):
            await opened.tokens("code", verifier="v", redirect_uri="https://chat.test/")
    assert "POST /token" not in issuer.asked


@pytest.mark.parametrize(
    ("methods", "in_body"),
    [(None, False), (["client_secret_post"], True), (["client_secret_basic", "none"], False)],
)
async def test_the_secret_goes_where_the_provider_wants_it(
    issuer: OidcIssuer, client: httpx.AsyncClient, methods: Any, in_body: bool
) -> None:
    issuer.published = {"token_endpoint_auth_methods_supported": methods}
    provider = line(issuer, client, Watch())
    headers, fields = provider._credentials(await provider.facts())
    assert ("client_secret" in fields) is in_body
    assert ("authorization" in headers) is not in_body
