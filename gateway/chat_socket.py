"""The WebSocket shell: admission before accept, then frames in and effects out."""

import asyncio
from asyncio import CancelledError
from dataclasses import dataclass
from time import monotonic, time
from typing import Literal
from uuid import UUID

from starlette.responses import Response
from starlette.websockets import WebSocket
from uvicorn._types import ASGIReceiveCallable, ASGISendCallable
from uvicorn.protocols.utils import ClientDisconnected

from chorus import metrics
from chorus.codes import CloseCode
from chorus.errors import ChorusError
from chorus.log import get_logger
from chorus.topics import socket_name
from chorus.web import client_address
from chorus.wire.common import BEARER_PREFIX, MAX_TOKEN_BYTES, PROTOCOL
from gateway.admission import Refused, Ticket
from gateway.hardened import TRANSPORT_EXTENSION, SocketTransport
from gateway.hub import Connection
from gateway.origins import Page, page_of
from gateway.protocol import Peer
from gateway.resources import Resources
from gateway.room import Packet
from gateway.shell import Shell
from gateway.tasks import Tasks

log = get_logger(__name__)
MAX_OFFERS = 4
CLOSE_S = 2.0


class SocketSink:
    """The way out of a WebSocket: straight to its transport, bounded by the hub."""

    __slots__ = ("_closing", "_send", "_tasks", "_transport")

    def __init__(self, send: ASGISendCallable, transport: SocketTransport, tasks: Tasks) -> None:
        self._send = send
        self._transport = transport
        self._tasks = tasks
        self._closing = False

    @property
    def buffered_bytes(self) -> int:
        return self._transport.buffered_bytes

    @property
    def full(self) -> bool:
        return self._transport.paused

    def mark(self, high_bytes: int) -> None:
        self._transport.mark(high_bytes)

    async def drained(self) -> None:
        await self._transport.drained()

    def write(self, packet: Packet) -> None:
        self._transport.send_text_frame(packet.framed)

    def close(self, code: int, reason: str) -> None:
        metrics.ws_disconnects_total.labels(str(int(code)), "true").inc()
        self._tasks.spawn(self._close(code, reason), "close_socket")

    async def _close(self, code: int, reason: str) -> None:
        if self._closing:
            return
        self._closing = True
        try:
            # A peer that reads nothing never gets to the close frame: it is not waited for.
            async with asyncio.timeout(CLOSE_S):
                await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except (ClientDisconnected, RuntimeError, OSError, TimeoutError):
            self._transport.abort()

    def abort(self) -> None:
        self._transport.abort()


async def conversation_socket(websocket: WebSocket) -> None:
    """`/ws/v1/conversations/{conversationId}`."""
    conversation_id: UUID = websocket.path_params["conversation_id"]
    await _serve(websocket, "chat", conversation_id)


async def inbox_socket(websocket: WebSocket) -> None:
    """`/ws/v1/inbox`."""
    await _serve(websocket, "inbox", None)


@dataclass(slots=True)
class Visit:
    """An accepted socket that nobody has talked to yet."""

    resources: Resources
    ticket: Ticket
    transport: SocketTransport
    kind: Literal["chat", "inbox"]
    conversation_id: UUID | None
    token: str | None
    page: Page

    async def talk(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Talk to the end, whatever ends it, and leave nothing behind."""
        self.ticket.opened()
        try:
            connection = _connect(self, send)
            self.token = None
            try:
                await _talk_to_the_end(receive, self.resources, connection)
            finally:
                await _leave(self.resources, connection)
        except (ClientDisconnected, OSError):
            log.debug("socket_gone")
        finally:
            self.ticket.gone(monotonic())


async def _serve(
    websocket: WebSocket, kind: Literal["chat", "inbox"], conversation_id: UUID | None
) -> None:
    """Accept, and leave the talk for after our return: an idle socket keeps no routing on its stack."""
    resources: Resources = websocket.state.resources
    ticket = await _admit(websocket, resources)
    if ticket is None:
        return
    transport: SocketTransport = websocket.scope["extensions"][TRANSPORT_EXTENSION]
    token, page = _token(websocket), page_of(websocket.headers)
    visit = Visit(resources, ticket, transport, kind, conversation_id, token, page)
    try:
        await websocket.accept(subprotocol=PROTOCOL)
    except BaseException as error:
        ticket.gone(monotonic())
        if isinstance(error, (ClientDisconnected, OSError)):
            return
        raise
    transport.continue_with(visit.talk)


async def _admit(websocket: WebSocket, resources: Resources) -> Ticket | None:
    """Decide before accept; a refusal is an HTTP answer (PROTOCOL §1)."""
    refusal = _malformed(websocket)
    if refusal is not None:
        await _deny(websocket, *refusal)
        return None
    address = client_address(websocket.scope, resources.trusted)
    admitted = resources.admission.admit(address, monotonic())
    if isinstance(admitted, Refused):
        retry = {"retry-after": str(admitted.retry_after_s)}
        await _deny(websocket, admitted.status, admitted.reason, retry)
        return None
    fits = False
    try:
        fits = await _origin_fits(websocket, resources)
    finally:
        if not fits:
            admitted.gone(monotonic())
    if fits:
        return admitted
    await _deny(websocket, 403, "This page may not open a socket here.")
    return None


def _malformed(websocket: WebSocket) -> tuple[int, str] | None:
    offered, token = websocket.scope["subprotocols"], _token(websocket)
    if PROTOCOL not in offered or len(offered) > MAX_OFFERS:
        return 400, f"Offer the subprotocol {PROTOCOL}."
    if "token" in websocket.query_params or "access_token" in websocket.query_params:
        return 400, "A token never stands in a URL."
    if token is not None and len(token) > MAX_TOKEN_BYTES:
        return 431, "A token may have 4 KiB."
    return None


async def _origin_fits(websocket: WebSocket, resources: Resources) -> bool:
    """A bad token on a named page passes: it gets its close code after accept, and nothing else."""
    page, token = page_of(websocket.headers), _token(websocket)
    if page.allows(resources.configured_origins, None):
        return True
    if token is None:
        return False
    try:
        principal = await resources.verifier.verify(token)
    except ChorusError:
        return page.origin is not None
    return page.allows(resources.configured_origins, principal)


async def _deny(
    websocket: WebSocket, status: int, reason: str, headers: dict[str, str] | None = None
) -> None:
    metrics.ws_handshakes_total.labels(str(status)).inc()
    hint = {"sec-websocket-protocol": PROTOCOL} if status == 400 else {}
    answer = Response(reason + "\n", status, {**(headers or {}), **hint}, "text/plain")
    await websocket.send_denial_response(answer)


def _token(websocket: WebSocket) -> str | None:
    for offer in websocket.scope["subprotocols"]:
        if offer.startswith(BEARER_PREFIX):
            return str(offer[len(BEARER_PREFIX) :])
    return None


def _connect(visit: Visit, send: ASGISendCallable) -> Connection:
    metrics.ws_handshakes_total.labels("101").inc()
    resources = visit.resources
    number = resources.hub.next_id()
    peer = Peer(
        rules=resources.rules,
        conn=socket_name(resources.node, number),
        kind=visit.kind,
        conversation_id=visit.conversation_id,
        opened_s=monotonic(),
        token=visit.token,
    )
    sink = SocketSink(send, visit.transport, resources.tasks)
    # Until the token is read, and with it the role.
    limit = resources.settings.customer_queue_bytes
    connection = Connection(number, peer, sink, limit, visit.page)
    resources.hub.add(connection)
    return connection


async def _talk_to_the_end(
    receive: ASGIReceiveCallable, resources: Resources, connection: Connection
) -> None:
    """Talk; a fault of ours ends this socket with 4103 and a logged error, and no other."""
    try:
        await _talk(receive, Shell(resources, connection), connection.peer)
    except (ClientDisconnected, OSError):
        raise
    except Exception:
        log.exception("socket_failed", conn=connection.peer.conn)
        connection.close(CloseCode.INTERNAL)
        # Returning now would cut the line before the close frame is out.
        await _until_gone(receive)


async def _until_gone(receive: ASGIReceiveCallable) -> None:
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def _talk(receive: ASGIReceiveCallable, shell: Shell, peer: Peer) -> None:
    await shell.run(peer.opened(time()))
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            _count_disconnect(peer, message.get("code", 1006))
            return
        if message["type"] == "websocket.receive":
            text = message.get("text")
            if text is None:
                await shell.run(peer.received_binary())
            else:
                await shell.run(peer.received(text, monotonic(), time()))


def _count_disconnect(peer: Peer, code: int) -> None:
    if peer.phase.name != "CLOSED":
        clean = "true" if code in (1000, 1001) else "false"
        metrics.ws_disconnects_total.labels(str(code), clean).inc()


async def _leave(resources: Resources, connection: Connection) -> None:
    """Take the connection out of every table, whatever ended it."""
    memberships = frozenset(connection.members)
    resources.hub.remove(connection)
    resources.announcer.left(connection, memberships)
    try:
        await resources.inboxes.left(connection)
    except CancelledError:
        raise
    except OSError as error:
        log.info("farewell_failed", error=type(error).__name__)
