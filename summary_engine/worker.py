"""`chorus worker`: the composition root of the process that asks models. It may be slow or away."""

import asyncio
import os
import sys
from contextlib import AsyncExitStack
from typing import Final

from ai.models.make import keep_quiet
from ai.models.plan import BadPlan, plan_of
from chorus import log, metrics, topics
from chorus.bus import Client, RedisFailure
from chorus.jobs import Queue
from chorus.settings import BadSettings
from summary_engine.loop import Loop
from summary_engine.resources import Resources, open_resources
from summary_engine.settings import WorkerSettings
from summary_engine.tasks import make_app, work

CONFIGURATION_ERROR: Final = 78
"""`EX_CONFIG` of sysexits.h: a restart will not help."""
STOP_S: Final = 10.0
BEAT_S: Final = 2.0
READY_KEPT_S: Final = 8
SEEN_KEPT_S: Final = 86_400

logger = log.get_logger(__name__)


def main() -> None:
    """Read the environment and run until SIGTERM."""
    try:
        settings = WorkerSettings.from_env(os.environ)
        plan = plan_of(settings.models_path, named=settings.models is not None)
    except (BadSettings, BadPlan) as error:
        sys.stderr.write(f"worker: {error}\n")
        sys.exit(CONFIGURATION_ERROR)
    log.setup(process="worker", level=settings.log_level, form=settings.log_format)
    keep_quiet()
    # What models are told goes to the models of the plan and to nobody else.
    os.environ["LANGSMITH_TRACING"] = os.environ["LANGCHAIN_TRACING_V2"] = "false"
    keys = {name: value for name, value in os.environ.items() if name.endswith("_API_KEY")}
    loop, closing = Loop(), AsyncExitStack()
    with loop.turning():
        resources = loop.run(
            closing.enter_async_context(open_resources(settings, plan, keys)), timeout_s=None
        )
        try:
            _serve(settings, loop, resources)
        finally:
            loop.run(closing.aclose(), timeout_s=STOP_S)


def _serve(settings: WorkerSettings, loop: Loop, resources: Resources) -> None:
    app = make_app(settings.celery_broker_url or settings.redis_url, loop, resources.refinery)
    does = Queue.SUMMARY.value if resources.plan.serves("summary_fast", "summary_rich") else "idle"
    watching = loop.submit(metrics.watch_event_loop("worker"))
    beating = []
    try:
        work(
            app,
            tasks_max=settings.worker_tasks_max,
            ready=lambda: beating.append(loop.submit(_beat(resources.client, does))),
        )
    finally:
        for one in (watching, *beating):
            one.cancel()
        loop.run(_say_goodbye(resources.client), timeout_s=STOP_S)


async def _beat(client: Client, does: str) -> None:
    """Say for ever that a warm worker is here, and what it does."""
    logger.info("worker_ready", does=does)
    while True:
        try:
            await client.set(topics.WORKER_READY, does, ex=READY_KEPT_S)
            await client.set(topics.WORKER_SEEN, does, ex=SEEN_KEPT_S)
        except RedisFailure as error:
            logger.warning("beat_failed", error=type(error).__name__)
        await asyncio.sleep(BEAT_S)


async def _say_goodbye(client: Client) -> None:
    """Another worker that lives says again within `BEAT_S` that it is here."""
    try:
        await client.delete(topics.WORKER_READY)
    except RedisFailure as error:
        logger.warning("goodbye_failed", error=type(error).__name__)


if __name__ == "__main__":
    main()
