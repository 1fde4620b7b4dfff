"""All SQL of the worker: its jobs, what was said, and the summary it leaves.

`metadata.edits` is the fence of ADR-0026: what was read under one count is never kept under another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from chorus.db_connect import RawConnection
from chorus.ids import uuid7
from chorus.jobs import JobKind

CHARS_READ: Final = 8_000
HEAD: Final = 200
TAIL: Final = 1_800

_TAKE: Final = """
UPDATE jobs SET state = 'running', lease_until = now() + $3, fence = fence + 1,
    attempts = attempts + 1
WHERE id = $1 AND kind = $2 AND state = 'pending'
RETURNING id, tenant_id, key, payload::text AS payload, fence, attempts
"""
# `again`: somebody asked once more while it ran. Then it is due once more, and only once.
_FINISH: Final = """
UPDATE jobs SET state = CASE WHEN payload ? 'again' THEN 'pending' ELSE 'done' END,
    due_at = CASE WHEN payload ? 'again' THEN now() ELSE due_at END,
    payload = (payload || coalesce(payload->'again', '{}')) - 'again',
    finished_at = CASE WHEN payload ? 'again' THEN NULL ELSE now() END,
    lease_until = NULL, attempts = 0, last_error = $3
WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING true
"""
_FAIL: Final = """
UPDATE jobs SET state = CASE WHEN attempts >= $4 THEN 'dead' ELSE 'pending' END,
    finished_at = CASE WHEN attempts >= $4 THEN now() END,
    lease_until = NULL, due_at = now() + $3, last_error = $5
WHERE id = $1 AND fence = $2 AND state = 'running'
"""
_EDITS: Final = "coalesce((c.metadata->>'edits')::bigint, 0)"
# Notes and what is hidden are not even read.
_READ: Final = f"""
SELECT t.slug, t.tier, c.last_seq, {_EDITS} AS edits, (c.metadata->'summary')::text AS summary,
    coalesce(b.settings->'summaries'->>'enabled', 'true') <> 'false' AS enabled,
    (SELECT json_agg(json_build_array(m.seq, m.id, m.role, left(m.content, {CHARS_READ}),
        m.payload->>'event', m.payload->'data', coalesce(jsonb_array_length(
            CASE WHEN jsonb_typeof(m.payload->'attachments') = 'array'
            THEN m.payload->'attachments' END), 0)) ORDER BY m.seq)
     FROM messages m WHERE m.conversation_id = c.id
        AND (m.seq < c.first_seq + {HEAD} OR m.seq > c.last_seq - {TAIL})
        AND m.visibility = 'public' AND m.deleted_at IS NULL
        AND (m.message_type <> 'event' OR m.payload->>'event' IN
            ('handoff', 'conversation.closed', 'conversation.updated')))::text AS rows
FROM conversations c JOIN tenants t ON t.id = c.tenant_id JOIN inboxes b ON b.id = c.inbox_id
WHERE c.tenant_id = $1 AND c.id = $2
"""  # noqa: S608 - our own constants
# All that decides stands on the row itself, so it is looked at again under the lock. A person's
# words stay; of two models' the one that covers more, or of equal ones the closing note.
_KEEP: Final = f"""
WITH kept AS (
    UPDATE conversations c SET metadata = jsonb_set(c.metadata, '{{summary}}', $3::jsonb)
    WHERE c.tenant_id = $1 AND c.id = $2 AND {_EDITS} = $4
        AND coalesce(c.metadata->'summary'->>'source', '') <> 'human'
        AND (coalesce((c.metadata->'summary'->>'upto_seq')::bigint, -1) < $5
            OR (c.metadata->'summary'->>'upto_seq')::bigint = $5
                AND (c.metadata->'summary'->>'source' = 'extractive'
                    OR c.metadata->'summary'->>'kind' = 'fast' AND $6))
    RETURNING c.id
), filed AS (
    INSERT INTO summaries (id, tenant_id, conversation_id, upto_seq, source, model, tier, edits,
        body, text, tokens, cost, ms, created_at)
    SELECT $7, $1, kept.id, $5, 'model', $8, $9, $4, $3::jsonb->'body', $3::jsonb->>'text', $10,
        $11, $12, $13
    FROM kept
)
SELECT (SELECT count(*) FROM messages m WHERE m.conversation_id = kept.id AND m.seq > $5
    AND m.visibility = 'public' AND m.message_type <> 'event' AND m.role <> 'system'
    AND m.deleted_at IS NULL) AS behind
FROM kept
"""  # noqa: S608


class FenceRaised(Exception):
    """The lease of this job ran out and somebody else has it."""


@dataclass(frozen=True, slots=True)
class Job:
    """A refinement this worker does as long as nobody raises `fence`."""

    id: UUID
    tenant_id: UUID
    conversation_id: UUID
    payload: dict[str, Any]
    fence: int
    attempts: int

    @property
    def task(self) -> str:
        """What the ledger knows it by; another run is another one."""
        return f"{self.id}:{self.fence}"


async def take(connection: RawConnection, job_id: UUID, *, lease_s: float) -> Job | None:
    """Lease a job; None: somebody has it, or it is done."""
    lease = timedelta(seconds=lease_s)
    row = await connection.fetchrow(_TAKE, job_id, JobKind.REFINE_SUMMARY.value, lease)
    if row is None:
        return None
    payload = orjson.loads(row["payload"])
    return Job(
        row["id"], row["tenant_id"], UUID(row["key"]), payload, row["fence"], row["attempts"]
    )


async def finish(connection: RawConnection, job: Job, *, why: str | None = None) -> None:
    """Mark it done, or due once more when somebody asked meanwhile. Raises FenceRaised."""
    if not await connection.fetchval(_FINISH, job.id, job.fence, why):
        raise FenceRaised


async def fail(
    connection: RawConnection, job: Job, *, retry_s: float, attempts_max: int, why: str
) -> None:
    """Put it back for later, or give it up."""
    retry = timedelta(seconds=retry_s)
    await connection.execute(_FAIL, job.id, job.fence, retry, attempts_max, why)


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a summary is made from."""

    slug: str
    tier: str
    last_seq: int
    edits: int
    summary: dict[str, Any] | None
    enabled: bool
    """The inbox wants summaries."""
    rows: Sequence[Sequence[Any]]


async def conversation(
    connection: RawConnection, tenant_id: UUID, conversation_id: UUID
) -> Conversation | None:
    row = await connection.fetchrow(_READ, tenant_id, conversation_id)
    if row is None:
        return None
    return Conversation(
        row["slug"],
        row["tier"],
        row["last_seq"],
        row["edits"],
        orjson.loads(row["summary"] or b"null"),
        row["enabled"],
        orjson.loads(row["rows"] or b"[]"),
    )


@dataclass(frozen=True, slots=True)
class Refined:
    """A summary to keep; `shown` is what `metadata.summary` gets."""

    conversation_id: UUID
    edits: int
    shown: dict[str, Any]
    tokens: int
    micros: int
    ms: int
    at: datetime


async def keep(connection: RawConnection, tenant_id: UUID, refined: Refined) -> int | None:
    """Show it unless something better or newer is shown; says how many messages came since."""
    shown = refined.shown
    behind: int | None = await connection.fetchval(
        _KEEP,
        tenant_id,
        refined.conversation_id,
        orjson.dumps(shown).decode(),
        refined.edits,
        shown["upto_seq"],
        shown["kind"] == "rich",
        uuid7(),
        shown["model"],
        shown["tier"],
        refined.tokens,
        refined.micros / 1_000_000,
        refined.ms,
        refined.at,
    )
    return behind
