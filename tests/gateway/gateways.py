"""Whole gateways in front of one chat API and one Redis, and sockets that speak without a client's help."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError

from chat_service.identity import revoke_tenant
from chorus import bus, topics
from chorus.auth import Principal
from chorus.codes import CloseCode
from chorus.ids import uuid7
from chorus.presence import read
from chorus.wire.common import BEARER_PREFIX, PROTOCOL, PresenceStatus
from gateway.app import create_app
from gateway.resources import Resources, open_resources
from gateway.server import ServerSettings, edge_server, listening_socket
from gateway.settings import GatewaySettings
from presence.app import serve as watch_presence
from presence.settings import PresenceSettings
from tests.chat_service.api_world import Api, Tenant

HEARD_S = 30.0


@dataclass(frozen=True, slots=True)
class Gateway:
    """One gateway of several."""

    port: int
    resources: Resources


@asynccontextmanager
async def open_gateway(api: Api, **settings: Any) -> AsyncIterator[Gateway]:
    """Run a gateway that asks this API; its sockets are closed at the end without a drain."""
    of_api = api.resources.settings
    chosen = GatewaySettings.model_validate(
        {"REDIS_URL": of_api.redis_url, "data": of_api.data, "rpc": of_api.rpc_target} | settings
    )
    opened: asyncio.Future[Resources] = asyncio.get_running_loop().create_future()

    @asynccontextmanager
    async def opener(settings: GatewaySettings) -> AsyncIterator[Resources]:
        async with open_resources(settings) as resources:
            opened.set_result(resources)
            yield resources

    app = create_app(chosen, opener)

    async def on_drain() -> None:
        """Nobody is moved: what is left is closed."""

    server = edge_server(app, on_drain=on_drain, settings=ServerSettings(shutdown_max_s=1))
    listener = listening_socket("127.0.0.1", 0)
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve([listener]))
        try:
            async with asyncio.timeout(HEARD_S):
                resources = await opened
                await resources.listener.connected.wait()
            yield Gateway(listener.getsockname()[1], resources)
        finally:
            server.stop()


@asynccontextmanager
async def watched(redis_url: str) -> AsyncIterator[None]:
    """Run the presence process beside, looking often."""
    stop = asyncio.Event()
    settings = PresenceSettings.model_validate(
        {"REDIS_URL": redis_url, "presence_look_ms": 20, "presence_ttl_ms": 60_000}
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(watch_presence(settings, stop))
        try:
            yield
        finally:
            stop.set()


@dataclass(slots=True)
class Line:
    """One socket. `heard` holds what was heard and not asked for, in order."""

    socket: ClientConnection
    heard: list[dict[str, Any]] = field(default_factory=list)
    ready: dict[str, Any] = field(default_factory=dict)
    """What `ready` said."""
    token: str = ""

    async def hear(self, event: str, **expected: Any) -> dict[str, Any]:
        """The `data` of the first frame that says so and was not asked for before."""

        def fits(frame: dict[str, Any]) -> bool:
            return bool(frame["event"] == event and expected.items() <= frame["data"].items())

        async with asyncio.timeout(HEARD_S):
            while not any(map(fits, self.heard)):
                self.heard.append(orjson.loads(await self.socket.recv()))
        found = next(filter(fits, self.heard))
        self.heard.remove(found)
        data: dict[str, Any] = found["data"]
        return data

    async def say(self, event: str, **data: Any) -> None:
        await self.socket.send(orjson.dumps({"event": event, "data": data}).decode())

    async def subscribe(self, conversation_id: UUID) -> None:
        """Follow a conversation on the inbox."""
        await self.say("subscribe", items=[{"conv": str(conversation_id)}])
        await self.hear("subscribed")

    async def answers(self) -> bool:
        """Ask for a sign of life: False once the socket is closed."""
        await self.say("ping", n=7)
        return bool(await self.hear("pong", n=7))

    async def close_code(self) -> int | None:
        async with asyncio.timeout(HEARD_S):
            await self.socket.wait_closed()
        return self.socket.close_code


class World:
    """A tenant whose people open sockets at chosen gateways; all are closed with the stack."""

    def __init__(self, api: Api, tenant: Tenant, stack: AsyncExitStack) -> None:
        self.api = api
        self.tenant = tenant
        self._stack = stack

    async def gateway(self, **settings: Any) -> Gateway:
        """Run a gateway whose regular beats come too late for any test: news has to travel at once."""
        settings = {"presence_every_ms": 600_000} | settings
        return await self._stack.enter_async_context(open_gateway(self.api, **settings))

    async def customer(self, at: Gateway, *, session: UUID | None = None) -> Line:
        return await self.chat(at, self.tenant.principal("contact"), session=session)

    async def chat(self, at: Gateway, who: Principal, *, session: UUID | None = None) -> Line:
        """Open the tenant's conversation."""
        return await self._open(at, who, f"conversations/{self.tenant.conversation}", session)

    async def inbox(self, at: Gateway, who: str = "agent", *, session: UUID | None = None) -> Line:
        """Open somebody's inbox, which follows nothing yet."""
        return await self._open(at, self.tenant.principal(who), "inbox", session)

    async def publish(self, *words: dict[str, Any]) -> None:
        """Say something to all gateways, in this order: who heard the last heard all."""
        async with bus.open_redis(self.api.resources.settings.redis_url) as client:
            await bus.publish_all(client, [(topics.CONTROL, orjson.dumps(one)) for one in words])

    async def revoke_tenant(self) -> None:
        """Disable the tenant as its operator does."""
        await revoke_tenant(self.api.resources.identity, self.tenant.id)

    async def seen_as(self, status: PresenceStatus, user_id: UUID) -> None:
        """Wait until somebody is announced as that."""
        async with (
            asyncio.timeout(HEARD_S),
            bus.open_redis(self.api.resources.settings.redis_url) as client,
        ):
            while True:
                found = await read(client, self.tenant.id, [user_id])
                if found[user_id].status is status:
                    return
                await asyncio.sleep(0.01)

    async def _open(self, at: Gateway, who: Principal, path: str, session: UUID | None) -> Line:
        """As clients do, again where the store is away for a moment; nowhere else may it be said to be."""
        while True:
            line = await self.hello(at, who, path)
            nonce = (await line.hear("hello"))["nonce"]
            named = {"nonce": nonce, "session": str(session or uuid7())}
            await line.say("auth", **named, client={"name": "test", "version": "1"})
            try:
                line.ready = await line.hear("ready")
            except ConnectionClosedError:
                is_away = "store" in at.resources.health.degraded
                if line.socket.close_code != CloseCode.DEPENDENCY_DOWN or not is_away:
                    raise
            else:
                return line

    async def hello(self, at: Gateway, who: Principal, path: str, **claims: Any) -> Line:
        """Open a socket and say nothing."""
        token = self.api.token(who, **claims)["Authorization"].removeprefix("Bearer ")
        offers: Any = [PROTOCOL, f"{BEARER_PREFIX}{token}"]
        origin: Any = f"http://127.0.0.1:{at.port}"
        url = f"ws://127.0.0.1:{at.port}/ws/v1/{path}"
        dialled = connect(url, subprotocols=offers, origin=origin)
        return Line(await self._stack.enter_async_context(dialled), token=token)
