"""What comes over Redis, to the rooms. Synchronous; a foreign header is dropped unparsed."""

from collections.abc import Callable, Mapping
from time import monotonic, time
from typing import Any, Final
from uuid import UUID

import orjson

from chorus import metrics, topics
from chorus.codes import NackCode
from chorus.topics import Header, Kind
from chorus.wire.calls import Outgoing
from gateway.hub import Connection, Hub, Member
from gateway.pending import Outstanding, Pending
from gateway.repair import Repairer
from gateway.room import Event, Room

MAX_PUBLISHED_BYTES: Final = 262_144
"""A frame has a content of 16 KiB at most; more would not fit the queue of a customer's socket."""
MAX_TS_MS: Final = 253_402_300_800_000
"""The year 10,000, which nobody can spell."""


class Fanout:
    """Takes published frames apart and gives them to the hub."""

    def __init__(
        self,
        *,
        hub: Hub,
        outstanding: Outstanding,
        repairer: Repairer,
        node: int,
        on_inbox: Callable[[UUID, Any], None],
        on_word: Mapping[str, Callable[[Any], None]],
    ) -> None:
        self._hub = hub
        self._outstanding = outstanding
        self._repairer = repairer
        self._node = node
        self._on_inbox = on_inbox
        self._on_word = on_word

    def on_message(self, channel: str, packed: bytes) -> None:
        """Take one published message.

        Raises:
            Exception: it makes no sense; nothing was done for it.
        """
        if channel.startswith("fan:"):
            self._conversation(packed)
        elif channel.startswith("gw:"):
            self._mine(packed)
        elif channel.startswith("inbox:"):
            self._on_inbox(UUID(channel[6:]), orjson.loads(packed))
        elif channel == topics.CONTROL:
            self._control(packed)

    def deliver(self, outgoing: Outgoing) -> None:
        """Take what `Ingest` answered as if it had come over Redis."""
        packed = bytes.fromhex(outgoing.header) + outgoing.frame.encode()
        header, _ = topics.unpack(packed)
        if header.kind is Kind.REPLY:
            self._mine(packed)
        else:
            self._conversation(packed)

    def _conversation(self, packed: bytes) -> None:
        room = self._hub.rooms.get(topics.conversation_bytes(packed))
        if room is None and (not self._outstanding):
            return
        header, frame = topics.unpack(packed)
        if header.kind is Kind.EPHEMERAL:
            if room is not None:
                checked(header, frame)
                self._hub.whisper(room, header, frame, "ephemeral")
            return
        if header.kind is not Kind.DURABLE:
            raise ValueError("no frame of a conversation")
        mine = header.node == self._node
        if room is None and not mine:
            return
        checked(header, frame)
        self._durable(room, header, frame, header.slot if mine else 0)

    def _durable(self, room: Room[Member] | None, header: Header, frame: bytes, slot: int) -> None:
        metrics.fanout_lag_ms.observe(max(0.0, time() * 1000 - header.ts_ms))
        if slot:
            self._measure(slot)
        event = Event(
            seq=header.seq,
            conversation_id=header.conversation,
            audience=header.audience,
            author=header.author,
            frame=frame,
            ts_ms=header.ts_ms,
            slot=slot,
        )
        if room is None:
            self._hub.settle(event)
            return
        self._hub.durable(room, event)
        self._repairer.watch(room)

    def _measure(self, slot: int) -> None:
        pending = self._outstanding.get(slot)
        if pending is not None:
            metrics.msg_rtt_ms.observe((monotonic() - pending.sent_s) * 1000)
            metrics.messages_total.labels("stored").inc()

    def _mine(self, packed: bytes) -> None:
        header, frame = topics.unpack(packed)
        if header.kind is not Kind.REPLY:
            return
        answer = checked(header, frame)
        code = NackCode(answer["data"]["code"]) if answer["event"] == "nack" else None
        pending = self._outstanding.take(header.slot)
        if pending is None:
            return
        connection = self._hub.connections.get(pending.item.conn)
        if connection is None:
            return
        self._note(connection, pending, code)
        self._hub.answer(connection, frame, pending.ref, header.conversation)

    def _note(self, connection: Connection, pending: Pending, code: NackCode | None) -> None:
        """A refusal holds back what this sender sent behind it."""
        item = pending.item
        if code is None:
            metrics.messages_total.labels("repeated").inc()
            connection.peer.stored(item.conversation_id, item.id, monotonic())
            return
        metrics.messages_total.labels("refused").inc()
        metrics.nacks_total.labels(code).inc()
        connection.peer.refused_later(item.conversation_id, item.id, code, monotonic())

    def _control(self, packed: bytes) -> None:
        for name, told in orjson.loads(packed).items():
            if name in self._on_word:
                self._on_word[name](told)


def read_frame(frame: bytes) -> dict[str, Any]:
    """Read a published frame, to whose end fields may be added unread.

    Raises:
        Exception: it is no frame.
    """
    said: dict[str, Any] = orjson.loads(frame)
    shaped = isinstance(said["event"], str) and isinstance(said["data"], dict)
    if not shaped or len(frame) > MAX_PUBLISHED_BYTES or not frame.endswith(b"}"):
        raise ValueError("no frame")
    return said


def checked(header: Header, frame: bytes) -> dict[str, Any]:
    """Read a published frame before anything is done for it.

    Raises:
        Exception: it is no frame, or not that of its header.
    """
    said = read_frame(frame)
    if header.kind is Kind.DURABLE:
        if said["seq"] != header.seq or not 0 <= header.ts_ms < MAX_TS_MS:
            raise ValueError("not the event of its header")
        if said["event"] == "message":
            UUID(said["data"]["id"])
    return said
