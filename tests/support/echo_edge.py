"""A small ASGI application behind the real edge server, in a thread or as `python -m tests.support.echo_edge`."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvloop

from chorus import log
from chorus.tasks import vital
from gateway.hardened import TRANSPORT_EXTENSION, SocketTransport, text_frame
from gateway.server import (
    EdgeServer,
    ServerSettings,
    edge_server,
    listening_socket,
    serve,
)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class EchoApp:
    """Echoes on /echo; /chat takes no binary; /sink is silent; /slow accepts when `gate` opens; /doom kills
    what runs beside the requests, and echoes.

    The other paths write to whoever reads or not: /flood without end and awaiting, /broadcast 6 MB past ASGI, /leave 600 KB past ASGI and then returns.
    """

    def __init__(self) -> None:
        self.received = 0
        self.left: list[int] = []
        self.transports: list[SocketTransport] = []
        self.waiting = 0
        self.gate = asyncio.Event()
        self.doom = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await self._talk(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        async with vital(self._mortal()):
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _mortal(self) -> None:
        await self.doom.wait()
        raise RuntimeError("met its doom")

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        size = 0
        more = True
        while more:
            message = await receive()
            size += len(message.get("body", b""))
            more = message.get("more_body", False)
        body = b"x" * 50_000_000 if scope["path"] == "/large" else b"%d" % size
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _talk(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        if scope["path"] == "/slow":
            self.waiting += 1
            await self.gate.wait()
        # Before a test can see that the socket is open.
        self.transports.append(scope["extensions"][TRANSPORT_EXTENSION])
        await send({"type": "websocket.accept"})
        try:
            await self._serve_path(scope, receive, send)
        except OSError:
            self.left.append(1006)

    async def _serve_path(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/doom":
            self.doom.set()
        if scope["path"] == "/flood":
            while True:
                await send({"type": "websocket.send", "text": "x" * 60_000})
        elif scope["path"] == "/broadcast":
            frame = text_frame(b"x" * 60_000)
            for _ in range(100):
                self.transports[-1].send_text_frame(frame)
            self.left.append((await receive())["code"])
        elif scope["path"] == "/leave":
            for _ in range(10):
                self.transports[-1].send_text_frame(text_frame(b"x" * 60_000))
        else:
            await self._echo(scope["path"], receive, send)

    async def _echo(self, path: str, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] == "websocket.receive":
            self.received += 1
            if message.get("bytes") is not None and path == "/chat":
                await send({"type": "websocket.close", "code": 1003})
                return
            if path != "/sink":
                await send({**message, "type": "websocket.send"})
        self.left.append(message["code"])


class EdgeThread:
    """The edge in a thread of this process, on a uvloop of its own."""

    def __init__(self, settings: ServerSettings, unread_s: float) -> None:
        self.app = EchoApp()
        self.settings = settings
        self.drained = 0
        self.listener = listening_socket("127.0.0.1", 0, unread_s=unread_s)
        self.port: int = self.listener.getsockname()[1]
        self.server: EdgeServer | None = None
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self.server = edge_server(self.app, on_drain=self._drain, settings=self.settings)
        await self.server.serve([self.listener])

    async def _drain(self) -> None:
        self.drained += 1

    def stop(self) -> None:
        """End it as a signal would, and wait for the end."""
        assert self.server is not None
        self.server.stop()
        self.thread.join(20)

    def connections(self) -> int:
        assert self.server is not None
        return len(self.server.server_state.connections)

    def tasks(self) -> int:
        """How many runs of the application have not ended."""
        assert self.server is not None
        return len(self.server.server_state.tasks)

    def call(self, task: Callable[[], None]) -> None:
        """Run `task` on the server's loop and wait for it."""
        done = threading.Event()
        assert self.server is not None and self.server.loop is not None
        self.server.loop.call_soon_threadsafe(task)
        self.server.loop.call_soon_threadsafe(done.set)
        assert done.wait(10)


class EdgeProcess:
    """The edge as a process of its own, whose memory is its own and which can be sent signals."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.port: int = self.line()["port"]

    def line(self) -> dict[str, Any]:
        """The next fact it prints."""
        assert self.process.stdout is not None
        fact: dict[str, Any] = json.loads(self.process.stdout.readline())
        return fact

    def finish_drain(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def rss_bytes(self) -> int:
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def edge_process(frame_max_bytes: int = 65_536) -> Iterator[EdgeProcess]:
    command = [sys.executable, "-m", "tests.support.echo_edge", str(frame_max_bytes)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        command,
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield EdgeProcess(process)
        finally:
            process.kill()


@contextmanager
def running_edge(
    settings: ServerSettings | None = None, *, unread_s: float = 40.0
) -> Iterator[EdgeThread]:
    edge = EdgeThread(settings or ServerSettings(), unread_s)
    edge.thread.start()
    try:
        # The backlog takes connections before the loop runs, so this is only for `call`.
        with socket.create_connection(("127.0.0.1", edge.port), 10) as probe:
            probe.sendall(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            assert probe.recv(12)
        yield edge
    finally:
        edge.stop()
        assert not edge.thread.is_alive()


async def _main(frame_max_bytes: int) -> None:
    listener = listening_socket("127.0.0.1", 0)
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)

    async def drain() -> None:
        print(json.dumps({"draining": True}), flush=True)
        await asyncio.to_thread(sys.stdin.readline)

    await serve(
        EchoApp(),
        [listener],
        on_drain=drain,
        settings=ServerSettings(frame_max_bytes=frame_max_bytes),
    )
    print(json.dumps({"ended": True}), flush=True)


if __name__ == "__main__":
    log.setup(process="edge", level="DEBUG", form="json")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as main_runner:
        main_runner.run(_main(int(sys.argv[1])))
