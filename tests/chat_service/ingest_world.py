"""A small world to talk in: a tenant, its people and conversations, in a real database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any
from uuid import UUID

import asyncpg

from chat_service.intake import Stored
from chat_service.messages import Outcome
from chorus.db import Db, open_db
from chorus.ids import uuid7
from chorus.ingest import IngestItem

Row = Any
CHANGES = (
    "last_seq = last_seq + 1",
    "status = 'closed', closed_at = now()",
    "floor_holder = 'human'",
    "floor_epoch = floor_epoch + 1",
    "assignee_id = (SELECT id FROM agents LIMIT 1)",
    "waiting_since = now()",
)
"""What may happen to a conversation beside a writer, as SET of an UPDATE; all but the second leave it open."""


@dataclass(frozen=True, slots=True)
class Conversation:
    id: UUID
    contact_id: UUID


@dataclass(frozen=True, slots=True)
class World:
    tenant_id: UUID
    inbox_id: UUID
    agents: tuple[UUID, ...]
    """Two agents, a supervisor and a disabled agent."""
    conversations: tuple[Conversation, ...]


@asynccontextmanager
async def superuser(database_url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(database_url, timeout=10)
    try:
        yield connection
    finally:
        await connection.close(timeout=10)


@asynccontextmanager
async def system_db(database_url: str, size: int = 6) -> AsyncIterator[Db]:
    # As the writer and the worker wait for a connection of theirs.
    async with open_db(
        database_url,
        role="chorus_system",
        pool_size=size,
        application_name="tests",
        pool_timeout_s=5.0,
    ) as db:
        yield db


async def make_world(database_url: str, conversations: int = 1, *, floor: str = "none") -> World:
    tenant_id, inbox_id = uuid7(), uuid7()
    agents = tuple(uuid7() for _ in range(4))
    roles = ("agent", "agent", "supervisor", "agent")
    made = tuple(Conversation(uuid7(), uuid7()) for _ in range(conversations))
    async with superuser(database_url) as connection:
        await connection.execute(
            "INSERT INTO tenants (id, slug, name) VALUES ($1, $2, 'T')", tenant_id, str(tenant_id)
        )
        await connection.execute(
            "INSERT INTO inboxes (id, tenant_id, name, public_key) VALUES ($1, $2, 'web', $3)",
            inbox_id,
            tenant_id,
            str(inbox_id),
        )
        await connection.executemany(
            "INSERT INTO agents (id, tenant_id, email, name, role, disabled_at)"
            " VALUES ($1, $2, $3, 'A', $4, CASE WHEN $5 THEN now() END)",
            [
                (agent, tenant_id, f"{agent}@example.test", role, agent == agents[3])
                for agent, role in zip(agents, roles, strict=True)
            ],
        )
        await connection.executemany(
            "INSERT INTO contacts (id, tenant_id) VALUES ($1, $2)",
            [(one.contact_id, tenant_id) for one in made],
        )
        await connection.executemany(
            "INSERT INTO conversations (id, tenant_id, inbox_id, contact_id, floor_holder)"
            " VALUES ($1, $2, $3, $4, $5)",
            [(one.id, tenant_id, inbox_id, one.contact_id, floor) for one in made],
        )
    return World(tenant_id, inbox_id, agents, made)


def said(world: World, where: Conversation, content: str = "hello", **other: Any) -> IngestItem:
    """A message of the customer."""
    item = IngestItem(
        tenant_id=world.tenant_id,
        conversation_id=where.id,
        id=uuid7(),
        sender_id=where.contact_id,
        sender_role="visitor",
        role="customer",
        type="text",
        visibility="public",
        content=content,
        body_hash="",
        sent_ms=0,
        node=7,
        conn=1,
        slot=1,
    )
    return hashed(replace(item, **other))


def answered(
    world: World, where: Conversation, agent: int = 0, content: str = "hi", **other: Any
) -> IngestItem:
    """A message of an agent."""
    role = "supervisor" if agent == 2 else "agent"
    given = {"sender_id": world.agents[agent], "sender_role": role, "role": "agent"}
    return said(world, where, content, **{**given, **other})


def botted(world: World, where: Conversation, content: str = "beep", **other: Any) -> IngestItem:
    """A message of the bot."""
    given = {"sender_id": uuid7(), "sender_role": "internal", "role": "bot"}
    return said(world, where, content, **{**given, **other})


def hashed(item: IngestItem) -> IngestItem:
    parts = (item.sender_id, item.type, item.visibility, item.content)
    digest = blake2b(repr(parts).encode(), digest_size=16).hexdigest()
    return replace(item, body_hash=digest)


async def rows_of(database_url: str, conversation_id: UUID) -> list[Row]:
    async with superuser(database_url) as connection:
        found: list[Row] = await connection.fetch(
            "SELECT * FROM messages WHERE conversation_id = $1 ORDER BY seq", conversation_id
        )
        return found


async def head_of(database_url: str, conversation_id: UUID) -> Row:
    async with superuser(database_url) as connection:
        return await connection.fetchrow(
            "SELECT * FROM conversations WHERE id = $1", conversation_id
        )


async def not_gapless(database_url: str) -> list[Row]:
    """Conversations whose seqs are not 1..last_seq, each once."""
    async with superuser(database_url) as connection:
        found: list[Row] = await connection.fetch(
            "SELECT c.id, c.last_seq, count(m.seq), max(m.seq) FROM conversations c"
            " LEFT JOIN messages m ON m.conversation_id = c.id GROUP BY c.id"
            " HAVING count(m.seq) <> c.last_seq OR coalesce(max(m.seq), 0) <> c.last_seq"
        )
        return found


def seqs(outcome: Outcome) -> list[int]:
    return [one.seq for one in outcome.answers if isinstance(one, Stored)]


async def statements_during(db: Any, act: Any) -> list[str]:
    """First words of what one act sends over the pool's only connection."""
    seen: list[str] = []

    def log(record: Any) -> None:
        seen.append(record.query.split()[0])

    async with db.raw_transaction() as connection:
        driver = connection
    driver.add_query_logger(log)
    try:
        await act()
    finally:
        driver.remove_query_logger(log)
    return seen
