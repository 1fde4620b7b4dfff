"""A tenant with queues and people who serve them, for what happens to live-chat sessions."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from chat_service import handoff
from chat_service import session_facts as facts
from chat_service.handoff import Moved
from chat_service.handoff_draft import Beside
from chat_service.session_facts import Actor, Happening
from chat_service.store.sessions import Request
from chorus import topics
from chorus.bus import open_redis
from chorus.clock import SystemClock
from chorus.db import Db
from chorus.ids import uuid7
from chorus.presence import PEOPLE, person_key
from tests.chat_service.api_world import Tenant
from tests.chat_service.ingest_world import superuser

OFFER = timedelta(seconds=30)


async def make_queue(
    database_url: str,
    tenant: Tenant,
    name: str = "support",
    *,
    members: Sequence[UUID],
    **columns: Any,
) -> UUID:
    queue_id = uuid7()
    named = {"id": queue_id, "tenant_id": tenant.id, "name": name} | columns
    places = ", ".join(f"${place}" for place in range(1, len(named) + 1))
    async with superuser(database_url) as connection:
        await connection.execute(
            f"INSERT INTO queues ({', '.join(named)}) VALUES ({places})",
            *named.values(),
        )
        for agent in members:
            await connection.execute(
                "INSERT INTO queue_members (queue_id, agent_id, tenant_id) VALUES ($1, $2, $3)",
                queue_id,
                agent,
                tenant.id,
            )
    return queue_id


async def ask(db: Db, tenant: Tenant, queue_id: UUID) -> Moved:
    """Let the customer ask for a person, and put the session into a queue."""
    now = SystemClock().now()
    by = Actor(tenant.contact)
    async with db.transaction(tenant.id) as tx:
        scene = await handoff.enter(tx, tenant.id, tenant.conversation)
        asked = await handoff.move(
            tx,
            scene,
            facts.Escalated(uuid7(), by),
            now=now,
            beside=Beside(Request("widget", reason="my order", requested_by=tenant.contact)),
        )
        return await handoff.move(tx, asked.scene, facts.Queued(queue_id), now=now)


async def happen(db: Db, tenant: Tenant, happening: Happening) -> Moved:
    async with db.transaction(tenant.id) as tx:
        return await handoff.apply(
            tx, tenant.id, tenant.conversation, happening, now=SystemClock().now()
        )


async def offer_to(db: Db, tenant: Tenant, agent_id: UUID) -> Moved:
    deadline = SystemClock().now() + OFFER
    return await happen(db, tenant, facts.Offered(agent_id, deadline))


async def comes(redis_url: str, tenant: Tenant, agent: UUID) -> None:
    """Let an agent be here with an open inbox, as far as presence is watched."""
    async with open_redis(redis_url) as client:
        await client.hset(PEOPLE, person_key(tenant.id, agent), b"0 online 0")
        await client.set(topics.at_inbox(agent), 1, px=600_000)
