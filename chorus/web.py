"""What both HTTP edges share: problems and addresses."""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from math import ceil
from typing import Any, Final

import orjson
from starlette.responses import Response
from starlette.types import Scope

from chorus.errors import ChorusError
from chorus.settings import BadSettings

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
    """The answer for an error of the tree; whoever comes too early is told when to come again."""
    headers: dict[str, str] = {}
    if error.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "1"
    if (wait_ms := error.extra.get("retry_after_ms")) is not None:
        headers["Retry-After"] = str(max(1, ceil(wait_ms / 1000)))
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="chorus"'
    extra = {_camel(name): value for name, value in error.extra.items()}
    return problem(error.status, error.slug, error.detail, headers=headers, extra=extra)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


def networks(named: str) -> tuple[Network, ...]:
    """Read a comma-separated list of networks.

    Raises:
        BadSettings: one of them is none.
    """
    try:
        listed = (one.strip() for one in named.split(",") if one.strip())
        return tuple(ipaddress.ip_network(one, strict=False) for one in listed)
    except ValueError as error:
        raise BadSettings("CHORUS_TRUSTED_PROXIES: write networks, like 10.0.0.0/8") from error


def client_address(scope: Scope, trusted: Sequence[Network]) -> str:
    """Find who called: the rightmost hop of X-Forwarded-For that is no proxy of ours.

    What stands left of it was written by the caller and proves nothing. A hop that is no address
    is nobody's: "unknown", and so never excused as loopback. A peer without an address (a Unix
    socket) counts as 127.0.0.1.
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
