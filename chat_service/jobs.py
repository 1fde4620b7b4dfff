"""Due jobs: what the conductor does itself, and the bell it rings for other processes.

A job is taken with a lease and a fence, done in short transactions, and marked done in the last
of them under the same fence. Whoever sleeps through his lease changes nothing any more.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from chat_service import events
from chat_service.emit import inbox_hint
from chat_service.intake import EventName, Happened
from chat_service.messages import Publication, event_publication
from chat_service.settings import ConductorSettings
from chat_service.store import ingest, upkeep
from chat_service.store import jobs as rows
from chat_service.store.jobs import FenceRaised, TakenJob
from chorus import metrics
from chorus.bus import Client, publish_all
from chorus.clock import Clock
from chorus.db import Db
from chorus.errors import Overloaded, Unavailable
from chorus.ids import uuid7
from chorus.jobs import JobKind
from chorus.log import get_logger
from chorus.wire.common import ConversationStatus, Visibility

log = get_logger(__name__)

ATTEMPTS_MAX: Final = 8
RETRY_FIRST_S: Final = 1.0
RETRY_LAST_S: Final = 300.0
ROWS_AT_ONCE: Final = 1_000
DRAFTS_DAYS: Final = 90
TIMERS_AT_ONCE: Final = 10
"""Few, because all of them must be reached before the lease runs out."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a job needs."""

    db: Db
    client: Client
    settings: ConductorSettings
    clock: Clock


Handler = Callable[[Tools, TakenJob], Awaitable[None]]


def retry_s(attempts: int) -> float:
    """How long a job that failed `attempts` times waits: doubled each time."""
    return min(RETRY_FIRST_S * 2.0 ** (attempts - 1), RETRY_LAST_S)


async def run_all_due(tools: Tools, handlers: Mapping[str, Handler], *, limit: int) -> None:
    """Do due jobs, `limit` at a time, until none is left. Raises like `run_due`."""
    while await run_due(tools, handlers, limit=limit):
        pass


async def run_due(tools: Tools, handlers: Mapping[str, Handler], *, limit: int) -> int:
    """Take due jobs and do them one after the other; says how many were taken.

    Raises:
        Unavailable, Overloaded: PostgreSQL cannot be reached; leases bring back what was taken.
    """
    lease_s = tools.settings.conductor_job_lease_s
    async with tools.db.raw_transaction() as connection:
        taken = await rows.take(connection, list(handlers), limit, lease_s=lease_s)
    for job in taken:
        await _run(tools, job, handlers[job.kind])
    return len(taken)


async def _run(tools: Tools, job: TakenJob, handler: Handler) -> None:
    try:
        await handler(tools, job)
    except (FenceRaised, Unavailable, Overloaded) as error:
        # Not the job's fault: the sweeper brings it back.
        log.warning("job_dropped", kind=job.kind, job=str(job.id), error=type(error).__name__)
        return
    except Exception as error:
        log.exception("job_failed", kind=job.kind, job=str(job.id))
        await _fail(tools, job, error)
        return
    metrics.jobs_total.labels(job.kind, "done").inc()


async def _fail(tools: Tools, job: TakenJob, error: Exception) -> None:
    async with tools.db.raw_transaction() as connection:
        state = await rows.fail(
            connection,
            job,
            retry_s=retry_s(job.attempts),
            attempts_max=ATTEMPTS_MAX,
            why=type(error).__name__,
        )
    metrics.jobs_total.labels(job.kind, state or "lost").inc()


async def sweep(db: Db, limit: int) -> int:
    """Free the jobs whose lease ran out; says how many."""
    async with db.raw_transaction() as connection:
        freed = await rows.sweep(connection, limit, attempts_max=ATTEMPTS_MAX)
    for kind, state in freed:
        metrics.jobs_total.labels(kind, f"swept_{state}").inc()
    return len(freed)


async def schedule_daily(db: Db, now: datetime) -> None:
    """See to it that each tenant has today's upkeep; a second call changes nothing."""
    async with db.raw_transaction() as connection:
        tenants = await upkeep.tenants(connection)
        await rows.schedule(connection, tenants, list(UPKEEP), now)


async def unsnooze(tools: Tools, job: TakenJob) -> None:
    """Open a snoozed conversation again; one that was opened or put off meanwhile stays as it is."""
    conversation_id = UUID(job.payload["conversation_id"])
    async with tools.db.raw_transaction() as connection:
        woken = await upkeep.wake(connection, job.tenant_id, conversation_id)
        step = _woken(job.tenant_id, conversation_id, woken) if woken else None
        if step is not None:
            at = datetime.fromtimestamp(step.ts_ms / 1000, tools.clock.now().tzinfo)
            told: dict[str, Any] = {"conversation_id": conversation_id, "reason": "snooze_over"}
            row = events.outbox_row(events.CONVERSATION_REOPENED, job.tenant_id, told)
            await ingest.write(connection, ingest.Written(at, [step], {}, [row]))
        await rows.finish(connection, job)
    if step is not None:
        await publish_all(tools.client, _spoken(step))


def _woken(tenant_id: UUID, conversation_id: UUID, woken: upkeep.Woken) -> Happened:
    return Happened(
        tenant_id,
        conversation_id,
        uuid7(woken.ts_ms),
        woken.seq,
        woken.ts_ms,
        EventName.UPDATED,
        {"status": ConversationStatus.OPEN.value},
        Visibility.AGENTS.value,
    )


def _spoken(step: Happened) -> list[Publication]:
    hint = inbox_hint(step.tenant_id, {step.conversation_id: step.seq})
    return [event_publication(step), hint]


async def retention(tools: Tools, job: TakenJob) -> None:
    """Delete what the tenant no longer keeps, in small transactions, oldest first."""
    await _forget_decisions(tools, job)
    async with tools.db.raw_transaction() as connection:
        await upkeep.forget_drafts(connection, job.tenant_id, days=DRAFTS_DAYS)
        days = await upkeep.retention_days(connection, job.tenant_id, tools.settings.retention_days)
    conversation_id = UUID(int=0)
    while True:
        async with tools.db.raw_transaction() as connection:
            found = await upkeep.expired_conversation(
                connection, job.tenant_id, conversation_id, days=days
            )
            if found is None:
                await rows.finish(connection, job)
                return
        conversation_id = found
        while await _delete_some(tools, job, conversation_id, days):
            pass


async def _forget_decisions(tools: Tools, job: TakenJob) -> None:
    days = timedelta(days=tools.settings.routing_decisions_days)
    gone = ROWS_AT_ONCE
    while gone >= ROWS_AT_ONCE:
        async with tools.db.raw_transaction() as connection:
            await rows.renew(connection, job, lease_s=tools.settings.conductor_job_lease_s)
            gone = await upkeep.forget_decisions(
                connection, job.tenant_id, before=tools.clock.now() - days, limit=ROWS_AT_ONCE
            )


async def _delete_some(tools: Tools, job: TakenJob, conversation_id: UUID, days: int) -> bool:
    async with tools.db.raw_transaction() as connection:
        await rows.renew(connection, job, lease_s=tools.settings.conductor_job_lease_s)
        return await upkeep.delete_expired(
            connection, conversation_id, days=days, limit=ROWS_AT_ONCE
        )


async def purge_outbox(tools: Tools, job: TakenJob) -> None:
    """Forget relayed events."""
    await _purge(tools, job, upkeep.purge_outbox)


async def purge_idempotency(tools: Tools, job: TakenJob) -> None:
    """Forget the answers of old commands."""
    await _purge(tools, job, upkeep.purge_answers)


async def _purge(tools: Tools, job: TakenJob, purge: Callable[..., Awaitable[int]]) -> None:
    gone = ROWS_AT_ONCE
    while gone >= ROWS_AT_ONCE:
        async with tools.db.raw_transaction() as connection:
            await rows.renew(connection, job, lease_s=tools.settings.conductor_job_lease_s)
            keep_h = tools.settings.outbox_keep_h
            gone = await purge(connection, job.tenant_id, keep_h=keep_h, limit=ROWS_AT_ONCE)
    async with tools.db.raw_transaction() as connection:
        await rows.finish(connection, job)


TIMERS: Final[Mapping[str, Handler]] = {JobKind.UNSNOOZE: unsnooze}
"""What the conductor does itself, on time."""
UPKEEP: Final[Mapping[str, Handler]] = {
    JobKind.RETENTION: retention,
    JobKind.PURGE_IDEMPOTENCY: purge_idempotency,
    JobKind.PURGE_OUTBOX: purge_outbox,
}
"""What the conductor does itself, some time that day."""
