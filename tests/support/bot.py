"""A bot that follows a script: fed by the stream of domain events, it speaks by gRPC `Act`.

    async with scripted_bot(on, tenant_id) as bot:
        ...  # it answers whatever customers say while it has the floor
        bot.thinks.clear()  # it reads the next question and answers once `thinks` is set

It is a service of its own: it dials the listener of a running installation with a service token
and opens no database.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import grpc.aio
import orjson

from chat_service.outbox import FIELD
from chorus import topics
from chorus.auth import AUD_INTERNAL, OWN_ISSUER, Principal, TokenMaker, Verifier, own_issuer
from chorus.bus import Client, RedisFailure, open_redis
from chorus.errors import Overloaded, Unavailable
from chorus.ids import uuid7
from chorus.rpc import RpcClient
from chorus.wire.calls import ActRequest, ResumeRequest
from launch.plan import rpc_target
from load.stage import Stage

CREATED = "message.created"
PAUSE_S = 0.05
PATIENCE_S = 20.0
RECONNECTS = (("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 500))


@dataclass(frozen=True, slots=True)
class Said:
    """What the bot was told about an answer of its own."""

    conversation_id: UUID
    id: UUID
    seq: int | None
    code: str | None


class ScriptedBot:
    """Answers each customer's message once, under the floor's epoch as it read it."""

    def __init__(self, calls: RpcClient, client: Client, who: Principal) -> None:
        self.said: list[Said] = []
        self.thinking_about: set[UUID] = set()
        """Conversations whose question was read and is not answered yet."""
        self.thinks, self._changed = asyncio.Event(), asyncio.Event()
        """While it is not set, no thought comes to an end."""
        self.thinks.set()
        self._calls, self._client, self._who = calls, client, who
        self._last = "0"

    async def run(self) -> None:
        """Listen for ever; thoughts run beside each other."""
        async with asyncio.TaskGroup() as thoughts:
            while True:
                for conversation_id, first_seq in await self._asked():
                    thoughts.create_task(self._answer(conversation_id, first_seq))

    async def until_thinking(self, conversation_id: UUID) -> None:
        """Wait until it knows a question of this conversation and whose floor it is."""
        async with asyncio.timeout(PATIENCE_S):
            while conversation_id not in self.thinking_about:
                self._changed.clear()
                await self._changed.wait()

    async def until_idle(self) -> None:
        """Wait until everything it thought of was said."""
        async with asyncio.timeout(PATIENCE_S):
            while self.thinking_about:
                self._changed.clear()
                await self._changed.wait()

    async def _asked(self) -> list[tuple[UUID, int]]:
        """Wait for domain events, and find where customers of ours spoke."""
        try:
            read: Any = await self._client.xread(
                {topics.events("chat"): self._last}, count=100, block=1_000
            )
        except RedisFailure:
            await asyncio.sleep(PAUSE_S)
            return []
        entries = [entry for _, some in read or [] for entry in some]
        self._last = entries[-1][0] if entries else self._last
        events = [orjson.loads(fields[FIELD.encode()]) for _, fields in entries]
        return [
            (UUID(one["conversation_id"]), one["first_seq"])
            for event in events
            if event["event"] == CREATED and event["tenant_id"] == str(self._who.tenant_id)
            for one in event["data"]["conversations"]
            if "customer" in one["roles"]
        ]

    async def _answer(self, conversation_id: UUID, first_seq: int) -> None:
        asked = ResumeRequest(self._who.tenant_id, conversation_id, first_seq - 1)
        found = await self._patiently(lambda: self._calls.resume(asked))
        questions = [
            frame["data"]["content"]
            for frame in (orjson.loads(event.frame) for event in found.events)
            if frame["event"] == "message" and frame["data"]["role"] == "customer"
        ]
        self.thinking_about.add(conversation_id)
        self._changed.set()
        await self.thinks.wait()
        if found.floor_holder == "bot" and questions:
            await self._say(conversation_id, f"About {questions[-1]!r}: yes.", found.floor_epoch)
        self.thinking_about.discard(conversation_id)
        self._changed.set()

    async def _say(self, conversation_id: UUID, content: str, floor_epoch: int) -> None:
        id = uuid7()
        data = {"id": str(id), "role": "bot", "content": content, "floor_epoch": floor_epoch}
        order = ActRequest(self._who, conversation_id, "", "message", data)
        reply = await self._patiently(lambda: self._calls.act(order))
        (answer,) = (orjson.loads(frame)["data"] for frame in reply.frames)
        self.said.append(Said(conversation_id, id, answer.get("seq"), answer.get("code")))

    async def _patiently(self, call: Any) -> Any:
        """Ask until somebody answers: an edge that died is started again."""
        while True:
            with suppress(Unavailable, Overloaded):
                return await call()
            await asyncio.sleep(PAUSE_S)


@asynccontextmanager
async def service_calls(on: Stage, tenant_id: UUID) -> AsyncIterator[tuple[RpcClient, Principal]]:
    """Dial the chat service as one of our own, with a token that the installation's own key signed."""
    keys = on.data / "keys"
    token, _ = TokenMaker(keys).make(
        tenant_id=tenant_id, user_id=uuid7(), role="internal", audience=AUD_INTERNAL
    )
    who = await Verifier({OWN_ISSUER: own_issuer(keys)}).verify(token)
    target = rpc_target(on.data, 0, 1)
    async with grpc.aio.insecure_channel(target, options=RECONNECTS) as channel:
        yield RpcClient(channel, timeout_s=5.0, token=lambda: token), who


@asynccontextmanager
async def scripted_bot(on: Stage, tenant_id: UUID) -> AsyncIterator[ScriptedBot]:
    """Run a bot of this tenant."""
    async with (
        service_calls(on, tenant_id) as (calls, who),
        open_redis(on.redis_url) as client,
        asyncio.TaskGroup() as group,
    ):
        bot = ScriptedBot(calls, client, who)
        task = group.create_task(bot.run())
        try:
            yield bot
        finally:
            task.cancel()
