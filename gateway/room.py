"""The order of one conversation at this gateway, as a pure object.

Published frames may come early, twice or never; what leaves is in `seq` order without holes.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar
from uuid import UUID

import orjson

from chorus.clock import rfc3339_ms
from chorus.topics import Audience
from chorus.wire.common import Visibility
from chorus.wire.envelope import with_envelope
from gateway.hardened import text_frame

M = TypeVar("M")
RECENT_EVENTS = 64
MAX_EARLY = 1_000

AUDIENCE_OF = {
    Visibility.PUBLIC: Audience.EVERYONE,
    Visibility.AGENTS: Audience.AGENTS,
    Visibility.HIDDEN: Audience.AGENTS,
    Visibility.SHADOWED: Audience.AGENTS_AND_AUTHOR,
}


class Packet:
    """A frame as JSON, and as WebSocket bytes once somebody needs them."""

    __slots__ = ("_framed", "payload", "seq")

    def __init__(self, payload: bytes, seq: int | None = None) -> None:
        self.payload = payload
        self.seq = seq
        self._framed: bytes | None = None

    @property
    def framed(self) -> bytes:
        if self._framed is None:
            self._framed = text_frame(self.payload)
        return self._framed


class Reader(Protocol):
    """What decides how an event looks to one socket."""

    is_agent: bool
    author: bytes
    names_conversation: bool


@dataclass(slots=True)
class Event:
    """A durable event with the shapes it takes: built once, written to many."""

    seq: int
    conversation_id: UUID
    audience: Audience
    author: bytes
    frame: bytes
    ts_ms: int
    id: UUID | None = None
    slot: int = 0
    _shapes: dict[tuple[bool, bool], Packet] = field(default_factory=dict)

    @property
    def ts(self) -> str:
        """When it was committed, as the wire spells it."""
        if self.ts_ms:
            return rfc3339_ms(self.ts_ms)
        return str(orjson.loads(self.frame)["data"].get("ts", ""))

    @property
    def message_id(self) -> UUID | None:
        """Of a message, its id; what came over the fan-out tells it in the frame alone."""
        if self.id is None:
            said = orjson.loads(self.frame)
            if said["event"] == "message":
                self.id = UUID(said["data"]["id"])
        return self.id

    def seen_by(self, reader: Reader) -> Packet:
        """The frame for this reader: the event, or `void` in its place."""
        key = (self._allowed(reader), reader.names_conversation)
        packet = self._shapes.get(key)
        if packet is None:
            frame = self.frame if key[0] else b'{"event":"void","data":{},"seq":%d}' % self.seq
            conv = str(self.conversation_id) if key[1] else None
            packet = self._shapes[key] = Packet(with_envelope(frame, conv=conv), self.seq)
        return packet

    def _allowed(self, reader: Reader) -> bool:
        return (
            self.audience is Audience.EVERYONE
            or reader.is_agent
            or (self.audience is Audience.AGENTS_AND_AUTHOR and reader.author == self.author)
        )


@dataclass(slots=True)
class Room(Generic[M]):
    """One conversation with local members. `seq` is how far events left in order; None: nobody is in yet."""

    conversation_id: UUID
    tenant_id: UUID | None = None
    seq: int | None = None
    heard: int = 0
    repairing: bool = False
    members: dict[int, M] = field(default_factory=dict)
    _early: dict[int, Event] = field(default_factory=dict)
    _recent: deque[Event] = field(default_factory=lambda: deque(maxlen=RECENT_EVENTS))

    def entered_at(self, head: int) -> None:
        """A member has read everything up to `head` from the database."""
        if self.seq is None:
            self.seq = head
            self._early = {seq: event for seq, event in self._early.items() if seq > head}

    def arrived(self, event: Event) -> list[Event]:
        """Take an event in any order; answer those that may leave now, in order."""
        self.heard = max(self.heard, event.seq)
        if self.seq is None:
            return []
        if event.seq <= self.seq:
            return []
        if event.seq > self.seq + 1:
            if len(self._early) < MAX_EARLY:
                self._early.setdefault(event.seq, event)
            return []
        ready = [event]
        self._early.pop(event.seq, None)
        while (following := self._early.pop(event.seq + len(ready), None)) is not None:
            ready.append(following)
        self.seq += len(ready)
        self._recent.extend(ready)
        return ready

    def holds(self, seq: int) -> bool:
        """True while this event waits for the ones before it."""
        return seq in self._early

    @property
    def behind(self) -> bool:
        """True while an event is known of that has not left."""
        return self.seq is not None and self.heard > self.seq

    def since(self, seq: int) -> list[Event] | None:
        """The events after `seq` if all of them are still remembered, else None."""
        if self.seq is None:
            return None
        if seq >= self.seq:
            return []
        if not self._recent or self._recent[0].seq > seq + 1:
            return None
        return [event for event in self._recent if event.seq > seq]
