"""A TCP proxy that can fall silent without closing, as a cable does that is pulled out."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

PIECE_BYTES = 65_536


@dataclass(slots=True)
class Blackhole:
    """Forwards both ways until `swallowing` is set; from then on it swallows what comes and says nothing."""

    target: tuple[str, int]
    port: int = 0
    swallowing: bool = False
    upstream_ended: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the server has closed a connection, which its peer is never told."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(*self.target)
        try:
            async with asyncio.TaskGroup() as owner:
                owner.create_task(self._pump(reader, server_writer))
                owner.create_task(self._pump(server_reader, writer, self.upstream_ended))
        finally:
            server_writer.close()
            writer.close()

    async def _pump(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        ended: asyncio.Event | None = None,
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while piece := await source.read(PIECE_BYTES):
                if not self.swallowing:
                    sink.write(piece)
                    await sink.drain()
        if ended is not None:
            ended.set()
        if not self.swallowing:
            sink.close()


class Proxy(Protocol):
    port: int

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None: ...


P = TypeVar("P", bound=Proxy)


@asynccontextmanager
async def listening(proxy: P) -> AsyncIterator[P]:
    """Let a proxy serve a free port of its own."""
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()


@asynccontextmanager
async def blackhole(target: tuple[str, int]) -> AsyncIterator[Blackhole]:
    async with listening(Blackhole(target)) as proxy:
        yield proxy
