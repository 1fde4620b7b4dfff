"""Frames on their way to sockets: who gets what, and what a slow reader costs."""

import gc
import json
import weakref
from time import monotonic
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from chorus.auth import AUD_AGENT, AUD_VISITOR, ROLE_SCOPES, Principal
from chorus.codes import CloseCode, NackCode
from chorus.ids import uuid7
from chorus.ingest import IngestItem
from chorus.topics import NO_CONN, Audience, Header, Kind, author_key
from gateway.hub import Connection, Hub
from gateway.pending import Outstanding, Pending
from gateway.protocol import Peer
from gateway.room import Event, Packet
from gateway.rules import Rules
from tests.support.examples import examples

CONVERSATION, TENANT = uuid7(), uuid7()


class Wire:
    """A transport that remembers: what the kernel would have got."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.buffered_bytes = 0
        self.closed: list[int] = []
        self.aborted = False
        self.full = False
        self.high_bytes = 0

    def mark(self, high_bytes: int) -> None:
        self.high_bytes = high_bytes

    async def drained(self) -> None:
        self.full = False

    def write(self, packet: Packet) -> None:
        self.packets.append(packet)

    def close(self, code: int, reason: str) -> None:
        self.closed.append(int(code))

    def abort(self) -> None:
        self.aborted = True

    @property
    def frames(self) -> list[dict[str, Any]]:
        return [json.loads(packet.payload) for packet in self.packets]


class Scene:
    """A hub with sockets of one conversation."""

    def __init__(self) -> None:
        self.outstanding = Outstanding()
        self.hub = Hub(self.outstanding)

    def socket(
        self,
        role: str = "visitor",
        *,
        user: UUID | None = None,
        session: UUID | None = None,
        limit: int = 10_000,
    ) -> tuple[Connection, Wire]:
        wire, number = Wire(), self.hub.next_id()
        peer = Peer(Rules("n", b"k" * 32), f"c{number}", "chat", CONVERSATION, 0.0, session=session)
        audience = AUD_VISITOR if role == "visitor" else AUD_AGENT
        peer.principal = Principal(
            TENANT, user or uuid7(), role, audience, ROLE_SCOPES[role], 2**31
        )
        connection = Connection(number, peer, wire, limit)
        self.hub.add(connection)
        self.hub.identify(connection, per_customer=10, per_agent=10, per_tenant=100)
        return connection, wire

    def member(self, role: str = "visitor", *, at: int = 0, **more: Any) -> tuple[Connection, Wire]:
        connection, wire = self.socket(role, **more)
        member = self.hub.join(connection, CONVERSATION)
        member.room.entered_at(at)
        member.cursor = at
        return connection, wire

    def sends(self, connection: Connection, ref: int | None = 1) -> Pending:
        principal = connection.peer.principal
        assert principal is not None
        item = IngestItem(
            tenant_id=TENANT,
            conversation_id=CONVERSATION,
            id=uuid7(),
            sender_id=principal.user_id,
            sender_role=principal.role,
            role="customer",
            type="text",
            visibility="public",
            content="x",
            body_hash="h",
            sent_ms=0,
            conn=connection.id,
            slot=self.outstanding.next_slot(),
        )
        pending = Pending(item, ref, 0.0)
        self.outstanding.add(pending)
        return pending

    def publish(
        self,
        seq: int,
        *,
        slot: int = 0,
        id: UUID | None = None,
        audience: Audience = Audience.EVERYONE,
        author: bytes = bytes(8),
        **said: Any,
    ) -> None:
        frame = {"event": "message", "data": {"n": seq, "ts": "T", "id": str(uuid7())}, "seq": seq}
        packed = json.dumps(frame | said).encode()
        event = Event(seq, CONVERSATION, audience, author, packed, ts_ms=1, id=id, slot=slot)
        self.hub.durable(self.hub.rooms[CONVERSATION.bytes], event)


def seqs(wire: Wire) -> list[int]:
    return [frame["seq"] for frame in wire.frames if "seq" in frame]


def test_the_sender_gets_delivered_in_place_of_the_message() -> None:
    scene = Scene()
    sender, sent = scene.member()
    _, tab = scene.member(user=sender.peer.principal.user_id if sender.peer.principal else None)
    _, agent = scene.member("agent")
    pending = scene.sends(sender, ref=9)
    scene.publish(1, slot=pending.slot)
    answer = sent.frames[0]
    assert (answer["event"], answer["ref"], answer["seq"]) == ("delivered", 9, 1)
    assert answer["data"] == {
        "id": str(pending.item.id),
        "seq": 1,
        "ts": "1970-01-01T00:00:00.001Z",
        "dup": False,
    }
    assert [frame["event"] for frame in tab.frames + agent.frames] == ["message", "message"]
    assert len(scene.outstanding) == 0


def test_a_row_found_by_reading_answers_the_open_request() -> None:
    scene = Scene()
    sender, sent = scene.member()
    pending = scene.sends(sender)
    scene.publish(1, id=pending.item.id)
    assert sent.frames[0]["event"] == "delivered"
    assert sent.frames[0]["data"]["ts"] == "1970-01-01T00:00:00.001Z"


def test_a_row_whose_request_was_given_up_comes_as_message() -> None:
    scene = Scene()
    sender, sent = scene.member()
    pending = scene.sends(sender)
    scene.outstanding.take(pending.slot)
    scene.publish(1, slot=pending.slot)
    assert sent.frames[0]["event"] == "message"


def test_a_message_that_was_given_up_and_stored_after_all_holds_nothing_back() -> None:
    scene = Scene()
    sender, _ = scene.member()
    pending = scene.sends(sender)
    for given_up in scene.outstanding.take_overdue(1.0):
        sender.peer.refused_later(CONVERSATION, given_up.item.id, NackCode.UNAVAILABLE, monotonic())
    scene.publish(1, author=sender.author, event="participant")
    held = sender.peer._held
    assert held.admit(CONVERSATION, uuid7(), monotonic()) is NackCode.UNAVAILABLE
    said = {"id": str(pending.item.id), "ts": "T"}
    scene.publish(2, author=sender.author, data=said)
    assert pending.item.id not in held._lanes[CONVERSATION].refused


def test_an_own_message_does_not_overtake_a_hole() -> None:
    scene = Scene()
    sender, sent = scene.member()
    pending = scene.sends(sender)
    scene.publish(2, slot=pending.slot)
    assert sent.frames == []
    scene.publish(1)
    assert [(frame["event"], frame["seq"]) for frame in sent.frames] == [
        ("message", 1),
        ("delivered", 2),
    ]


def test_a_sender_that_still_reads_gets_delivered_without_a_place_in_the_order() -> None:
    scene = Scene()
    sender, sent = scene.member()
    scene.member("agent")
    sender.members[CONVERSATION].cursor = None
    pending = scene.sends(sender)
    scene.publish(1, slot=pending.slot)
    assert sent.frames[0]["event"] == "delivered" and "seq" not in sent.frames[0]


def test_a_sender_that_does_not_follow_is_answered_too() -> None:
    scene = Scene()
    scene.member("agent")
    inbox, answers = scene.socket("agent")
    inbox.names_conversation = True
    pending = scene.sends(inbox)
    scene.publish(1, slot=pending.slot)
    assert (answers.frames[0]["event"], answers.frames[0]["conv"]) == (
        "delivered",
        str(CONVERSATION),
    )


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(st.integers(1, 12), max_size=40), st.integers(0, 5))
def test_every_socket_sees_one_gapless_order(arrivals: list[int], notes_every: int) -> None:
    scene = Scene()
    _, customer = scene.member()
    _, agent = scene.member("agent")
    for seq in arrivals:
        private = notes_every and seq % (notes_every + 1) == 0
        scene.publish(seq, audience=Audience.AGENTS if private else Audience.EVERYONE)
    assert seqs(customer) == seqs(agent) == list(range(1, len(seqs(agent)) + 1))


def test_a_note_between_two_messages_is_void_for_the_customer() -> None:
    scene = Scene()
    _, customer = scene.member()
    scene.publish(1)
    scene.publish(2, audience=Audience.AGENTS)
    scene.publish(3)
    assert [(frame["event"], frame["seq"]) for frame in customer.frames] == [
        ("message", 1),
        ("void", 2),
        ("message", 3),
    ]


def test_a_full_queue_ends_the_socket_and_nobody_else() -> None:
    scene = Scene()
    slow, slow_wire = scene.member(limit=200)
    _, healthy = scene.member()
    slow_wire.buffered_bytes = 190
    scene.publish(1)
    scene.publish(2)
    assert slow_wire.closed == [CloseCode.SLOW_CONSUMER] and slow_wire.packets == []
    assert seqs(healthy) == [1, 2]
    assert slow.peer.tick(99.0, 99.0) == []


def test_a_reader_may_have_a_quarter_of_its_bound_waiting_before_a_replay_pauses() -> None:
    connection, wire = Scene().socket(limit=400)
    assert wire.high_bytes == 100
    connection.bound(1_000)
    assert (connection.limit_bytes, wire.high_bytes) == (1_000, 250)


def test_ephemeral_frames_are_dropped_at_a_quarter_of_the_bound() -> None:
    scene = Scene()
    _, wire = scene.member(limit=400)
    room = scene.hub.rooms[CONVERSATION.bytes]
    header = Header(
        Kind.EPHEMERAL, Audience.OTHERS, CONVERSATION, 0, 1, NO_CONN, 0, 0, author_key(uuid7())
    )
    wire.buffered_bytes = 100
    scene.hub.whisper(room, header, b'{"event":"typing","data":{}}', "typing")
    wire.buffered_bytes = 101
    scene.hub.whisper(room, header, b'{"event":"typing","data":{}}', "typing")
    assert len(wire.packets) == 1 and wire.closed == []


def test_whispers_reach_their_audience_only() -> None:
    scene = Scene()
    customer, c_wire = scene.member()
    agent, a_wire = scene.member("agent")
    room = scene.hub.rooms[CONVERSATION.bytes]

    def whisper(audience: Audience, author: Connection) -> None:
        header = Header(Kind.EPHEMERAL, audience, CONVERSATION, 0, 1, NO_CONN, 0, 0, author.author)
        scene.hub.whisper(room, header, b'{"event":"x","data":{}}', "x")

    whisper(Audience.OTHERS, customer)
    assert (len(c_wire.packets), len(a_wire.packets)) == (0, 1)
    whisper(Audience.OTHER_AGENTS, agent)
    assert (len(c_wire.packets), len(a_wire.packets)) == (0, 1)
    whisper(Audience.CUSTOMERS, agent)
    assert (len(c_wire.packets), len(a_wire.packets)) == (1, 1)
    whisper(Audience.AGENTS, customer)
    assert (len(c_wire.packets), len(a_wire.packets)) == (1, 2)


def test_an_older_socket_that_gets_ready_late_is_the_one_that_closes() -> None:
    scene, user, session = Scene(), uuid7(), uuid7()
    older, old_wire = scene.socket(user=user, session=session)
    newer, new_wire = scene.socket(user=user, session=session)
    scene.hub.supersede(newer)
    scene.hub.supersede(older)
    assert (old_wire.closed, new_wire.closed) == ([CloseCode.SUPERSEDED], [])
    assert newer.seat is not None and scene.hub.seated(newer.seat) is newer


def test_a_newer_socket_of_the_same_tab_supersedes_the_older() -> None:
    scene = Scene()
    session, user = uuid7(), uuid7()
    older, wire = scene.socket(user=user, session=session)
    scene.hub.supersede(older)
    newer, _ = scene.socket(user=user, session=session)
    scene.hub.supersede(newer)
    assert wire.closed == [CloseCode.SUPERSEDED]


def test_a_drained_socket_is_left_to_its_client() -> None:
    scene = Scene()
    session, user = uuid7(), uuid7()
    older, wire = scene.socket(user=user, session=session)
    scene.hub.supersede(older)
    older.peer.drained = True
    newer, _ = scene.socket(user=user, session=session)
    scene.hub.supersede(newer)
    assert wire.closed == []


def test_caps_count_users_and_tenants_and_forget_who_left() -> None:
    scene = Scene()
    user = uuid7()
    first, _ = scene.socket(user=user)
    second, _ = scene.socket(user=user)
    caps = {"per_customer": 2, "per_agent": 2, "per_tenant": 10}
    assert scene.hub.identify(second, **caps)
    third, _ = scene.socket(user=user)
    assert not scene.hub.identify(third, **caps)
    for connection in (first, second, third):
        scene.hub.remove(connection)
    assert scene.hub.users == {} and not scene.hub.connections


def test_a_closed_connection_leaves_nothing_and_dies_by_reference_count() -> None:
    gc.disable()
    try:
        scene = Scene()
        connection, _ = scene.member()
        gone = weakref.ref(connection.sink)
        scene.hub.remove(connection)
        assert scene.hub.rooms == {}
        assert not list(scene.hub.tenants.elements())
        del connection, _
        assert gone() is None
    finally:
        gc.enable()
