"""Issuers with keys of their own, and tokens made by hand, byte by byte."""

import base64
import hashlib
import hmac
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt import PyJWK

from chorus import keys
from chorus.auth import (
    AUD_AGENT,
    AUD_VISITOR,
    OWN_ISSUER,
    Claims,
    Issuer,
    Verifier,
    own_issuer,
    parse_jwks,
)

TENANT = UUID("01900000-0000-7000-8000-00000000000a")
OTHER_TENANT = UUID("01900000-0000-7000-8000-00000000000b")
AGENT = UUID("01900000-0000-7000-8000-0000000000a1")
IDP = "https://idp.example"
OTHER_IDP = "https://other.example"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGER = Ed25519PrivateKey.generate()


def now() -> int:
    return int(time.time())


def claims(**changes: Any) -> dict[str, Any]:
    """Claims that our own issuer would sign; None leaves one out."""
    good: dict[str, Any] = {
        "iss": OWN_ISSUER,
        "sub": str(AGENT),
        "tid": str(TENANT),
        "aud": AUD_AGENT,
        "role": "agent",
        "iat": now(),
        "exp": now() + 600,
        "jti": "j",
    }
    merged = {**good, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Mint:
    """Our own key directory, and the means to misuse its keys."""

    def __init__(self, directory: Path) -> None:
        keys.ensure(directory)
        self.directory = directory
        self.signing = keys.signing_key(directory)

    @property
    def public_pem(self) -> bytes:
        private = serialization.load_pem_private_key(self.signing.private_pem, None)
        return private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def sign(self, body: dict[str, Any] | None = None, **header: Any) -> str:
        """Sign properly with the current key; `header` adds to or replaces header fields."""
        return self.sign_raw(orjson.dumps(body or claims()), **header)

    def sign_raw(self, body: bytes, **header: Any) -> str:
        head = {"alg": "EdDSA", "typ": "JWT", "kid": self.signing.kid, **header}
        signed = f"{b64(orjson.dumps(_known(head)))}.{b64(body)}"
        return f"{signed}.{b64(self.signature(signed))}"

    def signature(self, signed: str) -> bytes:
        private = serialization.load_pem_private_key(self.signing.private_pem, None)
        assert isinstance(private, Ed25519PrivateKey)
        return private.sign(signed.encode())

    def hmac_token(self, secret: bytes, body: dict[str, Any] | None = None, **header: Any) -> str:
        head = {"alg": "HS256", "typ": "JWT", "kid": self.signing.kid, **header}
        signed = f"{b64(orjson.dumps(head))}.{b64(orjson.dumps(body or claims()))}"
        return f"{signed}.{b64(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"

    def unsigned(self, alg: Any, signature: bytes = b"", **changes: Any) -> str:
        head = {"alg": alg, "typ": "JWT", "kid": self.signing.kid}
        body = orjson.dumps(claims(**changes))
        return f"{b64(orjson.dumps(_known(head)))}.{b64(body)}.{b64(signature)}"


def _known(head: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in head.items() if value is not None}


def rsa_jwk(kid: str, **fields: Any) -> dict[str, Any]:
    public = jwt.algorithms.RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True)
    return {**public, "kid": kid, "use": "sig", "alg": "RS256", **fields}


def rsa_token(body: dict[str, Any], kid: str = "rsa-1", alg: str = "RS256") -> str:
    return jwt.encode(body, RSA, algorithm=alg, headers={"kid": kid})


def ec_token(body: dict[str, Any], kid: str) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return jwt.encode(body, key, algorithm="ES256", headers={"kid": kid})


class FixedKeys:
    """The keys of an issuer outside, with a count of how often they were asked for."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._keys = parse_jwks(document)
        self.asked: list[str] = []

    async def key(self, kid: str) -> PyJWK | None:
        self.asked.append(kid)
        return self._keys.get(kid)


def verifier(mint: Mint) -> Verifier:
    """Our own issuer; one that speaks for visitors of one tenant; one for agents of any."""
    oct_key = {"kty": "oct", "kid": "oct-1", "k": b64(b"s" * 32), "alg": "HS256"}
    idp = FixedKeys({"keys": [rsa_jwk("rsa-1"), oct_key, rsa_jwk("enc-1", use="enc")]})
    issuers = (
        own_issuer(mint.directory),
        Issuer(IDP, idp, frozenset({AUD_VISITOR}), tenant_id=TENANT),
        Issuer(
            OTHER_IDP,
            FixedKeys({"keys": [rsa_jwk("rsa-1")]}),
            frozenset({AUD_AGENT}),
            claims=Claims(tenant="org", role="kind", user="uid"),
        ),
    )
    return Verifier({issuer.name: issuer for issuer in issuers})
