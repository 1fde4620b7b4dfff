"""Several indexers, indexes that come, go and forget: what was deleted stays so, what is known is found."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from ai.knowledge import rows
from ai.knowledge.embed import HashingEmbedder, Vector
from ai.knowledge.index import Entry, NoIndex, Space
from ai.knowledge.indexing import ATTEMPTS_MAX, Indexer, forget, index_due, words_of
from ai.knowledge.search import Library
from ai.knowledge.upkeep import Rounds
from tests.ai.knowledge.library import HASHING, SPACE
from tests.ai.knowledge.world import ANOTHER, DELIVERY, QUESTION, Breakable, World

pytestmark = pytest.mark.anyio


async def test_what_is_deleted_or_changed_while_it_is_put_does_not_come_back(world: World) -> None:
    """A second indexer is done with it before the first one puts what it has read."""
    tenant = await world.tenant()
    deleted, _ = [await world.bring(tenant) for _ in range(2)]

    class Overtaken(Breakable):
        async def put(self, tenant_id: UUID, space: Space, entries: Sequence[Entry]) -> None:
            source = entries[0].article.source_id
            await (world.delete(source) if source == deleted else world.change(source, "One day."))
            assert await index_due(world.indexer) == 1
            await world.index.put(tenant_id, space, entries)

        async def drop(self, *given: Any, **kinds: Any) -> None:
            await world.index.drop(*given, **kinds)

    assert await index_due(Indexer(world.db, Overtaken(), HASHING)) == 2
    assert await world.found(tenant) == ["One day."]
    assert await world.index.count(tenant, SPACE) == 1


async def test_a_source_that_changes_while_it_breaks_stops_nobody(world: World) -> None:
    tenant = await world.tenant()
    first = await world.bring(tenant)
    await world.bring(tenant)
    await world.connection.execute(
        "UPDATE knowledge_sources SET attempts = $2, due_at = now() - interval '1s' WHERE id = $1",
        first,
        ATTEMPTS_MAX,
    )

    class Broken(HashingEmbedder):
        async def embed_documents(self, texts: Sequence[str]) -> list[Vector]:
            if (await world.source(first))["version"] > 1:
                return await HashingEmbedder.embed_documents(self, texts)
            await world.change(first, ANOTHER)
            raise ZeroDivisionError

    assert await index_due(Indexer(world.db, world.index, Broken())) == 3
    assert len(await world.found(tenant)) == 2


async def test_an_index_that_is_away_is_no_attempt(world: World) -> None:
    tenant = await world.tenant()
    world.index.away = True
    source = await world.bring(tenant)
    for _ in range(ATTEMPTS_MAX + 1):
        await world.due_now()
        assert await index_due(world.indexer) == 1
    assert (await world.source(source))["attempts"] == 0
    world.index.away = False
    world.index.refuses = 1
    await world.due_now()
    await index_due(world.indexer)
    assert (await world.source(source))["state"] == "queued", "one fault is not the end of it"


async def test_who_is_not_in_charge_moves_nothing_and_forgets_nothing(world: World) -> None:
    tenant = await world.tenant()
    kept, taken = [await world.bring(tenant) for _ in range(2)]
    await index_due(world.indexer)
    await world.delete(taken)
    for other in (
        Indexer(world.db, world.index, HashingEmbedder(64)),
        Indexer(world.db, NoIndex(), HASHING),
    ):
        assert await index_due(other) == 0
        await world.change(kept, DELIVERY)
        assert await index_due(other) == 1
    assert await world.source(taken) is not None
    assert {space for _, space in world.index._kept} == {SPACE, Space("hashing-v1", 64)}
    await index_due(world.indexer)
    assert (await world.source(kept))["indexed_as"] == SPACE.name
    assert {space for _, space in world.index._kept} == {SPACE}


async def test_a_start_without_an_index_has_nothing_embedded_again_but_what_changed(
    world: World,
) -> None:
    tenant = await world.tenant()
    same, changed = [await world.bring(tenant) for _ in range(2)]
    await index_due(world.indexer)
    without = Indexer(world.db, NoIndex(), HASHING, in_charge=True)
    await world.change(changed, ANOTHER)
    assert await index_due(without) == 1
    await world.delete(same)
    assert await index_due(without) == 0, "the index has not heard"
    assert await index_due(world.indexer) == 2
    assert await world.found(tenant) == [ANOTHER]
    assert world.index.puts == [1, 1, 1]


async def test_what_an_index_lost_is_found_by_words_and_indexed_anew(world: World) -> None:
    tenant, whole, stranger = [await world.tenant() for _ in range(3)]
    for one in (tenant, tenant, whole):
        await world.bring(one)
    await index_due(world.indexer)
    rounds = Rounds(world.indexer)
    assert await rounds.look() == 0
    del world.index._kept[tenant, SPACE]
    library = Library(world.index, HASHING, words_of(world.db))
    found = await library.search(tenant, QUESTION)
    assert (found.degraded, len(found.passages)) == (True, 2)
    assert (await library.search(stranger, QUESTION)).passages == ()
    assert await rounds.look() == 2
    assert await index_due(world.indexer) == 2
    assert not (await library.search(tenant, QUESTION)).degraded
    world.index._kept[tenant, SPACE].popitem()
    assert await rounds.look() == 2
    assert world.index.puts == [1] * 5


@pytest.mark.parametrize("away", [False, True])
async def test_a_tenant_that_is_forgotten_leaves_nothing_behind(world: World, away: bool) -> None:
    tenant, other = await world.tenant(), await world.tenant()
    sources = [await world.bring(tenant) for _ in range(2)]
    await world.bring(other)
    await index_due(world.indexer)
    world.index.away = away
    assert await forget(world.indexer, tenant) == 2
    assert (
        await world.connection.fetch("SELECT 1 FROM kb_chunks WHERE tenant_id = $1", tenant) == []
    )
    assert [(await world.source(one))["content"] for one in sources] == ["", ""]
    world.index.away = False
    await world.due_now()
    await index_due(world.indexer)
    assert [await world.source(one) for one in sources] == [None, None]
    assert await world.index.count(tenant, SPACE) == 0
    assert await world.found(other) == [DELIVERY]


async def test_who_brings_much_keeps_nobody_waiting(world: World) -> None:
    many, one = await world.tenant(), await world.tenant()
    for _ in range(6):
        await world.bring(many)
    last = await world.bring(one)
    async with world.db.transaction(None) as tx:
        taken = await rows.take(tx, belongs=rows.Belongs(SPACE.name), most=2, lease_s=60)
    assert {row.article.tenant_id for row in taken} == {many, one}
    assert last in {row.article.source_id for row in taken}
    assert await index_due(world.indexer) == 5
