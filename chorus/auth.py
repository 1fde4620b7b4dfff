"""Who somebody is: tokens made and checked to RFC 8725.

Keys come from configured issuers only, never from a claim or a header of the token (S1, S2 of the
threat model); PyJWT accepts a string `exp`, an infinite one and a list `aud`, so those are checked
again here (RELIABILITY F11).
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import UUID, uuid5

import jwt
from jwt import PyJWK

from chorus import keys
from chorus.errors import TokenExpired, Unauthenticated
from chorus.ids import uuid7
from chorus.wire.common import MAX_TOKEN_BYTES, Role

AUD_VISITOR: Final = "chorus-visitor"
AUD_AGENT: Final = "chorus-agent"
AUD_SERVER: Final = "chorus-server"
AUD_INTERNAL: Final = "chorus-internal"
OWN_ISSUER: Final = "chorus"

SCOPES: Final = (
    "chat:read",
    "chat:write",
    "chat:escalate",
    "summary:read",
    "reports:read",
    "notify:write",
    "admin:read",
    "admin:write",
)
ROLE_SCOPES: Final[Mapping[str, frozenset[str]]] = {
    "visitor": frozenset({"chat:read", "chat:write", "chat:escalate"}),
    "agent": frozenset({"chat:read", "chat:write", "chat:escalate", "summary:read"}),
    "supervisor": frozenset(
        {"chat:read", "chat:write", "chat:escalate", "summary:read", "reports:read"}
    ),
    "admin": frozenset(SCOPES),
    "server": frozenset(SCOPES) - {"admin:write"},
}
ROLES_OF_AUDIENCE: Final[Mapping[str, frozenset[str]]] = {
    AUD_VISITOR: frozenset({"visitor"}),
    AUD_AGENT: frozenset({"agent", "supervisor", "admin"}),
    AUD_SERVER: frozenset({"server"}),
    AUD_INTERNAL: frozenset({"internal"}),
}
MAX_LIFETIME_S: Final[Mapping[str, int]] = {
    AUD_VISITOR: 24 * 3600,
    AUD_AGENT: 15 * 60,
    AUD_SERVER: 24 * 3600,
    AUD_INTERNAL: 24 * 3600,
}
TOKEN_TTL_S: Final = 15 * 60
LEEWAY_S: Final = 30
_ALGORITHMS: Final = ("EdDSA", "ES256", "RS256")
_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Principal:
    """A verified token. `user_id` is a contact, an agent or an API key, by audience."""

    tenant_id: UUID
    user_id: UUID
    role: str
    audience: str
    scopes: frozenset[str]
    expires_at: int
    """Unix seconds."""
    issued_at: int = 0
    jti: str = ""
    issuer: str = OWN_ISSUER
    subject: str = ""
    """What the issuer calls this user; equals `user_id` for our own tokens."""
    conversation_id: UUID | None = None
    origin: str | None = None
    """The page a visitor token was made for; a socket from another page is refused."""

    @property
    def speaks_as(self) -> Role:
        """The message role: agents of any rank speak as `agent`, visitors as `customer`."""
        return Role.CUSTOMER if self.role == "visitor" else Role.AGENT

    @property
    def is_agent(self) -> bool:
        return self.audience in (AUD_AGENT, AUD_SERVER)


class KeySource(Protocol):
    """Where the public keys of one issuer come from."""

    async def key(self, kid: str) -> PyJWK | None:
        """Find a key by its id; None where this issuer has none of that name."""
        ...


@dataclass(frozen=True, slots=True)
class Claims:
    """How an external issuer names what we need."""

    tenant: str = "tid"
    role: str = "role"
    user: str = "sub"


@dataclass(frozen=True, slots=True)
class Issuer:
    """A configured issuer and the audiences it may speak for."""

    name: str
    keys: KeySource
    audiences: frozenset[str]
    claims: Claims = field(default_factory=Claims)
    tenant_id: UUID | None = None
    """Fixed for an issuer that belongs to one tenant; its tokens need no tenant claim then."""
    foreign: bool = True
    """A foreign subject is any string; it stands for the user id that `foreign_user_id` makes."""


class FileKeys:
    """Keys of our own issuer, read from `jwks.json` and again when a kid is unknown."""

    def __init__(self, directory: Path, *, reload_s: float = 1.0) -> None:
        self._directory = directory
        self._reload_s = reload_s
        self._read_at = float("-inf")
        self._keys: dict[str, PyJWK] = {}

    async def key(self, kid: str) -> PyJWK | None:
        known = self._keys.get(kid)
        if known is None and time.monotonic() - self._read_at >= self._reload_s:
            self._read_at = time.monotonic()
            self._keys = parse_jwks(keys.jwks(self._directory))
            known = self._keys.get(kid)
        return known


def parse_jwks(document: Any) -> dict[str, PyJWK]:
    """Read the usable signature keys; symmetric, encryption and unknown kinds are passed over.

    Raises:
        ValueError: this is no key set.
    """
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("a key set has a list of keys")  # noqa: TRY004 (a document, not an argument)
    named = {entry["kid"]: entry for entry in entries if _signs(entry)}
    read = {kid: _jwk(entry) for kid, entry in named.items()}
    return {kid: key for kid, key in read.items() if key is not None}


def _signs(entry: object) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str):
        return False
    return entry.get("kty") != "oct" and entry.get("use", "sig") == "sig"


def _jwk(entry: dict[str, Any]) -> PyJWK | None:
    try:
        return PyJWK.from_dict(entry)
    except (jwt.PyJWTError, TypeError, ValueError):
        return None


class Verifier:
    """Checks tokens of all configured issuers. The cache of keys is by (issuer, kid)."""

    def __init__(
        self, issuers: Mapping[str, Issuer], *, now: Callable[[], float] = time.time
    ) -> None:
        self._issuers = dict(issuers)
        self._now = now

    async def verify(self, token: str) -> Principal:
        """Check signature, algorithm, issuer, audience, times, role.

        Raises:
            TokenExpired: everything fits but the time.
            Unauthenticated: anything else; the message never says what.
        """
        # RFC 7515 knows no padding and no white space; PyJWT takes both.
        if len(token) > MAX_TOKEN_BYTES or not _COMPACT.fullmatch(token):
            raise Unauthenticated
        try:
            header = jwt.get_unverified_header(token)
            peek = jwt.decode(token, options={"verify_signature": False})
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise Unauthenticated from error
        issuer = (
            self._issuers.get(peek.get("iss", "")) if isinstance(peek.get("iss"), str) else None
        )
        kid = header.get("kid")
        if issuer is None or not isinstance(kid, str) or header.get("typ", "JWT") != "JWT":
            raise Unauthenticated
        key = await issuer.keys.key(kid)
        if (
            key is None
            or header.get("alg") != key.algorithm_name
            or key.algorithm_name not in _ALGORITHMS
        ):
            raise Unauthenticated
        return self._principal(issuer, self._decode(token, key, issuer))

    def _decode(self, token: str, key: PyJWK, issuer: Issuer) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                issuer=issuer.name,
                audience=sorted(issuer.audiences),
                options={
                    "verify_exp": False,
                    "verify_iat": False,
                    "require": ["exp", "iat", "aud"],
                },
            )
        except (jwt.PyJWTError, ValueError, OverflowError) as error:
            raise Unauthenticated from error
        return claims

    def _principal(self, issuer: Issuer, claims: dict[str, Any]) -> Principal:
        audience, expires_at, issued_at = claims["aud"], claims["exp"], claims["iat"]
        if not isinstance(audience, str) or not _is_time(expires_at) or not _is_time(issued_at):
            raise Unauthenticated
        role = claims.get(issuer.claims.role)
        if not isinstance(role, str) or role not in ROLES_OF_AUDIENCE.get(audience, frozenset()):
            raise Unauthenticated
        if expires_at - issued_at > MAX_LIFETIME_S[audience] or issued_at > self._now() + LEEWAY_S:
            raise Unauthenticated
        if expires_at <= self._now():
            raise TokenExpired
        tenant_id = issuer.tenant_id or _uuid_claim(claims.get(issuer.claims.tenant))
        return Principal(
            tenant_id=tenant_id,
            user_id=_user_id(issuer, tenant_id, claims.get(issuer.claims.user)),
            role=role,
            audience=audience,
            scopes=_scopes(claims.get("scopes"), role),
            expires_at=expires_at,
            issued_at=issued_at,
            jti=str(claims.get("jti", ""))[:64],
            issuer=issuer.name,
            subject=str(claims.get(issuer.claims.user)),
            conversation_id=_uuid_claim(claims["conv"]) if claims.get("conv") else None,
            origin=str(claims["ori"])[:255] if claims.get("ori") else None,
        )


def foreign_user_id(issuer: str, tenant_id: UUID, subject: str) -> UUID:
    """The user id of a foreign subject: always the same, so no edge needs to look it up."""
    return uuid5(tenant_id, f"{issuer}\x1f{subject}")


def _user_id(issuer: Issuer, tenant_id: UUID, subject: object) -> UUID:
    if not issuer.foreign:
        return _uuid_claim(subject)
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise Unauthenticated
    return foreign_user_id(issuer.name, tenant_id, subject)


def _is_time(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**40


def _uuid_claim(value: object) -> UUID:
    try:
        return UUID(value) if isinstance(value, str) else _refuse()
    except ValueError as error:
        raise Unauthenticated from error


def _refuse() -> UUID:
    raise Unauthenticated


def _scopes(claimed: object, role: str) -> frozenset[str]:
    """A token may ask for less than its role has, never for more."""
    allowed = ROLE_SCOPES.get(role, frozenset())
    if claimed is None:
        return allowed
    named = claimed.split() if isinstance(claimed, str) else claimed
    return allowed & frozenset(map(str, named)) if isinstance(named, list) else frozenset()


class TokenMaker:
    """Signs tokens of our own issuer with the key that is current when asked."""

    def __init__(self, directory: Path, *, now: Callable[[], float] = time.time) -> None:
        self._directory = directory
        self._now = now

    def make(  # noqa: PLR0913 (all by name)
        self,
        *,
        tenant_id: UUID,
        user_id: UUID,
        role: str,
        audience: str,
        conversation_id: UUID | None = None,
        origin: str | None = None,
        ttl_s: int = TOKEN_TTL_S,
    ) -> tuple[str, int]:
        """Make a token; answers it with its expiry in Unix seconds.

        `origin`: for a visitor token, the page that asked for it (the Origin header).
        """
        signing, issued_at = keys.signing_key(self._directory), int(self._now())
        claims: dict[str, Any] = {
            "iss": OWN_ISSUER,
            "sub": str(user_id),
            "tid": str(tenant_id),
            "aud": audience,
            "role": role,
            "scopes": sorted(ROLE_SCOPES.get(role, frozenset())),
            "iat": issued_at,
            "exp": issued_at + ttl_s,
            "jti": str(uuid7()),
        }
        if conversation_id is not None:
            claims["conv"] = str(conversation_id)
        if origin is not None:
            claims["ori"] = origin
        headers = {"kid": signing.kid}
        token = jwt.encode(claims, signing.private_pem, algorithm=keys.ALGORITHM, headers=headers)
        return token, issued_at + ttl_s


def own_issuer(directory: Path) -> Issuer:
    """Our own issuer: its keys lie in a directory of this installation."""
    audiences = frozenset({AUD_VISITOR, AUD_AGENT, AUD_SERVER, AUD_INTERNAL})
    return Issuer(OWN_ISSUER, FileKeys(directory), audiences, foreign=False)
