"""Who may call a route: declared beside it, shown in OpenAPI, enforced before the body is read.

A route without a declaration cannot be made: there is no default but to refuse.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl

import orjson
from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute

from chat_service.limits import Caller, Meter
from chat_service.resources import Resources
from chat_service.trust import require
from chorus.auth import Principal
from chorus.errors import BadRequest, ChorusError, RateLimited, Unauthenticated
from chorus.web import client_address

AGENTS: Final = frozenset({"agent", "supervisor", "admin"})
AGENTS_AND_SERVICES: Final = AGENTS | {"server"}
JSON_DEPTH_MAX: Final = 20
SCHEMES: Final[dict[str, Any]] = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "service": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`Token <secret>.<tenant>`, for services.",
    },
}


@dataclass(frozen=True, slots=True)
class Public:
    """Anybody may call it; `why` says why that is right."""

    why: str


@dataclass(frozen=True, slots=True)
class Needs:
    """Only a token with `scope` may call it and, where `roles` are named, only of those roles."""

    scope: str
    roles: frozenset[str] = field(default_factory=frozenset)
    meter: Meter | None = None
    """The bucket of the caller that a request takes from besides the one for all requests."""


Access = Public | Needs


class BadJson(BadRequest):
    """The body is not the JSON that this route takes."""

    status = HTTPStatus.BAD_REQUEST

    @property
    def slug(self) -> str:
        return "BAD_JSON"


class WrongType(BadRequest):
    """Send the body as application/json."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE

    @property
    def slug(self) -> str:
        return "UNSUPPORTED_MEDIA_TYPE"


class BadQuery(BadRequest):
    """A query parameter is given twice, or holds what no parameter can."""

    status = HTTPStatus.BAD_REQUEST


def declared(access: Access) -> dict[str, Any]:
    """What OpenAPI and the guard read: the one declaration of a route."""
    if isinstance(access, Public):
        return {"security": [], "x-public": access.why}
    wanted = [access.scope]
    stated = {
        "security": [{"bearer": wanted}, {"service": wanted}],
        "x-roles": sorted(access.roles),
    }
    return stated if access.meter is None else {**stated, "x-meter": access.meter}


class GuardedRoute(APIRoute):
    """A route that lets nobody through whom its declaration does not name."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        extra = self.openapi_extra or {}
        if "security" not in extra:
            raise TypeError(f"{self.path} does not declare who may call it")
        inner = super().get_route_handler()
        scopes = [one["bearer"][0] for one in extra["security"] if "bearer" in one]
        roles = frozenset(extra.get("x-roles", ()))
        meter = extra.get("x-meter")
        takes_body = self.body_field is not None

        async def handle(request: Request) -> Response:
            _check_query(request)
            if scopes:
                await _admit(request, scopes[0], roles, meter=meter)
            if takes_body:
                await _check_body(request)
            response = await inner(request)
            response.headers.update(allowance_of(request))
            return response

        return handle


def allowance_of(request: Request) -> dict[str, str]:
    """The headers about the limit that this request was counted by; none before it was."""
    allowance = getattr(request.state, "allowance", None)
    return {} if allowance is None else allowance.headers


async def _admit(
    request: Request, scope: str, roles: frozenset[str], *, meter: Meter | None
) -> None:
    resources: Resources = request.state.resources
    principal = await resources.trust.principal(request.headers.get("authorization", ""))
    allowance = resources.limits.request(principal, meter)
    request.state.allowance = allowance
    if not allowance.granted:
        raise RateLimited(retry_after_ms=allowance.reset_s * 1000)
    require(principal, scope, roles)
    request.state.principal = principal


def _check_query(request: Request) -> None:
    """Refuse parameters given twice (which one counts differs by server) and NUL characters."""
    query = request.url.query
    if "%00" in query or "\x00" in query:
        raise BadQuery
    names = [name for name, _ in parse_qsl(query, keep_blank_values=True, max_num_fields=100)]
    if len(names) != len(set(names)):
        raise BadQuery


async def _check_body(request: Request) -> None:
    """Refuse what no handler should see: other types, bad JSON, deep nesting, NUL characters."""
    body = await request.body()
    if not body:
        return
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    if kind.strip().lower() != "application/json" or not _is_utf8(parameters):
        raise WrongType
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadJson from error
    if _too_deep(value, JSON_DEPTH_MAX):
        raise BadJson("This is nested too deeply.")
    if b"\\u0000" in body and _holds_nul(value):
        raise BadRequest("A NUL character cannot be stored.")


def _is_utf8(parameters: str) -> bool:
    name, _, charset = parameters.strip().partition("=")
    return name.lower() != "charset" or charset.strip('"').lower() in ("utf-8", "utf8")


def _too_deep(value: Any, budget: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    children = value.values() if isinstance(value, dict) else value
    return budget == 0 or any(_too_deep(child, budget - 1) for child in children)


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(_holds_nul(part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(_holds_nul(part) for part in value)


def _resources(request: Request) -> Resources:
    resources: Resources = request.state.resources
    return resources


def _principal(request: Request) -> Principal:
    principal: Principal = request.state.principal
    return principal


def caller_of(request: Request) -> Caller:
    """The address that asks, after the proxies this installation trusts."""
    return Caller(client_address(request.scope, _resources(request).trusted))


async def optional_principal(request: Request) -> Principal | None:
    """Whoever a token names, on a public route that knows some callers; a bad token is refused."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    return await _resources(request).trust.principal(header)


async def departing_principal(request: Request) -> Principal | None:
    """The same where a token that is no longer good hinders nothing."""
    try:
        return await optional_principal(request)
    except (Unauthenticated, ChorusError):
        return None


With = Annotated[Resources, Depends(_resources)]
Who = Annotated[Principal, Depends(_principal)]
From = Annotated[Caller, Depends(caller_of)]
MaybeWho = Annotated[Principal | None, Depends(optional_principal)]
Departing = Annotated[Principal | None, Depends(departing_principal)]
Endpoint = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the table of routes."""

    method: str
    path: str
    endpoint: Endpoint
    access: Access
    summary: str
    answers: Any = None
    """The shape of a good answer, for OpenAPI and as what is sent."""
    status: int = 200
    shown: bool = True
    """Whether OpenAPI lists it."""
    described: Mapping[str, Any] = field(default_factory=dict)
    """What OpenAPI cannot see in the endpoint, as a body that is not JSON."""
