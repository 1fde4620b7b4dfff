"""What calls of models cost, written down for our own processes that have no database.

A call is allowed before it is made: its most is set aside by one statement, and settled after.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field

from chat_service.store import usage as store
from chorus import metrics
from chorus.auth import Principal
from chorus.clock import Clock
from chorus.db import Db
from chorus.errors import Forbidden, NotFound
from chorus.ids import uuid7
from chorus.tables.spending import RESERVE, SETTLE, SETTLE_LOST
from chorus.wire.common import Count, Inbound, Name, ShortText

OURS: Final = "internal"
MS_MAX: Final = 600_000
TOKENS_MAX: Final = 2**31 - 1
LOST_AFTER: Final = timedelta(minutes=15)
"""No call takes so long (`MS_MAX`): whoever made it cannot say any more what it took."""
LOST_AT_ONCE: Final = 1_000
Tokens = Annotated[int, Field(strict=True, ge=0, le=TOKENS_MAX)]


class Reserve(Inbound):
    """A call is about to be made; the answer's `id` is null where the budget does not allow it."""

    event = "model.reserve"
    purpose: Name
    spec: ShortText
    prompt: ShortText
    plan: Name
    task: ShortText
    attempt: Annotated[int, Field(strict=True, ge=1, le=100)]
    micros: Count
    budget_micros: Count


class Settle(Inbound):
    """What became of a call; without `micros` what was set aside stays spent."""

    event = "model.settle"
    id: UUID
    result: Literal["answered", "unfit", "failed", "refused", "timeout", "lost"]
    ms: Annotated[int, Field(strict=True, ge=0, le=MS_MAX)]
    tokens_in: Tokens = 0
    tokens_out: Tokens = 0
    micros: Count | None = None


class Whose(Inbound):
    """Whose plan holds; the answer is the tenant's `slug` and `tier`."""

    event = "model.whose"


FRAMES: Final[dict[str, type[Inbound]]] = {one.event: one for one in (Reserve, Settle, Whose)}
"""Frames that no socket may say."""


async def reserve(
    system: Db, clock: Clock, principal: Principal, conversation_id: UUID | None, frame: Reserve
) -> dict[str, Any]:
    """Set the most a call can cost aside.

    Raises:
        Forbidden: not one of our own services.
    """
    _require_ours(principal)
    now = clock.now()
    async with system.raw_transaction() as raw:
        spent = await raw.fetchval(
            RESERVE,
            uuid7(),
            principal.tenant_id,
            now.date().replace(day=1),
            frame.micros,
            frame.budget_micros,
            conversation_id,
            frame.purpose,
            frame.spec,
            frame.prompt,
            frame.plan,
            frame.task,
            frame.attempt,
            now,
        )
    return {"id": None if spent is None else str(spent)}


async def settle(system: Db, clock: Clock, principal: Principal, frame: Settle) -> dict[str, Any]:
    """Say what it took; a second time, or of another tenant's call, changes nothing.

    Raises:
        Forbidden: not one of our own services.
    """
    _require_ours(principal)
    async with system.raw_transaction() as raw:
        await raw.execute(
            SETTLE,
            frame.id,
            frame.result,
            frame.tokens_in,
            frame.tokens_out,
            frame.ms,
            frame.micros,
            clock.now(),
            principal.tenant_id,
        )
    return {"id": str(frame.id)}


async def whose(db: Db, principal: Principal) -> dict[str, Any]:
    """By what a plan of models knows a tenant.

    Raises:
        Forbidden: not one of our own services. NotFound.
    """
    _require_ours(principal)
    async with db.read(principal.tenant_id) as session:
        found = await store.plan_names(session, principal.tenant_id)
    if found is None:
        raise NotFound
    return {"slug": found.slug, "tier": found.tier}


async def settle_lost(system: Db, now: datetime) -> int:
    """Write off calls whose process is gone; what was set aside stays spent. Says how many."""
    async with system.raw_transaction() as raw:
        lost = await raw.fetch(SETTLE_LOST, now, now - LOST_AFTER, LOST_AT_ONCE)
    for row in lost:
        metrics.llm_requests_total.labels(row["purpose"], "lost").inc()
    return len(lost)


def _require_ours(principal: Principal) -> None:
    if principal.role != OURS:
        raise Forbidden
