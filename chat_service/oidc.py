"""Acts of signing in by an identity provider: authorization code with PKCE, `state` and `nonce`.

Everything is bound to the browser that began: by a secret in an HttpOnly cookie, whose hash stands
beside what is kept in Redis. So neither a callback nor a one-time code of somebody else's works in
it (login CSRF), and a leaked one is of no use elsewhere. Each is taken out of Redis by being read.

| key | what | how long |
|---|---|---|
| `oidc:begun:{hash of state}` | provider, nonce, verifier, browser | 10 min |
| `oidc:code:{hash of code}` | tenant, agent, account, browser | 60 s |
"""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import orjson

from chat_service import identity
from chat_service.identity import Grant, Identity
from chat_service.oidc_agents import agent_of, is_still
from chat_service.oidc_line import ProviderLine
from chat_service.oidc_refusal import Refusal, SignInRefused
from chat_service.oidc_tokens import Expected, believed, described
from chorus.bus import Client, RedisFailure
from chorus.errors import NotFound, Unavailable

BEGUN_S: Final = 600
CODE_S: Final = 60
SECRET_CHARS_MAX: Final = 128
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
CODE_CHARS_MAX: Final = 4096


@dataclass(frozen=True, slots=True)
class SignIn:
    """What these acts use."""

    identity: Identity
    redis: Client
    lines: Mapping[str, ProviderLine]

    def line(self, name: str) -> ProviderLine:
        """Raises NotFound: no provider of that name."""
        found = self.lines.get(name)
        if found is None:
            raise NotFound
        return found


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and the secret that it keeps until it is back."""

    url: str
    browser: str


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back with a browser."""

    state: str = ""
    code: str = ""
    error: str = ""
    issuer: str = ""
    browser: str = ""
    address: str | None = None
    """Where they came from, for the audit log."""


async def begin(sign_in: SignIn, name: str, redirect_uri: str, browser: str = "") -> Begun:
    """Begin a sign-in; in a `browser` that has a secret already, with that: it may begin several.

    Raises:
        NotFound, Unavailable. SignInRefused: the provider cannot be reached.
    """
    line = sign_in.line(name)
    facts = await line.facts()
    state = secrets.token_urlsafe(32)
    browser = browser if _SECRET.fullmatch(browser) else secrets.token_urlsafe(32)
    nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    kept = {"name": name, "nonce": nonce, "verifier": verifier, "browser": _hashed(browser)}
    await _keep(sign_in.redis, f"oidc:begun:{_hashed(state)}", kept, lifetime_s=BEGUN_S)
    challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    asked = {
        "response_type": "code",
        "client_id": line.settings.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(line.settings.scopes),
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge.decode(),
        "code_challenge_method": "S256",
    }
    joint = "&" if "?" in facts.authorization_endpoint else "?"
    return Begun(f"{facts.authorization_endpoint}{joint}{urlencode(asked)}", browser)


async def finish(sign_in: SignIn, name: str, redirect_uri: str, back: Returned) -> str:
    """Find out who came back; answers a one-time code that their browser changes for tokens.

    Raises:
        NotFound, Unavailable. SignInRefused: says why.
    """
    line = sign_in.line(name)
    begun = await _take(sign_in.redis, f"oidc:begun:{_hashed(back.state)}")
    if begun is None or begun["name"] != name or not _same(begun["browser"], back.browser):
        raise SignInRefused(Refusal.EXPIRED, "state")
    await _check_answer(line, back)
    tokens = await line.tokens(back.code, verifier=begun["verifier"], redirect_uri=redirect_uri)
    settings = line.settings
    now_s = sign_in.identity.clock.now().timestamp()
    expected = Expected(settings.issuer, settings.client_id, begun["nonce"], settings.claims, now_s)
    person = await believed(tokens.id_token, line, expected)
    if "email" not in person.claims:
        # Many say in the ID token only who it is, and all else when they are asked (Core §5.4).
        person = described(person, await line.profile(tokens))
    who, known = sign_in.identity, settings
    tenant_id, agent_id = await agent_of(who, known, person, address=back.address)
    code = secrets.token_urlsafe(32)
    account = {"issuer": settings.issuer, "subject": person.subject}
    kept = {"tenant": tenant_id, "agent": agent_id, "browser": begun["browser"], **account}
    await _keep(sign_in.redis, f"oidc:code:{_hashed(code)}", kept, lifetime_s=CODE_S)
    return code


async def redeem(sign_in: SignIn, code: str, browser: str) -> Grant:
    """Change a one-time code for tokens, once, in the browser that it was made for.

    Raises:
        SignInRefused, Unavailable. Unauthenticated: shut out meanwhile.
    """
    kept = await _take(sign_in.redis, f"oidc:code:{_hashed(code)}")
    if kept is None or not _same(kept["browser"], browser):
        raise SignInRefused(Refusal.EXPIRED, "code")
    tenant_id, agent_id = UUID(kept["tenant"]), UUID(kept["agent"])
    grant = await identity.first_grant(sign_in.identity, tenant_id, agent_id)
    # After the tokens are made: who forgets the account voids what was made before.
    if not await is_still(sign_in.identity, agent_id, kept):
        raise SignInRefused(Refusal.EXPIRED, "unlinked")
    return grant


async def _check_answer(line: ProviderLine, back: Returned) -> None:
    if back.error:
        denied = back.error == "access_denied"
        raise SignInRefused(Refusal.DENIED if denied else Refusal.PROVIDER, "answered_error")
    facts = await line.facts()
    # Another provider may have answered in this one's stead (RFC 9207).
    named = back.issuer or ("" if facts.names_itself else line.settings.issuer)
    if named != line.settings.issuer:
        raise SignInRefused(Refusal.PROVIDER, "other_issuer")
    if not 0 < len(back.code) <= CODE_CHARS_MAX:
        raise SignInRefused(Refusal.PROVIDER, "no_code")


async def _keep(redis: Client, key: str, kept: Mapping[str, Any], *, lifetime_s: int) -> None:
    with _reaching():
        await redis.set(key, orjson.dumps(kept), ex=lifetime_s)


async def _take(redis: Client, key: str) -> dict[str, str] | None:
    """Read what is kept, and let nobody read it again."""
    with _reaching():
        kept = await redis.getdel(key)
    found: dict[str, str] | None = None if kept is None else orjson.loads(kept)
    return found


@contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except RedisFailure as error:
        raise Unavailable from error


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret[:SECRET_CHARS_MAX].encode("utf-8", "replace")).hexdigest()


def _same(kept_hash: str, secret: str) -> bool:
    return bool(secret) and hmac.compare_digest(kept_hash, _hashed(secret))
