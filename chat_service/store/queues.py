"""SQL on queues and teams as somebody who asks for a person, or hands one on, meets them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text

from chat_service.queue_choice import EVERYBODY, Circle, Circumstances, QueueRow
from chat_service.store.conversations import POSITION
from chat_service.store.lines import CIRCLE, circle_of
from chat_service.store.rows import every, first
from chorus.db import Reader, Transaction

_QUEUES = text("""
SELECT q.id, q.name, q.policy, q.visibility, q.is_default, q.conditions, q.hours,
    q.overflow_queue_id, q.max_wait_s, q.sla_s,
    ARRAY(SELECT m.agent_id FROM queue_members m JOIN agents a ON a.id = m.agent_id
        WHERE m.queue_id = q.id AND a.disabled_at IS NULL),
    q.texts
FROM queues q WHERE q.tenant_id = :tenant AND q.archived_at IS NULL
ORDER BY q.priority DESC, q.name
""")


async def queues(session: Reader, tenant_id: UUID) -> list[QueueRow]:
    """The queues of a tenant but for deleted ones, the most urgent first."""
    return [_queue(row) for row in await every(session, _QUEUES, {"tenant": tenant_id})]


def _queue(row: list[Any]) -> QueueRow:
    *known, conditions, hours, overflow_queue_id, max_wait_s, sla_s, members, texts = row
    serving = tuple(UUID(int=one.int) for one in members)
    rules = [_json(conditions) or {}, _json(hours), overflow_queue_id, max_wait_s, sla_s, serving]
    return QueueRow(*[*known, *rules, _json(texts)])


_CIRCUMSTANCES = text("""
SELECT c.id, c.contact_id, b.id, b.queue_id, b.channel, k.locale, k.attributes || c.attributes,
    coalesce(b.settings->'bot'->>'enabled' = 'true', false),
    CASE WHEN c.floor_holder = 'human' THEN c.assignee_id END,
    t.intent, t.sentiment, nullif(t.language, '')
FROM conversations c
JOIN inboxes b ON b.id = c.inbox_id
JOIN contacts k ON k.id = c.contact_id
LEFT JOIN conversation_traits t ON t.conversation_id = c.id
WHERE c.tenant_id = :tenant AND c.id = ANY(CAST(:conversations AS uuid[]))
""")


async def circumstances(
    session: Reader, tenant_id: UUID, conversation_id: UUID
) -> Circumstances | None:
    return (await circumstances_of(session, tenant_id, [conversation_id])).get(conversation_id)


async def circumstances_of(
    session: Reader, tenant_id: UUID, conversation_ids: Sequence[UUID]
) -> dict[UUID, Circumstances]:
    """What conditions of queues look at; absent and foreign conversations are left out."""
    given = {"tenant": tenant_id, "conversations": list(conversation_ids)}
    found = await every(session, _CIRCUMSTANCES, given)
    return {id_: _circumstances(known) for id_, *known in found}


def _circumstances(found: list[Any]) -> Circumstances:
    known, attributes, others = found[:5], found[5], found[6:]
    return Circumstances(*[*known, _json(attributes) or {}, *others])


# As POSITION, for those who begin to wait now. Each line is counted once, whoever joins it.
_NEXT = text("""
WITH newcomer AS (
    SELECT n.conversation, n.queue, greatest(n.priority, c.priority) AS priority
    FROM unnest(CAST(:conversations AS uuid[]), CAST(:queues AS uuid[]),
        CAST(:priorities AS int[])) AS n (conversation, queue, priority)
    JOIN conversations c ON c.id = n.conversation
), line AS MATERIALIZED (
    SELECT k.queue, k.priority, stands.ahead, stands.latest
    FROM (SELECT DISTINCT queue, priority FROM newcomer) k CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE greatest(w.priority, d.priority)
            + greatest(0, floor(extract(epoch FROM now() - w.requested_at) / 60)) >= k.priority
        ) AS ahead,
            max(w.requested_at) AS latest
        FROM live_chat_sessions w JOIN conversations d ON d.id = w.conversation_id
        WHERE w.tenant_id = :tenant AND w.queue_id = k.queue
            AND w.status IN ('requested', 'queued', 'offered')
    ) stands
)
SELECT n.conversation, n.queue, n.priority, l.ahead, l.latest FROM newcomer n
JOIN line l ON l.queue = n.queue AND l.priority = n.priority
""")
# A statement of its own: the next one sees whoever had the line before.
_LOCK_LINES = text("""
SELECT pg_advisory_xact_lock(hashtextextended('line:' || line.queue, 0))
FROM (SELECT DISTINCT unnest(CAST(:queues AS uuid[])) AS queue ORDER BY 1) line
""")
_STEP: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A conversation that begins to wait in a queue now."""

    conversation_id: UUID
    queue_id: UUID
    priority: int


@dataclass(frozen=True, slots=True)
class Joined:
    """A place in a queue, 1 being next, and when who stands there came: behind who stood there."""

    position: int
    at: datetime


async def join(
    tx: Transaction, tenant_id: UUID, newcomers: Sequence[Newcomer], *, now: datetime
) -> dict[UUID, Joined]:
    """Give places to those who come at once, by conversation: the first of equals goes first.

    Nobody else joins these lines before the transaction ends: what is promised is what routing
    keeps, whoever asks beside, here or on another edge, and whatever time its clock says.
    """
    queue_ids = sorted({one.queue_id for one in newcomers})
    await tx.execute(_LOCK_LINES, {"queues": queue_ids})
    given = {
        "tenant": tenant_id,
        "conversations": [one.conversation_id for one in newcomers],
        "queues": [one.queue_id for one in newcomers],
        "priorities": [one.priority for one in newcomers],
    }
    found = {row[0]: row[1:] for row in await every(tx, _NEXT, given)}
    places, before = dict[UUID, Joined](), list[tuple[UUID, int]]()
    at = max([now, *(latest + _STEP for *_, latest in found.values() if latest)])
    for one in newcomers:
        queue_id, priority, ahead, _ = found[one.conversation_id]
        beside = sum(queue == queue_id and urgency >= priority for queue, urgency in before)
        places[one.conversation_id] = Joined(1 + ahead + beside, at + len(before) * _STEP)
        before.append((queue_id, priority))
    return places


@dataclass(frozen=True, slots=True)
class Wait:
    """Where the latest session of a conversation stands."""

    session_id: UUID
    state: str
    queue_id: UUID | None
    queue: str | None
    position: int | None
    options: Mapping[str, Any] | None
    circle: Circle = EVERYBODY


_WAIT = text(f"""
SELECT s.id, s.status, s.queue_id, q.name, {POSITION}, s.options, {CIRCLE}
FROM live_chat_sessions s JOIN conversations c ON c.id = s.conversation_id
LEFT JOIN queues q ON q.id = s.queue_id
WHERE s.tenant_id = :tenant AND s.conversation_id = :conversation
ORDER BY s.ended_at IS NOT NULL, s.requested_at DESC, s.id DESC LIMIT 1
""")  # noqa: S608 - our own constant


async def wait_of(
    session: Reader, tenant_id: UUID, conversation_id: UUID, *, now: datetime
) -> Wait | None:
    given = {"tenant": tenant_id, "conversation": conversation_id, "now": now}
    found = await first(session, _WAIT, given)
    if found is None:
        return None
    *known, options, without, team = found
    return Wait(*[*known, _json(options), circle_of(without, team)])


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team, and which of its enabled members serve a queue."""

    id: UUID
    members: int


_TEAM = text("""
SELECT t.id, (
    SELECT count(*) FROM team_members m
    JOIN agents a ON a.id = m.agent_id AND a.disabled_at IS NULL
    JOIN queue_members s ON s.agent_id = m.agent_id AND s.queue_id = :queue
    WHERE m.team_id = t.id
)
FROM teams t WHERE t.tenant_id = :tenant AND t.archived_at IS NULL
    AND (t.name = :team OR CAST(t.id AS text) = :team)
""")


async def team(session: Reader, tenant_id: UUID, named: str, *, queue_id: UUID) -> TeamRow | None:
    """Find a team by its name or id."""
    given = {"tenant": tenant_id, "team": named, "queue": queue_id}
    found = await first(session, _TEAM, given)
    return None if found is None else TeamRow(*found)


def _json(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str | bytes) else value
