"""The SQL of the relay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from chorus.db_connect import RawConnection

# Ids are older than their commits, so a cursor over ids would skip rows; this never does.
_TAKE: Final = """
SELECT id, tenant_id, issuer, event, data::text AS data, created_at FROM outbox
WHERE sent_at IS NULL ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
"""
_MARK: Final = "UPDATE outbox SET sent_at = clock_timestamp() WHERE id = ANY ($1::uuid[])"
_FORGET_SENDING: Final = "UPDATE outbox SET sent_at = NULL WHERE sent_at > now() - $1::interval"
_BACKLOG: Final = "SELECT count(*) FROM outbox WHERE sent_at IS NULL"


@dataclass(frozen=True, slots=True)
class DomainEvent:
    """A row of the outbox; `data` is JSON text."""

    id: UUID
    tenant_id: UUID
    issuer: str
    event: str
    data: str
    created_at: datetime


async def take(connection: RawConnection, limit: int) -> list[DomainEvent]:
    """Lock the oldest unsent events that nobody else has locked."""
    return [DomainEvent(**row) for row in await connection.fetch(_TAKE, limit)]


async def mark_sent(connection: RawConnection, events: Sequence[DomainEvent]) -> None:
    await connection.execute(_MARK, [event.id for event in events])


async def forget_sending(connection: RawConnection, last_s: float) -> int:
    """Make what was sent in the last seconds unsent; says how many events that are."""
    status: str = await connection.execute(_FORGET_SENDING, timedelta(seconds=last_s))
    return int(status.rpartition(" ")[2])


async def backlog(connection: RawConnection) -> int:
    waiting: int = await connection.fetchval(_BACKLOG)
    return waiting
