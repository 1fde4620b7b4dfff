"""A tenant with many agents and many waiting sessions, and people who are really there."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from chat_service.jobs import Tools
from chat_service.settings import ConductorSettings
from chorus import presence, topics
from chorus.bus import Client, RedisFailure, open_redis
from chorus.clock import SystemClock
from chorus.errors import Unavailable
from chorus.ids import uuid7
from chorus.presence import Beat
from chorus.wire.common import PresenceStatus, Role
from presence.app import serve
from presence.settings import PresenceSettings
from tests.chat_service.ingest_world import superuser, system_db

PATIENCE_S = 20.0
INBOX_KEPT_MS = 600_000


class MovableClock(SystemClock):
    """The clock of this machine, put forward by hand."""

    ahead_s = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.ahead_s)

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead_s


@dataclass(frozen=True, slots=True)
class Floor:
    """Who answers, and where their customers wait."""

    tenant_id: UUID
    inbox_id: UUID
    queue_id: UUID
    agents: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A waiting session and its conversation."""

    session_id: UUID
    conversation_id: UUID
    contact_id: UUID


async def make_floor(url: str, agents: int, *, capacity: int = 5, **queue: Any) -> Floor:
    """A tenant with one queue that all its agents serve; all have chosen to be online."""
    tenant_id, inbox_id, queue_id = uuid7(), uuid7(), uuid7()
    people = tuple(sorted(uuid7() for _ in range(agents)))
    columns = {"id": queue_id, "tenant_id": tenant_id, "name": "support"} | queue
    places = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
    async with superuser(url) as connection:
        await connection.execute(
            "INSERT INTO tenants (id, slug, name) VALUES ($1, $2, 'T')", tenant_id, str(tenant_id)
        )
        await connection.execute(
            "INSERT INTO inboxes (id, tenant_id, name, public_key) VALUES ($1, $2, 'web', $3)",
            inbox_id,
            tenant_id,
            str(inbox_id),
        )
        await connection.execute(
            f"INSERT INTO queues ({', '.join(columns)}) VALUES ({places})", *columns.values()
        )
        await connection.executemany(
            "INSERT INTO agents (id, tenant_id, email, name, capacity, status, status_at)"
            " VALUES ($1, $2, $3, 'Ada', $4, 'online', now() - interval '1 h')",
            [(one, tenant_id, f"{one}@example.test", capacity) for one in people],
        )
    floor = Floor(tenant_id, inbox_id, queue_id, people)
    await serve_queue(url, floor, queue_id, people)
    return floor


async def serve_queue(url: str, floor: Floor, queue_id: UUID, agents: Sequence[UUID]) -> None:
    async with superuser(url) as connection:
        await connection.executemany(
            "INSERT INTO queue_members (queue_id, agent_id, tenant_id) VALUES ($1, $2, $3)",
            [(queue_id, one, floor.tenant_id) for one in agents],
        )


async def make_waiting(
    url: str, floor: Floor, count: int, *, state: str = "queued", **session: Any
) -> list[Case]:
    """Sessions that wait in the floor's queue, the first for the longest."""
    cases = [Case(uuid7(), uuid7(), uuid7()) for _ in range(count)]
    named = {"status": state, "queue_id": floor.queue_id, "tenant_id": floor.tenant_id} | session
    columns = ", ".join(("id", "conversation_id", "requested_at", "queued_at", *named))
    places = ", ".join(f"${place}" for place in range(4, len(named) + 4))
    async with superuser(url) as connection:
        await connection.executemany(
            "INSERT INTO contacts (id, tenant_id) VALUES ($1, $2)",
            [(one.contact_id, floor.tenant_id) for one in cases],
        )
        await connection.executemany(
            "INSERT INTO conversations (id, tenant_id, inbox_id, contact_id) VALUES ($1, $2, $3, $4)",
            [
                (one.conversation_id, floor.tenant_id, floor.inbox_id, one.contact_id)
                for one in cases
            ],
        )
        waited = "now() - $3 * interval '1 ms'"
        await connection.executemany(
            f"INSERT INTO live_chat_sessions ({columns})"
            f" VALUES ($1, $2, {waited}, {waited}, {places})",
            [
                (one.session_id, one.conversation_id, count - place, *named.values())
                for place, one in enumerate(cases)
            ],
        )
    return cases


async def make_left(url: str, floor: Floor, count: int) -> list[Case]:
    """Customers who wait for the first agent, who took them by a message, without a session."""
    cases = await make_waiting(url, floor, count)
    held = {"floor_holder": "human", "floor_epoch": 1, "assignee_id": floor.agents[0]}
    for case in cases:
        await fetch(url, "DELETE FROM live_chat_sessions WHERE id = $1", case.session_id)
        await set_on(url, case, waiting_since=datetime.now(UTC), **held)
    return cases


async def make_team(url: str, floor: Floor, *members: UUID) -> UUID:
    team = uuid7()
    await fetch(
        url,
        "INSERT INTO teams (id, tenant_id, name) VALUES ($1, $2, $3)",
        team,
        floor.tenant_id,
        str(team),
    )
    for agent in members:
        await fetch(
            url,
            "INSERT INTO team_members (team_id, agent_id, tenant_id) VALUES ($1, $2, $3)",
            team,
            agent,
            floor.tenant_id,
        )
    return team


async def set_on(url: str, case: Case, **columns: Any) -> None:
    """Change the conversation of a case behind everybody's back."""
    changes = ", ".join(f"{name} = ${place}" for place, name in enumerate(columns, 2))
    await fetch(
        url,
        f"UPDATE conversations SET {changes} WHERE id = $1",
        case.conversation_id,
        *columns.values(),
    )


def counted(**counts: int) -> dict[str, int]:
    """How a queue stands in which there is nothing but this."""
    return dict.fromkeys(("waiting", "offered", "active", "wrap_up", "deferred"), 0) | counts


@asynccontextmanager
async def tools_for(url: str, redis_url: str, **settings: Any) -> AsyncIterator[Tools]:
    """What a conductor works with."""
    async with system_db(url, 12) as db, open_redis(redis_url) as client:
        chosen = ConductorSettings.model_validate(
            {"DATABASE_URL": url, "REDIS_URL": redis_url} | settings
        )
        yield Tools(db, client, chosen, SystemClock())


@asynccontextmanager
async def presence_watched(
    redis_url: str, *, ttl_ms: int = 60_000, linger_ms: int = 100
) -> AsyncIterator[None]:
    """Run the presence process beside."""
    stop = asyncio.Event()
    settings = PresenceSettings.model_validate(
        {
            "REDIS_URL": redis_url,
            "presence_look_ms": 20,
            "presence_ttl_ms": ttl_ms,
            "presence_linger_agent_ms": linger_ms,
            "presence_linger_customer_ms": linger_ms,
        }
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(serve(settings, stop))
        try:
            yield
        finally:
            stop.set()
    async with open_redis(redis_url) as client:
        # It outlives its watcher, and this Redis is the next test's.
        await client.delete(presence.WATCH)


def beat_of(floor: Floor, agent: UUID) -> Beat:
    return Beat(floor.tenant_id, agent, Role.AGENT, "node", frozenset())


async def come(client: Client, floor: Floor, *agents: UUID) -> None:
    """Let agents be here, all of the floor when none is named, and wait until it is known."""
    people = agents or floor.agents
    # Again and again, as gateways do: one beat may expire before a blind presence looks again.
    async with asyncio.timeout(PATIENCE_S):
        while not await _all_are(client, floor, PresenceStatus.ONLINE, *people):
            # A Redis that was away meanwhile left the client connections that lead nowhere.
            with suppress(Unavailable, *RedisFailure):
                for one in people:
                    await client.set(topics.at_inbox(one), 1, px=INBOX_KEPT_MS)
                await presence.beat(client, [beat_of(floor, one) for one in people])
            await asyncio.sleep(0.01)


async def go(client: Client, floor: Floor, *agents: UUID) -> None:
    """Close the last socket of agents."""
    await presence.leave(client, [beat_of(floor, one) for one in agents])


async def seen_as(client: Client, floor: Floor, status: PresenceStatus, *agents: UUID) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await _all_are(client, floor, status, *agents):  # noqa: ASYNC110 (Redis tells nobody)
            await asyncio.sleep(0.01)


async def _all_are(client: Client, floor: Floor, status: PresenceStatus, *agents: UUID) -> bool:
    found = await presence.read(client, floor.tenant_id, agents)
    return all(one.status is status for one in found.values())


async def sessions(url: str, floor: Floor) -> list[Any]:
    """The sessions of a floor in the order they were asked for, with their open offer."""
    async with superuser(url) as connection:
        found: list[Any] = await connection.fetch(
            "SELECT s.*, o.agent_id AS asked, o.deadline_at FROM live_chat_sessions s"
            " LEFT JOIN session_offers o ON o.session_id = s.id AND o.state = 'open'"
            " WHERE s.tenant_id = $1 ORDER BY s.requested_at, s.id",
            floor.tenant_id,
        )
        return found


async def fetch(url: str, statement: str, *arguments: object) -> list[Any]:
    async with superuser(url) as connection:
        found: list[Any] = await connection.fetch(statement, *arguments)
        return found
