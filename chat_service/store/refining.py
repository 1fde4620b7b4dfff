"""SQL on wishes for better summaries: one job a conversation, asked for where it may be worth it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from chorus.db_connect import RawConnection
from chorus.ids import uuid7
from chorus.jobs import JobKind

Kind = Literal["fast", "rich"]


@dataclass(frozen=True, slots=True)
class Wish:
    """`least`: how many messages must be new for it. A `rich` one closes a conversation.

    `asked_ms`: Unix time from which its deadline counts.
    """

    tenant_id: UUID
    conversation_id: UUID
    kind: Kind
    least: int
    asked_ms: int


# Messages are counted to what a model has covered; a summary by rules covers nothing here. Of
# conversations nobody asked a person for, only what somebody opens or closes is worth a model.
# A wish that comes while the job runs makes it run once more, and only once.
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
    payload = CASE jobs.state WHEN 'running'
        THEN jobs.payload || jsonb_build_object('again', excluded.payload)
        ELSE excluded.payload END,
    due_at = CASE WHEN jobs.state IN ('running', 'pending') THEN jobs.due_at ELSE now() END,
    finished_at = NULL,
    attempts = CASE jobs.state WHEN 'running' THEN jobs.attempts ELSE 0 END,
    state = CASE jobs.state WHEN 'running' THEN 'running' ELSE 'pending' END
RETURNING true
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
