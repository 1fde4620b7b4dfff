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
SKILLS: Final = [f"skill {number}" for number in range(20)]
"""What the busy ones know and the free ones do not."""
_TENANT: Final = "INSERT INTO tenants (id, slug, name) VALUES ($1, $2, 'Crowd')"
_INBOX: Final = """
INSERT INTO inboxes (id, tenant_id, name, public_key, allowed_origins)
VALUES ($1, $2, 'Web', $3, $4)
"""
# Nothing that is wished for is ever given up.
_QUEUE: Final = """
INSERT INTO queues (id, tenant_id, name, is_default, relaxations) VALUES ($1, $2, $3, $4, '[]')
"""
_AGENTS: Final = """
INSERT INTO agents (id, tenant_id, email, name, capacity, skills, status, status_at)
SELECT id, $2, id || '@crowd.test', 'Ada', $3, $4, 'online', now() - interval '1 hour'
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
INSERT INTO live_chat_sessions
    (id, tenant_id, conversation_id, status, queue_id, queued_at, skills)
SELECT id, $2, id, 'queued', $3, now(), ARRAY[($4::text[])[1 + place % cardinality($4)]]
FROM unnest($1::uuid[]) WITH ORDINALITY AS n (id, place)
"""
_ENDED: Final = """
UPDATE live_chat_sessions SET status = 'ended', ended_at = now()
WHERE tenant_id = $1 AND ended_at IS NULL
"""
_CLOSED: Final = """
UPDATE conversations SET status = 'closed', closed_at = now(), floor_holder = 'none',
    assignee_id = NULL
WHERE tenant_id = $1
"""
_STILL: Final = "SELECT count(*) FROM live_chat_sessions WHERE tenant_id = $1 AND status = 'queued'"


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who is there: free ones, who serve the default queue, and busy ones with a long line.

    The line stands apart, in a queue of the busy ones, where the router knows without a look that
    nobody can come; or among whoever asks next, for what the busy ones alone know, who serve there, too.
    """

    on: Stage
    """The same installation, whose visitors come to this tenant."""
    tenant_id: UUID
    inbox_id: UUID
    free_queue_id: UUID
    busy_queue_id: UUID
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
        """How many stand in the long line."""
        connection = await asyncpg.connect(self.on.database_url)
        try:
            return int(await connection.fetchval(_STILL, self.tenant_id))
        finally:
            await connection.close()

    async def disperse(self) -> None:
        """End everything of the tenant, so that nobody has to be missed when its agents go."""
        connection = await asyncpg.connect(self.on.database_url)
        try:
            for statement in (_ENDED, _CLOSED):
                await connection.execute(statement, self.tenant_id)
        finally:
            await connection.close()


async def gather_crowd(on: Stage, *, agents: int, waiting: int, among: bool) -> Crowd:
    """Make the tenant, its people and the line, straight into the tables."""
    connection = await asyncpg.connect(on.database_url)
    try:
        async with connection.transaction():
            crowd = await _people(connection, on, agents=agents)
            await _line_up(connection, crowd, waiting=waiting, among=among)
        # As autovacuum does a minute after so much is new.
        await connection.execute("ANALYZE")
        return crowd
    finally:
        await connection.close()


async def _people(connection: Any, on: Stage, *, agents: int) -> Crowd:
    tenant, inbox, free_queue, busy_queue = (uuid7() for _ in range(4))
    people = [uuid7() for _ in range(agents)]
    free, busy = people[: agents // 2], people[agents // 2 :]
    key = f"pk_{tenant}"
    await connection.execute(_TENANT, tenant, str(tenant))
    await connection.execute(_INBOX, inbox, tenant, key, [on.base])
    await connection.execute(_QUEUE, free_queue, tenant, "free", True)
    await connection.execute(_QUEUE, busy_queue, tenant, "busy", False)
    await connection.execute(_AGENTS, free, tenant, CAPACITY, [])
    await connection.execute(_AGENTS, busy, tenant, 1, SKILLS)
    await connection.execute(_MEMBERS, free_queue, free, tenant)
    await connection.execute(_MEMBERS, busy_queue, busy, tenant)
    contacts = [uuid7() for _ in busy]
    await connection.execute(_CONTACTS, contacts, tenant)
    await connection.execute(_BUSY, contacts, busy, tenant, inbox)
    own = replace(on, run={**on.run, "load_inbox_key": key})
    return Crowd(own, tenant, inbox, free_queue, busy_queue, free, busy)


async def _line_up(connection: Any, crowd: Crowd, *, waiting: int, among: bool) -> None:
    # One id for the contact, the conversation and the session of each who waits.
    line, tenant = [uuid7() for _ in range(waiting)], crowd.tenant_id
    queue = crowd.free_queue_id if among else crowd.busy_queue_id
    if among:
        await connection.execute(_MEMBERS, queue, crowd.busy, tenant)
    await connection.execute(_CONTACTS, line, tenant)
    await connection.execute(_CONVERSATIONS, line, tenant, crowd.inbox_id)
    await connection.execute(_WAITING, line, tenant, queue, SKILLS)
