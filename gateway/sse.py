"""The event stream for clients behind a proxy that blocks upgrades: the same core, the same order.

`GET /livechat/conversations/{id}/events?after=&epoch=` with a bearer token; `Last-Event-ID` wins
over `after`. What a socket would send as frames goes by `POST …/messages` and `POST …/commands`.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from time import monotonic
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from chorus import metrics
from chorus.auth import Principal
from chorus.codes import CloseCode
from chorus.errors import ChorusError, Forbidden, Overloaded, Unauthenticated
from chorus.topics import node_name
from chorus.web import client_address, problem_of
from chorus.wire.calls import ResumePoint
from gateway.admission import Refused, Ticket
from gateway.hub import Connection
from gateway.origins import page_of
from gateway.phase import Phase
from gateway.protocol import Peer
from gateway.resources import Resources
from gateway.room import Packet
from gateway.shell import Shell

COMMENT_S = 15.0
MAX_SEQ_DIGITS = 16


class StreamSink:
    """The way out of an event stream: a queue bounded by the hub in bytes."""

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._high_bytes = 0
        self._ended = False
        self.buffered_bytes = 0

    @property
    def full(self) -> bool:
        return not self._room.is_set()

    def mark(self, high_bytes: int) -> None:
        self._high_bytes = high_bytes

    async def drained(self) -> None:
        await self._room.wait()

    def write(self, packet: Packet) -> None:
        head = b"" if packet.seq is None else b"id: %d\n" % packet.seq
        self._put(head + b"data: " + packet.payload + b"\n\n")

    def close(self, code: int, reason: str) -> None:
        if self._ended:
            return
        metrics.ws_disconnects_total.labels(str(int(code)), "true").inc()
        self._put(
            b"event: close\ndata: %b\n\n" % orjson.dumps({"code": int(code), "reason": reason})
        )
        self._end()

    def abort(self) -> None:
        self._waiting.clear()
        self.buffered_bytes = 0
        self._end()

    def _end(self) -> None:
        self._ended = True
        self._wake.set()
        self._room.set()

    def _put(self, block: bytes) -> None:
        if self._ended:
            return
        self._waiting.append(block)
        self.buffered_bytes += len(block)
        self._wake.set()
        if self.buffered_bytes > self._high_bytes:
            self._room.clear()

    async def blocks(self) -> AsyncIterator[bytes]:
        """What is to be written, with a comment every 15 s of silence, until closed."""
        while True:
            while self._waiting:
                block = self._waiting.popleft()
                self.buffered_bytes -= len(block)
                if self.buffered_bytes <= self._high_bytes // 4:
                    self._room.set()
                yield block
            if self._ended:
                return
            self._wake.clear()
            try:
                await asyncio.wait_for(self._wake.wait(), COMMENT_S)
            except TimeoutError:
                yield b": still here\n\n"


async def events(request: Request) -> Response:
    """Open the stream, or say in HTTP why not."""
    resources: Resources = request.state.resources
    cors = _cors(request)
    if request.method == "OPTIONS":
        return Response(status_code=204, headers=cors)
    try:
        principal = await _principal(request, resources)
        ticket = _admit(request, resources)
    except ChorusError as error:
        answer = problem_of(error)
        answer.headers.update(cors)
        return answer
    headers = {**cors, "cache-control": "no-store", "x-accel-buffering": "no"}
    return Stream(_connect(request, resources), principal, ticket, resources, headers)


class Stream(StreamingResponse):
    """An admitted stream. It gives back what it holds, even if its reader goes before the first byte."""

    media_type = "text/event-stream"

    def __init__(
        self,
        connection: Connection,
        principal: Principal,
        ticket: Ticket,
        resources: Resources,
        headers: dict[str, str],
    ) -> None:
        assert isinstance(connection.sink, StreamSink)
        super().__init__(connection.sink.blocks(), headers=headers)
        self._connection = connection
        self._principal = principal
        self._ticket = ticket
        self._resources = resources

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        resources, connection = self._resources, self._connection
        try:
            resources.tasks.spawn(_enter(resources, connection, self._principal), "enter_stream")
            await super().__call__(scope, receive, send)
        finally:
            self._ticket.gone(monotonic())
            memberships = frozenset(connection.members)
            resources.hub.remove(connection)
            resources.announcer.left(connection, memberships)
            connection.sink.abort()


async def _principal(request: Request, resources: Resources) -> Principal:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated
    principal = await resources.verifier.verify(token)
    if resources.revocations.ended(principal) is not None:
        raise Unauthenticated
    page = page_of(request.headers)
    if page.origin is not None and not page.allows(resources.configured_origins, principal):
        raise Forbidden("This page may not read this stream.")
    return principal


def _admit(request: Request, resources: Resources) -> Ticket:
    admitted = resources.admission.admit(
        client_address(request.scope, resources.trusted), monotonic()
    )
    if isinstance(admitted, Refused):
        raise Overloaded(admitted.reason, retry_after_ms=admitted.retry_after_s * 1000)
    admitted.opened()
    return admitted


def _cors(request: Request) -> dict[str, str]:
    origin = request.headers.get("origin")
    if origin is None:
        return {}
    return {
        "access-control-allow-origin": origin,
        "access-control-allow-headers": "authorization, last-event-id",
        "access-control-allow-methods": "GET",
        "vary": "Origin",
    }


def _connect(request: Request, resources: Resources) -> Connection:
    conversation_id: UUID = request.path_params["conversation_id"]
    number = resources.hub.next_id()
    peer = Peer(
        rules=resources.rules,
        conn=f"{node_name(resources.node)[:8]}{number:x}",
        kind="chat",
        conversation_id=conversation_id,
        opened_s=monotonic(),
        phase=Phase.VERIFYING,
        resume=_resume(request),
        one_way=True,
    )
    limit = resources.settings.customer_queue_bytes
    connection = Connection(number, peer, StreamSink(), limit, page_of(request.headers))
    resources.hub.add(connection)
    return connection


def _resume(request: Request) -> ResumePoint | None:
    after = request.headers.get("last-event-id") or request.query_params.get("after", "")
    epoch = request.query_params.get("epoch", "")
    if not (after.isascii() and after.isdigit() and len(after) <= MAX_SEQ_DIGITS and epoch):
        return None
    return ResumePoint(epoch[:80], int(after))


async def _enter(resources: Resources, connection: Connection, principal: Principal) -> None:
    if connection.closed:
        # Its reader has gone already, and it is in no table any more.
        return
    shell = Shell(resources, connection)
    try:
        await shell.run(connection.peer.verified(principal))
    except ChorusError as error:
        connection.close(error.close)
    except Exception:
        connection.close(CloseCode.INTERNAL)
        raise
