"""SQL of the watermarks: how far somebody has received and read."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chat_service.store.rows import plain, values
from chorus.db_connect import RawConnection


@dataclass(frozen=True, slots=True)
class Advance:
    """What one person claims to have received and read, clamped to the head when stored."""

    conversation_id: UUID
    user_id: UUID
    role: str
    """`customer` or `agent`."""
    delivered: int
    read: int


@dataclass(frozen=True, slots=True)
class Advanced:
    """A watermark that rose, with where it stood before."""

    conversation_id: UUID
    user_id: UUID
    role: str
    delivered: int
    read: int
    delivered_before: int
    read_before: int

    @property
    def rose_in_reading(self) -> bool:
        return self.read > self.read_before


# A customer's mark stands in their own conversation only. The old mark is read in the same
# snapshot; should another transaction raise it meanwhile, rows already stamped stay as they are.
_MERGE = """
WITH said AS (
    SELECT s.conversation_id, s.user_id, s.role, least(s.delivered, c.last_seq) AS delivered,
        least(s.read, c.last_seq) AS read,
        coalesce(r.delivered_seq, 0) AS delivered_before, coalesce(r.read_seq, 0) AS read_before
    FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[])
        AS s (conversation_id, user_id, role, delivered, read)
    JOIN conversations c ON c.id = s.conversation_id AND c.tenant_id = $1
        AND (s.role <> 'customer' OR c.contact_id = s.user_id)
    LEFT JOIN conversation_reads r
        ON r.conversation_id = s.conversation_id AND r.user_id = s.user_id
), merged AS (
    INSERT INTO conversation_reads AS r
        (conversation_id, tenant_id, user_id, role, delivered_seq, read_seq, updated_at)
    SELECT conversation_id, $1, user_id, role, greatest(delivered, read), read, now() FROM said
    ORDER BY conversation_id, user_id
    ON CONFLICT (conversation_id, user_id) DO UPDATE SET
        delivered_seq = greatest(r.delivered_seq, excluded.delivered_seq),
        read_seq = greatest(r.read_seq, excluded.read_seq),
        updated_at = now()
    WHERE excluded.delivered_seq > r.delivered_seq OR excluded.read_seq > r.read_seq
    RETURNING conversation_id, user_id, delivered_seq, read_seq
)
SELECT m.conversation_id, m.user_id, said.role, m.delivered_seq, m.read_seq,
    said.delivered_before, said.read_before
FROM merged m JOIN said USING (conversation_id, user_id)
WHERE m.delivered_seq > said.delivered_before OR m.read_seq > said.read_before
ORDER BY m.conversation_id, m.user_id
"""


async def merge(raw: RawConnection, tenant_id: UUID, said: Sequence[Advance]) -> list[Advanced]:
    """Raise watermarks, never lower them; answers those that rose.

    `said` names each person of each conversation once.
    """
    records = await raw.fetch(
        _MERGE,
        tenant_id,
        [one.conversation_id for one in said],
        [one.user_id for one in said],
        [one.role for one in said],
        [one.delivered for one in said],
        [one.read for one in said],
    )
    return [Advanced(*values(record)) for record in records]


_LOCK = (
    "SELECT id FROM conversations WHERE id = ANY($1) AND (unread > 0 OR marked_unread)"
    " ORDER BY id FOR NO KEY UPDATE"
)
_COUNT_UNREAD = """
UPDATE conversations c SET unread = (
    SELECT count(*) FROM messages m
    WHERE m.conversation_id = c.id AND m.role = 'customer' AND m.visibility = 'public'
        AND m.message_type <> 'event' AND m.deleted_at IS NULL
        AND m.seq > (SELECT max(r.read_seq) FROM conversation_reads r
            WHERE r.conversation_id = c.id AND r.role = 'agent')
), marked_unread = false
WHERE c.id = ANY($1)
RETURNING c.id, c.last_seq
"""


async def count_unread(raw: RawConnection, ids: Sequence[UUID]) -> list[tuple[UUID, int]]:
    """Count anew what no agent has read; answers the changed conversations with their heads."""
    held = [record[0] for record in await raw.fetch(_LOCK, list(ids))]
    if not held:
        return []
    return [(plain(one), seq) for one, seq in await raw.fetch(_COUNT_UNREAD, held)]


_STAMP = """
UPDATE messages m SET
    delivered_at = coalesce(m.delivered_at, now()),
    read_at = CASE WHEN m.seq <= a.read THEN coalesce(m.read_at, now()) ELSE m.read_at END
FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[])
    AS a (conversation_id, role, after, delivered, read)
WHERE m.conversation_id = a.conversation_id AND m.seq > a.after AND m.seq <= a.delivered
    AND m.message_type <> 'event'
    AND CASE WHEN a.role = 'customer' THEN m.role <> 'customer' AND m.visibility = 'public'
        ELSE m.role = 'customer' END
    AND (m.delivered_at IS NULL OR (m.seq <= a.read AND m.read_at IS NULL))
"""


async def stamp(raw: RawConnection, risen: Sequence[Advanced]) -> None:
    """Write the first receipt of the other side into the messages it covers."""
    await raw.execute(
        _STAMP,
        [one.conversation_id for one in risen],
        [one.role for one in risen],
        [min(one.delivered_before, one.read_before) for one in risen],
        [one.delivered for one in risen],
        [one.read for one in risen],
    )
