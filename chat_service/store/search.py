"""SQL that finds messages and contacts by their words, and reads what is shown of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text

from chat_service.store.rows import every
from chorus.db import Reader

Place = tuple[datetime, UUID, int]


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A message that was found, and whose conversation it is in."""

    conversation_id: UUID
    seq: int
    at: datetime
    id: UUID
    role: str
    sender_id: UUID | None
    visibility: str
    content: str
    status: str
    contact_id: UUID
    contact_name: str | None


# Deleted meanwhile: its words may be there a moment longer.
_MESSAGES: Final = text("""
SELECT f.conversation_id, f.seq, f.at, m.id, m.role, m.sender_id, m.visibility, m.content,
    c.status, k.id, k.name
FROM chorus_find_messages(to_tsquery('simple', :query), CAST(:filters AS jsonb),
    CAST(:before_at AS timestamptz), CAST(:before_id AS uuid), CAST(:before_seq AS bigint),
    :limit) f
JOIN messages m ON m.conversation_id = f.conversation_id AND m.seq = f.seq
JOIN conversations c ON c.id = f.conversation_id
JOIN contacts k ON k.id = c.contact_id
WHERE m.tenant_id = :tenant AND c.tenant_id = :tenant AND m.deleted_at IS NULL
ORDER BY f.at DESC, f.conversation_id DESC, f.seq DESC
""")
_CONTACTS: Final = text("""
SELECT f.contact_id, f.at FROM chorus_find_contacts(to_tsquery('simple', :query),
    CAST(:before_at AS timestamptz), CAST(:before_id AS uuid), :limit) f
ORDER BY f.at DESC, f.contact_id DESC
""")


async def messages(
    session: Reader,
    tenant_id: UUID,
    query: str,
    *,
    filters: Mapping[str, Any],
    before: Place | None,
    limit: int,
) -> list[FoundMessage]:
    """What was said with these words, the latest first."""
    at, id_, seq = before or (None, None, None)
    given = {
        "tenant": tenant_id,
        "query": query,
        "filters": orjson.dumps({k: v for k, v in filters.items() if v is not None}).decode(),
        "before_at": at,
        "before_id": id_,
        "before_seq": seq,
        "limit": limit,
    }
    return [FoundMessage(*row) for row in await every(session, _MESSAGES, given)]


async def contacts(
    session: Reader, query: str, *, before: tuple[datetime, UUID] | None, limit: int
) -> Sequence[tuple[UUID, datetime]]:
    """Who is called so in the tenant of this transaction, who was here last first."""
    at, id_ = before or (None, None)
    given = {"query": query, "before_at": at, "before_id": id_, "limit": limit}
    return [(row[0], row[1]) for row in await every(session, _CONTACTS, given)]
