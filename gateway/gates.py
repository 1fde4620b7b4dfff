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
RECENT: Final = 64
"""Ids remembered for their order; a client has eight in flight at most."""
LANES: Final = 64


@dataclass(frozen=True, slots=True)
class _Refusal:
    code: NackCode
    until_s: float


@dataclass(slots=True)
class _Lane:
    """One conversation: ids in the order of their first coming, and those that were refused."""

    ids: deque[UUID] = field(default_factory=lambda: deque(maxlen=RECENT))
    refused: dict[UUID, _Refusal] = field(default_factory=dict)
    stored: deque[UUID] = field(default_factory=lambda: deque(maxlen=RECENT))

    def note(self, id: UUID) -> None:
        if id not in self.ids:
            self.ids.append(id)

    def place(self, id: UUID) -> int:
        """Where an id stands; one that is forgotten was before all that are known."""
        return self.ids.index(id) if id in self.ids else -1

    def first_refused(self, at_s: float) -> UUID | None:
        """What the ids behind it wait for."""
        first = min(self.refused, key=self.place, default=None)
        if first is not None and at_s >= self.refused[first].until_s:
            self.refused.clear()
            return None
        return first


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
        code = lane.refused[first].code
        self.refuse(conversation_id, id, code, at_s)
        return code

    def refuse(self, conversation_id: UUID, id: UUID, code: NackCode, at_s: float) -> None:
        """A message was refused. Nothing waits for one that will not come again."""
        lane = self._lane(conversation_id, at_s)
        lane.note(id)
        if id in lane.stored or not NACK_RULES[code].retryable:
            return
        if id in lane.refused or len(lane.refused) < RECENT:
            lane.refused[id] = _Refusal(code, at_s + GATE_S)

    def settle(self, conversation_id: UUID, id: UUID, at_s: float) -> None:
        """A message is stored: its sender will not say it again, whatever else was answered."""
        lane = self._lane(conversation_id, at_s)
        lane.stored.append(id)
        lane.refused.pop(id, None)

    def holds(self, conversation_id: UUID) -> bool:
        """Whether anything there may be held back."""
        lane = self._lanes.get(conversation_id)
        return lane is not None and bool(lane.refused)

    def _lane(self, conversation_id: UUID, at_s: float) -> _Lane:
        lane = self._lanes.get(conversation_id)
        if lane is None:
            if len(self._lanes) >= LANES:
                held = {one: at for one, at in self._lanes.items() if at.first_refused(at_s)}
                self._lanes = held
            lane = self._lanes[conversation_id] = _Lane()
        return lane
