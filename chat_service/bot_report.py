"""What bots did in some days: whom they helped, whom they handed over, and who came back."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from chat_service.report_figures import Span, share
from chat_service.store import bot_report as store
from chat_service.store.bot_report import Slice, Stretches, Suggested
from chorus.db import Db

REOPENED_WITHIN_DAYS: Final = 7
REOPENED_WITHIN_DAYS_MAX: Final = 30
DAYS_AT_ONCE: Final = 31
"""Of a large tenant, more would take longer than a statement may."""
SPARE: Final = "other"
"""Of a handoff whose reason nobody wrote down."""


@dataclass(slots=True)
class Figures:
    """Of some stretches of bots. Every one is `resolved`, `handed_off`, `to_person`, `open` or left."""

    conversations: int = 0
    answered: int = 0
    resolved: int = 0
    handed_off: int = 0
    to_person: int = 0
    open: int = 0
    reopened: int = 0
    suggested: int = 0
    suggestions_used: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def left(self) -> int:
        """Who went without an answer that stood, and without a person."""
        settled = self.resolved + self.handed_off + self.to_person + self.open
        return self.conversations - settled

    @property
    def _ended(self) -> int:
        return self.conversations - self.open

    @property
    def resolution_rate(self) -> float | None:
        return share(self.resolved, self._ended)

    @property
    def handoff_rate(self) -> float | None:
        return share(self.handed_off, self._ended)

    @property
    def reopen_rate(self) -> float | None:
        return share(self.reopened, self.resolved)

    def add(self, one: Stretches | Suggested) -> None:
        """Count them in."""
        if isinstance(one, Suggested):
            self.suggested += one.made
            self.suggestions_used += one.used
            return
        self.conversations += one.conversations
        self.answered += one.answered
        self.resolved += one.resolved
        self.handed_off += one.handed_off
        self.to_person += one.to_person
        self.open += one.open
        self.reopened += one.reopened
        if one.handed_off:
            for reason in reasons_of(one.reasons):
                self.reasons[reason] += one.handed_off


def reasons_of(spelled: str) -> list[str]:
    """The reasons of a handoff, once each, as its session has them."""
    return sorted({one.strip() for one in spelled.split(",") if one.strip()}) or [SPARE]


@dataclass(frozen=True, slots=True)
class Report:
    """In all, and by bot and day; of days on which a bot did nothing there is no line."""

    span: Span
    total: Figures
    bots: dict[UUID, Figures]
    days: Sequence[Figures]
    lines: dict[tuple[int, UUID], Figures]
    """By place of the day, and bot."""
    names: Mapping[UUID, str]


async def report(
    db: Db, tenant_id: UUID, span: Span, *, reopened_within: timedelta, now: datetime
) -> Report:
    """Sum up what bots did."""
    found: list[Stretches | Suggested] = []
    for first in range(0, len(span.days), DAYS_AT_ONCE):
        ends = [*span.starts[first + DAYS_AT_ONCE :], span.until][0]
        starts = span.starts[first : first + DAYS_AT_ONCE]
        cut = Slice(tenant_id, starts, ends, now, reopened_within)
        async with db.read(tenant_id) as session:
            stretches = await store.stretches(session, cut)
            suggested = await store.suggested(session, cut)
        found += [replace(one, day=one.day + first) for one in stretches]
        found += [replace(one, day=one.day + first) for one in suggested]
    async with db.read(tenant_id) as session:
        names = await store.names(session, tenant_id)
    acted = {one.bot_id for one in found}
    bots = {id_: Figures() for id_ in names if id_ in acted}
    made = Report(span, Figures(), bots, [Figures() for _ in span.days], {}, names)
    order = list(names)
    for one in sorted(found, key=lambda one: (one.day, order.index(one.bot_id))):
        made.total.add(one)
        made.days[one.day].add(one)
        made.bots[one.bot_id].add(one)
        made.lines.setdefault((one.day, one.bot_id), Figures()).add(one)
    return made
