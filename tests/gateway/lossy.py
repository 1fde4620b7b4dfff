"""Ways in which the fan-out loses what was published."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlsplit

from tests.gateway.gateways import Gateway


@contextmanager
def deaf_to(at: Gateway, fits: Callable[[str], bool]) -> Iterator[list[str]]:
    """Lose what comes over channels that fit; answers their names as they come."""
    listener, lost = at.resources.listener, list[str]()
    heard = listener._on_message

    def hear(channel: str, data: bytes) -> None:
        if fits(channel):
            lost.append(channel)
        else:
            heard(channel, data)

    listener._on_message = hear
    try:
        yield lost
    finally:
        listener._on_message = heard


class Proxy:
    """Between a gateway and Redis; `mute` silences the connections that listen just now."""

    def __init__(self, redis_url: str) -> None:
        self._target = urlsplit(redis_url)
        self._listening: set[asyncio.StreamWriter] = set()
        self._muted: set[asyncio.StreamWriter] = set()
        self.url = ""

    def url_at(self, port: int) -> str:
        """The same Redis, asked here."""
        there = f":{self._target.port}"
        return self._target._replace(netloc=self._target.netloc.replace(there, f":{port}")).geturl()

    def mute(self) -> int:
        """Forward nothing more to who subscribed: the connection stays open and silent."""
        self._muted |= self._listening
        return len(self._muted)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection(self._target.hostname, self._target.port)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._asks(reader, writer, there[1]))
                both.create_task(self._answers(there[0], writer))
        except (ExceptionGroup, ConnectionError):
            return
        finally:
            self._listening.discard(writer)
            for one in (writer, there[1]):
                one.close()

    async def _asks(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there: asyncio.StreamWriter,
    ) -> None:
        while data := await reader.read(65_536):
            if b"SUBSCRIBE" in data:
                self._listening.add(writer)
            there.write(data)
        raise ConnectionResetError

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            if writer not in self._muted:
                writer.write(data)
        raise ConnectionResetError


@asynccontextmanager
async def proxied(redis_url: str) -> AsyncIterator[Proxy]:
    proxy = Proxy(redis_url)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.url = proxy.url_at(server.sockets[0].getsockname()[1])
    try:
        yield proxy
    finally:
        server.close()
