"""SQL on what models cost a tenant, and on the most it wants to spend."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from chat_service.store.rows import every
from chorus.db import Reader, Transaction

MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month (UTC); `budget_micros` None: nobody knows what the plan allows."""

    month: date
    micros: int
    calls: int
    budget_micros: int | None
    refused_micros: int | None = None
    """What the last call that costs would have set aside, if it was refused."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What calls of one model for one purpose came to."""

    feature: str
    model: str
    calls: int
    answered: int
    tokens_in: int
    tokens_out: int
    micros: int


@dataclass(frozen=True, slots=True)
class PlanNames:
    """By what a plan of models knows a tenant."""

    slug: str
    tier: str


_PLAN_NAMES: Final = text("SELECT slug, tier FROM tenants WHERE id = :tenant")
_MONTHS: Final = text(
    "SELECT month, micros, calls, budget_micros, refused_micros FROM llm_months"
    " WHERE tenant_id = :tenant AND month <= :month ORDER BY month DESC LIMIT :most"
)
_SPENT: Final = text("""
SELECT purpose, spec, count(*), count(*) FILTER (WHERE result = 'answered'),
    coalesce(sum(tokens_in), 0)::bigint, coalesce(sum(tokens_out), 0)::bigint,
    coalesce(sum(micros), 0)::bigint
FROM llm_usage
WHERE tenant_id = :tenant AND at >= :since AND at < :until
GROUP BY purpose, spec ORDER BY 7 DESC, purpose, spec
""")
_CAP: Final = text(
    "SELECT (settings->'models'->>'cap_micros')::bigint FROM tenants WHERE id = :tenant"
)
_SET_CAP: Final = text("""
UPDATE tenants SET settings = jsonb_set(settings, '{models}',
    coalesce(settings->'models', '{}') || jsonb_build_object('cap_micros', CAST(:cap AS bigint)))
WHERE id = :tenant
""")


async def plan_names(session: Reader, tenant_id: UUID) -> PlanNames | None:
    """None: there is no such tenant."""
    found = await every(session, _PLAN_NAMES, {"tenant": tenant_id})
    return next((PlanNames(*row) for row in found), None)


async def months(session: Reader, tenant_id: UUID, month: date) -> list[Month]:
    """The last year of months with a call, be it refused, the latest first."""
    given = {"tenant": tenant_id, "month": month, "most": MONTHS}
    return [Month(*row) for row in await every(session, _MONTHS, given)]


async def spent(session: Reader, tenant_id: UUID, since: datetime, until: datetime) -> list[Spent]:
    """By purpose and model, the dearest first."""
    given = {"tenant": tenant_id, "since": since, "until": until}
    return [Spent(*row) for row in await every(session, _SPENT, given)]


async def cap(session: Reader, tenant_id: UUID) -> int | None:
    found: int | None = await session.scalar(_CAP, {"tenant": tenant_id})
    return found


async def set_cap(tx: Transaction, tenant_id: UUID, micros: int | None) -> None:
    given: dict[str, Any] = {"tenant": tenant_id, "cap": micros}
    await tx.execute(_SET_CAP, given)
