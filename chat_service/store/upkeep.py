"""The SQL of what jobs do: waking conversations, deleting what is old. Each tenant apart."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from chat_service.store.summaries import FORGET_ALL
from chorus.clock import unix_ms
from chorus.db_connect import RawConnection

_TENANTS: Final = "SELECT id FROM tenants ORDER BY id"

_WAKE: Final = """
UPDATE conversations SET status = 'open', snoozed_until = NULL, last_seq = last_seq + 1
WHERE tenant_id = $1 AND id = $2 AND status = 'snoozed' AND snoozed_until <= now()
RETURNING last_seq, date_trunc('milliseconds', clock_timestamp()) AS at
"""

# Only from the old end, so that `first_seq` says exactly what is left.
_EXPIRED: Final = """
SELECT c.id FROM conversations c
WHERE c.tenant_id = $1 AND c.id > $2 AND c.first_seq <= c.last_seq
  AND c.created_at < now() - $3::interval AND EXISTS (
    SELECT 1 FROM messages m
    WHERE m.conversation_id = c.id AND m.seq = c.first_seq AND m.created_at < now() - $3::interval
  )
ORDER BY c.id LIMIT 1
"""
_LOCK: Final = "SELECT first_seq FROM conversations WHERE id = $1 FOR UPDATE"
_DELETE: Final = f"""
WITH kept AS (
  SELECT min(seq) AS seq FROM messages
  WHERE conversation_id = $1 AND seq >= $2 AND seq < $2 + $4 AND created_at >= now() - $3::interval
),
gone AS (
  DELETE FROM messages WHERE conversation_id = $1 AND seq >= $2
    AND seq < coalesce((SELECT seq FROM kept), $2 + $4)
  RETURNING seq
),
unfindable AS (
  DELETE FROM message_search WHERE conversation_id = $1 AND seq >= $2
    AND seq <= (SELECT max(seq) FROM gone)
),
unreadable AS (
  UPDATE attachments SET state = 'gone' WHERE conversation_id = $1 AND seq >= $2
    AND seq <= (SELECT max(seq) FROM gone)
),
forgotten AS (
  DELETE FROM summaries WHERE conversation_id = $1 AND EXISTS (SELECT 1 FROM gone)
),
unread AS (
  UPDATE conversation_traits SET reading = DEFAULT, intent = DEFAULT, sentiment = DEFAULT,
    language = DEFAULT, tags = DEFAULT, updated_at = now()
  WHERE conversation_id = $1 AND EXISTS (SELECT 1 FROM gone)
)
UPDATE conversations c SET first_seq = (SELECT max(seq) + 1 FROM gone), metadata = {FORGET_ALL}
WHERE id = $1 AND EXISTS (SELECT 1 FROM gone)
RETURNING first_seq
"""  # noqa: S608 - our own constant
_RETENTION_DAYS: Final = "SELECT retention_days FROM tenants WHERE id = $1"
_PURGE_OUTBOX: Final = """
DELETE FROM outbox WHERE id IN (
  SELECT id FROM outbox WHERE tenant_id = $1 AND sent_at < now() - $2::interval
    AND (searched_at IS NOT NULL OR event NOT IN ('message.created', 'message.changed')) LIMIT $3
)
"""
_PURGE_ANSWERS: Final = """
DELETE FROM command_results WHERE (tenant_id, user_id, command_id) IN (
  SELECT tenant_id, user_id, command_id FROM command_results
  WHERE tenant_id = $1 AND created_at < now() - $2::interval LIMIT $3
)
"""
_PURGE_JOBS: Final = """
DELETE FROM jobs WHERE id IN (
  SELECT id FROM jobs WHERE tenant_id = $1 AND state IN ('done', 'cancelled')
    AND finished_at < now() - $2::interval - '1 day'::interval LIMIT $3
)
"""


# Their ids are made when they are: the primary key finds the old ones.
_FORGET_DECISIONS: Final = """
DELETE FROM routing_decisions WHERE id IN (
  SELECT id FROM routing_decisions WHERE tenant_id = $1 AND id < $2 LIMIT $3
)
"""


# Sent ones count for nothing already; nobody comes back to the others.
_FORGET_DRAFTS: Final = """
DELETE FROM drafts d WHERE d.tenant_id = $1 AND (d.updated_at < now() - $2::interval OR EXISTS (
    SELECT 1 FROM messages m WHERE m.conversation_id = d.conversation_id AND m.seq > d.seq
        AND m.sender_id = d.agent_id AND m.role = 'agent' AND m.message_type <> 'event'
        AND (m.visibility = 'agents') = (d.mode = 'note')
))
"""


@dataclass(frozen=True, slots=True)
class Woken:
    """Where a conversation that is open again stands."""

    seq: int
    ts_ms: int


async def tenants(connection: RawConnection) -> list[UUID]:
    return [row["id"] for row in await connection.fetch(_TENANTS)]


async def wake(connection: RawConnection, tenant_id: UUID, conversation_id: UUID) -> Woken | None:
    """Open a conversation whose snooze is over and take a seq for it; None: nothing to do."""
    row = await connection.fetchrow(_WAKE, tenant_id, conversation_id)
    return Woken(row["last_seq"], round(1000 * row["at"].timestamp())) if row else None


async def retention_days(connection: RawConnection, tenant_id: UUID, default: int) -> int:
    days: int | None = await connection.fetchval(_RETENTION_DAYS, tenant_id)
    return days or default


async def expired_conversation(
    connection: RawConnection, tenant_id: UUID, after: UUID, *, days: int
) -> UUID | None:
    """The next conversation whose oldest message is too old."""
    found: UUID | None = await connection.fetchval(_EXPIRED, tenant_id, after, timedelta(days=days))
    return found


async def delete_expired(
    connection: RawConnection, conversation_id: UUID, *, days: int, limit: int
) -> bool:
    """Delete up to `limit` expired messages from the old end; says whether there may be more."""
    first_seq = await connection.fetchval(_LOCK, conversation_id)
    moved = await connection.fetchval(
        _DELETE, conversation_id, first_seq, timedelta(days=days), limit
    )
    return moved is not None and moved - first_seq >= limit


async def purge_outbox(
    connection: RawConnection, tenant_id: UUID, *, keep_h: int, limit: int
) -> int:
    """Forget relayed events and finished jobs; says how many rows went."""
    gone = await _deleted(connection, _PURGE_OUTBOX, tenant_id, keep_h=keep_h, limit=limit)
    return gone + await _deleted(connection, _PURGE_JOBS, tenant_id, keep_h=keep_h, limit=limit)


async def purge_answers(
    connection: RawConnection, tenant_id: UUID, *, keep_h: int, limit: int
) -> int:
    """Forget the answers of old commands; says how many rows went."""
    return await _deleted(connection, _PURGE_ANSWERS, tenant_id, keep_h=keep_h, limit=limit)


async def forget_decisions(
    connection: RawConnection, tenant_id: UUID, *, before: datetime, limit: int
) -> int:
    """Forget why sessions were routed as they were; says how many rows went."""
    oldest = UUID(int=unix_ms(before) << 80)
    return _count(await connection.execute(_FORGET_DECISIONS, tenant_id, oldest, limit))


async def forget_drafts(connection: RawConnection, tenant_id: UUID, *, days: int) -> int:
    """Forget drafts that were sent, and those nobody touched for so long; says how many went."""
    return _count(await connection.execute(_FORGET_DRAFTS, tenant_id, timedelta(days=days)))


async def _deleted(
    connection: RawConnection, statement: str, tenant_id: UUID, *, keep_h: int, limit: int
) -> int:
    return _count(await connection.execute(statement, tenant_id, timedelta(hours=keep_h), limit))


def _count(status: str) -> int:
    return int(status.rpartition(" ")[2])
