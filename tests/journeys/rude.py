"""Somebody with a good token and bad manners, and how to talk over a socket without any client."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Close
from websockets.typing import Origin, Subprotocol

from chorus.ids import uuid7
from launch.rest_client import Visitor
from load.stage import Stage, every

ANSWER_S = 20.0
TIGHT = {
    "CHORUS_LIMIT_LOOPBACK": "1",
    "CHORUS_SOCKETS_PER_ADDRESS": "16",
    "CHORUS_SOCKETS_PER_AGENT": "8",
    "CHORUS_SOCKETS_PER_TENANT": "20",
    "CHORUS_SOCKETS_PER_CUSTOMER": "3",
    "CHORUS_VISITORS_PER_H": "100",
    "CHORUS_HANDSHAKES_PER_S": "10000",
    "CHORUS_HANDSHAKES_BURST": "10000",
    "CHORUS_CUSTOMER_MESSAGES_PER_S": "5",
    "CHORUS_CUSTOMER_MESSAGES_BURST": "20",
    "CHORUS_AUTH_MS": "1500",
    "CHORUS_PING_MS": "2000",
    "CHORUS_DEAD_MS": "6000",
    "CHORUS_WRITE_TIMEOUT_MS": "2000",
    "CHORUS_DRAIN_S": "2",
}


@dataclass(slots=True)
class Rude:
    """Somebody with a good token and bad manners."""

    on: Stage
    visitor: Visitor

    @asynccontextmanager
    async def socket(
        self,
        *,
        token: str | None = None,
        conversation: UUID | None = None,
        origin: str | None = None,
        address: str = "127.0.0.1",
        base: str | None = None,
    ) -> AsyncIterator[ClientConnection]:
        """Upgrade, without any auth frame yet."""
        offers = [Subprotocol("chorus.v1")]
        if token != "":
            offers.append(Subprotocol(f"chorus.bearer.{token or self.visitor.token}"))
        path = f"/ws/v1/conversations/{conversation or self.visitor.conversation_id}"
        async with connect(
            (base or f"ws{self.on.base.removeprefix('http')}") + path,
            origin=Origin(origin or self.on.base),
            subprotocols=offers,
            compression=None,
            proxy=None,
            ping_interval=None,
            local_addr=(address, 0),
        ) as ws:
            yield ws

    @asynccontextmanager
    async def live(self, **more: Any) -> AsyncIterator[ClientConnection]:
        async with self.socket(**more) as ws:
            await authenticate(ws)
            assert (await heard(ws, "ready"))["event"] == "ready"
            await heard(ws, "synced")
            yield ws


async def authenticate(ws: ClientConnection, **data: Any) -> None:
    hello = await heard(ws, "hello")
    auth = {"nonce": hello["data"]["nonce"], "session": str(uuid4()), "client": {"name": "rude"}}
    await say(ws, "auth", {**auth, **data})


async def say(
    ws: ClientConnection, event: str, data: dict[str, Any], ref: int | None = None
) -> None:
    await ws.send(json.dumps({"event": event, "data": data, "ref": ref}, default=str))


async def heard(ws: ClientConnection, *events: str) -> dict[str, Any]:
    async with asyncio.timeout(ANSWER_S):
        while True:
            frame: dict[str, Any] = json.loads(await ws.recv())
            if frame["event"] in events:
                return frame


async def closed(ws: ClientConnection) -> int:
    async with asyncio.timeout(ANSWER_S):
        try:
            while True:
                await ws.recv()
        except ConnectionClosed as end:
            return end.rcvd.code if end.rcvd else 1006


async def everything(ws: ClientConnection) -> tuple[list[str | bytes], int, str]:
    """All frames up to the close, its code and its reason."""
    frames: list[str | bytes] = []
    try:
        while True:
            frames.append(await asyncio.wait_for(ws.recv(), ANSWER_S))
    except ConnectionClosed as end:
        close = end.rcvd or Close(1006, "")
        return frames, close.code, close.reason


async def still_lives(ws: ClientConnection) -> None:
    """The socket goes on and a good message is stored."""
    id = uuid7()
    await say(ws, "message", {"id": id, "content": "still here"})
    assert (await heard(ws, "delivered"))["data"]["id"] == str(id)


async def refused(connecting: Callable[[], Awaitable[Any]]) -> int:
    with pytest.raises(InvalidStatus) as caught:
        await connecting()
    return caught.value.response.status_code


async def metric(on: Stage, name: str, **labels: str) -> float:
    """The sum of a counter over all processes of the edge, where its labels match."""
    async with httpx.AsyncClient(trust_env=False, timeout=ANSWER_S) as http:
        text = (await http.get(f"{on.base}/metrics")).text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


async def becomes(fact: Callable[[], Awaitable[bool]], *, patience_s: float = 40.0) -> None:
    """Wait until another process has made something true."""
    async with asyncio.timeout(patience_s):
        async for _ in every(0.05, 1_000_000):
            if await fact():
                return
