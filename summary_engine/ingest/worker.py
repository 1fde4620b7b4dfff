"""`chorus indexer`: the composition root of the process that indexes knowledge."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from time import monotonic
from typing import Final

from ai.knowledge.index import IndexAway
from ai.knowledge.indexing import Indexer, index_due, open_indexer, whose_of
from ai.knowledge.opening import embedder_of
from ai.knowledge.planned import Accounts
from ai.knowledge.upkeep import Rounds
from ai.models.keys import MissingKey
from ai.models.limits import Limits
from ai.settings import IndexerSettings
from chorus import log, metrics
from chorus.bus import Client, open_redis
from chorus.clock import SystemClock
from chorus.db import Db, open_db
from chorus.errors import Overloaded, Unavailable
from chorus.settings import BadSettings
from chorus.tasks import beside
from summary_engine.ledger import PgLedger

CONFIGURATION_ERROR: Final = 78
"""`EX_CONFIG` of sysexits.h: a restart will not help."""
STORE_WAIT_S: Final = 1.0
POOL_SIZE: Final = 2
LOOK_EVERY_S: Final = 10.0
"""Between two looks whether the index still has what it was given."""

logger = log.get_logger(__name__)


async def keep_indexed(indexer: Indexer, poll_s: float) -> None:
    """Index for ever what is due; sources are their own queue, so nobody rings."""
    rounds, looked_s = Rounds(indexer), -LOOK_EVERY_S
    while True:
        try:
            await index_due(indexer)
            if monotonic() >= looked_s + LOOK_EVERY_S:
                looked_s = monotonic()
                await rounds.look()
        except IndexAway as error:
            logger.warning("knowledge_not_looked_at", why=str(error))
        except (Unavailable, Overloaded) as error:
            logger.warning("store_unavailable", error=type(error.__cause__ or error).__name__)
        await asyncio.sleep(poll_s)


async def serve(settings: IndexerSettings, environ: Mapping[str, str]) -> None:
    """Open what it takes, as soon as PostgreSQL answers, and index until cancelled."""
    while True:
        try:
            async with (
                open_db(
                    settings.database_url,
                    role="chorus_system",
                    pool_size=POOL_SIZE,
                    application_name="chorus-indexer",
                ) as db,
                open_redis(settings.redis_url) as client,
                open_indexer(
                    settings, environ, db, accounts_of(client, db), in_charge=True
                ) as indexer,
            ):
                logger.info("indexer_ready", space=indexer.space or "none")
                await keep_indexed(indexer, settings.indexer_poll_ms / 1000)
        except Unavailable as error:
            if isinstance(error.__cause__, ValueError):
                raise  # nobody could connect with this URL, however long we wait
            logger.warning("store_unavailable", error=type(error.__cause__ or error).__name__)
            await asyncio.sleep(STORE_WAIT_S)


def accounts_of(client: Client, db: Db) -> Accounts:
    """What an indexer pays by. `db` runs under chorus_system."""
    return Accounts(Limits(client), PgLedger(db, SystemClock()), whose_of(db))


async def _until_told(settings: IndexerSettings, environ: Mapping[str, str]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with beside(serve(settings, environ), metrics.watch_event_loop("indexer")):
        await stop.wait()


def main() -> None:
    """Read the environment and run until SIGTERM. What it has leased then comes back by itself."""
    try:
        settings = IndexerSettings.from_env(os.environ)
        embedder_of(settings, os.environ)
    except (BadSettings, MissingKey, ValueError, ImportError) as error:
        sys.stderr.write(f"indexer: {error}\n")
        sys.exit(CONFIGURATION_ERROR)
    log.setup(process="indexer", level=settings.log_level, form=settings.log_format)
    asyncio.run(_until_told(settings, os.environ))


if __name__ == "__main__":
    main()
