"""A ledger in memory for tests that have no database: it says no where the real one does."""

from dataclasses import dataclass, field
from uuid import UUID

from ai.models.spending import Settled, Spending
from chorus.ids import uuid7


@dataclass(slots=True)
class Books:
    """`ai.models.spending.Ledger` that forgets when the test ends."""

    reserved: dict[UUID, Spending] = field(default_factory=dict)
    settled: dict[UUID, Settled] = field(default_factory=dict)

    async def reserve(self, spending: Spending) -> UUID | None:
        known = {(one.task, one.attempt) for one in self.reserved.values()}
        if (spending.task, spending.attempt) in known:
            return None
        if spending.micros and self.spent + spending.micros > spending.budget_micros:
            return None
        spent = uuid7()
        self.reserved[spent] = spending
        return spent

    async def settle(self, spending_id: UUID, settled: Settled) -> None:
        self.settled.setdefault(spending_id, settled)

    @property
    def spent(self) -> int:
        return sum(self.micros(one) for one in self.reserved)

    def micros(self, spending_id: UUID) -> int:
        known = self.settled.get(spending_id)
        if known is None or known.micros is None:
            return self.reserved[spending_id].micros
        return known.micros

    @property
    def results(self) -> list[str]:
        return [one.result for one in self.settled.values()]
