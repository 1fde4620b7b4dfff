"""The SQL that compares what an inbox row shows with the messages behind it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from chat_service.intake import PREVIEW_CHARS
from chat_service.store.waiting import WAITING_SINCE
from chorus.db_connect import RawConnection

# One snapshot: messages and heads change in one transaction, so what differs here is wrong.
_COMPARE: Final = f"""
SELECT c.id, c.tenant_id, c.last_seq, c.preview, c.unread, c.waiting_since,
       coalesce(head.seq, c.first_seq - 1) AS true_last_seq,
       left(shown.content, $3) AS shown, unseen.number AS true_unread,
       waiting.since AS true_waiting_since
FROM (
  SELECT * FROM conversations
  WHERE id > $1 AND status <> 'closed' ORDER BY id LIMIT $2
) c
LEFT JOIN LATERAL (
  SELECT m.seq FROM messages m WHERE m.conversation_id = c.id ORDER BY m.seq DESC LIMIT 1
) head ON true
LEFT JOIN LATERAL (
  SELECT coalesce(nullif(m.content, ''), m.payload->'files'->0->>'name') AS content FROM messages m
  WHERE m.conversation_id = c.id AND m.visibility = 'public' AND m.message_type <> 'event'
    AND m.role <> 'system' AND m.deleted_at IS NULL
  ORDER BY m.seq DESC LIMIT 1
) shown ON true
CROSS JOIN LATERAL (
  SELECT count(*)::int AS number FROM messages m
  WHERE m.conversation_id = c.id AND m.role = 'customer' AND m.visibility = 'public'
    AND m.message_type <> 'event' AND m.deleted_at IS NULL
    AND m.seq > (
      SELECT coalesce(max(r.read_seq), 0) FROM conversation_reads r
      WHERE r.conversation_id = c.id AND r.role = 'agent'
    )
) unseen
CROSS JOIN LATERAL ({WAITING_SINCE}) waiting
ORDER BY c.id
"""  # noqa: S608 - what waits is our own constant
_LOCK: Final = "SELECT 1 FROM conversations WHERE id = $1 FOR UPDATE"
_REPAIR: Final = """
UPDATE conversations SET last_seq = $2, preview = $3, unread = $4, waiting_since = $5
WHERE id = $1
"""


@dataclass(frozen=True, slots=True)
class Compared:
    """What a conversation shows, and what its messages say."""

    id: UUID
    tenant_id: UUID
    last_seq: int
    preview: str
    unread: int
    waiting_since: datetime | None
    true_last_seq: int
    shown: str | None
    """The start of what somebody said publicly last, long enough for a preview."""
    true_unread: int
    true_waiting_since: datetime | None


async def compare(connection: RawConnection, after: UUID, limit: int) -> list[Compared]:
    """Compare the next open conversations in order of id."""
    found = await connection.fetch(_COMPARE, after, limit, 2 * PREVIEW_CHARS)
    return [Compared(**row) for row in found]


async def compare_locked(connection: RawConnection, conversation_id: UUID) -> Compared | None:
    """Compare one conversation that nobody can change meanwhile."""
    await connection.execute(_LOCK, conversation_id)
    before = UUID(int=max(conversation_id.int - 1, 0))
    found = await compare(connection, before, 1)
    return found[0] if found and found[0].id == conversation_id else None


async def repair(connection: RawConnection, wrong: Compared, preview: str) -> None:
    await connection.execute(
        _REPAIR,
        wrong.id,
        max(wrong.last_seq, wrong.true_last_seq),
        preview,
        wrong.true_unread,
        wrong.true_waiting_since,
    )
