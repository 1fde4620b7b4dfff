"""`chorus conductor`: the composition root of the process that does what must happen once."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final
from uuid import UUID

import uvloop

from chat_service import (
    bot_silence,
    failpoints,
    handoff_timers,
    jobs,
    outbox,
    reconcile,
    search_index,
    spending,
    unanswered,
)
from chat_service.absence import Absence
from chat_service.ahead import LOOK_EVERY_S, Ahead
from chat_service.attachments_sweep import Broom
from chat_service.bell import Bell
from chat_service.bot_tally import Tally
from chat_service.jobs import UPKEEP, Handler, Tools
from chat_service.leader import lead
from chat_service.queue_frames import COUNTS_S, PLACES_S, Lines
from chat_service.refining import Refining
from chat_service.router import Router
from chat_service.settings import ConductorSettings
from chat_service.store.outbox import DomainEvent
from chat_service.traits import Listening
from chat_service.writer import CONFIGURATION_ERROR, on_signals, open_store
from chorus import garbage, log, metrics
from chorus.bus import open_redis
from chorus.clock import SystemClock
from chorus.enqueue import Doorbell
from chorus.errors import Overloaded, Unavailable
from chorus.jobs import JobKind
from chorus.settings import BadSettings
from chorus.tasks import beside

logger = log.get_logger(__name__)

Act = Callable[[], Awaitable[object]]

SHORT_LIVED: Final = (20_000, 10, 100)
"""Few looks for garbage: of many objects made for one act all are gone when it is done."""
TOGETHER_S: Final = 0.02
"""Summaries that are opened within so much of each other are asked for together."""
DAILY_EVERY_S: Final = 600.0
NEW_REDIS_EVERY_S: Final = 1.0
BACKLOG_EVERY_S: Final = 5.0
FILES_EVERY_S: Final = 300.0
UNKNOWN_FILES_EVERY_S: Final = 86_400.0
ROUTE_ALL_EVERY_S: Final = 15.0
UNANSWERED_EVERY_S: Final = 15.0
BOTS_EVERY_S: Final = 5.0
TALLY_EVERY_S: Final = 60.0
LOST_EVERY_S: Final = 60.0
TIMERS: Final[Mapping[str, Handler]] = {**jobs.TIMERS, **handoff_timers.TIMERS}
# Each may take long, so they are done one at a time beside what is due today.
UNHURRIED: Final[Mapping[str, Handler]] = {
    **UPKEEP,
    JobKind.SEARCH_BACKFILL: search_index.backfill,
}


async def conduct(tools: Tools, doorbell: Doorbell) -> None:
    """Do everything a leader does, side by side, until cancelled."""
    router, lines, refining = Router(tools), Lines(tools), Refining(tools)
    listening, ahead = Listening(tools), Ahead(tools)

    def moved(tenant_id: UUID) -> None:
        router.rung(tenant_id)
        lines.moved(tenant_id)

    def heard(events: Sequence[DomainEvent]) -> None:
        router.heard(events)
        lines.heard(events)
        refining.heard(events)
        listening.heard(events)
        ahead.heard(events)

    redis_url, client = tools.settings.redis_url, tools.client
    bell = Bell(
        redis_url, client, on_handoff=moved, on_summary=refining.opened, on_glance=ahead.opened
    )
    absence = Absence(tools, router)
    poll_s, sweep_s = tools.settings.conductor_poll_ms / 1000, tools.settings.conductor_sweep_s
    acts = [*rounds(tools, heard), *handoff_rounds(tools, router, lines)]
    wishes = (TOGETHER_S, lambda: refining.ring_soon(doorbell, sweep_s, within_s=poll_s))
    acts.append(wishes)
    acts += [(poll_s, listening.read_on), (poll_s, ahead.fold_opened)]
    acts += [(poll_s, ahead.fold_on), (LOOK_EVERY_S, ahead.look)]
    repeated = [repeat(act, every_s) for every_s, act in acts]
    async with beside(router.run(), absence.run(), *bell.tasks(), *repeated):
        await asyncio.Event().wait()


def handoff_rounds(tools: Tools, router: Router, lines: Lines) -> list[tuple[float, Act]]:
    """What is done over and over for customers who wait, besides looking for their agents."""
    patience = bot_silence.Patience()
    return [
        (ROUTE_ALL_EVERY_S, router.tick),
        (BOTS_EVERY_S, lambda: bot_silence.look(tools, patience)),
        (UNANSWERED_EVERY_S, lambda: unanswered.release(tools)),
        (PLACES_S, lines.tell_places),
        (COUNTS_S, lines.tell_counts),
    ]


def rounds(tools: Tools, heard: outbox.Heard) -> list[tuple[float, Act]]:
    """What is done over and over, and how many seconds apart."""
    settings, db, client = tools.settings, tools.db, tools.client
    poll_s, sweep_s = settings.conductor_poll_ms / 1000, settings.conductor_sweep_s
    batch = settings.conductor_batch
    walk, broom = reconcile.Walk(db, client, batch), Broom(tools)
    return [
        (poll_s, lambda: outbox.relay_all(db, client, batch, heard)),
        (poll_s, lambda: jobs.run_all_due(tools, TIMERS, limit=jobs.TIMERS_AT_ONCE)),
        (poll_s, lambda: search_index.index_all(db)),
        # One at a time: each may take long, and renews only its own lease.
        (sweep_s, lambda: jobs.run_all_due(tools, UNHURRIED, limit=1)),
        (sweep_s, lambda: jobs.sweep(db, batch)),
        (settings.conductor_reconcile_s, walk.step),
        (NEW_REDIS_EVERY_S, lambda: outbox.resend_to_new_redis(db, client)),
        (FILES_EVERY_S, broom.sweep),
        (UNKNOWN_FILES_EVERY_S, broom.sweep_unknown),
        (BACKLOG_EVERY_S, lambda: outbox.measure_backlog(db)),
        (DAILY_EVERY_S, lambda: jobs.schedule_daily(db, tools.clock.now())),
        (TALLY_EVERY_S, Tally(tools).step),
        (LOST_EVERY_S, lambda: spending.settle_lost(db, tools.clock.now())),
    ]


async def repeat(act: Act, every_s: float) -> None:
    """Act for ever, `every_s` apart; what cannot be reached now is tried next time.

    A fault of ours in one act is logged and hinders no other: customers of all tenants wait.

    Polling, not NOTIFY: a transaction that notifies holds a lock of the whole database until its
    commit is on disk, and every message would be such a transaction.
    """
    while True:
        try:
            await act()
        except (Unavailable, Overloaded) as error:
            logger.warning("act_postponed", error=type(error).__name__)
        except Exception:
            logger.exception("act_failed")
        await asyncio.sleep(every_s)


async def _main(settings: ConductorSettings) -> None:
    stop = asyncio.Event()
    doorbell = Doorbell(settings.celery_broker_url or settings.redis_url)
    async with (
        open_store(settings, "conductor", settings.conductor_pool_size) as db,
        open_redis(settings.redis_url) as client,
    ):
        on_signals(stop.set)
        tools = Tools(db, client, settings, SystemClock())
        leading = lead(db, lambda: conduct(tools, doorbell))
        async with beside(leading, metrics.watch_event_loop("conductor")):
            await stop.wait()
    doorbell.close()


def main() -> None:
    """Read the environment and run until SIGTERM."""
    try:
        settings = ConductorSettings.from_env(os.environ)
    except BadSettings as error:
        sys.stderr.write(f"conductor: {error}\n")
        sys.exit(CONFIGURATION_ERROR)
    failpoints.arm(os.environ.get("CHORUS_FAILPOINT", ""))
    log.setup(process="conductor", level=settings.log_level, form=settings.log_format)
    garbage.settle(SHORT_LIVED)
    uvloop.run(_main(settings))


if __name__ == "__main__":
    main()
