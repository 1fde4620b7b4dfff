"""uvicorn's httptools protocol with deadlines, size limits and a strict reading of upgrades.

Stock uvicorn waits for ever for the end of the headers, hangs on a handshake its WebSocket library dislikes, and takes an
upgrade with a body, with two Hosts or in HTTP/1.0. Every refusal here is a small plain answer that quotes nothing.
"""

import asyncio
import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from gateway.hardened import limits_of

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Refusal:
    status: HTTPStatus
    reason: str
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def response(self) -> bytes:
        body = self.reason.encode() + b"\n"
        lines = [b"HTTP/1.1 %d %s" % (self.status, self.status.phrase.encode())]
        lines += [name + b": " + value for name, value in self.headers]
        lines += [
            b"content-type: text/plain; charset=utf-8",
            b"content-length: %d" % len(body),
            b"connection: close",
        ]
        return b"\r\n".join([*lines, b"", body])


MALFORMED = Refusal(HTTPStatus.BAD_REQUEST, "This is not a valid HTTP request.")
TOO_SLOW = Refusal(HTTPStatus.REQUEST_TIMEOUT, "The request headers did not arrive in time.")
URL_TOO_LONG = Refusal(HTTPStatus.REQUEST_URI_TOO_LONG, "The address is too long.")
HEADERS_TOO_LARGE = Refusal(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request headers are too large."
)
ONE_HOST = Refusal(HTTPStatus.BAD_REQUEST, "A request names exactly one Host.")
NO_UPGRADE_HERE = Refusal(HTTPStatus.BAD_REQUEST, "A WebSocket handshake needs HTTP/1.1.")
ONLY_GET = Refusal(
    HTTPStatus.METHOD_NOT_ALLOWED, "A WebSocket handshake is a GET.", ((b"allow", b"GET"),)
)
NO_BODY = Refusal(HTTPStatus.BAD_REQUEST, "A WebSocket handshake has no body.")
TOO_EARLY = Refusal(
    HTTPStatus.BAD_REQUEST, "Wait for the answer to the handshake before sending frames."
)
WRONG_VERSION = Refusal(
    HTTPStatus.UPGRADE_REQUIRED,
    "This server speaks WebSocket version 13.",
    ((b"upgrade", b"websocket"), (b"sec-websocket-version", b"13")),
)
BAD_KEY = Refusal(
    HTTPStatus.BAD_REQUEST, "A WebSocket handshake has one Sec-WebSocket-Key of 16 bytes."
)


def host_refusal(http_version: str, headers: Headers) -> Refusal | None:
    """Two Hosts, or none in HTTP/1.1, let two readers of one request disagree about whom it is for."""
    hosts = len(_values(headers, b"host"))
    return None if hosts == 1 or (hosts == 0 and http_version == "1.0") else ONE_HOST


def upgrade_refusal(method: str, http_version: str, headers: Headers) -> Refusal | None:
    """Check a WebSocket handshake (RFC 6455 §4.2.1) as far as it is the same for every path. Names are lower case."""
    if http_version != "1.1":
        return NO_UPGRADE_HERE
    if method != "GET":
        return ONLY_GET
    if _values(headers, b"transfer-encoding") or set(_values(headers, b"content-length")) - {b"0"}:
        return NO_BODY
    if _values(headers, b"sec-websocket-version") != [b"13"]:
        return WRONG_VERSION
    return None if _is_key(_values(headers, b"sec-websocket-key")) else BAD_KEY


def _values(headers: Headers, wanted: bytes) -> list[bytes]:
    return [value for name, value in headers if name == wanted]


def _is_key(values: list[bytes]) -> bool:
    try:
        return len(values) == 1 and len(base64.b64decode(values[0], validate=True)) == 16
    except binascii.Error:
        return False


class Phase(Enum):
    IDLE = "idle"
    HEAD = "head"
    BODY = "body"


class _Refused(Exception):
    """Stop the parser from inside one of its callbacks; the answer is in `refusal`."""


class HardenedHttp(HttpToolsProtocol):
    """Bound what a request may cost before an application sees it."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.limits = limits_of(config)
        self.phase = Phase.IDLE
        self.refusal: Refusal | None = None
        self.refused = False
        self.head_timer: asyncio.TimerHandle | None = None
        self.discard_timer: asyncio.TimerHandle | None = None
        self.head_fed_bytes = 0
        self.header_bytes = 0
        self.silent_bytes = 0
        self.heads_begun = 0
        self.progress = False

    # Transport callbacks

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._arm_head_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm_head_deadline()
        if self.discard_timer is not None:
            self.discard_timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.refused:
            return
        self._unset_keepalive_if_required()
        if self.phase is Phase.IDLE and self.head_timer is None:
            self._arm_head_deadline()
        phase_before, self.heads_begun, self.progress = self.phase, 0, False
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as pause:
            self._upgraded(early=data[pause.args[0] :])
        except httptools.HttpParserError:
            self._refuse(self.refusal or MALFORMED)
        else:
            self._count_unfinished(len(data), phase_before)

    # Parser callbacks

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.phase = Phase.HEAD
        self.heads_begun += 1
        self.head_fed_bytes = self.header_bytes = 0
        self.progress = True

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > self.limits.header_line_max_bytes:
            self._stop(URL_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count also the trailers of a chunked body, which come through here after it."""
        super().on_header(name, value)
        line_bytes = len(name) + len(value) + 4
        self.header_bytes += line_bytes
        self.progress = True
        if (
            line_bytes > self.limits.header_line_max_bytes
            or self.header_bytes > self.limits.head_max_bytes
            or len(self.headers) > self.limits.headers_max
        ):
            self._stop(HEADERS_TOO_LARGE)

    def on_headers_complete(self) -> None:
        self.phase = Phase.BODY
        self._disarm_head_deadline()
        refusal = self._head_refusal()
        if refusal is not None:
            self._stop(refusal)
        super().on_headers_complete()
        if self.parser.should_upgrade() and not self._should_upgrade():
            # The parser is of no use after an upgrade we declined (h2c), so this answer is the last one.
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        self.progress = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.phase = Phase.IDLE
        self.progress = True
        super().on_message_complete()

    def _get_upgrade(self) -> bytes | None:
        """Read Connection from all its lines; uvicorn looks at the last one only."""
        options = b",".join(_values(self.headers, b"connection")).lower().split(b",")
        if b"upgrade" not in [option.strip() for option in options]:
            return None
        return b",".join(_values(self.headers, b"upgrade")).lower()

    # Decisions

    def _head_refusal(self) -> Refusal | None:
        version, method = self.parser.get_http_version(), self.parser.get_method().decode("ascii")
        if len(self.pipeline) >= self.limits.pipelined_max:
            return MALFORMED
        refusal = host_refusal(version, self.headers)
        if refusal is None and self.parser.should_upgrade() and self._should_upgrade():
            refusal = upgrade_refusal(method, version, self.headers)
        return refusal

    def _count_unfinished(self, fed_bytes: int, phase_before: Phase) -> None:
        """Refuse what never ends: the parser keeps an unfinished line for us, however long it grows."""
        if self.phase is Phase.HEAD:
            # A head that began behind another message is counted from the next read on.
            if self.heads_begun == 0 or (self.heads_begun == 1 and phase_before is Phase.IDLE):
                self.head_fed_bytes += fed_bytes
            if self.head_fed_bytes > self.limits.head_max_bytes:
                self._refuse(HEADERS_TOO_LARGE)
            return
        self.silent_bytes = 0 if self.progress else self.silent_bytes + fed_bytes
        if self.silent_bytes > self.limits.head_max_bytes:
            self._refuse(MALFORMED)

    def _upgraded(self, early: bytes) -> None:
        if not self._should_upgrade():
            return
        if early:
            self._refuse(TOO_EARLY)
            return
        self.handle_websocket_upgrade()
        # This object is done, and the parser's callbacks hold it in a cycle.
        self.parser = None  # type: ignore[assignment]

    def _stop(self, refusal: Refusal) -> None:
        self.refusal = refusal
        raise _Refused

    def _refuse(self, refusal: Refusal) -> None:
        """Answer and drop what still comes: closing with bytes unread would reset the answer away."""
        self.refused = True
        self._disarm_head_deadline()
        if self.transport.is_closing() or self._answering():
            # A second answer inside the one being written could be taken for part of it.
            self.transport.abort()
            return
        if (cycle := self._latest) is not None:
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.write(refusal.response())
        self.transport.write_eof()
        self.discard_timer = self.loop.call_later(self.limits.discard_s, self.transport.abort)

    @property
    def _latest(self) -> RequestResponseCycle | None:
        """The latest request, which uvicorn types as never None."""
        return self.cycle

    def _answering(self) -> bool:
        cycle = self._latest
        if self.pipeline:
            return True
        return cycle is not None and cycle.response_started and not cycle.response_complete

    # The head deadline

    def _arm_head_deadline(self) -> None:
        self.head_timer = self.loop.call_later(self.limits.head_s, self._head_overdue)

    def _disarm_head_deadline(self) -> None:
        if self.head_timer is not None:
            self.head_timer.cancel()
            self.head_timer = None

    def _head_overdue(self) -> None:
        self.head_timer = None
        cycle = self._latest
        if self.phase is Phase.HEAD:
            self._refuse(TOO_SLOW)
        elif cycle is None or cycle.response_complete:
            # Nothing but empty lines, or nothing at all.
            self.transport.close()
