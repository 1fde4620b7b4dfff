"""`chorus writer`: the composition root of the process that stores messages."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import uvloop

from chat_service import failpoints
from chat_service.consumer import Lane
from chat_service.leases import Leases
from chat_service.settings import WriterSettings
from chorus import log, metrics
from chorus.bus import Client, open_redis
from chorus.clock import Clock, SystemClock
from chorus.db import Db, open_db
from chorus.errors import Unavailable
from chorus.settings import BadSettings, DatabaseSettings
from chorus.tasks import beside

CONFIGURATION_ERROR = 78
"""`EX_CONFIG` of sysexits.h: a restart will not help."""
FINISH_S = 10.0
"""How long a lane may take for the batch in hand after SIGTERM."""
POOL_TIMEOUT_S = 5.0
PLANS = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off"}
"""Plan each statement once: every one finds few rows by an index, and planning costs more than they do."""
WAIT_S = 1.0

logger = log.get_logger(__name__)


async def run(
    db: Db, client: Client, settings: WriterSettings, *, clock: Clock, stop: asyncio.Event
) -> None:
    """Write until `stop`, then finish the batches in hand and give the leases back."""
    leases = Leases(
        db,
        clock,
        lanes=settings.writer_lanes,
        lease_s=settings.writer_lease_s,
        renew_s=settings.writer_renew_s,
        read_s=settings.writer_block_ms / 1000,
    )
    lanes = [
        Lane(number, db, client, leases=leases, settings=settings, clock=clock)
        for number in range(settings.writer_lanes)
    ]
    async with (
        beside(leases.run(), metrics.watch_event_loop("writer")),
        beside(*(lane.run() for lane in lanes)) as working,
    ):
        await stop.wait()
        for lane in lanes:
            lane.stop()
        await asyncio.wait(working, timeout=FINISH_S)
    await leases.release_all()


@asynccontextmanager
async def open_store(
    settings: DatabaseSettings, process: str, size: int, *, plans: Mapping[str, str] | None = None
) -> AsyncIterator[Db]:
    """Open the system role's pool as soon as PostgreSQL answers, and watch how full it is."""
    wait_ms = metrics.db_pool_wait_ms.labels(process)
    metrics.db_pool_size.labels(process).set(size)
    await _wait_for_store(settings.database_url)
    async with (
        open_db(
            settings.database_url,
            role="chorus_system",
            pool_size=size,
            application_name=f"chorus-{process}",
            pool_timeout_s=POOL_TIMEOUT_S,
            on_wait_s=lambda waited_s: wait_ms.observe(1000 * waited_s),
            settings=plans,
        ) as db,
        beside(_watch_pool(db, process)),
    ):
        yield db


async def _wait_for_store(database_url: str) -> None:
    """Come back once a connection can be had; a restart would only ask again later."""
    while True:
        try:
            async with open_db(
                database_url, role="chorus_system", pool_size=1, application_name="chorus-waiting"
            ):
                return
        except Unavailable as error:
            if isinstance(error.__cause__, ValueError):
                # Nobody could connect with this URL, however long we wait.
                raise
            logger.warning("store_unavailable", error=str(error.__cause__ or error))
            await asyncio.sleep(WAIT_S)


async def _watch_pool(db: Db, process: str) -> None:
    while True:
        metrics.db_pool_in_use.labels(process).set(db.pool_in_use)
        await asyncio.sleep(WAIT_S)


def on_signals(callback: Callable[[], object]) -> None:
    """Call back for SIGTERM and SIGINT on the running loop."""
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, callback)


async def _main(settings: WriterSettings) -> None:
    stop = asyncio.Event()
    # One connection a lane, one to keep the leases with, one to give them back.
    async with (
        open_store(settings, "writer", settings.writer_lanes + 2, plans=PLANS) as db,
        open_redis(settings.redis_url) as client,
    ):
        # Not before: until there is something to finish, a signal ends the process at once.
        on_signals(stop.set)
        await run(db, client, settings, clock=SystemClock(), stop=stop)


def main() -> None:
    """Read the environment and run until SIGTERM."""
    try:
        settings = WriterSettings.from_env(os.environ)
    except BadSettings as error:
        sys.stderr.write(f"writer: {error}\n")
        sys.exit(CONFIGURATION_ERROR)
    failpoints.arm(os.environ.get("CHORUS_FAILPOINT", ""))
    log.setup(process="writer", level=settings.log_level, form=settings.log_format)
    uvloop.run(_main(settings))


if __name__ == "__main__":
    main()
