"""uvicorn's WebSocket protocol with the bounds a public edge needs.

The stock class answers pings nobody reads until memory ends, keeps empty fragments for ever, never gives up on a peer
that reads nothing, and parses one network read into tens of thousands of queued messages. This subclass bounds each of them.

What the gateway gets: `scope["extensions"]["chorus.transport"]`, a `SocketTransport`, in every `websocket` scope.
"""

import asyncio
import codecs
import logging
import struct
from dataclasses import dataclass
from time import monotonic
from typing import Any, cast

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.exceptions import ProtocolError
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol

from gateway.admission import full_bucket
from gateway.lean import Continued, Messages, Rest

TRANSPORT_EXTENSION = "chorus.transport"
SLICE_BYTES = 4_096
TURN_MESSAGES = 32
BAD_HANDSHAKE = b"Failed to open a WebSocket connection.\n"
BAD_REQUEST = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%s" % (len(BAD_HANDSHAKE), BAD_HANDSHAKE)
)

# A logger of our own below uvicorn's: three INFO lines a socket, one with the whole URL, are no use to an operator.
socket_log = logging.getLogger("uvicorn.error.socket")
socket_log.setLevel(logging.WARNING)

Utf8Decoder = codecs.getincrementaldecoder("utf-8")


@dataclass(frozen=True, slots=True)
class SocketLimits:
    head_s: float = 10.0
    header_line_max_bytes: int = 8_192
    head_max_bytes: int = 16_384
    headers_max: int = 128
    pipelined_max: int = 16
    discard_s: float = 1.0
    pings_per_s: float = 1.0
    pings_burst: int = 20
    fragments_max: int = 64
    unread_max_bytes: int = 1_048_576
    linger_s: float = 5.0


class EdgeConfig(Config):
    """A uvicorn config that carries our limits to the protocol classes it instantiates."""

    socket_limits = SocketLimits()


def limits_of(config: Config) -> SocketLimits:
    return config.socket_limits if isinstance(config, EdgeConfig) else EdgeConfig.socket_limits


def text_frame(payload: bytes) -> bytes:
    """Build one unmasked, final text frame, to be written to any number of sockets. `payload` must be UTF-8."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", 0x81, size) + payload
    if size < 65_536:
        return struct.pack("!BBH", 0x81, 126, size) + payload
    return struct.pack("!BBQ", 0x81, 127, size) + payload


class Flood(ProtocolError):
    """A peer asks for more than it may, frame by valid frame."""


class BoundedServer(ServerProtocol):
    """The sans-I/O half: counts control frames and fragments, checks UTF-8 as it comes, echoes nothing of a bad handshake."""

    def __init__(self, limits: SocketLimits, max_size_bytes: int) -> None:
        super().__init__(max_size=max_size_bytes, logger=socket_log)
        self.fragments_max = limits.fragments_max
        self.fragments = 0
        self.pings = full_bucket(limits.pings_per_s, limits.pings_burst, monotonic())
        self.decoder: codecs.IncrementalDecoder | None = None

    def accept(self, request: Request) -> Response:
        response = super().accept(request)
        if response.status_code != 101:
            # The library quotes the header it did not like, and that header may hold a token.
            response.body = BAD_HANDSHAKE
            response.headers["Content-Length"] = str(len(BAD_HANDSHAKE))
        return response

    def recv_frame(self, frame: Frame) -> None:
        if flood := self._flood(frame):
            self.fail(CloseCode.POLICY_VIOLATION, flood)
            self.parser_exc = Flood(flood)
            return
        self._check_text(frame)
        if frame.opcode is Opcode.CLOSE:
            # RFC 6455 §5.4 lets control frames, a close too, stand between fragments; the library answers 1002.
            self.current_size = None
        super().recv_frame(frame)

    def forget(self) -> None:
        """Break the cycles through the parser and its error, so a closed socket is freed at once."""
        self.state = State.CLOSED
        self.parser.close()
        self.parser_exc = self.handshake_exc = None

    def _flood(self, frame: Frame) -> str | None:
        if frame.opcode is Opcode.PING or frame.opcode is Opcode.PONG:
            return None if self.pings.take(monotonic()) else "too many pings"
        if frame.opcode is Opcode.CLOSE:
            return None
        self.fragments = 0 if frame.fin else self.fragments + 1
        # The final fragment is one more than those counted here.
        return "too many fragments" if self.fragments >= self.fragments_max else None

    def _check_text(self, frame: Frame) -> None:
        """Raise on the first bad byte, which may be long before the message ends.

        Raises: UnicodeDecodeError, which the parser turns into close 1007.
        """
        if frame.opcode is Opcode.TEXT and self.current_size is None:
            self.decoder = Utf8Decoder()
        if self.decoder is None or frame.opcode not in (Opcode.TEXT, Opcode.CONT):
            return
        self.decoder.decode(bytes(frame.data), frame.fin)
        if frame.fin:
            self.decoder = None


class SocketTransport:
    """The gateway's short way to one socket, past ASGI: facts about its buffer, abort, and the broadcast write."""

    __slots__ = ("_conn", "_continued", "_transport", "_unread_max_bytes", "_writable")

    def __init__(
        self,
        transport: asyncio.Transport,
        conn: ServerProtocol,
        writable: asyncio.Event,
        unread_max_bytes: int,
        continued: Continued,
    ) -> None:
        self._continued = continued
        self._transport = transport
        self._conn = conn
        self._writable = writable
        self._unread_max_bytes = unread_max_bytes

    @property
    def buffered_bytes(self) -> int:
        """Bytes written by us that the kernel has not taken yet (the kernel itself holds up to SO_SNDBUF more)."""
        return 0 if self._transport.is_closing() else self._transport.get_write_buffer_size()

    @property
    def paused(self) -> bool:
        """True while an ASGI `send` would wait for the peer to read."""
        return not self._writable.is_set()

    def mark(self, high_bytes: int) -> None:
        """Be `paused` from that many buffered bytes on, until a quarter of them is left."""
        self._transport.set_write_buffer_limits(high_bytes)

    async def drained(self) -> None:
        """Wait until it is not `paused`; a lost connection never is."""
        await self._writable.wait()

    def send_text_frame(self, frame: bytes) -> None:
        """Write a frame made by `text_frame` now. Ignored unless the socket is open; never waits.

        A peer with more than the cap unread is aborted: nothing bounds this path but the caller and that cap.
        """
        transport = self._transport
        if self._conn.state is not State.OPEN or transport.is_closing():
            return
        transport.write(frame)
        if transport.get_write_buffer_size() > self._unread_max_bytes:
            transport.abort()

    def continue_with(self, rest: Rest) -> None:
        """Have `rest(receive, send)` awaited as soon as the application has returned from this socket."""
        self._continued.leave(rest)

    def abort(self) -> None:
        """Drop the connection and everything unsent. The ASGI application then receives `websocket.disconnect`."""
        self._transport.abort()


class HardenedWebSocket(WebSocketsSansIOProtocol):
    """Parse only what the application has room for, and let no peer outstay its close."""

    conn: BoundedServer

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.limits = limits_of(config)
        self.logger = socket_log
        self.close_timeout = self.limits.linger_s
        self.conn = BoundedServer(self.limits, config.ws_max_size)
        self.app = Continued(self.app)
        self.queue = cast(Any, Messages())
        self.unparsed = bytearray()
        self.turn_messages = 0
        self.failed = False
        self.abort_timer: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.abort_timer is not None:
            self.abort_timer.cancel()
        self.unparsed.clear()
        self.conn.forget()

    def data_received(self, data: bytes) -> None:
        if not self.handshake_initiated:
            self._open_handshake(data)
        elif self.failed or (not self.unparsed and len(data) <= SLICE_BYTES):
            self._feed(data)
        else:
            self.unparsed += data
            self._feed_unparsed()

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code != 101:
            return
        extensions = cast(dict[str, object], self.scope["extensions"])
        extensions[TRANSPORT_EXTENSION] = SocketTransport(
            self.transport,
            self.conn,
            self.writable,
            self.limits.unread_max_bytes,
            cast(Continued, self.app),
        )
        # Bytes before our 101 are no frames yet. Leave them in the kernel until the application has accepted.
        self._pause_reading()

    def handle_parser_exception(self) -> None:
        """Say why, then keep reading and dropping for a moment.

        Closing with bytes unread makes the kernel send a reset, and a reset may overtake the close frame: a browser that
        sees 1006 in place of 1009 sends the same message for ever.
        """
        self.failed = self.close_sent = True
        close = self.conn.close_sent
        assert close is not None
        self.queue.put_nowait(
            {"type": "websocket.disconnect", "code": close.code, "reason": close.reason}
        )
        self.unparsed.clear()
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.write_eof()
        if self.close_timer is not None:
            self.close_timer.cancel()
        # A set timer also tells run_asgi() that closing is in hand.
        self.close_timer = self.loop.call_later(self.limits.discard_s, self.transport.abort)
        self._resume_reading()

    def shutdown(self) -> None:
        if self.handshake_complete and self.conn.state is not State.OPEN:
            self.transport.close()
            return
        super().shutdown()

    async def run_asgi(self) -> None:
        await super().run_asgi()
        # close() waits for the peer to read what is buffered; a peer that never does must not stay for ever.
        if not self.disconnected:
            self.abort_timer = self.loop.call_later(self.limits.linger_s, self.transport.abort)

    async def send(self, message: ASGISendEvent) -> None:
        await self.writable.wait()
        if self.failed:
            raise ClientDisconnected
        await super().send(message)
        if message["type"] == "websocket.accept":
            del self.request, self.response
            self._resume_reading()
        elif message["type"] == "websocket.close":
            self._feed_unparsed()

    async def receive(self) -> ASGIReceiveEvent:
        # Neither this nor send() waits while there is input, so a peer with many messages would keep the loop to itself.
        self.turn_messages += 1
        if self.turn_messages >= TURN_MESSAGES:
            self.turn_messages = 0
            await asyncio.sleep(0)
        message = await self.queue.get()
        self._feed_unparsed()
        if self.handshake_complete and self.queue.empty():
            self._resume_reading()
        return message

    def _open_handshake(self, head: bytes) -> None:
        self.conn.receive_data(head)
        self.handle_events()
        if self.handshake_initiated:
            return
        # The library gave up without an event (a path that is not ASCII, say); stock uvicorn then hangs.
        self.handshake_initiated = self.handshake_complete = self.close_sent = True
        self.transport.write(b"".join(self.conn.data_to_send()) or BAD_REQUEST)
        self.transport.close()

    def _feed_unparsed(self) -> None:
        """Parse until there is a message for the application; after a close everything, for the peer's answer."""
        while self.unparsed and not self.failed and (self.queue.empty() or self.close_sent):
            piece = bytes(self.unparsed[:SLICE_BYTES])
            del self.unparsed[:SLICE_BYTES]
            self._feed(piece)

    def _feed(self, data: bytes) -> None:
        if self.failed or self.transport.is_closing():
            return
        self.conn.receive_data(data)
        # Before the error is looked at: what was whole before the bad frame has arrived and counts.
        self.handle_events()
        if self.conn.parser_exc is not None:
            self.handle_parser_exception()

    def _pause_reading(self) -> None:
        if not self.read_paused and not self.transport.is_closing():
            self.read_paused = True
            self.transport.pause_reading()

    def _resume_reading(self) -> None:
        if self.read_paused and not self.transport.is_closing():
            self.read_paused = False
            self.transport.resume_reading()
