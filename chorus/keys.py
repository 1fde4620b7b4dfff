"""The signing keys of our own issuer: a directory of private PEM files and a public `jwks.json`.

`current` names the key that signs. Rotation publishes the new public key first, and the old one
stays in `jwks.json` until its tokens have run out, so no socket is dropped (DESIGN §8).
"""

import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ALGORITHM = "EdDSA"
JWKS_FILE = "jwks.json"
CURRENT_FILE = "current"
NONCE_FILE = "nonce.key"


@dataclass(frozen=True, slots=True)
class SigningKey:
    kid: str
    private_pem: bytes


def ensure(directory: Path) -> None:
    """Make a first key pair and a nonce secret where there are none. Safe to call at every start."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (directory / NONCE_FILE).exists():
        _write(directory / NONCE_FILE, secrets.token_bytes(32))
    if not (directory / CURRENT_FILE).exists():
        rotate(directory)


def rotate(directory: Path, *, keep: int = 3) -> str:
    """Make a new signing key, publish it, sign with it from now on. Returns its kid."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    kid, private = secrets.token_hex(8), Ed25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _write(directory / f"{kid}.pem", pem)
    public = jwt.algorithms.OKPAlgorithm.to_jwk(private.public_key(), as_dict=True)
    entry = {**public, "kid": kid, "alg": ALGORITHM, "use": "sig"}
    keys = [entry, *_published(directory)][:keep]
    _write(directory / JWKS_FILE, orjson.dumps({"keys": keys}))
    _write(directory / CURRENT_FILE, kid.encode())
    _forget(directory, {key["kid"] for key in keys})
    return kid


def signing_key(directory: Path) -> SigningKey:
    """The key that signs now.

    Raises:
        FileNotFoundError: `ensure` was never called for this directory.
    """
    kid = (directory / CURRENT_FILE).read_text().strip()
    return SigningKey(kid, (directory / f"{kid}.pem").read_bytes())


def nonce_key(directory: Path) -> bytes:
    """The secret behind the nonces of `hello`; the same for all gateways of an installation."""
    return (directory / NONCE_FILE).read_bytes()


def jwks(directory: Path) -> dict[str, Any]:
    """The public keys, as served at `/.well-known/jwks.json`."""
    return {"keys": _published(directory)}


def _published(directory: Path) -> list[dict[str, Any]]:
    path = directory / JWKS_FILE
    if not path.exists():
        return []
    keys: list[dict[str, Any]] = orjson.loads(path.read_bytes())["keys"]
    return keys


def _forget(directory: Path, kept: set[str]) -> None:
    for path in directory.glob("*.pem"):
        if path.stem not in kept:
            path.unlink()


def _write(path: Path, content: bytes) -> None:
    """Replace a file atomically with mode 0600."""
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(name, path)
