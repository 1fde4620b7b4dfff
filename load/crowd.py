"""A tenant with hundreds of agents and a thousand customers who wait already, beside its edges."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

import asyncpg

from chorus.auth import AUD_AGENT, TokenMaker
from chorus.ids import uuid7
from load.stage import Stage

CAPACITY: Final = 10
TOKEN_S: Final = 900
_TENANT: Final = "INSERT INTO tenants (id, slug, name) VALUES ($1, $2, 'Crowd')"
_INBOX: Final = """
INSERT INTO inboxes (id, tenant_id, name, public_key, allowed_origins)
VALUES ($1, $2, 'Web', $3, $4)
"""
_QUEUE: Final = "INSERT INTO queues (id, tenant_id, name, is_default) VALUES ($1, $2, $3, $4)"
_AGENTS: Final = """
INSERT INTO agents (id, tenant_id, email, name, capacity, status, status_at)
SELECT id, $2, id || '@crowd.test', 'Ada', $3, 'online', now() - interval '1 hour'
FROM unnest($1::uuid[]) AS id
"""
_MEMBERS: Final = """
INSERT INTO queue_members (queue_id, agent_id, tenant_id)
SELECT $1, id, $3 FROM unnest($2::uuid[]) AS id
"""
_CONTACTS: Final = (
    "INSERT INTO contacts (id, tenant_id, name) SELECT id, $2, 'Kim' FROM unnest($1::uuid[]) AS id"
)
# An agent of theirs answers somebody, and that is all they can do.
_BUSY: Final = """
INSERT INTO conversations (id, tenant_id, inbox_id, contact_id, last_ts, assignee_id, floor_holder)
SELECT gen_random_uuid(), $3, $4, contact, now(), agent, 'human'
FROM unnest($1::uuid[], $2::uuid[]) AS n (contact, agent)
"""
_CONVERSATIONS: Final = """
INSERT INTO conversations (id, tenant_id, inbox_id, contact_id, last_ts)
SELECT id, $2, $3, id, now() FROM unnest($1::uuid[]) AS id
"""
_WAITING: Final = """
INSERT INTO live_chat_sessions (id, tenant_id, conversation_id, status, queue_id, queued_at)
SELECT id, $2, id, 'queued', $3, now() FROM unnest($1::uuid[]) AS id
"""
_STILL: Final = "SELECT count(*) FROM live_chat_sessions WHERE tenant_id = $1 AND status = 'queued'"


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who is there. The free ones serve the default queue, the busy ones one with a long line."""

    on: Stage
    """The same installation, whose visitors come to this tenant."""
    tenant_id: UUID
    free: Sequence[UUID]
    busy: Sequence[UUID]

    def token(self, agent_id: UUID) -> str:
        token, _ = TokenMaker(self.on.data / "keys").make(
            tenant_id=self.tenant_id,
            user_id=agent_id,
            role="agent",
            audience=AUD_AGENT,
            ttl_s=TOKEN_S,
        )
        return token

    async def waiting(self) -> int:
        """How many stand in the line of the busy ones."""
        connection = await asyncpg.connect(self.on.database_url)
        try:
            return int(await connection.fetchval(_STILL, self.tenant_id))
        finally:
            await connection.close()


async def gather_crowd(on: Stage, *, agents: int, waiting: int) -> Crowd:
    """Make the tenant, its people and the line, straight into the tables."""
    connection = await asyncpg.connect(on.database_url)
    try:
        async with connection.transaction():
            crowd = await _made(connection, on, agents=agents, waiting=waiting)
        # As autovacuum does a minute after so much is new.
        await connection.execute("ANALYZE")
        return crowd
    finally:
        await connection.close()


async def _made(connection: Any, on: Stage, *, agents: int, waiting: int) -> Crowd:
    tenant, inbox, free_queue, busy_queue = (uuid7() for _ in range(4))
    people = [uuid7() for _ in range(agents)]
    free, busy = people[: agents // 2], people[agents // 2 :]
    key = f"pk_{tenant}"
    await connection.execute(_TENANT, tenant, str(tenant))
    await connection.execute(_INBOX, inbox, tenant, key, [on.base])
    for queue, name, members in ((free_queue, "free", free), (busy_queue, "busy", busy)):
        await connection.execute(_QUEUE, queue, tenant, name, name == "free")
        await connection.execute(_AGENTS, members, tenant, CAPACITY if name == "free" else 1)
        await connection.execute(_MEMBERS, queue, members, tenant)
    contacts = [uuid7() for _ in busy]
    await connection.execute(_CONTACTS, contacts, tenant)
    await connection.execute(_BUSY, contacts, busy, tenant, inbox)
    # One id for the contact, the conversation and the session of each who waits.
    line = [uuid7() for _ in range(waiting)]
    await connection.execute(_CONTACTS, line, tenant)
    await connection.execute(_CONVERSATIONS, line, tenant, inbox)
    await connection.execute(_WAITING, line, tenant, busy_queue)
    own = replace(on, run={**on.run, "load_inbox_key": key})
    return Crowd(own, tenant, free, busy)
