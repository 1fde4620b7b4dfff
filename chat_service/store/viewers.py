"""SQL on who sees which queue: its members, and the teams it is shown to; without any, everybody."""

from typing import Final
from uuid import UUID

from sqlalchemy import text

from chat_service.store.rows import every
from chorus.db import Reader

# Looked up once a statement, whatever the number of rows. `q` is LEFT JOINed, or not.
VISIBLE: Final = """
(q.id IS NULL OR q.id NOT IN (
    SELECT v.queue_id FROM queue_teams v WHERE v.tenant_id = :tenant
    EXCEPT SELECT m.queue_id FROM queue_members m WHERE m.agent_id = :viewer
    EXCEPT SELECT v.queue_id FROM queue_teams v JOIN team_members t ON t.team_id = v.team_id
        WHERE t.agent_id = :viewer
))
"""
_VIEWERS: Final = text("""
SELECT q.name, ARRAY(
    SELECT m.agent_id FROM queue_members m WHERE m.queue_id = q.id
    UNION SELECT t.agent_id FROM queue_teams v JOIN team_members t ON t.team_id = v.team_id
        WHERE v.queue_id = q.id
)
FROM queues q WHERE q.tenant_id = :tenant AND q.archived_at IS NULL
    AND EXISTS (SELECT 1 FROM queue_teams v WHERE v.queue_id = q.id)
""")
Viewers = dict[str, list[str]]
"""Who of the agents sees a queue, by its name; a queue that is not named is seen by all."""


async def viewers(session: Reader, tenant_id: UUID) -> Viewers:
    """Who sees the queues that are not for everybody."""
    found = await every(session, _VIEWERS, {"tenant": tenant_id})
    return {name: sorted(map(str, agents)) for name, agents in found}
