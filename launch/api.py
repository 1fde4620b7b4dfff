"""The `api` process: the chat API alone, behind the same hardened server as the edge."""

import asyncio
import os

import uvloop

from chat_service.app import create_app
from chat_service.resources import reach_store
from chat_service.settings import ApiSettings
from chorus import log
from gateway.server import listening_socket, serve


def main() -> None:
    """Serve until SIGTERM; what was asked before is answered first."""
    settings = ApiSettings.from_env(os.environ)
    log.setup(process="api", level=settings.log_level, form=settings.log_format)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings))


async def _serve(settings: ApiSettings) -> None:
    listener = listening_socket(settings.host, settings.port)
    app = create_app(settings)
    await reach_store(settings)
    await serve(app, [listener], on_drain=_nothing_to_move)


async def _nothing_to_move() -> None:
    """The API holds no sockets; the server waits for the requests under way by itself."""
