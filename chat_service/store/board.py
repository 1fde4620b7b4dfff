"""SQL of the live board: who waits now, who answers, what the bot holds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from chat_service.store.rows import every, first
from chorus.db import Reader


@dataclass(frozen=True, slots=True)
class Waiter:
    """A customer who waits for a person."""

    conversation_id: UUID
    session_id: UUID
    state: str
    queue_id: UUID | None
    queue: str | None
    contact_id: UUID
    contact: str | None
    requested_at: datetime
    priority: int
    sla_due_at: datetime | None
    offered_to: UUID | None


@dataclass(frozen=True, slots=True)
class Line:
    """How a queue stands."""

    queue_id: UUID
    queue: str
    waiting: int
    oldest: datetime | None
    late: int
    """Of those who wait, whose promised time is over."""
    deferred: int
    active: int
    members: int


@dataclass(frozen=True, slots=True)
class Sums:
    """All of a tenant's conversations that are not closed, by who has them."""

    waiting: int
    oldest: datetime | None
    late: int
    deferred: int
    active: int
    wrap_up: int
    bot: int
    nobody: int
    """Open, with nobody who answers and nobody asked for."""
    snoozed: int


_WAITING: Final = "s.status IN ('requested', 'queued', 'offered')"
_WAITERS: Final = text(f"""
SELECT s.conversation_id, s.id, s.status, q.id, q.name, k.id, k.name, s.requested_at,
    greatest(s.priority, c.priority), s.sla_due_at, o.agent_id
FROM live_chat_sessions s
JOIN conversations c ON c.id = s.conversation_id
JOIN contacts k ON k.id = c.contact_id
LEFT JOIN queues q ON q.id = s.queue_id
LEFT JOIN session_offers o ON o.session_id = s.id AND o.state = 'open'
WHERE s.tenant_id = :tenant AND {_WAITING}
ORDER BY s.requested_at, s.id LIMIT :limit
""")  # noqa: S608 - our own constant
_LINES: Final = text(f"""
SELECT q.id, q.name, count(s.id) FILTER (WHERE {_WAITING}),
    min(s.requested_at) FILTER (WHERE {_WAITING}),
    count(s.id) FILTER (WHERE {_WAITING} AND s.sla_due_at < :now),
    count(s.id) FILTER (WHERE s.status = 'deferred'),
    count(s.id) FILTER (WHERE s.status = 'active'),
    (SELECT count(*) FROM queue_members m JOIN agents a ON a.id = m.agent_id
        WHERE m.queue_id = q.id AND a.disabled_at IS NULL)
FROM queues q LEFT JOIN live_chat_sessions s ON s.queue_id = q.id AND s.tenant_id = q.tenant_id
    AND s.status NOT IN ('ended', 'cancelled', 'failed')
WHERE q.tenant_id = :tenant AND q.archived_at IS NULL GROUP BY q.id, q.name ORDER BY q.name, q.id
""")  # noqa: S608
_SUMS: Final = text(f"""
SELECT count(*) FILTER (WHERE {_WAITING}), min(s.requested_at) FILTER (WHERE {_WAITING}),
    count(*) FILTER (WHERE {_WAITING} AND s.sla_due_at < :now),
    count(*) FILTER (WHERE s.status = 'deferred'), count(*) FILTER (WHERE s.status = 'active'),
    count(*) FILTER (WHERE s.status = 'wrap_up'),
    count(*) FILTER (WHERE c.status = 'open' AND c.floor_holder = 'bot'),
    count(*) FILTER (WHERE c.status = 'open' AND c.floor_holder = 'none' AND s.id IS NULL),
    count(*) FILTER (WHERE c.status = 'snoozed')
FROM conversations c
LEFT JOIN live_chat_sessions s ON s.conversation_id = c.id
    AND s.status NOT IN ('ended', 'cancelled', 'failed')
WHERE c.tenant_id = :tenant AND (c.status <> 'closed' OR s.id IS NOT NULL)
""")  # noqa: S608
_AGENTS: Final = text(
    "SELECT id, name FROM agents WHERE tenant_id = :tenant AND disabled_at IS NULL"
    " ORDER BY name, id LIMIT :limit"
)


async def waiters(session: Reader, tenant_id: UUID, *, limit: int) -> list[Waiter]:
    """Who waits, the longest first."""
    given = {"tenant": tenant_id, "limit": limit}
    return [Waiter(*row) for row in await every(session, _WAITERS, given)]


async def lines(session: Reader, tenant_id: UUID, *, now: datetime) -> list[Line]:
    """How each queue stands, in order of name."""
    given = {"tenant": tenant_id, "now": now}
    return [Line(*row) for row in await every(session, _LINES, given)]


async def sums(session: Reader, tenant_id: UUID, *, now: datetime) -> Sums:
    found = await first(session, _SUMS, {"tenant": tenant_id, "now": now})
    assert found is not None
    return Sums(*found)


async def agents(session: Reader, tenant_id: UUID, *, limit: int) -> list[tuple[UUID, str]]:
    """Who may work, in order of name."""
    given = {"tenant": tenant_id, "limit": limit}
    return [(row[0], row[1]) for row in await every(session, _AGENTS, given)]
