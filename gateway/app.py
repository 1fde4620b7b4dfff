"""The gateway process: settings → resources → app. The only module here that constructs.

`create_app` is an ASGI app with a lifespan, so the launcher can mount it beside the chat API.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypedDict

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute

from chorus import garbage, log, metrics
from chorus.tasks import vital
from chorus.web import json_response
from gateway import upkeep
from gateway.chat_socket import conversation_socket, inbox_socket
from gateway.resources import Resources, check, open_resources
from gateway.server import ServerSettings, listening_socket, serve
from gateway.settings import GatewaySettings
from gateway.sse import events

Opener = Callable[[GatewaySettings], AbstractAsyncContextManager[Resources]]


class State(TypedDict):
    resources: Resources


def create_app(
    settings: GatewaySettings | None = None, opener: Opener = open_resources
) -> Starlette:
    """Build the app; its lifespan opens what it needs and runs what goes by the clock."""
    chosen = settings or GatewaySettings.from_env(os.environ)
    check(chosen)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[State]:
        async with opener(chosen) as resources, _running(resources):
            app.state.resources = resources
            yield {"resources": resources}

    return Starlette(
        routes=[
            WebSocketRoute("/ws/v1/conversations/{conversation_id:uuid}", conversation_socket),
            WebSocketRoute("/ws/v1/inbox", inbox_socket),
            Route(
                "/livechat/conversations/{conversation_id:uuid}/events",
                events,
                methods=["GET", "OPTIONS"],
            ),
            Route("/healthz", _healthz),
            Route("/readyz", _readyz),
            Route("/metrics", _metrics),
        ],
        lifespan=lifespan,
    )


@asynccontextmanager
async def _running(resources: Resources) -> AsyncIterator[None]:
    """Run the clockwork while the app is up; a part that fails takes the process down loudly."""
    work: list[Coroutine[Any, Any, None]] = [
        resources.listener.run(),
        resources.forwarder.run(),
        resources.marks.run(),
        resources.inboxes.run(),
        resources.announcer.run(resources.settings.presence_every_ms / 1000),
        upkeep.tick_for_ever(resources),
        upkeep.nack_for_ever(resources),
        upkeep.watch_writes(resources),
        upkeep.compare_heads(resources),
        upkeep.watch_redis(resources),
        upkeep.sing(resources),
        upkeep.watch_store(resources),
        metrics.watch_event_loop("gateway"),
    ]
    async with vital(*work):
        try:
            yield
        finally:
            await resources.marks.flush()


async def drain(app: Starlette) -> None:
    """Move every socket away: what SIGTERM does first."""
    resources: Resources = app.state.resources
    await upkeep.drain(resources, over_s=resources.settings.drain_s)


def readiness(app: Starlette) -> tuple[bool, dict[str, Any]]:
    """Whether this gateway can serve, and what it knows of what it depends on."""
    resources: Resources | None = getattr(app.state, "resources", None)
    if resources is None:
        return False, {"redis": False, "chat": False, "draining": False, "degraded": []}
    ready = all(resources.answered.values()) and not resources.draining
    facts = {
        **resources.answered,
        "draining": resources.draining,
        "degraded": sorted(resources.health.degraded),
    }
    return ready, facts


async def _healthz(_request: Request) -> Response:
    return json_response({"status": "ok"})


async def _readyz(request: Request) -> Response:
    ready, facts = readiness(request.app)
    return json_response(facts, 200 if ready else 503)


async def _metrics(_request: Request) -> Response:
    return Response(metrics.render(), media_type=metrics.CONTENT_TYPE)


async def run(settings: GatewaySettings) -> None:
    """Serve until SIGTERM, then drain."""
    app = create_app(settings)
    listener = listening_socket(settings.host, settings.port, reuse_port=settings.edges > 1)

    async def on_drain() -> None:
        await drain(app)

    garbage.settle(garbage.LONG_LIVED)
    await serve(
        app,
        [listener],
        on_drain=on_drain,
        settings=ServerSettings(drain_max_s=settings.drain_s + 5),
    )


def main() -> None:
    """`chorus gateway`."""
    settings = GatewaySettings.from_env(os.environ)
    log.setup(process="gateway", level=settings.log_level, form=settings.log_format)
    asyncio.run(run(settings))
