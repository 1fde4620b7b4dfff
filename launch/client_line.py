"""Keeps one ready socket to the server: dials, signs in, pings, moves at a drain, dials again."""

import asyncio
import contextlib
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Final, Protocol, Self

import orjson
from websockets.exceptions import ConnectionClosed

from launch.client_core import NEVER
from launch.client_options import ClientOptions
from launch.client_socket import DialFailed, Frame, Socket, dial
from launch.faults import LaunchError
from launch.reconnect import Ended, Next, Reconnecting

VERSION: Final = "0.1"
REFRESH_TIMEOUT_S: Final = 15.0
_NO_CODE: Final = 1006


class Listener(Protocol):
    """Who the line carries frames for. Everything here is synchronous and quick."""

    def resume(self) -> Frame | None:
        """Where the next socket goes on."""
        ...

    def socket_ready(self, socket: Socket, frame: Frame) -> None:
        """A socket took over; what was under way on another one is not."""
        ...

    def frame_heard(self, socket: Socket, frame: Frame) -> None:
        """Any other frame, of a new or an old socket."""
        ...

    def pump(self, socket: Socket, at_s: float) -> None:
        """Say on the ready socket whatever may leave now."""
        ...

    def due_s(self) -> float:
        """When `pump` has something to say by itself."""
        ...

    def too_large(self) -> None:
        """The server closed because of a frame's size."""
        ...

    def line_stopped(self, why: Ended) -> None:
        """The server wants no further socket."""
        ...


class Line:
    """Owns its sockets and tasks while it is entered."""

    def __init__(self, url: str, token: str, listener: Listener, options: ClientOptions) -> None:
        self.url = url
        self.token = token
        self.primary: Socket | None = None
        """The newest ready socket."""
        self.sockets: list[Socket] = []
        self.opened = 0
        """How many sockets got ready in this life."""
        self.ended: Ended | None = None
        """How the last socket ended, where none took its place yet."""
        self.stopped: Ended | None = None
        """Why there will be no further socket."""
        self._listener = listener
        self._options = options
        self._reconnecting = Reconnecting(options.jitter)
        self._wake = asyncio.Event()
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self.spawn(self._live())
        self.spawn(self._write())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
        if isinstance(error, asyncio.CancelledError):
            await self._group.__aexit__(kind, error, trace)
        else:
            # What the caller's block raised stays what it is; a group would wrap it.
            await self._group.__aexit__(None, None, None)

    async def close(self) -> None:
        """Close the sockets in good order and end every task."""
        self.primary = None
        for socket in list(self.sockets):
            await self._retire(socket)
        for task in list(self._tasks):
            task.cancel()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something that ends with the line."""
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def wake(self) -> None:
        """There is something to say, or another time to keep."""
        self._wake.set()

    async def renew(self) -> bool:
        """Get a new token and say it on the ready socket; False where there is none to get."""
        if self._options.refresh is None:
            return False
        try:
            async with asyncio.timeout(REFRESH_TIMEOUT_S):
                self.token = await self._options.refresh()
        except (TimeoutError, LaunchError):
            # The old token may still do; if not, the server says so and we come here again.
            return True
        if self.primary is not None:
            self.primary.say("auth", {"token": self.token})
            self.wake()
        return True

    # -- one socket after another

    async def _live(self) -> None:
        """Keep a socket until it is replaced, or the server wants none; each drain starts another."""
        while True:
            after = await self._once()
            if after is None:
                return
            if after.stop or (after.refresh and not await self.renew()):
                assert self.ended is not None
                self.stopped = self.ended
                self._listener.line_stopped(self.stopped)
                return
            await asyncio.sleep(after.delay_s)

    async def _once(self) -> Next | None:
        """Dial and listen to the end; None where another socket took over."""
        try:
            socket = await dial(
                self.url, self.token, origin=self._origin, at_s=asyncio.get_running_loop().time()
            )
        except DialFailed as error:
            self.ended = Ended(error.status, str(error))
            if error.status:
                return self._reconnecting.refused(error.status, error.retry_after_s)
            return self._reconnecting.unreachable()
        self.sockets.append(socket)
        self.wake()
        try:
            await self._listen(socket)
        finally:
            self.sockets.remove(socket)
            if self.primary is socket:
                self.primary = None
        if socket.replaced or socket.draining:
            return None
        return self._after(socket)

    @property
    def _origin(self) -> str:
        server = "http" + self.url.removeprefix("ws")
        return self._options.origin or "/".join(server.split("/")[:3])

    def _after(self, socket: Socket) -> Next:
        connection, now_s = socket.connection, asyncio.get_running_loop().time()
        ready_s = 0.0 if socket.ready_s is None else max(now_s - socket.ready_s, 1e-9)
        self.ended = Ended(
            connection.close_code or _NO_CODE, connection.close_reason or "", ready_s
        )
        after = self._reconnecting.after(self.ended)
        if after.drop_largest:
            self._listener.too_large()
        return after

    async def _listen(self, socket: Socket) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(ConnectionClosed):
            while True:
                payload = await socket.connection.recv(decode=False)
                socket.heard_s = loop.time()
                for one in payload.split(b"\n"):
                    self._take(socket, orjson.loads(one))
                self.wake()

    def _take(self, socket: Socket, frame: Frame) -> None:
        event, data = frame["event"], frame["data"]
        match event:
            case "hello":
                self._sign_in(socket, data)
            case "ready":
                self._take_over(socket, frame)
            case "ping":
                socket.say("pong", {"n": data["n"]})
            case "drain":
                self._drain(socket, *data["reconnect_in_ms"])
            case "auth.expiring":
                self.spawn(self._renew_quietly())
        if event not in ("hello", "ready"):
            self._listener.frame_heard(socket, frame)

    def _sign_in(self, socket: Socket, hello: Frame) -> None:
        socket.greeted(hello, socket.heard_s)
        auth = {
            "nonce": hello["nonce"],
            "session": str(self._options.session),
            "client": {"name": self._options.name, "version": VERSION, "batch": True},
        }
        resume = self._listener.resume()
        socket.say("auth", auth if resume is None else {**auth, "resume": resume})

    def _take_over(self, socket: Socket, frame: Frame) -> None:
        older, self.primary = self.primary, socket
        socket.ready_s = socket.heard_s
        self.opened += 1
        self.ended = None
        if older is not None:
            self.spawn(self._retire(older))
        self._listener.socket_ready(socket, frame)

    def _drain(self, socket: Socket, least_ms: int, most_ms: int) -> None:
        if socket.draining:
            return
        socket.draining = True
        self.spawn(self._move((least_ms + self._options.jitter() * (most_ms - least_ms)) / 1000))

    async def _move(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        await self._live()

    async def _renew_quietly(self) -> None:
        await self.renew()

    async def _retire(self, socket: Socket) -> None:
        # Whatever it is closed with from now on (4007, 4200) is our own doing.
        socket.replaced = True
        await socket.flush()
        await socket.connection.close(1000)

    # -- the writer

    async def _write(self) -> None:
        """Say what there is to say, then sleep until there is more or something is due."""
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            now_s = loop.time()
            for socket in list(self.sockets):
                socket.keep_alive(now_s)
            if self.primary is not None:
                self._listener.pump(self.primary, now_s)
            for socket in list(self.sockets):
                await socket.flush()
            await self._sleep_until(self._due_s())

    def _due_s(self) -> float:
        due_s = min((socket.due_s() for socket in self.sockets), default=NEVER)
        return due_s if self.primary is None else min(due_s, self._listener.due_s())

    async def _sleep_until(self, due_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(None if due_s == NEVER else due_s):
                await self._wake.wait()
