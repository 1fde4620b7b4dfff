"""A TCP proxy that breaks a connection at a chosen piece of what passes through it."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum

from tests.support.blackhole import PIECE_BYTES


class Way(Enum):
    ASKED = "asked"
    """Before the server gets the piece."""
    ANSWERED = "answered"
    """When the server has sent it, and the client has not got it."""


async def cut() -> bool:
    """Both ends are reset, and the piece is lost."""
    return False


@dataclass(slots=True)
class Breaking:
    """Forwards both ways, and does what is `armed` at the n-th piece that passes one way."""

    target: tuple[str, int]
    port: int = 0
    pieces_left: int = 0
    """0: nothing is armed, or it has happened."""
    way: Way = Way.ASKED
    break_: Callable[[], Awaitable[bool]] = cut
    """Says whether the piece is passed on all the same."""

    def arm(self, piece: int, way: Way, break_: Callable[[], Awaitable[bool]] = cut) -> None:
        self.pieces_left, self.way, self.break_ = piece, way, break_

    def disarm(self) -> None:
        self.pieces_left = 0

    @property
    def happened(self) -> bool:
        return self.pieces_left == 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(*self.target)
        pumps = (
            asyncio.ensure_future(self._pump(reader, server_writer, Way.ASKED)),
            asyncio.ensure_future(self._pump(server_reader, writer, Way.ANSWERED)),
        )
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            # What has been passed on arrives: closing flushes, unless a piece was to be lost.
            server_writer.close()
            writer.close()

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, way: Way
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while piece := await source.read(PIECE_BYTES):
                if not await self._passes(way):
                    sink.transport.abort()
                    return
                sink.write(piece)
                await sink.drain()

    async def _passes(self, way: Way) -> bool:
        if way is not self.way or not self.pieces_left:
            return True
        self.pieces_left -= 1
        return bool(self.pieces_left) or await self.break_()
