"""Peers that take nothing: what waits for them is bounded, they go, and the others notice nothing."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from chorus.ids import uuid7
from launch.rest_client import open_rest
from tests.journeys.people import sign_in
from tests.journeys.rude import Rude, becomes, heard, metric, say, still_lives

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
STALLED = 4
LINE_BYTES = 16_000
QUEUE_BYTES = 1_048_576
"""What may wait for an agent, as PROTOCOL §7 has it."""
BOUND_BYTES = QUEUE_BYTES + QUEUE_BYTES // 4
WARM_LINES = 400
LINES = 5 * STALLED * BOUND_BYTES // LINE_BYTES
"""Five times the bound of all: queues share the bytes of a frame, so each must be able to exceed it."""
ALIVE_S = 1.0


@asynccontextmanager
async def stalling(ws: ClientConnection) -> AsyncIterator[None]:
    """Read nothing more, but show signs of life: else silence would end it before the stall does."""
    raw = ws.transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    ws.transport.pause_reading()

    async def live_on() -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await say(ws, "ping", {"n": 1})
                await asyncio.sleep(ALIVE_S)

    async with asyncio.TaskGroup() as owner:
        living = owner.create_task(live_on())
        yield
        living.cancel()
        ws.transport.abort()


async def pour(writer: ClientConnection, lines: int) -> None:
    """Store that many long messages, at most 40 on their way, and read every answer."""
    waiting = 0
    for number in range(lines):
        await say(writer, "message", {"id": uuid7(), "content": "y" * LINE_BYTES}, number)
        waiting += 1
        if waiting == 40:
            await heard(writer, "delivered")
            waiting -= 1
    for _ in range(waiting):
        await heard(writer, "delivered")


async def conversation_of(rude: Rude) -> tuple[str, UUID]:
    """An agent's token and a conversation without any history."""
    async with open_rest(rude.on.base) as rest:
        agent = await sign_in(rude.on, rest, "agent")
        visitor = await rest.visitor(rude.on.run["load_inbox_key"], name="Quiet")
    return agent.token, visitor.conversation_id


async def test_who_reads_nothing_of_much_goes_with_4102_and_memory_stays_bounded(
    rude: Rude,
) -> None:
    token, warm = await conversation_of(rude)
    async with rude.live(token=token, conversation=warm) as writer:
        # Once without anybody who stalls: caches, buffers and the allocator have grown after it.
        await pour(writer, WARM_LINES)
    token, measured = await conversation_of(rude)
    before_bytes = rude.on.rss_bytes("edge")
    slow, stuck = await closed_so_far(rude, "4102"), await closed_so_far(rude, "4106")
    async with (
        rude.live(token=token, conversation=measured) as writer,
        AsyncExitStack() as stack,
    ):
        for _ in range(STALLED):
            ws = await stack.enter_async_context(rude.live(token=token, conversation=measured))
            await stack.enter_async_context(stalling(ws))
        await pour(writer, LINES)
        growth_bytes = rude.on.rss_bytes("edge") - before_bytes
        assert growth_bytes < STALLED * BOUND_BYTES, f"{growth_bytes / STALLED:.0f} B a socket"
        assert await closed_so_far(rude, "4102") == slow + STALLED
        assert await closed_so_far(rude, "4106") == stuck
        await still_lives(writer)


async def test_who_accepts_no_byte_goes_with_4106(rude: Rude) -> None:
    """Less waits for it than the queue holds, so time alone ends it."""
    token, conversation = await conversation_of(rude)
    async with (
        rude.live(token=token, conversation=conversation) as writer,
        rude.live(token=token, conversation=conversation) as ws,
    ):
        slow, stuck = await closed_so_far(rude, "4102"), await closed_so_far(rude, "4106")

        async def went() -> bool:
            await say(writer, "ping", {"n": 2})
            return await closed_so_far(rude, "4106") == stuck + 1

        async with stalling(ws):
            await pour(writer, QUEUE_BYTES * 3 // 4 // LINE_BYTES)
            await becomes(went)
        assert await closed_so_far(rude, "4102") == slow
        await still_lives(writer)


async def closed_so_far(rude: Rude, code: str) -> float:
    return await metric(rude.on, "ws_disconnects_total", code=code)
