"""Embedding by a provider goes by the plan: who may, who pays, and what holds when nobody may or pays."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ai.knowledge.embed import Confidence, EmbedderRefused
from ai.knowledge.index import space_of
from ai.knowledge.indexing import (
    AT_ONCE,
    NO_VECTORS,
    UNPAID,
    Indexer,
    index_due,
    whose_of,
    words_of,
)
from ai.knowledge.opening import open_embedder
from ai.knowledge.planned import OFFLINE, Accounts, Terms
from ai.knowledge.search import Library
from ai.knowledge.upkeep import Rounds
from ai.models import embeddings
from ai.models.breaker import OPEN_AFTER
from ai.models.limits import Limits
from ai.models.plan import PLAN_FILE, Choice, Plan
from ai.settings import KnowledgeSettings
from chorus.bus import open_redis
from chorus.clock import SystemClock
from chorus.errors import Unavailable
from chorus.ids import uuid7
from summary_engine.ledger import PgLedger
from tests.ai.knowledge.world import DELIVERY, QUESTION, World
from tests.ai.models.asking import PATIENCE_S
from tests.support.model_stub import EMBEDDING_DIMENSIONS, ModelStub, model_stub

pytestmark = pytest.mark.anyio
PRICE = 1000
"""Dollars for a million tokens: a thousandth of a dollar each. The stub says that a text has one."""


@pytest.fixture(scope="module")
def provider() -> Iterator[ModelStub]:
    with model_stub() as stub:
        yield stub


@pytest.fixture
def stub(provider: ModelStub) -> ModelStub:
    provider.reset()
    return provider


@dataclass
class House:
    """A world whose tenants have tiers, and whose embedder is the stub's."""

    world: World
    stub: ModelStub
    data: Path
    accounts: Accounts
    opened: AsyncExitStack

    def plan(self, *, model: str = "ok", budget: float = 5.0, **terms: Any) -> None:
        """Tier `pro` has the embedder, tier `free` has not."""
        choice = {"spec": f"openai:{model}", "base_url": self.stub.url, "price_in": PRICE, **terms}
        pro = {"budget_usd": budget, "models": {"embed": [choice]}}
        # JSON is YAML.
        plan = Plan.model_validate({"tiers": {"pro": pro}})
        (self.data / PLAN_FILE).write_text(plan.model_dump_json(exclude_unset=True))

    async def indexer(self, model: str = "ok") -> Indexer:
        opening = open_embedder(self.settings(model), {}, self.accounts)
        embedder, terms = await self.opened.enter_async_context(opening)
        return Indexer(self.world.db, self.world.index, embedder, True, terms)

    async def library(self, model: str = "ok") -> Library:
        indexer = await self.indexer(model)
        return Library(
            indexer.index, indexer.embedder, words_of(self.world.db), timeout_s=PATIENCE_S
        )

    def settings(self, model: str = "ok") -> KnowledgeSettings:
        return KnowledgeSettings.from_env(
            {
                "CHORUS_DATA": str(self.data),
                "CHORUS_EMBEDDER": f"openai:{model}",
                "CHORUS_EMBEDDER_URL": self.stub.url,
                "CHORUS_EMBEDDER_SIZE": str(EMBEDDING_DIMENSIONS),
            }
        )

    async def tenant(self, tier: str = "pro") -> UUID:
        id_ = await self.world.tenant()
        await self.set_tier(id_, tier)
        return id_

    async def set_tier(self, tenant: UUID, tier: str) -> None:
        await self.world.connection.execute(
            "UPDATE tenants SET tier = $2 WHERE id = $1", tenant, tier
        )

    async def calls(self, tenant: UUID) -> list[Any]:
        told: list[Any] = await self.world.connection.fetch(
            "SELECT * FROM llm_usage WHERE tenant_id = $1 ORDER BY at, id", tenant
        )
        return told

    async def stands(self, source: UUID) -> str:
        row = await self.world.source(source)
        return f"{row['state']} {row['indexed_as']}".strip()


@pytest.fixture
async def house(
    world: World,
    stub: ModelStub,
    redis_db: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[House]:
    monkeypatch.setattr(embeddings, "QUERY_S", PATIENCE_S)
    async with open_redis(redis_db) as client, AsyncExitStack() as opened:
        ledger = PgLedger(world.db, SystemClock())
        accounts = Accounts(Limits(client), ledger, whose_of(world.db))
        yield House(world, stub, tmp_path, accounts, opened)


async def space(house: House) -> str:
    return (await house.indexer()).space


async def test_what_is_indexed_and_asked_is_paid_for_by_its_tenant(house: House) -> None:
    house.plan()
    tenant, other = await house.tenant(), await house.tenant()
    source = await house.world.bring(tenant)
    await index_due(await house.indexer(), tenant)
    found = await (await house.library()).search(tenant, QUESTION)
    assert await house.stands(source) == f"ready {await space(house)}"
    assert [one.text for one in found.passages] == [DELIVERY]
    assert not found.degraded
    calls = await house.calls(tenant)
    assert [(one["purpose"], one["spec"], one["result"]) for one in calls] == [
        ("embed", "openai:ok", "answered")
    ] * 2
    assert [(one["tokens_in"], one["tokens_out"], one["micros"]) for one in calls] == [
        (1, 0, PRICE)
    ] * 2
    assert await house.calls(other) == []


async def test_who_has_no_embedder_by_the_plan_stands_in_the_offline_ones_space(
    house: House,
) -> None:
    house.plan()
    tenant = await house.tenant("free")
    source = await house.world.bring(tenant)
    await index_due(await house.indexer(), tenant)
    assert await house.stands(source) == f"ready {space_of(OFFLINE).name}"
    assert not (await (await house.library()).search(tenant, QUESTION)).degraded
    assert not house.stub.asked
    assert await house.calls(tenant) == []


async def test_who_changes_the_tier_is_indexed_anew_and_leaves_nothing_behind(
    house: House,
) -> None:
    house.plan()
    tenant = await house.tenant("free")
    source = await house.world.bring(tenant)
    await index_due(await house.indexer(), tenant)
    await house.set_tier(tenant, "pro")
    await index_due(await house.indexer(), tenant)
    assert await house.stands(source) == f"ready {await space(house)}"
    assert await house.world.index.count(tenant, space_of(OFFLINE)) == 0
    assert await house.world.index.count(tenant, space_of((await house.indexer()).embedder)) == 1
    await house.set_tier(tenant, "free")
    await index_due(await house.indexer(), tenant)
    assert await house.stands(source) == f"ready {space_of(OFFLINE).name}"
    asked = len(house.stub.asked)
    assert await index_due(await house.indexer(), tenant) == 0
    assert len(house.stub.asked) == asked


async def test_what_an_index_lost_is_seen_in_both_spaces(house: House) -> None:
    house.plan()
    for tier in ("free", "pro"):
        await house.world.bring(await house.tenant(tier))
    await index_due(await house.indexer())
    house.world.index._kept.clear()
    assert await Rounds(await house.indexer()).look() == 2


async def test_a_spent_budget_is_said_and_keeps_no_other_tenant_waiting(house: House) -> None:
    house.plan(budget=0.000001)
    for _ in range(AT_ONCE):
        poor = await house.tenant()
        source = await house.world.bring(poor)
    last = await house.world.bring(await house.tenant("free"))
    await index_due(await house.indexer())
    row = await house.world.source(source)
    assert (row["state"], row["note"], row["attempts"]) == ("queued", UNPAID, 0)
    assert await house.stands(last) == f"ready {space_of(OFFLINE).name}"
    assert not house.stub.asked
    found = await (await house.library()).search(poor, QUESTION)
    assert (found.degraded, [one.text for one in found.passages]) == (True, [DELIVERY])
    house.plan()
    await house.world.due_now()
    await index_due(await house.indexer())
    assert await house.stands(source) == f"ready {await space(house)}"


async def test_a_question_over_the_budget_goes_by_words_and_is_not_asked(house: House) -> None:
    house.plan()
    tenant = await house.tenant()
    await house.world.bring(tenant)
    await index_due(await house.indexer(), tenant)
    house.plan(budget=0.0)
    asked = len(house.stub.asked)
    found = await (await house.library()).search(tenant, QUESTION)
    assert (found.degraded, [one.text for one in found.passages]) == (True, [DELIVERY])
    assert len(house.stub.asked) == asked


async def test_a_tenants_own_limit_holds_for_embedding_too(house: House) -> None:
    house.plan()
    tenant = await house.tenant()
    source = await house.world.bring(tenant)
    await house.world.connection.execute(
        """UPDATE tenants SET settings = '{"models": {"cap_micros": 0}}' WHERE id = $1""", tenant
    )
    await index_due(await house.indexer(), tenant)
    assert (await house.world.source(source))["note"] == UNPAID
    assert not house.stub.asked


async def test_a_provider_that_fails_rests_and_its_sources_wait(house: House) -> None:
    house.plan(model="500")
    tenant = await house.tenant()
    source = await house.world.bring(tenant)
    library = await house.library("500")
    for _ in range(OPEN_AFTER + 2):
        assert (await library.search(tenant, QUESTION)).degraded
    assert len(house.stub.of("500")) == OPEN_AFTER
    await index_due(await house.indexer("500"), tenant)
    row = await house.world.source(source)
    assert (row["state"], row["note"], row["attempts"]) == ("queued", NO_VECTORS, 0)
    assert {one["result"] for one in await house.calls(tenant)} == {"failed"}


async def test_a_minute_holds_so_many_embeddings(house: House) -> None:
    house.plan(rpm=2)
    tenant = await house.tenant()
    library = await house.library()
    embedder = await library.embedder.serving(tenant)
    await embedder.embed_query("one")
    await embedder.embed_query("two")
    with pytest.raises(EmbedderRefused, match="limited"):
        await embedder.embed_query("three")
    assert len(house.stub.asked) == 2


async def test_the_next_key_is_asked_where_the_first_is_missing(house: House) -> None:
    house.plan()
    plan = (house.data / PLAN_FILE).read_text()
    one = Plan.model_validate_json(plan).tiers["pro"].models["embed"][0]
    two = [one.model_copy(update={"key": "env:NOBODYS_API_KEY"}), one]
    terms = {"budget_usd": 5, "models": {"embed": two}}
    dumped = Plan.model_validate({"tiers": {"pro": terms}}).model_dump_json(exclude_unset=True)
    (house.data / PLAN_FILE).write_text(dumped)
    tenant = await house.tenant()
    await (await (await house.library()).embedder.serving(tenant)).embed_query("one")
    assert [one["attempt"] for one in await house.calls(tenant)] == [2]


async def test_a_plan_that_says_nothing_of_it_gives_it_to_all(house: House) -> None:
    tenant = await house.tenant("free")
    source = await house.world.bring(tenant)
    await index_due(await house.indexer(), tenant)
    assert await house.stands(source) == f"ready {await space(house)}"
    (call,) = await house.calls(tenant)
    assert (call["result"], call["micros"]) == ("answered", 0)


async def test_without_a_ledger_nothing_is_embedded(house: House) -> None:
    class Away:
        async def reserve(self, _spending: Any) -> None:
            raise Unavailable

        async def settle(self, _spending_id: UUID, _settled: Any) -> None: ...

    house.plan()
    house.accounts = replace(house.accounts, ledger=Away())
    tenant = await house.tenant()
    assert (await (await house.library()).search(tenant, QUESTION)).degraded
    assert not house.stub.asked


async def test_nobody_embeds_without_a_tenant_or_for_one_that_is_gone(house: House) -> None:
    embedder = (await house.indexer()).embedder
    with pytest.raises(EmbedderRefused, match="no_tenant"):
        await embedder.embed_documents(["a"])
    with pytest.raises(EmbedderRefused, match="no_tenant"):
        await embedder.embed_query("a")
    assert (await (await house.library()).search(uuid7(), QUESTION)).degraded
    assert not house.stub.asked
    assert embedder.confidence == Confidence(0.2, 0.6)


async def test_a_process_that_pays_by_nothing_is_refused(house: House) -> None:
    with pytest.raises(ValueError, match="who pays"):
        async with open_embedder(house.settings(), {}, None):
            pass


async def test_where_nobody_knows_the_tenant_it_goes_by_words(house: House) -> None:
    async def away(_tenant_id: UUID) -> None:
        raise Unavailable

    tenant = await house.tenant()
    await house.world.bring(tenant)
    await index_due(await house.indexer(), tenant)
    house.accounts = replace(house.accounts, whose=away)
    found = await (await house.library()).search(tenant, QUESTION)
    assert (found.degraded, [one.text for one in found.passages]) == (True, [DELIVERY])


@pytest.mark.parametrize("model", ["another", None])
async def test_a_plan_that_names_another_model_than_the_settings_is_refused(
    house: House, model: str | None
) -> None:
    house.plan()
    settings = (
        house.settings(model)
        if model
        else KnowledgeSettings.from_env({"CHORUS_DATA": str(house.data)})
    )
    with pytest.raises(ValueError, match="another model for embed than CHORUS_EMBEDDER"):
        async with open_embedder(settings, {}, house.accounts):
            pass


def test_terms_are_the_plans() -> None:
    usual = Choice(spec="openai:a")
    named = {"models": {"embed": [{"spec": "openai:a", "price_in": 2}]}}
    split = Terms(
        Plan.model_validate(
            {"tiers": {"pro": named}, "tenants": {"no": {"models": {"embed": []}}}}
        ),
        usual,
    )
    assert [one.price_in for one in split.choices(("any", "pro"))] == [2]
    assert split.choices(("any", "free")) == ()
    assert split.choices(("no", "pro")) == ()
    assert Terms(Plan(), usual).choices(("any", "free")) == (usual,)
