"""External issuers, read from a real web server that behaves and misbehaves."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chorus.auth import AUD_VISITOR, Issuer, Principal, Verifier, foreign_user_id
from chorus.errors import Unauthenticated
from chorus.issuers import (
    CACHE_S,
    MAX_JWKS_BYTES,
    REFETCH_S,
    STALE_S,
    RemoteKeys,
    configured_issuers,
)
from chorus.settings import BadSettings
from launch.spawn import free_port
from tests.chorus.tokens import TENANT, claims
from tests.support.web_server import Answer, WebServer, web_server

pytestmark = pytest.mark.anyio

IDP, OTHER = "https://idp.example", "https://other.example"
TWICE = orjson.dumps([{"name": "x", "jwks_url": "https://x/y", "audiences": []}] * 2).decode()


class Signer:
    """A key pair of somebody else's issuer."""

    def __init__(self, kid: str = "k1") -> None:
        self.kid = kid
        self._key = Ed25519PrivateKey.generate()

    @property
    def jwk(self) -> dict[str, Any]:
        public = jwt.algorithms.OKPAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {**public, "kid": self.kid, "use": "sig", "alg": "EdDSA"}

    def token(self, issuer: str = IDP, **changes: Any) -> str:
        facts = {"iss": issuer, "aud": AUD_VISITOR, "role": "visitor", "sub": "kim|7"}
        body = claims(**{**facts, **changes})
        return jwt.encode(body, self._key, algorithm="EdDSA", headers={"kid": self.kid})


def key_set(*signers: Signer) -> Answer:
    return Answer(orjson.dumps({"keys": [one.jwk for one in signers]}))


def entry(url: str, name: str = IDP, **fields: Any) -> dict[str, Any]:
    return {"name": name, "jwks_url": url, "audiences": [AUD_VISITOR], **fields}


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


@asynccontextmanager
async def verifier(keys_dir: Path, *entries: dict[str, Any]) -> AsyncIterator[Verifier]:
    async with configured_issuers(keys_dir, orjson.dumps(entries).decode()) as issuers:
        yield Verifier(issuers)


class Fetched:
    """One issuer whose keys are fetched by a clock that the test turns."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self.now_s = 0.0
        keys = RemoteKeys(client, url, now=lambda: self.now_s)
        self._verifier = Verifier({IDP: Issuer(IDP, keys, frozenset({AUD_VISITOR}))})

    async def verify(self, token: str) -> Principal:
        return await self._verifier.verify(token)

    async def refuses(self, token: str) -> bool:
        try:
            await self.verify(token)
        except Unauthenticated:
            return True
        return False


@pytest.fixture
async def fetched(web: WebServer) -> AsyncIterator[Fetched]:
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        yield Fetched(client, web.url("/jwks"))


async def test_a_good_token_is_believed_and_its_claims_are_mapped(
    web: WebServer, tmp_path: Path
) -> None:
    signer = Signer()
    web.answers["/jwks"] = key_set(signer)
    mapped = {"tenant": "org", "role": "kind", "user": "uid"}
    async with verifier(tmp_path, entry(web.url("/jwks"), claims=mapped)) as check:
        found = await check.verify(
            signer.token(org=str(TENANT), kind="visitor", uid="kim", tid=None, role=None, sub=None)
        )
    assert (found.tenant_id, found.role, found.subject) == (TENANT, "visitor", "kim")
    assert found.user_id == foreign_user_id(IDP, TENANT, "kim")


async def test_an_issuer_of_one_tenant_speaks_for_no_other(web: WebServer, tmp_path: Path) -> None:
    signer = Signer()
    web.answers["/jwks"] = key_set(signer)
    async with verifier(tmp_path, entry(web.url("/jwks"), tenant_id=str(TENANT))) as check:
        found = await check.verify(signer.token(tid="01900000-0000-7000-8000-0000000000ff"))
    assert found.tenant_id == TENANT


async def test_two_issuers_with_the_same_kid_do_not_answer_for_each_other(
    web: WebServer, tmp_path: Path
) -> None:
    one, two = Signer("same"), Signer("same")
    web.answers |= {"/one": key_set(one), "/two": key_set(two)}
    entries = (entry(web.url("/one")), entry(web.url("/two"), OTHER))
    async with verifier(tmp_path, *entries) as check:
        assert (await check.verify(one.token(IDP))).issuer == IDP
        assert (await check.verify(two.token(OTHER))).issuer == OTHER
        for forged in (one.token(OTHER), two.token(IDP)):
            with pytest.raises(Unauthenticated):
                await check.verify(forged)


async def test_an_issuer_speaks_for_its_audiences_only(web: WebServer, tmp_path: Path) -> None:
    signer = Signer()
    web.answers["/jwks"] = key_set(signer)
    async with verifier(tmp_path, entry(web.url("/jwks"))) as check:
        for audience, role in (("chorus-agent", "admin"), ("chorus-internal", "internal")):
            with pytest.raises(Unauthenticated):
                await check.verify(signer.token(aud=audience, role=role))


async def test_a_rotated_key_is_found_and_the_old_one_is_forgotten(
    web: WebServer, fetched: Fetched
) -> None:
    old, new = Signer("old"), Signer("new")
    web.answers["/jwks"] = key_set(old)
    await fetched.verify(old.token())
    web.answers["/jwks"] = key_set(new)
    fetched.now_s += REFETCH_S
    await fetched.verify(new.token())
    assert await fetched.refuses(old.token())


async def test_unknown_kids_make_one_request_each_half_minute(
    web: WebServer, fetched: Fetched
) -> None:
    web.answers["/jwks"] = key_set(Signer())
    for number in range(20):
        assert await fetched.refuses(Signer(f"unknown-{number}").token())
    assert len(web.asked) == 1
    fetched.now_s += REFETCH_S
    assert await fetched.refuses(Signer("unknown").token())
    assert len(web.asked) == 2


async def test_tokens_that_come_together_wait_for_the_same_answer(
    web: WebServer, fetched: Fetched
) -> None:
    signer = Signer()
    web.answers["/jwks"] = key_set(signer)
    found = await asyncio.gather(*(fetched.verify(signer.token()) for _ in range(20)))
    assert (len(found), len(web.asked)) == (20, 1)


async def test_known_keys_hold_for_an_hour_while_they_cannot_be_read(
    web: WebServer, fetched: Fetched
) -> None:
    signer = Signer()
    web.answers["/jwks"] = key_set(signer)
    await fetched.verify(signer.token())
    web.answers["/jwks"] = Answer(status=500)
    fetched.now_s += CACHE_S
    await fetched.verify(signer.token())
    assert len(web.asked) == 2
    fetched.now_s += STALE_S
    assert await fetched.refuses(signer.token())


async def test_a_server_that_is_down_refuses_tokens_and_breaks_nothing(tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}/jwks"
    async with verifier(tmp_path, entry(nobody)) as check:
        with pytest.raises(Unauthenticated):
            await check.verify(Signer().token())


async def test_a_redirect_is_not_followed(web: WebServer, tmp_path: Path) -> None:
    signer = Signer()
    web.answers["/elsewhere"] = key_set(signer)
    web.answers["/jwks"] = Answer(status=302, headers={"Location": web.url("/elsewhere")})
    async with verifier(tmp_path, entry(web.url("/jwks"))) as check:
        with pytest.raises(Unauthenticated):
            await check.verify(signer.token())
    assert web.asked == ["/jwks"]


@pytest.mark.parametrize("packed", [False, True])
async def test_a_huge_body_is_refused(web: WebServer, tmp_path: Path, packed: bool) -> None:
    signer = Signer()
    body = key_set(signer).body + b" " * MAX_JWKS_BYTES
    headers = {"Content-Encoding": "gzip"} if packed else {}
    web.answers["/jwks"] = Answer(gzip.compress(body) if packed else body, headers=headers)
    async with verifier(tmp_path, entry(web.url("/jwks"))) as check:
        with pytest.raises(Unauthenticated):
            await check.verify(signer.token())
    web.answers["/jwks"] = Answer(body[:MAX_JWKS_BYTES])
    async with verifier(tmp_path, entry(web.url("/jwks"))) as check:
        assert (await check.verify(signer.token())).issuer == IDP


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"keys": {}}', b'{"keys": [7, {"kid": 7}]}', b"\xff"]
)
async def test_what_is_no_key_set_refuses_the_token(
    web: WebServer, tmp_path: Path, body: bytes
) -> None:
    web.answers["/jwks"] = Answer(body)
    async with verifier(tmp_path, entry(web.url("/jwks"))) as check:
        with pytest.raises(Unauthenticated):
            await check.verify(Signer().token())


async def test_a_key_of_an_unknown_kind_does_not_spoil_the_others(
    web: WebServer, tmp_path: Path
) -> None:
    signer = Signer()
    strange = [
        {"kid": "a", "kty": "XYZ"},
        {"kid": "b", "kty": "OKP", "crv": "Ed448x", "x": "AA"},
        {"kid": "c", "kty": "RSA", "n": "?", "e": 7},
        {"kid": "d", "kty": "EC", "alg": ["ES256"]},
    ]
    web.answers["/jwks"] = Answer(orjson.dumps({"keys": [*strange, signer.jwk]}))
    async with verifier(tmp_path, entry(web.url("/jwks"))) as check:
        assert (await check.verify(signer.token())).issuer == IDP


@pytest.mark.parametrize(
    "configured",
    [
        "{}",
        "nonsense",
        '[{"name": "x"}]',
        '[{"name": "x", "jwksUrl": "https://x/y", "audiences": []}]',
        '[{"name": "chorus", "jwks_url": "https://x/y", "audiences": []}]',
        '[{"name": "x", "jwks_url": "https://x/y", "audiences": ["chorus-internal"]}]',
        '[{"name": "x", "jwks_url": "file:///etc/passwd", "audiences": []}]',
        '[{"name": "x", "jwks_url": "https://me:s3cret@x/y", "audiences": []}]',
        TWICE,
    ],
)
async def test_a_wrong_setting_is_named_and_not_repeated(configured: str, tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"^CHORUS_ISSUERS: ") as caught:
        async with configured_issuers(tmp_path, configured):
            pass
    assert "s3cret" not in str(caught.value)
