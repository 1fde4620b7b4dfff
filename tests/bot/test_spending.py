"""What the bot's calls cost is in the books before they are made, by way of the chat service."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from ai.knowledge.opening import open_library
from ai.knowledge.planned import Accounts
from ai.models import embeddings
from ai.models.limits import Limits
from ai.models.spending import Settled, Spending
from bot.ledger import KNOWN_S, RpcLedger, RpcTenants
from bot.settings import BotSettings
from chat_service.spending import LOST_AFTER, settle_lost
from chorus.errors import Unavailable
from chorus.ids import uuid7
from tests.ai.models.asking import PATIENCE_S
from tests.bot.world import Shop
from tests.support.model_stub import EMBEDDING_DIMENSIONS, model_stub

pytestmark = pytest.mark.anyio
BUDGET = 1_000


def spending(tenant_id: UUID, task: str, **changes: Any) -> Spending:
    told: dict[str, Any] = {
        "tenant_id": tenant_id,
        "conversation_id": uuid7(),
        "purpose": "bot",
        "spec": "openai:small",
        "prompt": "bot_answer@1#00000000",
        "plan": "p1",
        "task": f"{tenant_id}:{task}",
        "attempt": 1,
        "micros": 300,
        "budget_micros": BUDGET,
    }
    return Spending(**told | changes)


async def booked(shop: Shop, tenant_id: UUID) -> tuple[int, list[str]]:
    """What the month has cost, and what became of each call."""
    month = await shop.api.rows("SELECT micros FROM llm_months WHERE tenant_id = $1", tenant_id)
    rows = await shop.api.rows(
        "SELECT result FROM llm_usage WHERE tenant_id = $1 ORDER BY at, id", tenant_id
    )
    return sum(one["micros"] for one in month), [one["result"] for one in rows]


async def test_of_many_calls_at_once_only_those_within_the_budget_are_allowed(shop: Shop) -> None:
    ledger = RpcLedger(shop.calls)
    asked = [ledger.reserve(spending(shop.tenant.id, str(n))) for n in range(8)]
    allowed = [one for one in await asyncio.gather(*asked) if one is not None]
    assert len(allowed) == BUDGET // 300
    assert await booked(shop, shop.tenant.id) == (900, ["reserved"] * 3)


async def test_a_call_is_settled_once_and_never_by_another_tenant(shop: Shop) -> None:
    ledger, foreign = RpcLedger(shop.calls), RpcLedger(shop.calls)
    spent = await ledger.reserve(spending(shop.tenant.id, "a"))
    other = await make_rival(shop)
    assert spent is not None
    foreign._tenants[spent] = other
    await foreign.settle(spent, Settled("refused", 1, micros=0))
    assert await booked(shop, shop.tenant.id) == (300, ["reserved"])
    settled = Settled("answered", 12, 10, 5, micros=40)
    await ledger.settle(spent, settled)
    await ledger.settle(spent, Settled("failed", 1, micros=0))
    assert await booked(shop, shop.tenant.id) == (40, ["answered"])


async def test_a_call_whose_process_died_is_lost_after_a_while_and_stays_spent(shop: Shop) -> None:
    ledger, system = RpcLedger(shop.calls), shop.api.resources.system
    dead, settled = [await ledger.reserve(spending(shop.tenant.id, one)) for one in "ab"]
    assert dead is not None and settled is not None
    await ledger.settle(settled, Settled("answered", 12, 10, 5, micros=40))
    now = datetime.now(UTC)
    await settle_lost(system, now)
    assert await booked(shop, shop.tenant.id) == (340, ["reserved", "answered"])
    assert await settle_lost(system, now + LOST_AFTER + timedelta(minutes=1)) >= 1
    assert await booked(shop, shop.tenant.id) == (340, ["lost", "answered"])
    # It was only slow after all: what nobody knew stays as it was written down.
    await ledger.settle(dead, Settled("answered", 12, 10, 5, micros=40))
    assert await booked(shop, shop.tenant.id) == (340, ["lost", "answered"])
    assert await settle_lost(system, now + 2 * LOST_AFTER) == 0


async def test_nobody_but_our_own_services_spends(shop: Shop) -> None:
    where = await shop.open()
    told: dict[str, Any] = {
        "purpose": "bot",
        "spec": "openai:x",
        "prompt": "p",
        "plan": "p",
        "task": "t",
    }
    told |= {"attempt": 1, "micros": 1, "budget_micros": 10**9}
    for role in ("contact", "agent", "admin"):
        who = shop.tenant.principal(role)
        for event, data in (
            ("model.reserve", told),
            ("model.settle", {"id": str(uuid7()), "result": "failed", "ms": 1}),
            ("model.whose", {}),
        ):
            refused = await shop.act(who, where, event, **data)
            assert refused["data"]["code"] == "FORBIDDEN"
    assert await booked(shop, shop.tenant.id) == (0, [])


async def test_a_tenant_that_is_shut_out_spends_nothing(shop: Shop) -> None:
    with pytest.raises(Unavailable):
        await RpcLedger(shop.calls).reserve(spending(uuid7(), "nobody"))


async def test_a_tenants_tier_is_asked_for_and_believed_for_a_minute(shop: Shop) -> None:
    clock = [0.0]
    tenants = RpcTenants(shop.calls, lambda: clock[0])
    slug = (await shop.api.rows("SELECT slug FROM tenants WHERE id = $1", shop.tenant.id))[0][
        "slug"
    ]
    assert await tenants.whose(shop.tenant.id) == (slug, "free")
    await shop.api.rows("UPDATE tenants SET tier = 'pro' WHERE id = $1", shop.tenant.id)
    clock[0] = KNOWN_S - 1
    assert await tenants.whose(shop.tenant.id) == (slug, "free")
    clock[0] = KNOWN_S
    assert await tenants.whose(shop.tenant.id) == (slug, "pro")


async def test_what_a_bot_asks_knowledge_by_a_provider_is_in_its_tenants_books(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings, "QUERY_S", PATIENCE_S)
    with model_stub() as stub:
        environ = {
            "CHORUS_EMBEDDER": "openai:ok",
            "CHORUS_EMBEDDER_URL": stub.url,
            "CHORUS_EMBEDDER_SIZE": str(EMBEDDING_DIMENSIONS),
        }
        whose = RpcTenants(shop.calls, lambda: 0.0).whose
        accounts = Accounts(Limits(None), RpcLedger(shop.calls), whose)
        settings = BotSettings.from_env(environ)
        async with open_library(settings, {}, accounts=accounts) as library:
            # There is no index, so that nothing is found; what asks for it is paid for all the same.
            patient = replace(library, timeout_s=PATIENCE_S)
            assert (await patient.search(shop.tenant.id, "How long?")).degraded
        assert len(stub.asked) == 1
    assert await booked(shop, shop.tenant.id) == (0, ["answered"])


async def test_of_a_tenant_that_is_nobody_nothing_is_said(shop: Shop) -> None:
    with pytest.raises(Unavailable):
        await RpcTenants(shop.calls, lambda: 0.0).whose(uuid7())


async def make_rival(shop: Shop) -> UUID:
    id_ = uuid7()
    await shop.api.rows(
        "INSERT INTO tenants (id, slug, name) VALUES ($1, $2, 'Rival')", id_, f"r-{id_.hex[-12:]}"
    )
    return id_
