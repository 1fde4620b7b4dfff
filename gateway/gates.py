"""After a retryable nack the messages behind the refused one wait until it comes again. Pure.

What a socket says stands in the order in which its ids came first. Nothing passes that stands
behind something refused, until that came again, is known to be stored, or five seconds are over.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from chorus.codes import NACK_RULES, NackCode

GATE_S: Final = 5.0
"""How long a refused id is waited for: who dropped it is not held back for ever (PROTOCOL §7)."""
AGAIN_S: Final = 1.0
"""So much longer those behind it are waited for in their turn: they were told to come again in half of it."""
RECENT: Final = 64
"""Ids remembered for their order; a client has eight in flight at most."""
LANES: Final = 64


@dataclass(frozen=True, slots=True)
class _Refusal:
    code: NackCode
    until_s: float
    gate_until_s: float
    """When the wait ends that it is part of: a chain of refusals is no longer than its first link."""


@dataclass(slots=True)
class _Lane:
    """One conversation: ids in the order of their first coming, and those that were refused."""

    ids: deque[UUID] = field(default_factory=lambda: deque(maxlen=RECENT))
    refused: dict[UUID, _Refusal] = field(default_factory=dict)
    stored: deque[UUID] = field(default_factory=lambda: deque(maxlen=RECENT))

    def note(self, id: UUID) -> None:
        # A refused one that is forgotten stays before all others; it must not come back as the last.
        if id not in self.ids and id not in self.refused:
            self.ids.append(id)

    def place(self, id: UUID) -> int:
        """Where an id stands; one that is forgotten was before all that are known."""
        return self.ids.index(id) if id in self.ids else -1

    def first_refused(self, at_s: float) -> UUID | None:
        """What the ids behind it wait for."""
        self.refused = {id: one for id, one in self.refused.items() if at_s < one.until_s}
        return min(self.refused, key=self.place, default=None)


class Gates:
    """What one socket is held back by, in each of its conversations."""

    def __init__(self) -> None:
        self._lanes: dict[UUID, _Lane] = {}

    def admit(self, conversation_id: UUID, id: UUID, at_s: float) -> NackCode | None:
        """Take note of a message that came: None lets it pass, a code sends it back."""
        lane = self._lane(conversation_id, at_s)
        lane.note(id)
        first = lane.first_refused(at_s)
        if first is None or lane.place(id) < lane.place(first):
            return None
        if id == first:
            # Its sender says everything behind it again, too.
            lane.refused.clear()
            return None
        gate = lane.refused[first]
        until_s = min(at_s + GATE_S, gate.gate_until_s + AGAIN_S)
        self._put(lane, id, _Refusal(gate.code, until_s, gate.gate_until_s))
        return gate.code

    def refuse(self, conversation_id: UUID, id: UUID, code: NackCode, at_s: float) -> None:
        """A message was refused. Nothing waits for one that will not come again."""
        lane = self._lane(conversation_id, at_s)
        lane.note(id)
        if id in lane.stored or not NACK_RULES[code].retryable:
            return
        until_s = at_s + GATE_S
        self._put(lane, id, _Refusal(code, until_s, until_s))

    def settle(self, conversation_id: UUID, id: UUID, at_s: float) -> None:
        """A message is stored: its sender will not say it again, whatever else was answered."""
        lane = self._lane(conversation_id, at_s)
        lane.stored.append(id)
        lane.refused.pop(id, None)

    def heard(self, conversation_id: UUID) -> bool:
        """Whether anything was said there."""
        return conversation_id in self._lanes

    def _put(self, lane: _Lane, id: UUID, refusal: _Refusal) -> None:
        if id in lane.refused or len(lane.refused) < RECENT:
            lane.refused[id] = refusal

    def _lane(self, conversation_id: UUID, at_s: float) -> _Lane:
        lane = self._lanes.get(conversation_id)
        if lane is None:
            if len(self._lanes) >= LANES:
                held = {one: at for one, at in self._lanes.items() if at.first_refused(at_s)}
                self._lanes = held
            lane = self._lanes[conversation_id] = _Lane()
        return lane
