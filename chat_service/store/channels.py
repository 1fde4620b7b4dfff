"""SQL on where a conversation leads: its channel, the customer's address there, their last word."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from chat_service.store.rows import first
from chorus.db import Reader


@dataclass(frozen=True, slots=True)
class Line:
    inbox_id: UUID
    channel: str
    contact_id: UUID


@dataclass(frozen=True, slots=True)
class Word:
    """What a customer said last."""

    at: datetime
    meta: Mapping[str, Any]


_LINE = text(
    "SELECT i.id, i.channel, c.contact_id FROM conversations c JOIN inboxes i ON i.id = c.inbox_id"
    " WHERE c.tenant_id = :tenant AND c.id = :conversation"
)
_ADDRESS = text(
    "SELECT subject FROM contact_identities"
    " WHERE tenant_id = :tenant AND contact_id = :contact AND issuer = :issuer"
)
_LAST_WORD = text(
    "SELECT created_at, payload FROM messages WHERE tenant_id = :tenant"
    " AND conversation_id = :conversation AND role = 'customer' AND message_type <> 'event'"
    " ORDER BY seq DESC LIMIT 1"
)


async def line_of(session: Reader, tenant_id: UUID, conversation_id: UUID) -> Line | None:
    given = {"tenant": tenant_id, "conversation": conversation_id}
    found = await first(session, _LINE, given)
    return None if found is None else Line(*found)


async def address_of(session: Reader, tenant_id: UUID, contact_id: UUID, issuer: str) -> str | None:
    given = {"tenant": tenant_id, "contact": contact_id, "issuer": issuer}
    found = await first(session, _ADDRESS, given)
    return None if found is None else str(found[0])


async def last_word(session: Reader, tenant_id: UUID, conversation_id: UUID) -> Word | None:
    given = {"tenant": tenant_id, "conversation": conversation_id}
    found = await first(session, _LAST_WORD, given)
    if found is None:
        return None
    at, payload = found
    known = orjson.loads(payload) if isinstance(payload, str | bytes) else payload
    return Word(at, (known or {}).get("meta") or {})
