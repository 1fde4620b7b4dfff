"""The edge's uvicorn: its own listening socket, hardened protocols, and a drain before anything closes."""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.lifespan.on import LifespanOn

from chorus.log import get_logger
from gateway.hardened import EdgeConfig, HardenedWebSocket, SocketLimits
from gateway.hardened_http import HardenedHttp

log = get_logger(__name__)

Drain = Callable[[], Coroutine[Any, Any, None]]

QUIET_LOGGERS = ("uvicorn.error", "websockets", "websockets.server", "websockets.client")


class CannotListen(Exception):
    """The address cannot be listened on."""


class EndedBadly(Exception):
    """The application failed while it served; why is in the log."""


class AddressTaken(CannotListen):
    """Another program listens on this address."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    frame_max_bytes: int = 65_536
    keep_alive_s: int = 15
    drain_max_s: float = 35.0
    shutdown_max_s: int = 5
    cancel_s: int = 2
    limits: SocketLimits = field(default_factory=SocketLimits)


def listening_socket(
    host: str,
    port: int,
    *,
    reuse_port: bool = False,
    backlog: int = 4_096,
    send_buffer_bytes: int = 65_536,
    unread_s: float = 40.0,
) -> socket.socket:
    """Bind and listen. Every accepted socket inherits the options set here.

    A small send buffer keeps a peer that reads nothing from hiding megabytes in the kernel, where no cap of ours sees
    them; `unread_s` is how long the kernel holds bytes nobody takes before it drops the connection.

    Raises: AddressTaken, CannotListen.
    """
    family, kind, protocol, _, address = _resolve(host, port)
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer_bytes)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(unread_s * 1000))
        listener.bind(address)
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        raise _cannot_listen(error, host, port) from error
    listener.setblocking(False)
    return listener


def pin_loggers() -> None:
    """Keep the libraries above DEBUG, where they print headers, tokens and message text. Call after log set-up."""
    for name in QUIET_LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(max(logging.INFO, logger.level))


class EdgeServer(uvicorn.Server):
    """On the first signal stop listening and drain, then close what is left; the second signal skips the rest."""

    def __init__(self, config: EdgeConfig, on_drain: Drain, settings: ServerSettings) -> None:
        super().__init__(config)
        self.on_drain = on_drain
        self.settings = settings
        self.forced = asyncio.Event()
        self.loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        await super().serve(sockets)

    def stop(self) -> None:
        """Do what a signal does: drain at the first call, force at the second. Safe from any thread."""
        if not self.should_exit:
            self.should_exit = True
            return
        self.force_exit = True
        if self.loop is not None and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.forced.set)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # uvicorn would remember the signal and raise it again after a clean end, which makes exit 0 look like a kill.
        self.stop()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        await self._drain()
        # Before uvicorn's own limit, which cancels the application's tasks: a lost peer is an end they expect.
        last_call = asyncio.get_running_loop().call_later(
            self.settings.shutdown_max_s, self._abort_all
        )
        await super().shutdown(sockets)
        last_call.cancel()
        self._abort_all()
        await asyncio.sleep(0)

    def _abort_all(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    async def _drain(self) -> None:
        # Both tasks are owned here and end before this returns.
        loop = asyncio.get_running_loop()
        drain = loop.create_task(self.on_drain(), name="drain")
        forced = loop.create_task(self.forced.wait(), name="forced")
        try:
            await asyncio.wait(
                {drain, forced},
                timeout=self.settings.drain_max_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if not drain.done():
                reason = "forced" if forced.done() else "out_of_time"
                log.warning("drain_cut_short", reason=reason)
        finally:
            forced.cancel()
            drain.cancel()
            await asyncio.wait({drain, forced}, timeout=self.settings.cancel_s)
        if drain.done() and not drain.cancelled() and (error := drain.exception()) is not None:
            log.error("drain_failed", exc_info=error)


def edge_server(
    app: Callable[..., Any],
    *,
    on_drain: Drain,
    settings: ServerSettings | None = None,
) -> EdgeServer:
    """Build the server without starting it. Call inside a running loop.

    `on_drain` runs once, after the listeners are closed and before any connection is: turn readiness false first, then
    tell the sockets, then close them. It is cancelled after `drain_max_s` and at a second signal.
    """
    settings = settings or ServerSettings()
    config = EdgeConfig(
        app,
        http=HardenedHttp,
        ws=HardenedWebSocket,
        ws_max_size=settings.frame_max_bytes,
        ws_ping_interval=None,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        # Ours is client_address(); uvicorn's would believe any local process.
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=settings.keep_alive_s,
        timeout_graceful_shutdown=settings.shutdown_max_s + settings.cancel_s,
    )
    config.socket_limits = settings.limits
    return EdgeServer(config, on_drain, settings)


async def serve(
    app: Callable[..., Any],
    sockets: Sequence[socket.socket],
    *,
    on_drain: Drain,
    settings: ServerSettings | None = None,
) -> None:
    """Serve `app` on `sockets` until SIGTERM or SIGINT, then drain. Returns normally, also after a forced end.

    Run it on uvloop: `asyncio.Runner(loop_factory=uvloop.new_event_loop)`.

    Raises:
        EndedBadly: what the application runs beside requests had died (`chorus.tasks.vital`).
    """
    server = edge_server(app, on_drain=on_drain, settings=settings)
    pin_loggers()
    await server.serve(list(sockets))
    if (
        server.started
        and isinstance(server.lifespan, LifespanOn)
        and server.lifespan.error_occurred
    ):
        raise EndedBadly


def _resolve(host: str, port: int) -> tuple[Any, ...]:
    if not 0 <= port < 65_536:
        raise CannotListen(f"Cannot listen on {host}:{port}: a port is a number below 65536.")
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        raise CannotListen(f"Cannot listen on {host}:{port}: no such address.") from error


def _cannot_listen(error: OSError, host: str, port: int) -> CannotListen:
    if error.errno == errno.EADDRINUSE:
        return AddressTaken(
            f"Cannot listen on {host}:{port}: another program already listens there."
        )
    return CannotListen(f"Cannot listen on {host}:{port}: {error.strerror}.")
