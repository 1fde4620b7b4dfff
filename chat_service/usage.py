"""What models cost a tenant this month, and the most it wants to spend besides what its plan allows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal

from chat_service.administration import Action, Author, Kind, Subject, differences, record, revising
from chat_service.deeds import Commands
from chat_service.store import usage as store
from chat_service.store.usage import Month, Spent
from chorus.auth import Principal
from chorus.clock import Clock
from chorus.db import Db

NEAR: Final = 0.8
"""From this share of what may be spent on, somebody should know."""
Standing = Literal["unused", "within", "near", "over"]
_LONGEST_MONTH: Final = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Usage:
    """A month of a tenant; `months` are the last ones with a call, the latest first."""

    month: date
    cap_micros: int | None
    """The tenant's own limit; None: only the plan's."""
    months: Sequence[Month]
    spent: Sequence[Spent]
    is_past: bool = False

    @property
    def now(self) -> Month:
        known = next((one for one in self.months if one.month == self.month), None)
        return known or Month(self.month, 0, 0, None)

    @property
    def limit_micros(self) -> int | None:
        """What may be spent: the lower of both limits, as far as they are known.

        The tenant's own is today's: nobody knows what it was in a month that is past.
        """
        cap = None if self.is_past else self.cap_micros
        known = [one for one in (self.now.budget_micros, cap) if one is not None]
        return min(known, default=None)

    @property
    def standing(self) -> Standing:
        spent, limit = self.now.micros, self.limit_micros
        if self._is_refused():
            return "over"
        if not self.now.calls:
            return "unused"
        if limit is None or not spent:
            return "within"
        return "over" if spent >= limit else "near" if spent >= NEAR * limit else "within"

    def _is_refused(self) -> bool:
        """Whether the last call was refused, and would be still: limits may be higher by now."""
        wanted, limit = self.now.refused_micros, self.limit_micros
        if wanted is None:
            return False
        return self.is_past or (limit is not None and self.now.micros + wanted > limit)


async def read(db: Db, principal: Principal, clock: Clock, *, month: date | None = None) -> Usage:
    """A month, this one if none is named; any day of it names it."""
    today = clock.now().date()
    first = (month or today).replace(day=1)
    since = datetime.combine(first, time(), UTC)
    until = datetime.combine((first + _LONGEST_MONTH).replace(day=1), time(), UTC)
    async with db.read(principal.tenant_id) as session:
        return Usage(
            first,
            await store.cap(session, principal.tenant_id),
            await store.months(session, principal.tenant_id, first),
            await store.spent(session, principal.tenant_id, since, until),
            is_past=first < today.replace(day=1),
        )


async def limit(commands: Commands, author: Author, cap_micros: int | None) -> None:
    """Spend at most so much a month from now on; None: what the plan allows."""
    async with revising(commands, author) as revision:
        before = await store.cap(revision.tx, revision.tenant_id)
        new = differences({"model_cap_micros": before}, {"model_cap_micros": cap_micros})
        if not new:
            return
        await store.set_cap(revision.tx, revision.tenant_id, cap_micros)
        await record(revision, Subject(Kind.TENANT, revision.tenant_id), Action.CHANGED, new)
