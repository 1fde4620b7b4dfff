"""SQL on whose absence matters: agents who are asked or answer, and those who might be asked."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from chorus.db_connect import RawConnection

# Who might be asked only matters where somebody waits.
_WATCHED: Final = """
SELECT tenant_id, agent_id FROM session_offers WHERE state = 'open'
UNION SELECT tenant_id, agent_id FROM live_chat_sessions WHERE status = 'active'
UNION SELECT tenant_id, leaving_agent_id FROM live_chat_sessions
    WHERE leaving_agent_id IS NOT NULL AND status IN ('requested', 'queued', 'offered', 'active')
UNION SELECT a.tenant_id, a.id FROM agents a
    WHERE (a.status = 'online' OR a.status_at IS NULL) AND a.disabled_at IS NULL AND a.tenant_id IN (
        SELECT tenant_id FROM live_chat_sessions WHERE status IN ('queued', 'deferred')
    )
"""
_OFFERS: Final = """
SELECT agent_id, conversation_id FROM session_offers
WHERE tenant_id = $1 AND agent_id = ANY ($2::uuid[]) AND state = 'open'
"""
# What somebody put off is nobody's before it wakes. Who has just taken something is there, though
# presence may not have heard of it yet.
_CHATS: Final = """
SELECT s.agent_id, s.conversation_id FROM live_chat_sessions s
JOIN conversations c ON c.id = s.conversation_id AND c.status <> 'snoozed'
WHERE s.tenant_id = $1 AND s.agent_id = ANY ($2::uuid[]) AND s.status = 'active'
    AND (s.given_at IS NULL OR s.given_at <= $3)
UNION SELECT s.leaving_agent_id, s.conversation_id FROM live_chat_sessions s
JOIN conversations c ON c.id = s.conversation_id AND c.status <> 'snoozed'
WHERE s.tenant_id = $1 AND s.leaving_agent_id = ANY ($2::uuid[])
    AND s.status IN ('requested', 'queued', 'offered', 'active')
"""
# By the session, which has an index for its open offer.
_ASKED: Final = """
SELECT o.agent_id FROM live_chat_sessions s
JOIN session_offers o ON o.session_id = s.id AND o.state = 'open'
WHERE s.tenant_id = $1 AND s.conversation_id = $2 AND s.status = 'offered'
"""
_MOVE_DEADLINES: Final = """
WITH open AS (
  SELECT id FROM session_offers
  WHERE tenant_id = $1 AND agent_id = ANY ($2::uuid[]) AND state = 'open'
  ORDER BY id FOR UPDATE SKIP LOCKED
)
UPDATE session_offers o SET deadline_at = deadline_at + $3 FROM open WHERE o.id = open.id
"""
# Not often: it reads all that is open, because no index follows who waits for an answer.
_UNANSWERED: Final = """
SELECT c.tenant_id, c.assignee_id, c.id FROM conversations c
WHERE c.status = 'open' AND c.floor_holder = 'human' AND c.assignee_id IS NOT NULL
    AND c.waiting_since IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM live_chat_sessions s WHERE s.conversation_id = c.id
            AND s.status NOT IN ('ended', 'cancelled', 'failed')
    )
"""
Pair = tuple[UUID, UUID]


async def watched(raw: RawConnection) -> dict[UUID, set[UUID]]:
    """By tenant, the agents whose coming or going changes something."""
    found: dict[UUID, set[UUID]] = {}
    for tenant_id, agent_id in _pairs(await raw.fetch(_WATCHED)):
        found.setdefault(tenant_id, set()).add(agent_id)
    return found


async def offers(raw: RawConnection, tenant_id: UUID, agents: Collection[UUID]) -> list[Pair]:
    """Agent and conversation of the open offers of these agents."""
    return _pairs(await raw.fetch(_OFFERS, tenant_id, list(agents)))


async def chats(
    raw: RawConnection, tenant_id: UUID, agents: Collection[UUID], *, before: datetime
) -> list[Pair]:
    """Agent and conversation of what these agents have answered since then, or are handing over."""
    return _pairs(await raw.fetch(_CHATS, tenant_id, list(agents), before))


async def unanswered(raw: RawConnection) -> dict[UUID, list[Pair]]:
    """By tenant, agent and conversation where a customer waits for an agent without a session."""
    found: dict[UUID, list[Pair]] = {}
    for row in await raw.fetch(_UNANSWERED):
        tenant_id, *pair = (UUID(int=one.int) for one in row)
        found.setdefault(tenant_id, []).append((pair[0], pair[1]))
    return found


async def asked(raw: RawConnection, tenant_id: UUID, conversation_id: UUID) -> UUID | None:
    """The agent whom the session of a conversation is offered to."""
    found: UUID | None = await raw.fetchval(_ASKED, tenant_id, conversation_id)
    return None if found is None else UUID(int=found.int)


async def move_deadlines(
    raw: RawConnection, tenant_id: UUID, agents: Collection[UUID], *, by_s: float
) -> None:
    """Give agents nobody can see as much longer to answer."""
    await raw.execute(_MOVE_DEADLINES, tenant_id, list(agents), timedelta(seconds=by_s))


def _pairs(found: list[tuple[UUID, UUID]]) -> list[Pair]:
    return [(UUID(int=one.int), UUID(int=other.int)) for one, other in found]
