"""SQL on since when a customer waits: for the first of their messages that nobody has answered.

A message of the bot answers what it had read: `meta.bot.upto` names the last message it had. What
its customer said after that stands before the answer, and still waits.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from chat_service.store.rows import plain
from chorus.db_connect import RawConnection

_ASKED: Final = (
    "m.role = 'customer' AND m.visibility = 'public' AND m.message_type <> 'event'"
    " AND m.deleted_at IS NULL"
)
# The last few answers, not the last alone: calls of bots may have overtaken each other.
WAITING_SINCE: Final = f"""
SELECT min(m.created_at) AS since FROM messages m
WHERE m.conversation_id = c.id AND {_ASKED}
  AND m.seq > coalesce((
    SELECT max(CASE
        WHEN a.role = 'bot' AND jsonb_typeof(a.payload #> '{{meta,bot,upto}}') = 'number'
        THEN greatest(0, least(a.seq, (a.payload #> '{{meta,bot,upto}}')::numeric))::bigint
        ELSE a.seq END)
    FROM (
      SELECT o.seq, o.role, o.payload FROM messages o
      WHERE o.conversation_id = c.id AND (
        (o.role IN ('agent', 'bot') AND o.visibility = 'public' AND o.message_type <> 'event')
        OR (o.message_type = 'event' AND o.payload->>'event' = 'conversation.closed'))
      ORDER BY o.seq DESC LIMIT 4
    ) a
  ), 0)
"""  # noqa: S608 - the conditions are our own constant
"""Of the conversation `c`, from all its messages; what the rules of intake keep up to date."""

_FIRST_UNREAD: Final = f"""
SELECT w.conversation_id, w.upto, m.created_at
FROM unnest($1::uuid[], $2::bigint[]) AS w (conversation_id, upto)
CROSS JOIN LATERAL (
  SELECT m.created_at FROM messages m
  WHERE m.conversation_id = w.conversation_id AND m.seq > w.upto AND {_ASKED}
  ORDER BY m.seq LIMIT 1
) m
"""  # noqa: S608


async def first_unread(
    connection: RawConnection, read: Sequence[tuple[UUID, int]]
) -> dict[tuple[UUID, int], datetime]:
    """When customers first wrote after a seq, by conversation and seq; left out: they did not."""
    found = await connection.fetch(
        _FIRST_UNREAD, [one for one, _ in read], [upto for _, upto in read]
    )
    return {(plain(row[0]), row[1]): row[2] for row in found}
