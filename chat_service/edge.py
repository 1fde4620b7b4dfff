"""What every REST request passes: metrics, the last answer to a crash, CORS, safe headers."""

from time import perf_counter
from typing import Any, Final
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chat_service.resources import Resources
from chorus import metrics
from chorus.errors import ChorusError
from chorus.log import get_logger
from chorus.web import problem

log = get_logger(__name__)
_ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key",
    "Access-Control-Max-Age": "600",
}
_EXPOSED: Final = "RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, X-Request-Id"


class Edge:
    """Measures, answers when everything else failed, and lets only known pages read answers.

    Credentials are never allowed: a browser sends none of ours by itself, so a page that is not
    known can do nothing that a program could not.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        allowed = await _cors(scope)
        answering = _Answering(send, allowed)
        started = perf_counter()
        try:
            if _is_preflight(scope):
                response = Response(status_code=204, headers=_PREFLIGHT if allowed else None)
                await response(scope, receive, answering)
            else:
                await self._app(scope, receive, answering)
        except Exception:
            log.exception("request_crashed", path=_route(scope), request=answering.request_id)
            if answering.status:
                raise
            sorry = problem(500, "INTERNAL", "Something went wrong on our side. Try again.")
            await sorry(scope, receive, answering)
        finally:
            _count(scope, answering.status, perf_counter() - started)


class _Answering:
    """A `send` that adds headers and remembers the status."""

    def __init__(self, send: Send, allowed: dict[str, str]) -> None:
        self._send = send
        self._allowed = allowed
        self.request_id = uuid4().hex
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in _ALWAYS.items():
                headers.setdefault(name, value)
            headers["X-Request-Id"] = self.request_id
            headers.add_vary_header("Origin")
            headers.update(self._allowed)
        await self._send(message)


async def _cors(scope: Scope) -> dict[str, str]:
    """The headers that let a known page read the answer; none for others."""
    origin = Headers(scope=scope).get("origin")
    resources: Resources | None = scope.get("state", {}).get("resources")
    if origin is None or resources is None:
        return {}
    try:
        known = await resources.origins.knows(origin)
    except ChorusError:
        known = False
    if not known:
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": _EXPOSED,
    }


def _is_preflight(scope: Scope) -> bool:
    if scope["method"] != "OPTIONS":
        return False
    return "access-control-request-method" in Headers(scope=scope)


def _route(scope: Scope) -> str:
    """The route's template: a path with ids would be a label without end."""
    route: Any = scope.get("route")
    return str(getattr(route, "path", "none"))


def _count(scope: Scope, status: int, seconds: float) -> None:
    route, method = _route(scope), scope["method"]
    if method not in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"):
        method = "other"
    metrics.http_requests_total.labels(route, method, str(status)).inc()
    metrics.http_request_ms.labels(route, method).observe(seconds * 1000)
