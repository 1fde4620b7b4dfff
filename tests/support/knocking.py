"""Very many connections of one process, each with one question, that cost little."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from tests.support.raw_socket import CLOSE

PATIENCE_S = 60.0


class Knock(asyncio.Protocol):
    """One connection: `ask` once, then read what comes until the server ends it."""

    def __init__(self) -> None:
        self.ended = asyncio.get_running_loop().create_future()
        self.heard = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass of asyncio's, whatever their annotations say.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.heard += data

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    def ask(self, request: bytes) -> None:
        assert self._transport is not None
        self._transport.write(request)

    def leave(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    @property
    def head(self) -> bytes:
        """The status line and the headers, in lower case; empty as long as they are not complete."""
        head, end, _ = bytes(self.heard).partition(b"\r\n\r\n")
        return head.lower() if end else b""

    @property
    def status(self) -> int:
        return int(self.head.split()[1]) if self.head else 0

    @property
    def close_code(self) -> int | None:
        """The code of the close frame that the server ended with, None without one."""
        frames = bytes(self.heard).partition(b"\r\n\r\n")[2]
        while len(frames) >= 2:
            size, start = frames[1] & 0x7F, 2
            if size > 125:
                start = 4 if size == 126 else 10
                size = int.from_bytes(frames[2:start], "big")
            if frames[0] & 0x0F == CLOSE:
                return int.from_bytes(frames[start : start + 2], "big")
            frames = frames[start + size :]
        return None


@asynccontextmanager
async def crowd(address: tuple[str, int], count: int) -> AsyncIterator[list[Knock]]:
    """`count` connections, all open at once before any of them has said a word."""
    loop = asyncio.get_running_loop()
    knocks: list[Knock] = []

    def new() -> Knock:
        knocks.append(Knock())
        return knocks[-1]

    try:
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*(loop.create_connection(new, *address) for _ in range(count)))
        yield knocks
    finally:
        for one in knocks:
            one.leave()


async def all_ended(knocks: list[Knock]) -> None:
    """Return when the server has ended every one of them."""
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*(one.ended for one in knocks))
