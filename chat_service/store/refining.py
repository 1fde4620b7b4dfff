"""SQL on wishes for better summaries: one job a conversation, asked for where it may be worth it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal
from uuid import UUID

from chorus.db_connect import RawConnection
from chorus.ids import uuid7
from chorus.jobs import JobKind

Kind = Literal["fast", "rich"]


@dataclass(frozen=True, slots=True)
class Wish:
    """`least`: how many messages must be new for it. A `rich` one closes a conversation.

    `asked_ms`: Unix time from which the deadline of a `fast` one counts.
    """

    tenant_id: UUID
    conversation_id: UUID
    kind: Kind
    least: int
    asked_ms: int


# Messages are counted to what a model has covered; a summary by rules covers nothing here. Of
# conversations nobody asked a person for, only what somebody opens or closes is worth a model.
# A wish that comes while the job runs makes it run once more, and only once. Nobody asks for a
# closing note again, so no other wish takes its place.
_ASK: Final = """
INSERT INTO jobs (id, tenant_id, kind, key, payload, due_at)
SELECT n.id, c.tenant_id, $1, c.id::text,
    jsonb_build_object('kind', n.kind, 'asked_ms', n.asked_ms), now()
FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::int[], $7::bigint[])
    AS n (id, tenant_id, conversation_id, kind, least, asked_ms)
JOIN conversations c ON c.id = n.conversation_id AND c.tenant_id = n.tenant_id
JOIN inboxes b ON b.id = c.inbox_id
WHERE coalesce(b.settings->'summaries'->>'enabled', 'true') <> 'false'
    AND coalesce(c.metadata->'summary'->>'source', '') <> 'human'
    AND (n.least <= 1 OR EXISTS (SELECT 1 FROM live_chat_sessions s WHERE s.conversation_id = c.id
        AND s.status NOT IN ('ended', 'cancelled', 'failed')))
    AND n.least <= (SELECT count(*) FROM (SELECT 1 FROM messages m WHERE m.conversation_id = c.id
        AND m.seq > CASE WHEN c.metadata->'summary'->>'source' = 'model'
            THEN (c.metadata->'summary'->>'upto_seq')::bigint ELSE 0 END
        AND m.visibility = 'public' AND m.message_type <> 'event' AND m.role <> 'system'
        AND m.deleted_at IS NULL LIMIT n.least) AS new)
ORDER BY c.id
ON CONFLICT (tenant_id, kind, key) DO UPDATE SET
    payload = CASE
        WHEN jobs.state = 'running' AND jobs.payload->'again'->>'kind' = 'rich'
            OR jobs.state = 'pending' AND jobs.payload->>'kind' = 'rich' THEN jobs.payload
        WHEN jobs.state = 'running' THEN jobs.payload || jsonb_build_object('again', excluded.payload)
        WHEN jobs.state = 'pending' THEN jobs.payload || excluded.payload
        ELSE excluded.payload END,
    due_at = CASE WHEN jobs.state IN ('running', 'pending') THEN jobs.due_at ELSE now() END,
    finished_at = NULL,
    attempts = CASE jobs.state WHEN 'running' THEN jobs.attempts ELSE 0 END,
    state = CASE jobs.state WHEN 'running' THEN 'running' ELSE 'pending' END
RETURNING true
"""
# A worker takes its job whatever `due_at` says; moving it only spaces the rings.
_DUE: Final = """
WITH fast AS (
    SELECT id FROM jobs WHERE state = 'pending' AND due_at <= now() AND kind = $1
        AND payload->>'kind' IS DISTINCT FROM 'rich'
    ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
), rich AS (
    SELECT id FROM jobs WHERE state = 'pending' AND due_at <= now() AND kind = $1
        AND payload->>'kind' = 'rich'
    ORDER BY due_at LIMIT greatest(0, $3
        - (SELECT count(*) FROM jobs WHERE state = 'running' AND kind = $1
            AND payload->>'kind' = 'rich')
        - (SELECT count(*) FROM jobs WHERE state = 'pending' AND kind = $1
            AND due_at > now() AND due_at <= now() + $4 AND payload->>'kind' = 'rich')
    ) FOR UPDATE SKIP LOCKED
)
UPDATE jobs j SET due_at = now() + $4
FROM (SELECT id FROM fast UNION ALL SELECT id FROM rich) due WHERE j.id = due.id RETURNING j.id
"""
_CLOSED: Final = """
SELECT tenant_id, (data->>'conversation_id')::uuid AS conversation_id FROM outbox
WHERE event = $1 AND sent_at > now() - $2::interval
"""


async def ask(connection: RawConnection, wishes: Iterable[Wish]) -> int:
    """Ask for refinements, each conversation once; says how many are worth it."""
    # Of several wishes the one that is easiest to fulfil, and the first of equals; a closing note
    # before all others.
    chosen: dict[UUID, Wish] = {}
    for wish in wishes:
        known = chosen.get(wish.conversation_id)
        if known is None or (wish.kind, -wish.least) > (known.kind, -known.least):
            chosen[wish.conversation_id] = wish
    if not chosen:
        return 0
    each = list(chosen.values())
    asked = await connection.fetch(
        _ASK,
        JobKind.REFINE_SUMMARY.value,
        [uuid7() for _ in each],
        [one.tenant_id for one in each],
        [one.conversation_id for one in each],
        [one.kind for one in each],
        [one.least for one in each],
        [one.asked_ms for one in each],
    )
    return len(asked)


async def due(connection: RawConnection, limit: int, *, notes: int, again_s: float) -> list[UUID]:
    """Jobs that workers shall be woken for, each at most once in `again_s`.

    No more closing notes than `notes` are under way at once: who waits for a summary finds a free
    worker, however many conversations are closed.
    """
    found = await connection.fetch(
        _DUE, JobKind.REFINE_SUMMARY.value, limit, notes, timedelta(seconds=again_s)
    )
    return [row["id"] for row in found]


async def closed(connection: RawConnection, event: str, last_s: float) -> list[tuple[UUID, UUID]]:
    """`(tenant, conversation)` of each closing that was relayed in the last seconds."""
    found = await connection.fetch(_CLOSED, event, timedelta(seconds=last_s))
    return [(row["tenant_id"], row["conversation_id"]) for row in found]
