"""Who is connected here, who follows what, and the way of a frame to them. Only `Connection.taken` awaits.

Counts are per process. A slow reader never holds anybody up: its bytes are bounded, and over the
bound its connection goes (4102); its cursor stays with the client (PROTOCOL §7).
"""

from collections import Counter
from dataclasses import dataclass, field
from time import monotonic, time_ns
from typing import Protocol
from uuid import UUID

from chorus import metrics
from chorus.auth import Principal
from chorus.codes import CloseCode
from chorus.topics import NO_AUTHOR, Audience, Header, author_key
from chorus.wire.envelope import encode_raw, with_envelope
from gateway.effects import Send
from gateway.origins import Page
from gateway.pending import Outstanding, Pending
from gateway.phase import Phase
from gateway.protocol import Peer
from gateway.room import Event, Packet, Room

QUIET_PART = 4
"""Of the bound of a socket: with more waiting it hears nothing that may be lost, and replays pause."""
Seat = tuple[UUID, UUID, UUID | None]
"""User, session and conversation (None: the inbox): one socket at a time may sit there."""


class Sink(Protocol):
    """The way out of one connection."""

    @property
    def buffered_bytes(self) -> int: ...
    @property
    def full(self) -> bool:
        """True from when more than the mark waits until most of it is taken."""
        ...

    def mark(self, high_bytes: int) -> None: ...
    async def drained(self) -> None:
        """Wait until it is not full, or is closed."""
        ...

    def write(self, packet: Packet) -> None: ...
    def close(self, code: int, reason: str) -> None: ...
    def abort(self) -> None: ...


@dataclass(slots=True)
class Member:
    """A connection in a room. `cursor` is the last seq written; None until it has entered."""

    connection: "Connection"
    room: "Room[Member]"
    cursor: int | None = None


@dataclass(slots=True)
class Connection:
    """One socket or event stream: its protocol, its way out, its memberships."""

    id: int
    peer: Peer
    sink: Sink
    limit_bytes: int
    page: Page = Page(None, "")
    is_agent: bool = False
    author: bytes = NO_AUTHOR
    names_conversation: bool = False
    closed: bool = False
    written_bytes: int = 0
    taken_bytes: int = 0
    stalls: int = 0
    opened_ms: int = field(default_factory=lambda: time_ns() // 1_000_000)
    """Unix time: comparable with sockets of other gateways."""
    members: dict[UUID, Member] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bound(self.limit_bytes)

    def bound(self, limit_bytes: int) -> None:
        """Let that many bytes wait for the reader."""
        self.limit_bytes = limit_bytes
        self.sink.mark(limit_bytes // QUIET_PART)

    @property
    def seat(self) -> Seat | None:
        """Where it sits; None before auth, and for an event stream."""
        peer = self.peer
        if peer.principal is None or peer.session is None:
            return None
        return peer.principal.user_id, peer.session, peer.conversation_id

    def identify(self, principal: Principal) -> None:
        self.is_agent = principal.is_agent
        self.author = author_key(principal.user_id)

    def send(self, packet: Packet) -> None:
        """Write what must not be lost; over the bound the connection ends."""
        if self.closed:
            return
        waiting = self.sink.buffered_bytes
        if waiting:
            metrics.send_queue_bytes.observe(waiting)
        if waiting + len(packet.payload) > self.limit_bytes:
            self.close(CloseCode.SLOW_CONSUMER)
            return
        self.written_bytes += len(packet.payload)
        self.sink.write(packet)

    def whisper(self, packet: Packet, event: str) -> None:
        """Write what may be lost: dropped for a reader with a quarter of its bound waiting."""
        if self.closed:
            return
        if self.sink.buffered_bytes > self.limit_bytes // QUIET_PART:
            metrics.ephemeral_dropped_total.labels(event).inc()
            return
        self.written_bytes += len(packet.payload)
        self.sink.write(packet)

    async def taken(self) -> None:
        """Wait while much waits for the reader; not once it is closed.

        Who has much to say goes on only after this, so a reader that reads is never too slow for it.
        One that does not is ended by the write watch.
        """
        if self.sink.full and not self.closed:
            self.peer.fell_behind()
            try:
                await self.sink.drained()
            finally:
                self.peer.took(monotonic())

    def close(self, code: int, reason: str = "") -> None:
        """End the connection once; the shell learns of it from the transport."""
        if self.closed:
            return
        for effect in self.peer.end(CloseCode(code), reason):
            if isinstance(effect, Send):
                self.sink.write(Packet(effect.payload))
        self.closed = True
        self.sink.close(code, reason)


class Hub:
    """The local fan-out table."""

    def __init__(self, outstanding: Outstanding) -> None:
        self.connections: dict[int, Connection] = {}
        self.rooms: dict[bytes, Room[Member]] = {}
        self.users: dict[UUID, set[int]] = {}
        self.tenants: Counter[UUID] = Counter()
        self._seats: dict[Seat, int] = {}
        self._outstanding = outstanding
        self._last_id = 0

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    # -- who is here

    def add(self, connection: Connection) -> None:
        self.connections[connection.id] = connection
        metrics.ws_connections.labels(connection.peer.kind).inc()

    def identify(
        self, connection: Connection, *, per_customer: int, per_agent: int, per_tenant: int
    ) -> bool:
        """Count the connection for its user and tenant; False: one too many."""
        principal = connection.peer.principal
        assert principal is not None
        connection.identify(principal)
        mine = self.users.setdefault(principal.user_id, set())
        allowed = per_agent if principal.is_agent else per_customer
        mine.add(connection.id)
        self.tenants[principal.tenant_id] += 1
        return len(mine) <= allowed and self.tenants[principal.tenant_id] <= per_tenant

    def supersede(self, connection: Connection) -> None:
        """Close the older of two sockets in one seat, whichever got ready first."""
        seat = connection.seat
        if seat is None:
            return
        older, newer = self.seated(seat), connection
        if older is not None and older.id > newer.id:
            older, newer = newer, older
        self._seats[seat] = newer.id
        if older is not None and older is not newer and not older.peer.drained:
            older.close(CloseCode.SUPERSEDED)

    def seated(self, seat: Seat) -> Connection | None:
        """The open socket in a seat."""
        found = self.connections.get(self._seats.get(seat, 0))
        return None if found is None or found.closed else found

    def remove(self, connection: Connection) -> None:
        if self.connections.pop(connection.id, None) is None:
            return
        metrics.ws_connections.labels(connection.peer.kind).dec()
        for conversation_id in list(connection.members):
            self.leave(connection, conversation_id)
        connection.closed = True
        self._forget_user(connection)

    def _forget_user(self, connection: Connection) -> None:
        peer = connection.peer
        if peer.principal is None:
            return
        mine = self.users.get(peer.principal.user_id)
        if mine is not None and connection.id in mine:
            mine.discard(connection.id)
            self.tenants[peer.principal.tenant_id] -= 1
            if not mine:
                del self.users[peer.principal.user_id]
            if not self.tenants[peer.principal.tenant_id]:
                del self.tenants[peer.principal.tenant_id]
        if connection.seat is not None and self._seats.get(connection.seat) == connection.id:
            del self._seats[connection.seat]

    # -- who follows what

    def join(self, connection: Connection, conversation_id: UUID) -> Member:
        """Enter the fan-out table before the database is read, so nothing falls between."""
        room = self.rooms.get(conversation_id.bytes)
        if room is None:
            room = self.rooms[conversation_id.bytes] = Room(conversation_id)
        member = Member(connection, room)
        room.members[connection.id] = member
        connection.members[conversation_id] = member
        return member

    def leave(self, connection: Connection, conversation_id: UUID) -> None:
        member = connection.members.pop(conversation_id, None)
        if member is None:
            return
        member.room.members.pop(connection.id, None)
        if not member.room.members:
            self.rooms.pop(conversation_id.bytes, None)

    # -- frames on their way

    def durable(self, room: Room[Member], event: Event) -> None:
        """Take one event in any order; write what may leave now."""
        ready = room.arrived(event)
        for each in ready:
            self._dispatch(room, each)
        if event.slot and not ready and not room.holds(event.seq):
            self.settle(event)

    def _dispatch(self, room: Room[Member], event: Event) -> None:
        pending = self._outstanding.take(event.slot) if event.slot else None
        if pending is None and event.id is not None:
            pending = self._outstanding.take_id(event.conversation_id, event.id)
        sender = pending.item.conn if pending else 0
        for member in list(room.members.values()):
            # A member that stands elsewhere is reading what it lacks; it will come to this event.
            if member.cursor != event.seq - 1 or member.connection.id == sender:
                continue
            self.advance(member, event)
        if pending is not None:
            self._answer(room, event, pending)

    def _answer(self, room: Room[Member], event: Event, pending: Pending) -> None:
        """`delivered` is the event itself for a sender that stands right before it."""
        member = room.members.get(pending.item.conn)
        in_order = member is not None and member.cursor == event.seq - 1
        if member is not None and in_order:
            member.cursor = event.seq
        self._deliver(event, pending, envelope_seq=member is None or in_order)

    def advance(self, member: Member, event: Event) -> None:
        """Write one event to a member that stands right before it."""
        member.cursor = event.seq
        connection = member.connection
        if event.author == connection.author:
            _stored_after_all(connection, event)
        connection.send(event.seen_by(connection))

    def settle(self, event: Event) -> None:
        """Answer an open request whose event this socket has already counted, or does not follow."""
        pending = self._outstanding.take(event.slot)
        if pending is not None:
            self._deliver(event, pending, envelope_seq=False)

    def _deliver(self, event: Event, pending: Pending, *, envelope_seq: bool) -> None:
        connection = self.connections.get(pending.item.conn)
        if connection is not None:
            connection.peer.stored(event.conversation_id, pending.item.id, monotonic())
            frame = delivered(
                pending.item.id, event.seq, event.ts, dup=False, envelope_seq=envelope_seq
            )
            self.answer(connection, frame, pending.ref, event.conversation_id)

    def answer(
        self, connection: Connection, frame: bytes, ref: int | None, conversation_id: UUID | None
    ) -> None:
        """Write an answer to one socket with its `ref`, and `conv` where the socket names them."""
        named = connection.names_conversation and conversation_id is not None
        conv = str(conversation_id) if named else None
        connection.send(Packet(with_envelope(frame, ref=ref, conv=conv)))

    def whisper(self, room: Room[Member], header: Header, frame: bytes, event: str) -> None:
        """Write an ephemeral frame to those of its audience."""
        plain, named = Packet(frame), None
        for member in list(room.members.values()):
            connection = member.connection
            if member.cursor is None or not _hears(connection, header):
                continue
            if connection.names_conversation:
                named = named or Packet(with_envelope(frame, conv=str(room.conversation_id)))
                connection.whisper(named, event)
            else:
                connection.whisper(plain, event)

    def broadcast(self, event: str, data: dict[str, object]) -> None:
        """Write a frame to everybody who is ready: `degraded`, `recovered`."""
        packet = Packet(encode_raw(event, data))
        for connection in list(self.connections.values()):
            if connection.peer.phase is Phase.LIVE:
                connection.send(packet)


def _stored_after_all(connection: Connection, event: Event) -> None:
    """What was perhaps said here, and was or will be nacked for want of an answer, holds nothing back."""
    if connection.peer.has_said(event.conversation_id) and (id := event.message_id) is not None:
        connection.peer.stored(event.conversation_id, id, monotonic())


def delivered(id: UUID, seq: int, ts: str, *, dup: bool, envelope_seq: bool) -> bytes:
    """The answer to a stored message; with `envelope_seq` it stands for the event itself."""
    data = {"id": id, "seq": seq, "ts": ts, "dup": dup}
    return encode_raw("delivered", data, seq if envelope_seq else None)


def _hears(connection: Connection, header: Header) -> bool:
    match header.audience:
        case Audience.OTHERS:
            return connection.author != header.author
        case Audience.OTHER_AGENTS:
            return connection.is_agent and connection.author != header.author
        case Audience.AGENTS:
            return connection.is_agent
        case Audience.CUSTOMERS:
            return not connection.is_agent
        case Audience.AGENTS_AND_AUTHOR:
            return connection.is_agent or connection.author == header.author
        case _:
            return True
