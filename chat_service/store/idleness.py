"""SQL on customers who may be idle: whose they are, what was said last, what their queue says."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from chat_service.idleness import Policy, Signs
from chat_service.store.rows import first
from chorus.db import Transaction
from chorus.db_connect import RawConnection

_CUSTOMER: Final = "SELECT contact_id FROM conversations WHERE tenant_id = $1 AND id = $2"


async def customer_of(raw: RawConnection, tenant_id: UUID, conversation_id: UUID) -> UUID | None:
    found: UUID | None = await raw.fetchval(_CUSTOMER, tenant_id, conversation_id)
    return None if found is None else UUID(int=found.int)


_SAID = text("""
WITH wrote AS (
    SELECT seq, created_at FROM messages
    WHERE conversation_id = :conversation AND role = 'customer' AND message_type <> 'event'
    ORDER BY seq DESC LIMIT 1
)
SELECT (SELECT created_at FROM wrote), (
    SELECT m.created_at FROM messages m
    WHERE m.conversation_id = :conversation AND m.role = 'agent' AND m.message_type <> 'event'
        AND m.visibility = 'public' AND m.created_at >= s.started_at
        AND m.seq > coalesce((SELECT seq FROM wrote), 0)
    ORDER BY m.seq LIMIT 1
), q.idle_asked_after_s, q.idle_ends_after_s, q.idle_then
FROM live_chat_sessions s LEFT JOIN queues q ON q.id = s.queue_id
WHERE s.id = :session AND s.conversation_id = :conversation
""")


async def said(tx: Transaction, conversation_id: UUID, session_id: UUID) -> tuple[Signs, Policy]:
    """The words in a held conversation, and the policy of its session's queue."""
    given = {"conversation": conversation_id, "session": session_id}
    found = await first(tx, _SAID, given)
    assert found is not None, "the session is locked"
    wrote_at, answered_at, *policy = found
    return Signs(wrote_at, answered_at), _policy(*policy)


def _policy(asks_after_s: int | None, ends_after_s: int | None, then: Any) -> Policy:
    if asks_after_s is None or ends_after_s is None:
        return Policy()
    asks_after, ends_after = (timedelta(seconds=one) for one in (asks_after_s, ends_after_s))
    return Policy(asks_after, ends_after, to_bot=then == "bot")
