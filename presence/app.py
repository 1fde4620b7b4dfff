"""The presence process: settings -> Redis -> watcher. The only module that constructs."""

import asyncio
import os
import signal

from chorus import garbage, log, metrics
from chorus.bus import open_redis
from chorus.tasks import beside
from chorus.wire.common import Role
from presence.settings import PresenceSettings
from presence.tracker import Tracker
from presence.watcher import Watcher


async def serve(settings: PresenceSettings, stop: asyncio.Event) -> None:
    """Watch until `stop` is set. Nothing is said at the end: the next process goes on."""
    tracker = Tracker(
        ttl_ms=settings.presence_ttl_ms,
        linger_ms={
            Role.CUSTOMER: settings.presence_linger_customer_ms,
            Role.AGENT: settings.presence_linger_agent_ms,
        },
    )
    async with open_redis(settings.redis_url) as client:
        watcher = Watcher(
            client, tracker, ttl_ms=settings.presence_ttl_ms, look_ms=settings.presence_look_ms
        )
        async with beside(watcher.run(), metrics.watch_event_loop("presence")):
            await stop.wait()


async def _until_told(settings: PresenceSettings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(settings, stop)


def main() -> None:
    """Run `chorus presence` until SIGTERM or Ctrl-C."""
    settings = PresenceSettings.from_env(os.environ)
    log.setup(process="presence", level=settings.log_level, form=settings.log_format)
    garbage.settle(garbage.LONG_LIVED)
    asyncio.run(_until_told(settings))


if __name__ == "__main__":
    main()
