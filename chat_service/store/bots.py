"""SQL on bots: what one has to know of a conversation, and who waits for one that says nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text

from chat_service.store.rows import every, first
from chorus.db import Reader, Transaction
from chorus.db_connect import RawConnection


@dataclass(frozen=True, slots=True)
class BotCard:
    """A bot as its tenant has set it up."""

    id: UUID
    name: str
    persona: str
    instructions: str
    mode: str
    enabled: bool
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Brief:
    """A conversation as its bot sees it; `bot` is None where none is bound."""

    status: str
    head_seq: int
    session: str | None
    """The state of its open session."""
    tenant_slug: str
    tenant_tier: str
    bot: BotCard | None


_BRIEF = text(
    """
SELECT c.status, c.last_seq,
    (SELECT s.status FROM live_chat_sessions s WHERE s.conversation_id = c.id
        AND s.status NOT IN ('ended', 'cancelled', 'failed')),
    t.slug, t.tier, b.id, b.name, b.persona, b.instructions, b.mode, b.state = 'enabled', b.settings
FROM conversations c
JOIN tenants t ON t.id = c.tenant_id
JOIN inboxes i ON i.tenant_id = c.tenant_id AND i.id = c.inbox_id
LEFT JOIN bots b ON b.tenant_id = i.tenant_id AND b.id = i.bot_id
WHERE c.tenant_id = :tenant AND c.id = :id
"""
)
_SPEAKER = text(
    "SELECT b.name FROM inboxes i JOIN bots b ON b.tenant_id = i.tenant_id AND b.id = i.bot_id"
    " WHERE i.tenant_id = :tenant AND i.id = :inbox AND b.mode = 'answer' AND b.state = 'enabled'"
)
_WHICH = text(
    """
SELECT c.id FROM conversations c
JOIN inboxes i ON i.tenant_id = c.tenant_id AND i.id = c.inbox_id AND i.bot_id IS NOT NULL
WHERE c.tenant_id = :tenant AND c.id = ANY (CAST(:ids AS uuid[]))
"""
)
_NOTE = text(
    "UPDATE conversations SET metadata = jsonb_set(metadata, '{bot}', CAST(:note AS jsonb))"
    " WHERE tenant_id = :tenant AND id = :id"
)
# Not often, and by what waits: most conversations with a bot wait for their customer. A bot that
# comes by the API (`bot` without `bot_id`) is not ours; one that was unbound left its customers.
_SILENT: Final = """
SELECT c.tenant_id, c.id, c.waiting_since FROM conversations c
JOIN inboxes i ON i.tenant_id = c.tenant_id AND i.id = c.inbox_id
    AND (i.bot_id IS NOT NULL OR i.settings->'bot'->>'enabled' IS DISTINCT FROM 'true')
WHERE c.status = 'open' AND c.floor_holder = 'bot' AND c.waiting_since < $1
    AND NOT EXISTS (
        SELECT 1 FROM live_chat_sessions s WHERE s.conversation_id = c.id
            AND s.status NOT IN ('ended', 'cancelled', 'failed')
    )
ORDER BY c.waiting_since LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Silent:
    """A customer whom the bot does not answer."""

    tenant_id: UUID
    conversation_id: UUID
    since: datetime


async def brief(session: Reader, tenant_id: UUID, conversation_id: UUID) -> Brief | None:
    """What a bot has to know of a conversation besides what was said."""
    found = await first(session, _BRIEF, {"tenant": tenant_id, "id": conversation_id})
    if found is None:
        return None
    status, head_seq, open_session, slug, tier, *bot = found
    return Brief(status, head_seq, open_session, slug, tier, _card(bot) if bot[0] else None)


async def speaker(session: Reader, tenant_id: UUID, inbox_id: UUID) -> str | None:
    """The name of the bot that answers in an inbox."""
    found: str | None = await session.scalar(_SPEAKER, {"tenant": tenant_id, "inbox": inbox_id})
    return found


def _card(row: list[Any]) -> BotCard:
    *known, settings = row
    read = settings if isinstance(settings, dict) else orjson.loads(settings or "{}")
    return BotCard(*[*known, read])


async def which(session: Reader, tenant_id: UUID, ids: Sequence[UUID]) -> list[UUID]:
    """Those of these conversations whose inbox has a bot."""
    found = await every(session, _WHICH, {"tenant": tenant_id, "ids": list(ids)})
    return [row[0] for row in found]


async def note(
    tx: Transaction, tenant_id: UUID, conversation_id: UUID, noted: dict[str, Any]
) -> None:
    """Keep why the bot handed over, for whoever looks at its figures."""
    given = {"tenant": tenant_id, "id": conversation_id, "note": orjson.dumps(noted).decode()}
    await tx.execute(_NOTE, given)


async def silent(connection: RawConnection, before: datetime, limit: int) -> list[Silent]:
    """Customers who have waited for their bot since before that moment, the longest first."""
    found = await connection.fetch(_SILENT, before, limit)
    return [Silent(UUID(int=row[0].int), UUID(int=row[1].int), row[2]) for row in found]
