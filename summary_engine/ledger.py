"""What calls of models cost, in PostgreSQL: one statement sets aside, one settles."""

from dataclasses import dataclass
from uuid import UUID

from ai.models.spending import Settled, Spending
from chorus.clock import Clock
from chorus.db import Db
from chorus.ids import uuid7
from chorus.tables.spending import RESERVE, SETTLE


@dataclass(frozen=True, slots=True)
class PgLedger:
    """`ai.models.spending.Ledger`, kept by the process that has the database."""

    db: Db
    clock: Clock

    async def reserve(self, spending: Spending) -> UUID | None:
        now = self.clock.now()
        async with self.db.raw_transaction() as connection:
            spent: UUID | None = await connection.fetchval(
                RESERVE,
                uuid7(),
                spending.tenant_id,
                now.date().replace(day=1),
                spending.micros,
                spending.budget_micros,
                spending.conversation_id,
                spending.purpose,
                spending.spec,
                spending.prompt,
                spending.plan,
                spending.task,
                spending.attempt,
                now,
            )
        return spent

    async def settle(self, spending_id: UUID, settled: Settled) -> None:
        async with self.db.raw_transaction() as connection:
            await connection.execute(
                SETTLE,
                spending_id,
                settled.result,
                settled.tokens_in,
                settled.tokens_out,
                settled.ms,
                settled.micros,
                self.clock.now(),
                None,
            )
