"""The `edge` process: gateway, chat API and pages on one port."""

import asyncio
import os

import uvloop

from chat_service import failpoints
from chat_service.app import create_app as create_api
from chat_service.resources import reach_store
from chat_service.settings import ApiSettings
from chorus import garbage, log
from gateway.app import create_app as create_gateway
from gateway.app import drain
from gateway.server import ServerSettings, listening_socket, serve
from gateway.settings import GatewaySettings
from launch.composite import Composite
from launch.pages import create_pages, serves


def main() -> None:
    """Serve until SIGTERM, then drain."""
    gateway, api = GatewaySettings.from_env(os.environ), ApiSettings.from_env(os.environ)
    log.setup(process="edge", level=gateway.log_level, form=gateway.log_format)
    failpoints.arm(os.environ.get("CHORUS_FAILPOINT", ""))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(gateway, api))


async def _serve(settings: GatewaySettings, api: ApiSettings) -> None:
    listener = listening_socket(settings.host, settings.port, reuse_port=settings.edges > 1)
    gateway = create_gateway(settings)

    async def on_drain() -> None:
        await drain(gateway)

    app = Composite(
        gateway=gateway,
        api=create_api(api),
        pages=create_pages(api.pages, dev=settings.dev, files_url=api.files_url),
        is_page=serves(api.pages, dev=settings.dev),
    )
    garbage.settle(garbage.LONG_LIVED)
    await reach_store(api)
    limits = ServerSettings(drain_max_s=settings.drain_s + 5)
    await serve(app, [listener], on_drain=on_drain, settings=limits)
