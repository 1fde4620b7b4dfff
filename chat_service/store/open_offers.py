"""SQL on what agents are offered now, as their sockets are shown it."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from chat_service.handoff_news import Packet
from chat_service.store.rows import values
from chat_service.store.sessions import Contact
from chorus.db_connect import RawConnection

_OPEN: Final = """
SELECT o.conversation_id, o.session_id, o.agent_id, o.deadline_at, s.requested_at, s.reason,
    c.metadata->'summary'->>'text', k.id, k.name, k.verified
FROM session_offers o
JOIN live_chat_sessions s ON s.id = o.session_id
JOIN conversations c ON c.id = o.conversation_id
JOIN contacts k ON k.id = c.contact_id
WHERE o.state = 'open' AND o.agent_id = ANY ($1::uuid[])
ORDER BY o.id
"""


async def of_agents(raw: RawConnection, agent_ids: Collection[UUID]) -> list[Packet]:
    """The open offers of these agents, the oldest first; of every tenant the role may see."""
    packets = []
    for record in await raw.fetch(_OPEN, list(agent_ids)):
        conversation_id, session_id, agent_id, deadline_at, asked_at, reason, summary, *contact = (
            values(record)
        )
        packets.append(
            Packet(
                conversation_id,
                session_id,
                agent_id,
                deadline_at,
                asked_at,
                reason,
                Contact(*contact),
                summary,
            )
        )
    return packets
