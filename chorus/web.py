"""What both HTTP edges share: problems, origins, addresses, rate limits, bodies, readiness."""

import asyncio
import ipaddress
from collections import OrderedDict
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from math import ceil
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chorus.errors import ChorusError

PROBLEM_TYPE: Final = "application/problem+json"
JSON_TYPE: Final = "application/json"
MAX_HOPS: Final = 32
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Headers = Mapping[str, str]


def json_response(
    data: object, status: int = 200, *, headers: Headers | None = None, media: str = JSON_TYPE
) -> Response:
    return Response(orjson.dumps(data), status, dict(headers or {}), media)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    headers: Headers | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Response:
    """An RFC 9457 body: `code` is stable, `detail` is one sentence for people."""
    body = {
        **(extra or {}),
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    return Response(orjson.dumps(body, default=str), status, dict(headers or {}), PROBLEM_TYPE)


def problem_of(error: ChorusError) -> Response:
    """The answer for an error of the tree; a `retry_after_ms` among its facts becomes a header."""
    headers: dict[str, str] = {}
    if (wait_ms := error.extra.get("retry_after_ms")) is not None:
        headers["Retry-After"] = str(max(1, ceil(wait_ms / 1000)))
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="chorus"'
    extra = {_camel(name): value for name, value in error.extra.items()}
    return problem(error.status, error.slug, error.detail, headers=headers, extra=extra)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


def origin_allowed(origin: str, allowed: Iterable[str]) -> bool:
    """Compare an Origin header with an inbox's list: whole and exact, any port where it says `:*`."""
    return any(origin == one or _same_host(origin, one) for one in allowed)


def _same_host(origin: str, pattern: str) -> bool:
    if not pattern.endswith(":*"):
        return False
    try:
        parts = urlsplit(origin)
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        return False
    # Spelled again from its parts, so nothing rides along behind the port.
    spelled = f"{parts.scheme}://{_bracketed(parts.hostname or '')}"
    return origin == spelled + port and spelled == pattern.removesuffix(":*")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def networks(listed: Iterable[str]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(one, strict=False) for one in listed)


def client_address(scope: Scope, trusted: Sequence[Network]) -> str:
    """Find who called: the rightmost hop of X-Forwarded-For that is no proxy of ours.

    What stands left of it was written by the caller and proves nothing. A peer without an
    address (a Unix socket) counts as 127.0.0.1.
    """
    peer = _address(scope["client"][0] if scope.get("client") else "127.0.0.1")
    for hop in _hops(scope["headers"]):
        if peer is None or not any(peer in network for network in trusted):
            break
        peer = _address(hop)
    return str(peer) if peer is not None else "unknown"


def _hops(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    lines = [value.decode("latin-1") for name, value in headers if name == b"x-forwarded-for"]
    return ",".join(lines).rsplit(",", MAX_HOPS)[: -MAX_HOPS - 1 : -1] if lines else []


def _address(spelled: str) -> Address | None:
    bare = spelled.strip().strip('"')
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def is_loopback(address: str) -> bool:
    found = _address(address)
    return found is not None and found.is_loopback


def address_key(address: str) -> str:
    """What counts as one caller: an IPv4 address, or the /64 that one IPv6 subscriber holds."""
    found = _address(address)
    if found is None:
        return "unknown"
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(ipaddress.ip_network((found, 64), strict=False))


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a limit said about one request."""

    granted: bool
    limit: int
    remaining: int
    reset_s: int
    """Until the next request is granted, or until the bucket is full again."""

    @property
    def headers(self) -> dict[str, str]:
        named = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_s),
        }
        return named if self.granted else {**named, "Retry-After": str(max(1, self.reset_s))}


@dataclass(slots=True)
class RateLimit:
    """Token buckets by key, `per_s` each, full at first. The caller says what time it is.

    Bounded: the key that was quiet longest is forgotten first, which only ever lets it do more.
    """

    per_s: float
    burst: int
    keys_max: int = 50_000
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, key: str, now_s: float) -> Allowance:
        tokens, at_s = self._buckets.pop(key, (float(self.burst), now_s))
        tokens = min(float(self.burst), tokens + (now_s - at_s) * self.per_s)
        granted = tokens >= 1.0
        tokens -= 1.0 if granted else 0.0
        self._buckets[key] = (tokens, now_s)
        if len(self._buckets) > self.keys_max:
            self._buckets.popitem(last=False)
        missing = self.burst - tokens if granted else 1.0 - tokens
        return Allowance(granted, self.burst, int(tokens), ceil(missing / self.per_s))


class BodyLimit:
    """Reads a body of at most `max_bytes` within `timeout_s` before anything parses it."""

    def __init__(self, app: ASGIApp, *, max_bytes: int, timeout_s: float = 10.0) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._timeout_s):
                body = await self._read(scope, receive)
        except TimeoutError:
            answer = problem(408, "TIMEOUT", "The body did not arrive in time.")
            await answer(scope, receive, send)
            return
        if body is None:
            answer = problem(413, "TOO_LARGE", f"A body may have {self._max_bytes // 1024} KiB.")
            await answer(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)

    async def _read(self, scope: Scope, receive: Receive) -> bytes | None:
        """The body, None when it is too large. An honest Content-Length is refused unread."""
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced[:16]) > self._max_bytes:
            return None
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > self._max_bytes:
                return None
            if not message.get("more_body"):
                return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Give the body once, then what the server says (a disconnect)."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


@dataclass(slots=True)
class Readiness:
    """503 until every dependency has answered once, and again from `draining` on.

    One that is lost later leaves 200 with its name in `degraded`: taking every process out of
    the balancer because Redis is gone would end the very sockets that survive it (DESIGN §9).
    """

    needed: tuple[str, ...]
    draining: bool = False
    _up: MutableMapping[str, bool] = field(default_factory=dict)

    def note(self, name: str, *, up: bool) -> None:
        """Record what a probe found. A failure before the first success is no loss."""
        if up or name in self._up:
            self._up[name] = up

    @property
    def ready(self) -> bool:
        return not self.draining and all(name in self._up for name in self.needed)

    @property
    def degraded(self) -> list[str]:
        return [name for name, up in self._up.items() if not up]

    def answer(self) -> Response:
        found = {name: self._word(name) for name in (*self.needed, *self._up)}
        body = {"ready": self.ready, "degraded": self.degraded, "dependencies": found}
        return json_response(
            {**body, "draining": self.draining},
            200 if self.ready else 503,
            headers={"Cache-Control": "no-store"},
        )

    def _word(self, name: str) -> str:
        up = self._up.get(name)
        return "waiting" if up is None else "up" if up else "down"
