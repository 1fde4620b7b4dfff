"""ID tokens that lie: each is refused, whatever the provider's key may have signed."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt import PyJWK
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from chat_service.oidc_refusal import Refusal, SignInRefused
from chat_service.oidc_tokens import Expected, believed
from chorus.auth import parse_jwks

pytestmark = pytest.mark.anyio

NOW = 1_900_000_000
EC = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)
STRANGER = ec.generate_private_key(ec.SECP256R1())
GOOD: dict[str, Any] = {
    "iss": "https://id.test",
    "aud": "chorus",
    "sub": "noor",
    "iat": NOW - 2,
    "exp": NOW + 300,
    "nonce": "n-1",
}
EXPECTED = Expected("https://id.test", "chorus", "n-1", {}, NOW)
Claims = dict[str, Any]


class Keys:
    """The keys that the provider publishes."""

    def __init__(self) -> None:
        known = [
            {**ECAlgorithm.to_jwk(EC.public_key(), as_dict=True), "kid": "ec"},
            {**RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True), "kid": "rsa"},
            {**RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True), "kid": "pss", "alg": "PS256"},
            {"kty": "oct", "k": "c2VjcmV0", "kid": "shared", "alg": "HS256"},
        ]
        self._known = parse_jwks({"keys": known})

    async def key(self, kid: str) -> PyJWK | None:
        return self._known.get(kid)


def signed(claims: Claims, kid: str = "ec", **header: Any) -> str:
    return jwt.encode(claims, EC, algorithm="ES256", headers={"kid": kid, **header})


def by_hand(header: Claims, claims: Claims, key: bytes | None) -> str:
    """A token as no library would make it."""
    parts = [_base64(json.dumps(one).encode()) for one in (header, claims)]
    text = ".".join(parts)
    mac = b"" if key is None else hmac.digest(key, text.encode(), hashlib.sha256)
    return f"{text}.{_base64(mac)}"


def _base64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def pem(key: Any) -> bytes:
    found: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return found


async def test_what_fits_is_believed() -> None:
    assert (await believed(signed(GOOD), Keys(), EXPECTED)).subject == "noor"
    by_rsa = jwt.encode(GOOD, RSA, algorithm="RS256", headers={"kid": "rsa"})
    assert (await believed(by_rsa, Keys(), EXPECTED)).subject == "noor"
    listed = signed({**GOOD, "aud": ["chorus"], "azp": "chorus", "email": "noor@acme.test"})
    assert (await believed(listed, Keys(), EXPECTED)).claims["email"] == "noor@acme.test"


async def test_a_clock_that_is_a_little_ahead_is_no_forgery() -> None:
    ahead = signed({**GOOD, "nbf": time.time() + 5})
    assert (await believed(ahead, Keys(), EXPECTED)).subject == "noor"


LIES: dict[str, Claims] = {
    "another nonce": {"nonce": "n-2"},
    "no nonce": {"nonce": None},
    "a nonce that is none": {"nonce": ["n-1"]},
    "another issuer": {"iss": "https://id.test/"},
    "no issuer": {"iss": None},
    "another audience": {"aud": "chorus-agent"},
    "another audience too": {"aud": ["chorus", "other"]},
    "no audience": {"aud": None},
    "made for another party": {"azp": "other"},
    "expired": {"exp": NOW - 61},
    "expires as text": {"exp": str(NOW + 300)},
    "never expires": {"exp": 1e308},
    "expires when true": {"exp": True},
    "no expiry": {"exp": None},
    "made long ago": {"iat": NOW - 700},
    "made in the future": {"iat": NOW + 120},
    "no time": {"iat": None},
    "good from later on": {"nbf": 2**39},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject without end": {"sub": "x" * 256},
    "a subject that cannot be kept": {"sub": "no\0or"},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
async def test_a_claim_that_does_not_fit_is_refused(lie: Claims) -> None:
    claims = {name: value for name, value in {**GOOD, **lie}.items() if value is not None}
    with pytest.raises(SignInRefused) as refused:
        await believed(signed(claims), Keys(), EXPECTED)
    assert refused.value.refusal == Refusal.PROVIDER


FORGERIES: dict[str, Callable[[], str]] = {
    "no algorithm": lambda: by_hand({"alg": "none", "kid": "ec"}, GOOD, None),
    "no algorithm, spelled otherwise": lambda: by_hand({"alg": "nOnE", "kid": "ec"}, GOOD, b"x"),
    "the public key as a password": lambda: by_hand({"alg": "HS256", "kid": "rsa"}, GOOD, pem(RSA)),
    "the same of the other kind": lambda: by_hand({"alg": "HS256", "kid": "ec"}, GOOD, pem(EC)),
    "a shared key of the set": lambda: by_hand({"alg": "HS256", "kid": "shared"}, GOOD, b"secret"),
    "another algorithm of the same key": lambda: jwt.encode(
        GOOD, RSA, algorithm="PS256", headers={"kid": "rsa"}
    ),
    "an algorithm that is not taken": lambda: jwt.encode(
        GOOD, RSA, algorithm="PS256", headers={"kid": "pss"}
    ),
    "the key of a stranger": lambda: jwt.encode(
        GOOD, STRANGER, algorithm="ES256", headers={"kid": "ec"}
    ),
    "a key that the token brings": lambda: jwt.encode(
        GOOD,
        STRANGER,
        algorithm="ES256",
        headers={"kid": "x", "jwk": ECAlgorithm.to_jwk(STRANGER.public_key(), as_dict=True)},
    ),
    "a key that nobody knows": lambda: signed(GOOD, kid="../../etc/passwd"),
    "no name of a key": lambda: jwt.encode(GOOD, EC, algorithm="ES256"),
    "a token of another kind": lambda: signed(GOOD, typ="at+jwt"),
    "changed afterwards": lambda: _changed(signed(GOOD)),
    "padded": lambda: signed(GOOD) + "=",
    "two parts": lambda: signed(GOOD).rpartition(".")[0],
    "no end": lambda: signed({**GOOD, "groups": "x" * 17_000}),
    "nothing": lambda: "",
}


def _changed(token: str) -> str:
    header, _, mac = token.split(".")
    return f"{header}.{_base64(json.dumps({**GOOD, 'sub': 'admin'}).encode())}.{mac}"


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
async def test_a_forgery_is_refused(forge: Callable[[], str]) -> None:
    with pytest.raises(SignInRefused) as refused:
        await believed(forge(), Keys(), EXPECTED)
    assert refused.value.refusal == Refusal.PROVIDER


async def test_who_lacks_a_claim_that_is_asked_for_is_nobody_here() -> None:
    asked = Expected("https://id.test", "chorus", "n-1", {"hd": "acme.test"}, NOW)
    for said in ({}, {"hd": "evil.test"}, {"hd": ["acme.test"]}):
        with pytest.raises(SignInRefused) as refused:
            await believed(signed({**GOOD, **said}), Keys(), asked)
        assert refused.value.refusal == Refusal.UNKNOWN
    fits = signed({**GOOD, "hd": "acme.test"})
    assert (await believed(fits, Keys(), asked)).subject == "noor"
