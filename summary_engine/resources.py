"""What a worker holds open: the database, Redis, and the models of the plan."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Final

from ai.models.access import Access
from ai.models.keys import Keys
from ai.models.limits import Limits
from ai.models.plan import Plan
from ai.summarise.llm import LlmSummariser, prompt_for
from chorus.bus import Client, open_redis
from chorus.clock import SystemClock
from chorus.db import Db, open_db
from chorus.errors import Unavailable
from chorus.log import get_logger
from summary_engine.ledger import PgLedger
from summary_engine.refine import Refinery
from summary_engine.settings import WorkerSettings

log = get_logger(__name__)

POOL_TIMEOUT_S: Final = 5.0
STORE_WAIT_S: Final = 1.0
REDIS_SPARE: Final = 8


@dataclass(frozen=True, slots=True)
class Resources:
    client: Client
    plan: Plan
    refinery: Refinery


@asynccontextmanager
async def open_resources(
    settings: WorkerSettings, plan: Plan, environ: Mapping[str, str]
) -> AsyncIterator[Resources]:
    """Open all of it, and make every model that is named: only then is anybody told to come."""
    clock = SystemClock()
    async with (
        _open_store(settings) as db,
        open_redis(
            settings.redis_url, max_connections=settings.worker_tasks_max + REDIS_SPARE
        ) as client,
    ):
        keys = Keys(environ, settings.model_keys_dir)
        access = Access(plan, keys, Limits(client), PgLedger(db, clock), now_s=monotonic)
        await asyncio.to_thread(access.warm_up, [prompt_for("fast"), prompt_for("rich")])
        yield Resources(client, plan, Refinery(db, client, clock, LlmSummariser(access)))


@asynccontextmanager
async def _open_store(settings: WorkerSettings) -> AsyncIterator[Db]:
    await _wait_for_store(settings.database_url)
    async with open_db(
        settings.database_url,
        role="chorus_system",
        pool_size=settings.worker_pool_size,
        application_name="chorus-worker",
        pool_timeout_s=POOL_TIMEOUT_S,
    ) as db:
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
                raise  # nobody could connect with this URL, however long we wait
            log.warning("store_unavailable", error=type(error.__cause__ or error).__name__)
            await asyncio.sleep(STORE_WAIT_S)
