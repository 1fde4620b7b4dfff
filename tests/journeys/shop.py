"""A shop with its own people, queue and bot, in an installation that runs: for journeys of handoff."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from chorus import presence
from chorus.bus import open_redis
from chorus.ids import uuid7
from chorus.wire.common import PresenceStatus
from launch.rest_client import Agent, RestClient, Visitor, open_rest
from launch.ws_client import ChatClient, ClientOptions
from load.stage import Stage
from tests.chat_service.api_world import ORIGIN, PASSWORD, Tenant, make_tenant
from tests.chat_service.handoff_world import make_queue
from tests.support.bot import ScriptedBot, scripted_bot
from tests.support.waiting import until

SEEN_S = 20.0


@dataclass(slots=True)
class Desk:
    """An agent with an open inbox."""

    agent: Agent
    client: ChatClient

    @property
    def id(self) -> str:
        return str(self.agent.agent_id)

    async def act(self, event: str, conv: UUID | None = None, **fields: Any) -> None:
        """Send a command and see it taken. Raises NotDelivered: refused."""
        await self.client.command(event, conv=conv, **fields)

    def offers(self) -> list[dict[str, Any]]:
        """Every offer heard so far, the oldest first."""
        return [frame for frame in self.client.heard if frame["event"] == "offer"]


@dataclass(slots=True)
class Guest:
    """A customer in a conversation of their own."""

    visitor: Visitor
    client: ChatClient

    @property
    def conversation_id(self) -> UUID:
        return self.visitor.conversation_id

    def handoffs(self) -> list[dict[str, Any]]:
        """What this customer was told of their session, in order."""
        return [dict(one.data) for one in self.client.log if one.event == "handoff"]

    async def told(self, state: str, **expected: Any) -> dict[str, Any]:
        """Wait until the last thing told of the session is this."""

        def is_so() -> bool:
            wanted = {"state": state, **expected}
            return bool(self.handoffs()) and wanted.items() <= self.handoffs()[-1].items()

        await self.client.wait(is_so, timeout_s=SEEN_S)
        return self.handoffs()[-1]


@dataclass(slots=True)
class Shop:
    """`queue_id` is the default queue; who serves it says `open_shop`."""

    on: Stage
    tenant: Tenant
    queue_id: UUID
    rest: RestClient
    bot: ScriptedBot
    stack: AsyncExitStack

    async def desk(self, name: str, *, jitter: Any = lambda: 0.0) -> Desk:
        """Sign somebody in and open their inbox."""
        agent = await self.rest.login(self.tenant.email(name), PASSWORD)
        options = ClientOptions(jitter=jitter)
        client = ChatClient(self.on.base, token=agent.token, options=options)
        await self.stack.enter_async_context(client)
        await client.wait_ready(timeout_s=SEEN_S)
        return Desk(agent, client)

    async def guest(self, name: str = "Vera", *, jitter: Any = lambda: 0.0) -> Guest:
        visitor = await self.rest.visitor(self.tenant.inbox_key, name=name)
        client = ChatClient(
            self.on.base,
            token=visitor.token,
            conversation_id=visitor.conversation_id,
            options=ClientOptions(jitter=jitter, origin=ORIGIN),
        )
        await self.stack.enter_async_context(client)
        await client.wait_ready(timeout_s=SEEN_S)
        return Guest(visitor, client)

    async def seen_online(self, *desks: Desk) -> None:
        """Wait until presence knows that these are here."""
        ids = [one.agent.agent_id for one in desks]
        async with open_redis(self.on.redis_url) as client:

            async def are_seen() -> bool:
                found = await presence.read(client, self.tenant.id, ids)
                return all(one.status is PresenceStatus.ONLINE for one in found.values())

            await until(are_seen, patience_s=SEEN_S)

    async def rows(self, statement: str, *values: object) -> list[Any]:
        """Look into the database as its owner."""
        connection = await asyncpg.connect(self.on.database_url, timeout=SEEN_S)
        try:
            found: list[Any] = await connection.fetch(statement, *values, timeout=SEEN_S)
            return found
        finally:
            await connection.close(timeout=SEEN_S)


@asynccontextmanager
async def open_shop(on: Stage, *, members: Sequence[str], **queue: Any) -> AsyncIterator[Shop]:
    """A tenant with a bot; of agent, colleague, expert and supervisor, `members` serve its queue."""
    tenant = await make_tenant(on.database_url, f"shop-{uuid7().hex[-6:]}")
    people = {"agent": tenant.agent, "colleague": tenant.colleague, "expert": uuid7()}
    people["supervisor"] = tenant.supervisor
    async with AsyncExitStack() as stack:
        rest = await stack.enter_async_context(open_rest(on.base, origin=ORIGIN))
        bot = await stack.enter_async_context(scripted_bot(on, tenant.id))
        shop = Shop(on, tenant, UUID(int=0), rest, bot, stack)
        await shop.rows(
            "INSERT INTO agents (id, tenant_id, email, name, role, password_hash)"
            " SELECT $1, tenant_id, $2, 'Expert', 'agent', password_hash FROM agents WHERE id = $3",
            people["expert"],
            tenant.email("expert"),
            tenant.agent,
        )
        settings = orjson.dumps({"bot": {"enabled": True}}).decode()
        await shop.rows("UPDATE inboxes SET settings = $2 WHERE id = $1", tenant.inbox_id, settings)
        serving = [people[one] for one in members]
        shop.queue_id = await make_queue(
            on.database_url, tenant, members=serving, is_default=True, **queue
        )
        yield shop
