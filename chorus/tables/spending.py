"""The statements by which calls of models are paid for; whoever has the database runs them.

They stand beside their tables because two services do: the worker for its own calls, the chat
service for those of processes without a database.
"""

from typing import Final

# The month's row is the gate: whoever comes second waits for its lock and reads what is left then.
# What costs nothing passes even where nothing is left. Of two limits, the plan's and the tenant's own,
# the lower holds. A refusal is noted as well: it is when the limits of a month are asked about.
RESERVE: Final = """
WITH may AS (
    SELECT least($5::bigint, (settings->'models'->>'cap_micros')::bigint) AS micros
    FROM tenants WHERE id = $2::uuid
), spent AS (
    INSERT INTO llm_months AS m (tenant_id, month, micros, calls, budget_micros)
    SELECT $2::uuid, $3::date, $4::bigint, 1, $5::bigint FROM may
    WHERE ($4::bigint <= may.micros OR $4::bigint = 0)
        AND NOT EXISTS (SELECT FROM llm_usage WHERE task = $11 AND attempt = $12)
    ON CONFLICT (tenant_id, month) DO UPDATE
        SET micros = m.micros + excluded.micros, calls = m.calls + 1,
            budget_micros = excluded.budget_micros,
            refused_micros = CASE WHEN excluded.micros = 0 THEN m.refused_micros END
        WHERE m.micros + excluded.micros <= (SELECT may.micros FROM may) OR excluded.micros = 0
    RETURNING m.tenant_id
), refused AS (
    INSERT INTO llm_months AS m (tenant_id, month, budget_micros, refused_micros)
    SELECT $2::uuid, $3::date, $5::bigint, $4::bigint FROM may
    WHERE NOT EXISTS (SELECT FROM spent)
        AND NOT EXISTS (SELECT FROM llm_usage WHERE task = $11 AND attempt = $12)
    ON CONFLICT (tenant_id, month) DO UPDATE
        SET budget_micros = excluded.budget_micros, refused_micros = excluded.refused_micros
)
INSERT INTO llm_usage (id, tenant_id, conversation_id, purpose, spec, prompt, plan, task, attempt,
    month, micros, at)
SELECT $1, $2::uuid, $6, $7, $8, $9, $10, $11, $12, $3::date, $4::bigint, $13 FROM spent
RETURNING id
"""
"""Id, tenant, month, micros, budget, conversation, purpose, spec, prompt, plan, task, attempt, now.
No row: the budget does not allow it, or this attempt is spent already."""
SETTLE: Final = """
WITH before AS (
    SELECT id, tenant_id, month, micros FROM llm_usage
    WHERE id = $1 AND result = 'reserved' AND ($8::uuid IS NULL OR tenant_id = $8::uuid) FOR UPDATE
), done AS (
    UPDATE llm_usage u SET result = $2, tokens_in = $3, tokens_out = $4, ms = $5,
        micros = coalesce($6::bigint, u.micros), settled_at = $7
    FROM before WHERE u.id = before.id
)
UPDATE llm_months m SET micros = greatest(0, m.micros + coalesce($6::bigint, before.micros) - before.micros)
FROM before WHERE m.tenant_id = before.tenant_id AND m.month = before.month
"""
"""Id, result, tokens read, tokens written, ms, micros, now, tenant (null: whoever's)."""
SETTLE_LOST: Final = """
UPDATE llm_usage SET result = 'lost', settled_at = $1 WHERE id IN (
    SELECT id FROM llm_usage WHERE result = 'reserved' AND at < $2
    ORDER BY at LIMIT $3 FOR UPDATE SKIP LOCKED
) RETURNING purpose
"""
"""Now, since when, how many. Nobody knows what became of them: what was set aside stays spent."""
