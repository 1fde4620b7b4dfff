"""What a writer remembers of the conversations it wrote to last, so that it need not look again.

A guess and no second truth: `write_if_still` compares it under the lock, and writes nothing where
it is wrong (ADR 0042).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from chat_service.intake import Ruling
from chat_service.intake_facts import Facts, Head
from chorus.clock import Clock
from chorus.ingest import IngestItem
from chorus.wire.common import Role

MOST: Final = 10_000
"""So many conversations are remembered; those that were written to longest ago are forgotten."""
TIME_TRUSTED_S: Final = 1.0
"""So long PostgreSQL's time is told from ours, before it is asked again."""

_LOOKED_UP: Final = frozenset({Role.AGENT.value, Role.BOT.value})


class Recent:
    """Heads as this writer left them, and the time in PostgreSQL. Belongs to one lane."""

    def __init__(self, clock: Clock, *, most: int = MOST) -> None:
        self._clock = clock
        self._most = most
        self._heads: dict[UUID, tuple[Head, datetime]] = {}
        self._time: tuple[datetime, float] | None = None

    def facts(self, items: Sequence[IngestItem]) -> Facts | None:
        """Tell what `look` would find for `items`; None where only `look` knows.

        Agents are always looked up: what they may do can change beside their conversations. So are bots:
        what they have read is compared with what was said.
        """
        found = {item.conversation_id: self._heads.get(item.conversation_id) for item in items}
        known = {one: entry for one, entry in found.items() if entry is not None}
        now = self._now()
        if now is None or len(known) < len(found) or any(map(_needs_more, items)):
            return None
        # Our reading of the time may be late; a later number never gets an earlier moment.
        latest = max(at for _, at in known.values())
        return Facts(max(now, latest), {one: head.unchanged() for one, (head, _) in known.items()})

    def saw_time(self, now: datetime) -> None:
        """Take PostgreSQL's time out of an answer that has just come: never ahead of it."""
        self._time = (now, self._clock.monotonic())

    def keep(self, ruling: Ruling) -> None:
        """Remember the heads as they were written."""
        for conversation_id, head in ruling.heads.items():
            self._heads.pop(conversation_id, None)
            self._heads[conversation_id] = (head.unchanged(), ruling.now)
        while len(self._heads) > self._most:
            del self._heads[next(iter(self._heads))]

    def _now(self) -> datetime | None:
        if self._time is None:
            return None
        told, at_s = self._time
        passed_s = self._clock.monotonic() - at_s
        if passed_s > TIME_TRUSTED_S:
            return None
        now = told + timedelta(seconds=passed_s)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _needs_more(item: IngestItem) -> bool:
    return item.role in _LOOKED_UP
