"""What calls of models cost, in PostgreSQL: one statement sets aside, one settles."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from ai.models.spending import Settled, Spending
from chorus.clock import Clock
from chorus.db import Db
from chorus.ids import uuid7

# The month's row is the gate: whoever comes second waits for its lock and reads what is left then.
# What costs nothing passes even where nothing is left.
_RESERVE: Final = """
WITH spent AS (
    INSERT INTO llm_months AS m (tenant_id, month, micros, calls)
    SELECT $2::uuid, $3::date, $4::bigint, 1 WHERE $4::bigint <= $5::bigint OR $4::bigint = 0
    ON CONFLICT (tenant_id, month) DO UPDATE
        SET micros = m.micros + excluded.micros, calls = m.calls + 1
        WHERE m.micros + excluded.micros <= $5::bigint OR excluded.micros = 0
    RETURNING m.tenant_id
)
INSERT INTO llm_usage (id, tenant_id, conversation_id, purpose, spec, prompt, plan, task, attempt,
    month, micros, at)
SELECT $1, $2::uuid, $6, $7, $8, $9, $10, $11, $12, $3::date, $4::bigint, $13 FROM spent
RETURNING id
"""
_SETTLE: Final = """
WITH before AS (
    SELECT id, tenant_id, month, micros FROM llm_usage
    WHERE id = $1 AND result = 'reserved' FOR UPDATE
), done AS (
    UPDATE llm_usage u SET result = $2, tokens_in = $3, tokens_out = $4, ms = $5,
        micros = coalesce($6::bigint, u.micros), settled_at = $7
    FROM before WHERE u.id = before.id
)
UPDATE llm_months m SET micros = greatest(0, m.micros + coalesce($6::bigint, before.micros) - before.micros)
FROM before WHERE m.tenant_id = before.tenant_id AND m.month = before.month
"""


@dataclass(frozen=True, slots=True)
class PgLedger:
    """`ai.models.spending.Ledger`, kept by the process that has the database."""

    db: Db
    clock: Clock

    async def reserve(self, spending: Spending) -> UUID | None:
        now = self.clock.now()
        async with self.db.raw_transaction() as connection:
            spent: UUID | None = await connection.fetchval(
                _RESERVE,
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
                _SETTLE,
                spending_id,
                settled.result,
                settled.tokens_in,
                settled.tokens_out,
                settled.ms,
                settled.micros,
                self.clock.now(),
            )
