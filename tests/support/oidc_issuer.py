"""An identity provider on loopback: discovery, keys, a page that sends back at once, and codes.

It checks what a real one would: the client's secret, PKCE, the address to go back to, and that a
code is used once. Tests say who signs in, and what goes wrong.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm

KID: Final = "of-the-issuer"
CLIENT_ID: Final = "chorus"
CLIENT_SECRET: Final = "s/e:c+r et"
ACCESS: Final = "opens-the-profile"
Claims = dict[str, Any]
Signer = Callable[[Claims], str]


@dataclass(slots=True)
class Answer:
    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class OidcIssuer:
    """`person` signs in; what `said` holds stands in the next ID tokens instead (None: is left out)."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/realms/acme"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.forget_faults()

    def forget_faults(self) -> None:
        self.person: Claims = {}
        self.said: Claims = {}
        self.profile: Claims = {}
        self.published: Claims = {}
        self.returns: dict[str, str] = {}
        self.answers: dict[str, Answer] = {}
        self.signer: Signer = self.signed
        self.held: threading.Event | None = None

    def signed(self, claims: Claims) -> str:
        return jwt.encode(claims, self._key, algorithm="ES256", headers={"kid": KID})

    def public_pem(self) -> bytes:
        key = self._key.public_key()
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def discovery(self) -> Claims:
        known: Claims = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "authorization_response_iss_parameter_supported": True,
        }
        return {**known, **self.published}

    def keys(self) -> Claims:
        public = ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": KID, "use": "sig"}]}

    def authorize(self, asked: Mapping[str, str]) -> str:
        """Where the browser goes next: whoever it is has signed in already."""
        code = secrets.token_urlsafe(16)
        self._codes[code] = dict(asked)
        back = {"code": code, "state": asked["state"], "iss": self.url, **self.returns}
        return f"{asked['redirect_uri']}?{urlencode({k: v for k, v in back.items() if v})}"

    def change(self, fields: Mapping[str, str], authorization: str) -> Answer:
        """Change a code for an ID token, once, for the client that it was made for."""
        asked = self._codes.pop(fields.get("code", ""), None)
        verifier = hashlib.sha256(fields.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if not _is_client(authorization):
            return _json({"error": "invalid_client"}, 401)
        if (
            asked is None
            or asked["code_challenge_method"] != "S256"
            or asked["code_challenge"] != challenge
            or asked["redirect_uri"] != fields.get("redirect_uri")
            or fields.get("grant_type") != "authorization_code"
        ):
            return _json({"error": "invalid_grant"}, 400)
        claims = {**self.usual(asked["nonce"]), **self.person, **self.said}
        token = self.signer({name: value for name, value in claims.items() if value is not None})
        return _json({"token_type": "Bearer", "access_token": ACCESS, "id_token": token})

    def usual(self, nonce: str) -> Claims:
        now = int(time.time())
        return {
            "iss": self.url,
            "aud": CLIENT_ID,
            "sub": "somebody",
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
        }

    def answer(self, method: str, path: str, body: bytes, authorization: str) -> Answer:
        """What a request gets."""
        parts = urlsplit(path)
        name = parts.path.removeprefix("/realms/acme")
        self.asked.append(f"{method} {name}")
        if self.held is not None:
            self.held.wait(10)
        if name in self.answers:
            return self.answers[name]
        if name == "/.well-known/openid-configuration":
            return _json(self.discovery())
        if name == "/keys":
            return _json(self.keys())
        if name == "/authorize":
            return Answer(b"", 302, {"Location": self.authorize(dict(parse_qsl(parts.query)))})
        if name == "/userinfo":
            known = authorization == f"Bearer {ACCESS}"
            return _json(self.profile) if known else _json({}, 401)
        if (method, name) == ("POST", "/token"):
            return self.change(dict(parse_qsl(body.decode())), authorization)
        return _json({}, 404)


def _is_client(authorization: str) -> bool:
    kind, _, spelled = authorization.partition(" ")
    named, _, secret = base64.b64decode(spelled).decode().partition(":")
    return kind == "Basic" and (unquote(named), unquote(secret)) == (CLIENT_ID, CLIENT_SECRET)


def _json(said: Claims, status: int = 200) -> Answer:
    return Answer(json.dumps(said).encode(), status, {"Content-Type": "application/json"})


@contextmanager
def oidc_issuer() -> Iterator[OidcIssuer]:
    """Serve until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("GET")

        def do_POST(self) -> None:
            self._answer("POST")

        def _answer(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            known = self.headers.get("authorization", "")
            answer = issuer.answer(method, self.path, body, known)
            try:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)
            except ConnectionError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = OidcIssuer(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
