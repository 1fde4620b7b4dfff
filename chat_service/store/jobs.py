"""The SQL of due jobs: take with a lease, finish under the fence, sweep what was dropped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from chat_service.store.statements import rows, statement
from chorus.db import Transaction
from chorus.db_connect import RawConnection
from chorus.ids import uuid7

_TAKE: Final = """
WITH due AS (
  SELECT id FROM jobs
  WHERE state = 'pending' AND due_at <= now() AND kind = ANY ($1::text[])
  ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE jobs j
SET state = 'running', lease_until = now() + $3, fence = j.fence + 1, attempts = j.attempts + 1
FROM due WHERE j.id = due.id
RETURNING j.id, j.tenant_id, j.kind, j.key, j.payload::text AS payload, j.fence, j.attempts
"""
_RENEW: Final = """
UPDATE jobs SET lease_until = now() + $3
WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING true
"""
_FINISH: Final = statement("""
UPDATE jobs SET state = 'done', lease_until = NULL, finished_at = now(), last_error = NULL
WHERE id = :id AND fence = :fence AND state = 'running' RETURNING true
""")
_POSTPONE: Final = statement("""
UPDATE jobs SET state = 'pending', lease_until = NULL, due_at = :due, attempts = 0
WHERE id = :id AND fence = :fence AND state = 'running' RETURNING true
""")
_FAIL: Final = """
UPDATE jobs
SET state = CASE WHEN attempts >= $4 THEN 'dead' ELSE 'pending' END,
    finished_at = CASE WHEN attempts >= $4 THEN now() END,
    lease_until = NULL, due_at = now() + $3, last_error = $5
WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING state
"""
_SWEEP: Final = """
WITH dropped AS (
  SELECT id FROM jobs WHERE state = 'running' AND lease_until < now()
  ORDER BY lease_until LIMIT $1 FOR UPDATE SKIP LOCKED
)
UPDATE jobs j
SET state = CASE WHEN attempts >= $2 THEN 'dead' ELSE 'pending' END,
    finished_at = CASE WHEN attempts >= $2 THEN now() END,
    lease_until = NULL, fence = j.fence + 1, last_error = 'the lease ran out'
FROM dropped WHERE j.id = dropped.id
RETURNING j.kind, j.state
"""
_SCHEDULE: Final = """
INSERT INTO jobs (id, tenant_id, kind, key, due_at)
SELECT n.id, n.tenant_id, n.kind, n.key, now()
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) AS n (id, tenant_id, kind, key)
ON CONFLICT (tenant_id, kind, key) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class TakenJob:
    """A job this process runs as long as nobody raises `fence`."""

    id: UUID
    tenant_id: UUID
    kind: str
    key: str
    payload: dict[str, Any]
    fence: int
    attempts: int


class FenceRaised(Exception):
    """The lease of this job ran out and somebody else has it, or it was called off."""


async def take(
    connection: RawConnection, kinds: Sequence[str], limit: int, *, lease_s: float
) -> list[TakenJob]:
    """Lease due jobs of these kinds, oldest first."""
    lease = timedelta(seconds=lease_s)
    found = await connection.fetch(_TAKE, list(kinds), limit, lease)
    return [TakenJob(**{**row, "payload": orjson.loads(row["payload"])}) for row in found]


async def renew(connection: RawConnection, job: TakenJob, *, lease_s: float) -> None:
    """Extend the lease. Raises FenceRaised."""
    if not await connection.fetchval(_RENEW, job.id, job.fence, timedelta(seconds=lease_s)):
        raise FenceRaised


async def finish(where: Transaction | RawConnection, job: TakenJob) -> None:
    """Mark the job done, in the transaction of what it did. Raises FenceRaised."""
    if not await rows(where, _FINISH, {"id": job.id, "fence": job.fence}):
        raise FenceRaised


async def postpone(where: Transaction | RawConnection, job: TakenJob, *, due_at: datetime) -> None:
    """Put back a timer that is not due any more. Raises FenceRaised."""
    given = {"id": job.id, "fence": job.fence, "due": due_at}
    if not await rows(where, _POSTPONE, given):
        raise FenceRaised


async def fail(
    connection: RawConnection, job: TakenJob, *, retry_s: float, attempts_max: int, why: str
) -> str | None:
    """Put the job back for later, or give it up; says its state, None when the fence was raised."""
    retry = timedelta(seconds=retry_s)
    state: str | None = await connection.fetchval(
        _FAIL, job.id, job.fence, retry, attempts_max, why
    )
    return state


async def sweep(
    connection: RawConnection, limit: int, *, attempts_max: int
) -> list[tuple[str, str]]:
    """Free jobs whose lease ran out; says kind and new state of each."""
    found = await connection.fetch(_SWEEP, limit, attempts_max)
    return [(row["kind"], row["state"]) for row in found]


async def schedule(
    connection: RawConnection, tenants: Sequence[UUID], kinds: Sequence[str], day: datetime
) -> None:
    """Have each kind done once for each tenant and day."""
    pairs = [(tenant, kind) for tenant in tenants for kind in kinds]
    key = f"{day:%Y-%m-%d}"
    await connection.execute(
        _SCHEDULE,
        [uuid7() for _ in pairs],
        [tenant for tenant, _ in pairs],
        [kind for _, kind in pairs],
        [key] * len(pairs),
    )
