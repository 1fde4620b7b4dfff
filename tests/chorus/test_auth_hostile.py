"""The hostile tokens of the threat model (RFC 8725): none is believed, none causes a crash."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives import serialization

from chorus.auth import (
    AUD_AGENT,
    AUD_INTERNAL,
    AUD_SERVER,
    AUD_VISITOR,
    TokenMaker,
    foreign_user_id,
)
from chorus.errors import TokenExpired, Unauthenticated
from tests.chorus import tokens
from tests.chorus.tokens import AGENT, IDP, OTHER_IDP, STRANGER, TENANT, Mint, b64, claims

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def mint(tmp_path_factory: pytest.TempPathFactory) -> Mint:
    return Mint(tmp_path_factory.mktemp("keys"))


def _swap(token: str, place: int, part: str) -> str:
    parts = token.split(".")
    parts[place] = part
    return ".".join(parts)


def _nested(mint: Mint) -> str:
    inner = mint.sign()
    return mint.sign_raw(orjson.dumps(inner), cty="JWT")


def _stranger(mint: Mint, **header: Any) -> str:
    pem = STRANGER.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    headers = {"kid": mint.signing.kid, **header}
    return jwt.encode(claims(), pem, algorithm="EdDSA", headers=headers)


def _stranger_jwk() -> dict[str, Any]:
    public = jwt.algorithms.OKPAlgorithm.to_jwk(STRANGER.public_key(), as_dict=True)
    return {**public, "kid": "theirs"}


def _tail_bits(mint: Mint) -> str:
    """Flip a bit of the signature's last character that no decoder looks at."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = mint.sign()
    return token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]


IDP_CLAIMS: dict[str, Any] = {"iss": IDP, "sub": "u1", "aud": AUD_VISITOR, "role": "visitor"}
OTHER_CLAIMS: dict[str, Any] = {
    "iss": OTHER_IDP,
    "uid": "u1",
    "org": str(TENANT),
    "aud": AUD_AGENT,
    "kind": "agent",
}

HOSTILE: dict[str, Callable[[Mint], str]] = {
    # Signatures that are none, or somebody else's.
    "alg none": lambda mint: mint.unsigned("none"),
    "alg None": lambda mint: mint.unsigned("None"),
    "alg NONE": lambda mint: mint.unsigned("NONE"),
    "alg nOnE": lambda mint: mint.unsigned("nOnE"),
    "alg none, with a signature": lambda mint: mint.unsigned("none", b"x" * 64),
    "alg empty": lambda mint: mint.unsigned(""),
    "alg missing": lambda mint: mint.unsigned(None),
    "alg null byte": lambda mint: mint.unsigned("EdDSA\0"),
    "alg a list": lambda mint: mint.unsigned(["EdDSA"]),
    "alg a number": lambda mint: mint.unsigned(1),
    "EdDSA without signature": lambda mint: mint.unsigned("EdDSA"),
    "EdDSA with zeros": lambda mint: mint.unsigned("EdDSA", bytes(64)),
    "signature cut off": lambda mint: mint.sign().rpartition(".")[0],
    "signature truncated": lambda mint: mint.sign()[:-6],
    "signature of another token": lambda mint: _swap(
        mint.sign(), 2, mint.sign(claims(jti="k")).split(".")[2]
    ),
    "signature by a stranger under our kid": _stranger,
    "HS256 with our public key as secret": lambda mint: mint.hmac_token(mint.public_pem),
    "HS256 with an empty secret": lambda mint: mint.hmac_token(b""),
    "HS256 with the oct key of a JWKS": lambda mint: mint.hmac_token(
        b"s" * 32, claims(**IDP_CLAIMS), kid="oct-1"
    ),
    "HS256 under an RSA kid": lambda mint: mint.hmac_token(
        orjson.dumps(tokens.rsa_jwk("rsa-1")), claims(**IDP_CLAIMS), kid="rsa-1"
    ),
    "RS256 under our kid": lambda mint: tokens.rsa_token(claims(), kid=mint.signing.kid),
    "ES256 under our kid": lambda mint: tokens.ec_token(claims(), mint.signing.kid),
    "PS256 with a key for RS256": lambda mint: tokens.rsa_token(claims(**IDP_CLAIMS), alg="PS256"),
    "RS512 with a key for RS256": lambda mint: tokens.rsa_token(claims(**IDP_CLAIMS), alg="RS512"),
    "header says RS256, signature is EdDSA": lambda mint: mint.sign(alg="RS256"),
    "an encryption key signs": lambda mint: tokens.rsa_token(claims(**IDP_CLAIMS), kid="enc-1"),
    # Keys that the token brings along or points at.
    "jwk in the header": lambda mint: _stranger(mint, jwk=_stranger_jwk()),
    "jwk and its own kid": lambda mint: _stranger(mint, jwk=_stranger_jwk(), kid="theirs"),
    "jku in the header": lambda mint: _stranger(mint, jku="http://127.0.0.1:9/jwks.json"),
    "x5u in the header": lambda mint: _stranger(mint, x5u="http://127.0.0.1:9/cert.pem"),
    "x5c in the header": lambda mint: _stranger(mint, x5c=["AAAA"]),
    "kid missing": lambda mint: mint.sign(kid=None),
    "kid unknown": lambda mint: mint.sign(kid="nobody"),
    "kid empty": lambda mint: mint.sign(kid=""),
    "kid a path": lambda mint: mint.sign(kid=f"../keys/{mint.signing.kid}"),
    "kid an absolute path": lambda mint: mint.sign(kid="/dev/null"),
    "kid with SQL": lambda mint: mint.sign(kid="x' OR '1'='1"),
    "kid very long": lambda mint: mint.sign(kid="k" * 2000),
    "kid a number": lambda mint: mint.sign(kid=7),
    "kid a list": lambda mint: mint.sign(kid=[mint.signing.kid]),
    # Another issuer, audience, role or kind of token.
    "issuer unknown": lambda mint: mint.sign(claims(iss="https://evil.example")),
    "issuer missing": lambda mint: mint.sign(claims(iss=None)),
    "issuer a list": lambda mint: mint.sign(claims(iss=["chorus"])),
    "issuer with a slash more": lambda mint: tokens.rsa_token(
        claims(**IDP_CLAIMS | {"iss": IDP + "/"})
    ),
    "our kid under a foreign issuer": lambda mint: mint.sign(claims(**IDP_CLAIMS)),
    "a foreign key for our issuer": lambda mint: tokens.rsa_token(claims(), kid="rsa-1"),
    "an issuer of visitors makes an agent": lambda mint: tokens.rsa_token(
        claims(**IDP_CLAIMS | {"aud": AUD_AGENT, "role": "agent"})
    ),
    "an issuer of agents makes an insider": lambda mint: tokens.rsa_token(
        claims(**OTHER_CLAIMS | {"aud": AUD_INTERNAL, "kind": "internal"})
    ),
    "audience missing": lambda mint: mint.sign(claims(aud=None)),
    "audience unknown": lambda mint: mint.sign(claims(aud="account")),
    "audience a list": lambda mint: mint.sign(claims(aud=[AUD_AGENT])),
    "audience a list with more": lambda mint: mint.sign(claims(aud=["x", AUD_AGENT])),
    "role of another audience": lambda mint: mint.sign(claims(aud=AUD_VISITOR)),
    "a visitor as admin": lambda mint: mint.sign(claims(aud=AUD_VISITOR, role="admin")),
    "a server as agent": lambda mint: mint.sign(claims(aud=AUD_SERVER)),
    "an agent as insider": lambda mint: mint.sign(claims(role="internal")),
    "role unknown": lambda mint: mint.sign(claims(role="root")),
    "role missing": lambda mint: mint.sign(claims(role=None)),
    "role a list": lambda mint: mint.sign(claims(role=["agent"])),
    "typ of an access token": lambda mint: mint.sign(typ="at+jwt"),
    "typ of a refresh token": lambda mint: mint.sign(typ="refresh+jwt"),
    "typ a logout token": lambda mint: mint.sign(typ="logout+jwt"),
    # Times.
    "exp missing": lambda mint: mint.sign(claims(exp=None)),
    "exp a string": lambda mint: mint.sign(claims(exp=str(tokens.now() + 600))),
    "exp huge": lambda mint: mint.sign(claims(exp=2**60)),
    "exp a float": lambda mint: mint.sign(claims(exp=tokens.now() + 600.5)),
    "exp 1e308": lambda mint: mint.sign_raw(
        orjson.dumps(claims(exp=1)).replace(b'"exp":1,', b'"exp":1e308,')
    ),
    "exp infinite": lambda mint: mint.sign_raw(
        orjson.dumps(claims(exp=1)).replace(b'"exp":1,', b'"exp":Infinity,')
    ),
    "exp true": lambda mint: mint.sign(claims(exp=True)),
    "exp a list": lambda mint: mint.sign(claims(exp=[tokens.now() + 600])),
    "exp negative": lambda mint: mint.sign(claims(exp=-1)),
    "exp in the past": lambda mint: mint.sign(
        claims(iat=tokens.now() - 700, exp=tokens.now() - 100)
    ),
    "iat missing": lambda mint: mint.sign(claims(iat=None)),
    "iat a string": lambda mint: mint.sign(claims(iat="0")),
    "iat in the future": lambda mint: mint.sign(
        claims(iat=tokens.now() + 300, exp=tokens.now() + 600)
    ),
    "nbf in the future": lambda mint: mint.sign(claims(nbf=tokens.now() + 300)),
    "a life longer than allowed": lambda mint: mint.sign(claims(exp=tokens.now() + 3600)),
    "a life of a year": lambda mint: mint.sign(
        claims(iat=tokens.now() - 10**7, exp=tokens.now() + 10**7)
    ),
    # Who.
    "tenant missing": lambda mint: mint.sign(claims(tid=None)),
    "tenant a list": lambda mint: mint.sign(claims(tid=[str(TENANT)])),
    "tenant no id": lambda mint: mint.sign(claims(tid="demo")),
    "tenant empty": lambda mint: mint.sign(claims(tid="")),
    "subject missing": lambda mint: mint.sign(claims(sub=None)),
    "subject no id": lambda mint: mint.sign(claims(sub="admin")),
    "subject a number": lambda mint: mint.sign(claims(sub=1)),
    "subject an object": lambda mint: mint.sign(claims(sub={"$ne": 1})),
    "foreign subject empty": lambda mint: tokens.rsa_token(claims(**IDP_CLAIMS | {"sub": ""})),
    "foreign subject too long": lambda mint: tokens.rsa_token(
        claims(**IDP_CLAIMS | {"sub": "s" * 256})
    ),
    "conversation no id": lambda mint: mint.sign(claims(conv="x")),
    # Shapes.
    "empty": lambda mint: "",
    "a dot": lambda mint: ".",
    "two dots": lambda mint: "..",
    "five parts": lambda mint: mint.sign() + ".a.b",
    "trailing dot": lambda mint: mint.sign() + ".",
    "a space in front": lambda mint: " " + mint.sign(),
    "a newline behind": lambda mint: mint.sign() + "\n",
    "a NUL behind": lambda mint: mint.sign() + "\0",
    "not ASCII": lambda mint: mint.sign() + "é",
    "standard base64": lambda mint: mint.sign() + "+/==",
    "tail bits of the signature": _tail_bits,
    "padding of the signature": lambda mint: mint.sign() + "==",
    "a space within": lambda mint: mint.sign().replace(".", ". ", 1),
    "claims are a list": lambda mint: mint.sign_raw(b"[]"),
    "claims are null": lambda mint: mint.sign_raw(b"null"),
    "claims are no JSON": lambda mint: mint.sign_raw(b"{"),
    "claims are not UTF-8": lambda mint: mint.sign_raw(b'{"iss":"\xff"}'),
    "claims nested deeply": lambda mint: mint.sign_raw(b'{"a":' * 400 + b"1" + b"}" * 400),
    "header is a list": lambda mint: _swap(mint.sign(), 0, b64(b"[]")),
    "header is null": lambda mint: _swap(mint.sign(), 0, b64(b"null")),
    "a token in a token": _nested,
    "detached payload": lambda mint: mint.sign(b64=False, crit=["b64"]),
    "unknown crit": lambda mint: mint.sign(crit=["x"], x=1),
    "payload swapped": lambda mint: _swap(mint.sign(), 1, b64(orjson.dumps(claims(role="admin")))),
    "over 4 KiB": lambda mint: mint.sign(claims(pad="p" * 4096)),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_token_is_not_believed(mint: Mint, name: str) -> None:
    token = HOSTILE[name](mint)
    with pytest.raises(Unauthenticated) as refused:
        await tokens.verifier(mint).verify(token)
    # One sentence for all, so that nobody learns which check failed.
    assert refused.value.detail in (Unauthenticated().detail, TokenExpired().detail)
    assert len(token) < 3 or token[:20] not in str(refused.value)


def test_there_are_hostile_tokens_enough() -> None:
    assert len(HOSTILE) >= 64


async def test_a_good_token_of_ours_is_believed(mint: Mint) -> None:
    principal = await tokens.verifier(mint).verify(mint.sign())
    assert (principal.tenant_id, principal.user_id, principal.role) == (TENANT, AGENT, "agent")


async def test_good_tokens_of_configured_issuers_are_believed(mint: Mint) -> None:
    checker = tokens.verifier(mint)
    visitor = await checker.verify(tokens.rsa_token(claims(**IDP_CLAIMS)))
    agent = await checker.verify(tokens.rsa_token(claims(**OTHER_CLAIMS)))
    assert visitor.user_id == foreign_user_id(IDP, TENANT, "u1")
    assert agent.user_id == foreign_user_id(OTHER_IDP, TENANT, "u1")
    assert (visitor.role, agent.role) == ("visitor", "agent")


async def test_the_same_kid_of_two_issuers_means_two_keys(mint: Mint) -> None:
    """`rsa-1` exists twice; whose it is follows from the issuer, never from the kid alone."""
    visitor = tokens.rsa_token(claims(**IDP_CLAIMS | {"tid": str(tokens.OTHER_TENANT)}))
    principal = await tokens.verifier(mint).verify(visitor)
    assert principal.tenant_id == TENANT


async def test_an_expired_token_says_so_only_when_all_else_fits(mint: Mint) -> None:
    past = {"iat": tokens.now() - 700, "exp": tokens.now() - 100}
    with pytest.raises(TokenExpired):
        await tokens.verifier(mint).verify(mint.sign(claims(**past)))
    with pytest.raises(Unauthenticated) as refused:
        await tokens.verifier(mint).verify(_swap(mint.sign(claims(**past)), 2, b64(bytes(64))))
    assert not isinstance(refused.value, TokenExpired)


async def test_a_token_asks_for_less_than_its_role_has_never_for_more(mint: Mint) -> None:
    checker = tokens.verifier(mint)
    less = await checker.verify(mint.sign(claims(scopes=["chat:read"])))
    more = await checker.verify(mint.sign(claims(scopes=["admin:write", "chat:write"])))
    odd = await checker.verify(mint.sign(claims(scopes={"chat:read": True})))
    assert less.scopes == {"chat:read"}
    assert more.scopes == {"chat:write"}
    assert odd.scopes == frozenset()


async def test_what_we_make_we_believe_for_every_audience(mint: Mint) -> None:
    checker, maker = tokens.verifier(mint), TokenMaker(mint.directory)
    for role, audience in (
        ("visitor", AUD_VISITOR),
        ("admin", AUD_AGENT),
        ("server", AUD_SERVER),
        ("internal", AUD_INTERNAL),
    ):
        token, expires_at = maker.make(
            tenant_id=TENANT, user_id=AGENT, role=role, audience=audience, origin="https://a.test"
        )
        principal = await checker.verify(token)
        assert (principal.role, principal.expires_at) == (role, expires_at)
        assert principal.origin == "https://a.test"
        assert len(token) < 1024


async def test_a_key_made_after_the_start_is_found_at_its_first_token(tmp_path: Path) -> None:
    mint = Mint(tmp_path)
    checker = tokens.verifier(mint)
    await checker.verify(mint.sign())
    before = mint.sign()
    fresh = Mint(tmp_path)
    assert (await checker.verify(fresh.sign())).user_id == AGENT
    assert (await checker.verify(before)).user_id == AGENT
