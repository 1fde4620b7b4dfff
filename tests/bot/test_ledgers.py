"""What every ledger promises: the worker's in PostgreSQL, the bot's over calls, and that of tests."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from ai.models.spending import Ledger, Settled
from bot.ledger import RpcLedger
from chorus.clock import SystemClock
from summary_engine.ledger import PgLedger
from tests.ai.models.books import Books
from tests.bot.test_spending import BUDGET, spending
from tests.bot.world import Shop

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, slots=True)
class Kept:
    """A ledger, and what stands in it."""

    ledger: Ledger
    tenant_id: UUID
    spent: Callable[[], Awaitable[int]]

    async def reserve(self, task: str, **changes: Any) -> UUID | None:
        return await self.ledger.reserve(spending(self.tenant_id, task, **changes))


@pytest.fixture(params=["memory", "worker", "bot"])
def kept(request: pytest.FixtureRequest, shop: Shop) -> Kept:
    books = Books()

    async def in_memory() -> int:
        return books.spent

    async def in_tables() -> int:
        rows = await shop.api.rows(
            "SELECT micros FROM llm_months WHERE tenant_id = $1", shop.tenant.id
        )
        return sum(one["micros"] for one in rows)

    if request.param == "memory":
        return Kept(books, shop.tenant.id, in_memory)
    if request.param == "bot":
        return Kept(RpcLedger(shop.calls), shop.tenant.id, in_tables)
    return Kept(PgLedger(shop.api.resources.system, SystemClock()), shop.tenant.id, in_tables)


async def test_at_once_no_more_is_set_aside_than_may_be_spent(kept: Kept) -> None:
    asked = await asyncio.gather(*(kept.reserve(str(n)) for n in range(8)))
    assert sum(one is not None for one in asked) == BUDGET // 300
    assert await kept.spent() == 900


async def test_what_costs_nothing_passes_where_nothing_is_left(kept: Kept) -> None:
    assert await kept.reserve("all", micros=BUDGET) is not None
    assert await kept.reserve("more", micros=1) is None
    assert await kept.reserve("free", micros=0) is not None
    assert await kept.spent() == BUDGET


async def test_what_was_settled_once_is_settled(kept: Kept) -> None:
    spent = await kept.reserve("a")
    assert spent is not None
    await kept.ledger.settle(spent, Settled("answered", 12, 10, 5, micros=40))
    await kept.ledger.settle(spent, Settled("failed", 1, micros=0))
    assert await kept.spent() == 40


async def test_what_nobody_knows_the_price_of_stays_set_aside(kept: Kept) -> None:
    spent = await kept.reserve("a")
    assert spent is not None
    await kept.ledger.settle(spent, Settled("timeout", 12))
    assert await kept.spent() == 300


async def test_what_was_given_back_can_be_spent_again(kept: Kept) -> None:
    spent = await kept.reserve("all", micros=BUDGET)
    assert spent is not None and await kept.reserve("next") is None
    await kept.ledger.settle(spent, Settled("refused", 1, micros=0))
    assert await kept.reserve("next") is not None


async def test_an_attempt_is_spent_once_however_often_it_is_asked_for(kept: Kept) -> None:
    first = await kept.reserve("a")
    again = await kept.reserve("a")
    assert first is not None and again is None
    assert await kept.reserve("a", attempt=2) is not None
    assert await kept.spent() == 600
