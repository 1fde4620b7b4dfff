"""Which summaries somebody has rung for lately: who opens one again and again rings once in a while."""

from typing import Final
from uuid import UUID

AGAIN_S: Final = 20.0
"""Longer than a model that failed rests, and each ring may cost money."""
MOST: Final = 10_000
"""So many are remembered; those that were rung for longest ago are forgotten."""


class Reopened:
    """When each conversation was rung for. Belongs to one process."""

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._rung_s: dict[UUID, float] = {}

    def is_due(self, conversation_id: UUID, now_s: float) -> bool:
        """Whether nobody has rung for it lately."""
        rung_s = self._rung_s.get(conversation_id)
        return rung_s is None or now_s - rung_s >= AGAIN_S

    def ring(self, conversation_id: UUID, now_s: float) -> None:
        """Remember that it was rung for."""
        self._rung_s.pop(conversation_id, None)
        self._rung_s[conversation_id] = now_s
        while len(self._rung_s) > self._most:
            del self._rung_s[next(iter(self._rung_s))]
