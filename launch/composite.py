"""Two ASGI applications and the built pages behind one port, as production path rules would do.

The chat API starts first and stops last: the gateway talks to it, also while it drains.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from launch.faults import first_cause
from launch.readiness import merged_readiness

STARTUP_TIMEOUT_S = 60
SHUTDOWN_TIMEOUT_S = 60

_EVENTS = re.compile(r"/livechat/conversations/[^/]+/events")


class LifespanFailed(Exception):
    """An application refused to start or stop; the message is its own."""


def belongs_to_gateway(scope: Scope) -> bool:
    """Say whether the gateway answers: every socket, and the event stream that replaces one."""
    path = scope["path"]
    return (
        scope["type"] == "websocket"
        or path.startswith("/ws/")
        or _EVENTS.fullmatch(path) is not None
    )


class Composite:
    """Routes each request to gateway, pages or API; each has a lifespan and state of its own."""

    def __init__(
        self, *, gateway: ASGIApp, api: ASGIApp, pages: ASGIApp, is_page: Callable[[str], bool]
    ) -> None:
        self._gateway, self._api, self._pages = gateway, api, pages
        self._is_page = is_page
        self._states: dict[int, dict[str, Any]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["type"] == "http" and scope["path"] == "/readyz":
            both = {"gateway": self._gateway, "api": self._api}
            asked = {name: (app, self._scope(app, scope)) for name, app in both.items()}
            await (await merged_readiness(asked))(scope, receive, send)
            return
        app = self._choose(scope)
        await app(self._scope(app, scope), receive, send)

    def _scope(self, app: ASGIApp, scope: Scope) -> Scope:
        """Copy the scope for one application, with the state of its own lifespan."""
        return {**scope, "state": dict(self._states.get(id(app), {}))}

    def _choose(self, scope: Scope) -> ASGIApp:
        if belongs_to_gateway(scope):
            return self._gateway
        if self._is_page(scope["path"]):
            return self._pages
        return self._api

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        async with AsyncExitStack() as running:
            try:
                for app in (self._api, self._gateway):
                    self._states[id(app)] = await running.enter_async_context(lifespan(app))
            except LifespanFailed as error:
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


@asynccontextmanager
async def lifespan(app: ASGIApp) -> AsyncIterator[dict[str, Any]]:
    """Run one application's startup and shutdown and lend what it keeps as state.

    Raises:
        LifespanFailed: it did not come up, or ended by itself.
    """
    state: dict[str, Any] = {}
    to_app: asyncio.Queue[Message] = asyncio.Queue()
    from_app: asyncio.Queue[Message] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": state}
    try:
        async with asyncio.TaskGroup() as owner:
            owner.create_task(_run(app, scope, to_app, from_app), name="lifespan")
            await _step("startup", to_app, from_app, STARTUP_TIMEOUT_S)
            try:
                yield state
            finally:
                await _step("shutdown", to_app, from_app, SHUTDOWN_TIMEOUT_S)
    except BaseExceptionGroup as group:
        raise first_cause(group) from group


async def _run(
    app: ASGIApp,
    scope: Scope,
    to_app: asyncio.Queue[Message],
    from_app: asyncio.Queue[Message],
) -> None:
    """Run the application's side; an exception becomes its refusal."""
    try:
        await app(scope, to_app.get, from_app.put)
    except Exception as error:  # noqa: BLE001 - any error of a startup is a refusal, said aloud
        await from_app.put(
            {"type": "lifespan.failed", "message": f"{type(error).__name__}: {error}"}
        )


async def _step(
    phase: str,
    to_app: asyncio.Queue[Message],
    from_app: asyncio.Queue[Message],
    timeout_s: float,
) -> None:
    await to_app.put({"type": f"lifespan.{phase}"})
    try:
        answer = await asyncio.wait_for(from_app.get(), timeout_s)
    except TimeoutError as error:
        raise LifespanFailed(f"no end of {phase} within {timeout_s} s") from error
    if answer["type"] != f"lifespan.{phase}.complete":
        raise LifespanFailed(str(answer.get("message", answer["type"])))
