"""How long a chat stands still when a process is killed: from the kill to the next `delivered`."""

import asyncio
import os
import signal
import time
from typing import Final

import orjson

from chorus.ids import uuid7
from load.load_socket import LoadSocket, open_load_socket
from load.stage import Stage, Visitor

VICTIMS: Final = ("edge", "writer", "redis", "postgres", "conductor")
RETRY_S: Final = 0.1
RESEND_S: Final = 0.5
PATIENCE_S: Final = 60.0


class Talker:
    """A customer who sends one message until it is acknowledged, on as many sockets as that takes."""

    def __init__(self, on: Stage, visitor: Visitor) -> None:
        self._on = on
        self._visitor = visitor
        self._socket: LoadSocket | None = None
        self._acknowledged = asyncio.Event()

    async def say(self) -> float:
        """Seconds until `delivered`."""
        self._acknowledged.clear()
        frame = orjson.dumps(
            {"event": "message", "data": {"id": uuid7(), "content": "Still there?"}}
        )
        started = time.perf_counter()
        async with asyncio.timeout(PATIENCE_S):
            while not self._acknowledged.is_set():
                await self._try(frame)
        return time.perf_counter() - started

    async def _try(self, frame: bytes) -> None:
        if self._socket is None or self._socket.closed:
            self._socket = await self._connected()
        self._socket.send(frame)
        try:
            async with asyncio.timeout(RESEND_S):
                await self._acknowledged.wait()
        except TimeoutError:
            return

    async def _connected(self) -> LoadSocket:
        path = f"/ws/v1/conversations/{self._visitor.conversation_id}"
        while True:
            try:
                return await open_load_socket(
                    self._on.address, path, self._visitor.token, self._heard
                )
            except OSError:
                await asyncio.sleep(RETRY_S)

    def _heard(self, _socket: LoadSocket, payload: bytes) -> None:
        if payload.startswith(b'{"event":"delivered"'):
            self._acknowledged.set()


async def kills(on: Stage) -> dict[str, float]:
    """Kill -9 one process after the other; seconds until a message is acknowledged again."""
    (visitor,) = await on.visitors(1)
    talker = Talker(on, visitor)
    await talker.say()
    found = {}
    for name in VICTIMS:
        os.kill(on.processes()[name][0], signal.SIGKILL)
        found[f"{name} killed: s until the next delivered"] = await talker.say()
        await asyncio.sleep(2)
    return found
