"""What an ID token says, once nothing about it can be doubted (OpenID Connect Core §3.1.3.7, RFC 8725).

The algorithm is the key's, the key is the issuer's, and what the header of the token says of either
counts for nothing (S1 of the threat model).
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt

from chat_service.oidc_refusal import Refusal, SignInRefused
from chorus.auth import KeySource

ALGORITHMS: Final = ("EdDSA", "ES256", "RS256")
TOKEN_BYTES_MAX: Final = 16 * 1024
SUBJECT_CHARS_MAX: Final = 255
LEEWAY_S: Final = 60
AGE_S_MAX: Final = 600
"""An ID token is made while we wait for it: an old one is somebody's copy."""
_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_REQUIRED: Final = ["iss", "sub", "aud", "exp", "iat", "nonce"]


@dataclass(frozen=True, slots=True)
class Expected:
    """What the ID token of one sign-in has to say."""

    issuer: str
    client_id: str
    nonce: str
    claims: Mapping[str, str]
    now_s: float


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is at their provider. The address is a claim; whether to believe it is another."""

    subject: str
    claims: Mapping[str, Any]


async def believed(token: str, keys: KeySource, expected: Expected) -> Person:
    """Check everything. Raises SignInRefused."""
    if len(token) > TOKEN_BYTES_MAX or not _COMPACT.fullmatch(token):
        raise _doubtful("shape")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise _doubtful("header") from error
    claims = await _signed(token, header, keys, expected)
    _check_times(claims, expected.now_s)
    _check_audience(claims, expected.client_id)
    nonce = claims["nonce"]
    if not isinstance(nonce, str) or not _equal(nonce, expected.nonce):
        raise _doubtful("nonce")
    if any(claims.get(name) != value for name, value in expected.claims.items()):
        raise SignInRefused(Refusal.UNKNOWN, "claims")
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_CHARS_MAX:
        raise _doubtful("subject")
    if not subject.isprintable():
        # PostgreSQL keeps neither NUL nor half a letter.
        raise _doubtful("subject")
    return Person(subject, claims)


def described(person: Person, profile: Mapping[str, Any]) -> Person:
    """The person with what their profile adds; the ID token has the last word.

    Raises:
        SignInRefused: it is the profile of somebody else.
    """
    if profile and profile.get("sub") != person.subject:
        raise _doubtful("profile_of_another")
    return Person(person.subject, {**profile, **person.claims})


async def _signed(
    token: str, header: Mapping[str, Any], keys: KeySource, expected: Expected
) -> dict[str, Any]:
    kid = header.get("kid")
    if not isinstance(kid, str) or header.get("typ", "JWT") != "JWT":
        raise _doubtful("header")
    key = await keys.key(kid)
    if key is None:
        raise _doubtful("unknown_key")
    if header.get("alg") != key.algorithm_name or key.algorithm_name not in ALGORITHMS:
        raise _doubtful("algorithm")
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            issuer=expected.issuer,
            audience=expected.client_id,
            leeway=LEEWAY_S,
            options={"verify_exp": False, "verify_iat": False, "require": _REQUIRED},
        )
    except (jwt.PyJWTError, ValueError, OverflowError, RecursionError) as error:
        raise _doubtful(type(error).__name__) from error
    return claims


def _check_times(claims: Mapping[str, Any], now_s: float) -> None:
    """PyJWT takes an `exp` that is a string or infinite; so they are looked at here."""
    ends, made = claims["exp"], claims["iat"]
    if not _is_time(ends) or not _is_time(made):
        raise _doubtful("times")
    if ends <= now_s - LEEWAY_S:
        raise _doubtful("expired")
    if not now_s - AGE_S_MAX - LEEWAY_S <= made <= now_s + LEEWAY_S:
        raise _doubtful("age")


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    """Made for us and nobody else."""
    if claims["aud"] not in (client_id, [client_id]) or claims.get("azp", client_id) != client_id:
        raise _doubtful("audience")


def _is_time(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**40


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())


def _doubtful(why: str) -> SignInRefused:
    return SignInRefused(Refusal.PROVIDER, f"id_token_{why}")
