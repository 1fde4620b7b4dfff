"""The line to an identity provider: what it publishes of itself, and codes changed for ID tokens.

The issuer is configured, never heard from a request. What it publishes may lead to its own host, or
to hosts of the public internet; always over TLS, without redirects, in 5 s and 1 MiB (S2, I9 of the
threat model).
"""

import asyncio
import base64
import ipaddress
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import httpx
import orjson
from jwt import PyJWK

from chat_service.oidc_providers import Provider, reachable_safely
from chat_service.oidc_refusal import Refusal, SignInRefused
from chorus.issuers import RemoteKeys
from chorus.log import get_logger

log = get_logger(__name__)
TIMEOUT_S: Final = 5.0
ANSWER_BYTES_MAX: Final = 1_048_576
FACTS_S: Final = 3600.0
"""How long what a provider publishes is believed; longer while it cannot be asked."""
ASK_AGAIN_S: Final = 5.0
_UNREADABLE: Final = (
    httpx.HTTPError,
    httpx.InvalidURL,
    ValueError,
    TypeError,
    TimeoutError,
    OSError,
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a provider publishes of itself, as far as it matters here."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    secret_in_body: bool
    """It takes the client's secret among the fields only, not in the header."""
    names_itself: bool
    """It says who it is when it sends somebody back (RFC 9207)."""
    userinfo_endpoint: str | None = None


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a code stands for; `access` opens nothing but the provider's own word about its owner."""

    id_token: str
    access: str | None


class ProviderLine:
    """One provider, as far as this process knows it."""

    def __init__(
        self,
        provider: Provider,
        client: httpx.AsyncClient,
        *,
        dev: bool,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = provider.settings
        self._provider = provider
        self._client = client
        self._dev = dev
        self._now = now
        self._facts: Facts | None = None
        self._keys: RemoteKeys | None = None
        self._asked_at_s = self._read_at_s = float("-inf")
        self._asking = asyncio.Lock()

    async def facts(self) -> Facts:
        """What it publishes, read at most every 5 s, and every hour where all is well.

        Raises:
            SignInRefused: it cannot be reached, or is not who it should be.
        """
        if self._due():
            # Who comes meanwhile waits for the same answer.
            async with self._asking:
                if self._due():
                    await self._read_facts()
        if self._facts is None:
            raise SignInRefused(Refusal.PROVIDER, "discovery_unreadable")
        return self._facts

    async def key(self, kid: str) -> PyJWK | None:
        """A key of this provider, as `chorus.auth.KeySource`."""
        facts = await self.facts()
        if self._keys is None:
            self._keys = RemoteKeys(self._client, facts.jwks_uri)
        return await self._keys.key(kid)

    async def tokens(self, code: str, *, verifier: str, redirect_uri: str) -> Tokens:
        """Change a code for the tokens it stands for. Raises SignInRefused."""
        facts = await self.facts()
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        try:
            headers, more = self._credentials(facts)
            answer = await self._ask("POST", facts.token_endpoint, headers, {**fields, **more})
            token = answer["id_token"]
        except (*_UNREADABLE, KeyError) as error:
            log.warning("oidc_exchange_failed", provider=self.settings.name, error=repr(error))
            raise SignInRefused(Refusal.PROVIDER, f"exchange_{type(error).__name__}") from error
        if not isinstance(token, str):
            raise SignInRefused(Refusal.PROVIDER, "exchange_without_token")
        access = answer.get("access_token")
        return Tokens(token, access if isinstance(access, str) and access.isascii() else None)

    async def profile(self, tokens: Tokens) -> dict[str, Any]:
        """What it says of the owner outside of the ID token; nothing where it cannot be asked."""
        url = (await self.facts()).userinfo_endpoint
        if url is None or tokens.access is None:
            return {}
        try:
            return await self._ask("GET", url, {"authorization": f"Bearer {tokens.access}"}, None)
        except _UNREADABLE as error:
            kind = type(error).__name__
            log.warning("oidc_profile_failed", provider=self.settings.name, error=kind)
            return {}

    def _credentials(self, facts: Facts) -> tuple[dict[str, str], dict[str, str]]:
        """Headers and fields that say who we are (RFC 6749 §2.3.1)."""
        named, secret = self.settings.client_id, self._provider.client_secret()
        if secret is None:
            return {}, {"client_id": named}
        if facts.secret_in_body:
            return {}, {"client_id": named, "client_secret": secret}
        pair = f"{quote(named, safe='')}:{quote(secret, safe='')}"
        return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}, {}

    def _due(self) -> bool:
        fresh = self._now() - self._read_at_s < FACTS_S
        return not fresh and self._now() - self._asked_at_s >= ASK_AGAIN_S

    async def _read_facts(self) -> None:
        url = f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            said = await self._ask("GET", url, {}, None)
            async with asyncio.timeout(TIMEOUT_S):
                known = await self._believed(said)
        except _UNREADABLE as error:
            log.warning("oidc_discovery_failed", provider=self.settings.name, error=repr(error))
        else:
            if self._facts is None or self._facts.jwks_uri != known.jwks_uri:
                self._keys = None
            self._facts, self._read_at_s = known, self._now()
        self._asked_at_s = self._now()

    async def _believed(self, said: Mapping[str, Any]) -> Facts:
        """Raises ValueError or TypeError: this is not what the configured issuer would say."""
        if said.get("issuer") != self.settings.issuer:
            raise ValueError("another issuer")
        facts = Facts(
            authorization_endpoint=_text(said, "authorization_endpoint"),
            token_endpoint=_text(said, "token_endpoint"),
            jwks_uri=_text(said, "jwks_uri"),
            secret_in_body=_only_in_body(said.get("token_endpoint_auth_methods_supported")),
            names_itself=said.get("authorization_response_iss_parameter_supported") is True,
            userinfo_endpoint=_text(said, "userinfo_endpoint")
            if said.get("userinfo_endpoint") is not None
            else None,
        )
        asked = [facts.token_endpoint, facts.jwks_uri]
        asked += [facts.userinfo_endpoint] if facts.userinfo_endpoint else []
        endpoints = (facts.authorization_endpoint, *asked)
        if not all(reachable_safely(url, dev=self._dev) for url in endpoints):
            raise ValueError("an endpoint without https")
        own = urlsplit(self.settings.issuer).hostname
        hosts = {urlsplit(url).hostname for url in asked} - {own}
        for host in hosts:
            await _check_public(str(host))
        return facts

    async def _ask(
        self, method: str, url: str, headers: Mapping[str, str], fields: Mapping[str, str] | None
    ) -> dict[str, Any]:
        """An object of JSON. Raises what `_UNREADABLE` names."""
        sent = {"accept": "application/json", "accept-encoding": "identity", **headers}
        content = None if fields is None else urlencode(fields)
        if content is not None:
            sent["content-type"] = "application/x-www-form-urlencoded"
        body = bytearray()
        async with (
            asyncio.timeout(TIMEOUT_S),
            self._client.stream(method, url, headers=sent, content=content) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise ValueError(f"status {response.status_code}")
            async for part in response.aiter_raw():
                body += part
                if len(body) > ANSWER_BYTES_MAX:
                    raise ValueError("too large")
        said = orjson.loads(body)
        if not isinstance(said, dict):
            raise TypeError("no object")
        return said


@asynccontextmanager
async def provider_line(provider: Provider, *, dev: bool) -> AsyncIterator[ProviderLine]:
    """Open the line to one provider, with a client of its own: cookies and certificates are its."""
    trusted: ssl.SSLContext | bool = True
    if (file := provider.settings.ca_file) is not None:
        trusted = ssl.create_default_context()
        trusted.load_verify_locations(file)
    async with httpx.AsyncClient(
        timeout=TIMEOUT_S, follow_redirects=False, trust_env=False, verify=trusted
    ) as client:
        yield ProviderLine(provider, client, dev=dev)


async def _check_public(host: str) -> None:
    """Raises ValueError for a host that is, at least by one of its addresses, not of the internet."""
    found = await asyncio.get_running_loop().getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    if not all(_is_public(address) for address in _addresses(found)):
        raise ValueError("an endpoint inside of this network")


def _addresses(found: Iterable[Any]) -> list[str]:
    return [entry[4][0] for entry in found]


def _is_public(address: str) -> bool:
    read = ipaddress.ip_address(address.partition("%")[0])
    return (getattr(read, "ipv4_mapped", None) or read).is_global


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or "@" in urlsplit(value).netloc or urlsplit(value).fragment:
        raise ValueError(f"no good {name}")
    return value


def _only_in_body(methods: object) -> bool:
    # Who says nothing takes the header (OpenID Connect Discovery §3).
    if not isinstance(methods, list):
        return False
    return "client_secret_post" in methods and "client_secret_basic" not in methods
