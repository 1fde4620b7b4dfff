"""What every index promises; Chroma is a real server."""

from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import httpx
import pytest

from ai.knowledge.index import NOTHING_PUT, IndexAway, KnowledgeIndex, MemoryIndex, NoIndex, Space
from ai.vectors import COLLECTIONS_KEPT, open_chroma
from chorus import metrics
from chorus.ids import uuid7
from tests.ai.knowledge.library import DELIVERY, HASHING, LAMP, RETURNS, SPACE, article, entry
from tests.support.servers import RunningServer, start_chroma

pytestmark = pytest.mark.anyio
QUESTION = HASHING.vector("how long does delivery take")
OTHER = Space("other", 4)


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with start_chroma(tmp_path_factory.mktemp("chroma")) as server:
        yield server


@pytest.fixture(params=["memory", "chroma"])
async def index(request: pytest.FixtureRequest) -> AsyncIterator[KnowledgeIndex]:
    if request.param == "memory":
        yield MemoryIndex()
        return
    async with open_chroma(request.getfixturevalue("chroma").url) as opened:
        yield opened


async def titles(index: KnowledgeIndex, tenant: UUID, space: Space = SPACE) -> list[str]:
    """What is near; nothing where nothing was put."""
    vector = QUESTION if space == SPACE else [1.0, 0.0, 0.0, 0.0]
    try:
        return [one.chunk.title for one in await index.nearest(tenant, space, vector, most=10)]
    except IndexAway as error:
        if str(error) != NOTHING_PUT:
            raise
        return []


async def test_the_nearest_come_first_with_all_that_is_known_of_them(index: KnowledgeIndex) -> None:
    tenant = uuid7()
    ours = article(tenant, version=3)
    await index.put(tenant, SPACE, [entry(ours, RETURNS, 1), entry(ours, DELIVERY, 7)])
    first, second = await index.nearest(tenant, SPACE, QUESTION, most=10)
    assert (first.article, first.chunk.place, first.chunk.title, first.chunk.text) == (
        ours,
        7,
        *DELIVERY,
    )
    assert first.dense is not None
    assert second.dense is not None
    assert 1 >= first.dense > second.dense
    assert len(await index.nearest(tenant, SPACE, QUESTION, most=1)) == 1


async def test_what_is_put_twice_is_there_once(index: KnowledgeIndex) -> None:
    tenant = uuid7()
    ours = article(tenant)
    for said in (RETURNS, DELIVERY):
        await index.put(tenant, SPACE, [entry(ours, said)])
    assert await titles(index, tenant) == [DELIVERY[0]]


async def test_an_index_that_holds_nothing_of_a_tenant_knows_that_it_cannot_answer(
    index: KnowledgeIndex,
) -> None:
    tenant, source = uuid7(), uuid7()
    ours = [
        entry(article(tenant, source_id=source), said, at) for at, said in ((0, LAMP), (1, RETURNS))
    ]
    assert await index.count(tenant, SPACE) == 0
    with pytest.raises(IndexAway, match=NOTHING_PUT):
        await index.nearest(tenant, SPACE, QUESTION, most=1)
    await index.put(tenant, SPACE, ours)
    assert await index.count(tenant, SPACE) == 2
    await index.drop(tenant, source, below_version=None)
    assert await index.count(tenant, SPACE) == 0
    assert await index.nearest(tenant, SPACE, QUESTION, most=1) == []
    await index.forget(tenant)
    with pytest.raises(IndexAway, match=NOTHING_PUT):
        await index.nearest(tenant, SPACE, QUESTION, most=1)
    assert await index.count(tenant, SPACE) == 0


async def test_nobody_finds_touches_or_forgets_what_is_anothers(index: KnowledgeIndex) -> None:
    ours, theirs = uuid7(), uuid7()
    source = uuid7()
    await index.put(ours, SPACE, [entry(article(ours, source_id=source), DELIVERY)])
    assert await titles(index, theirs) == []
    await index.drop(theirs, source, below_version=None)
    await index.keep_only(theirs, OTHER)
    await index.forget(theirs)
    assert await titles(index, ours) == [DELIVERY[0]]


async def test_old_versions_go_and_the_others_stay(index: KnowledgeIndex) -> None:
    tenant, source = uuid7(), uuid7()
    old, new = (article(tenant, source_id=source, version=one) for one in (1, 2))
    await index.put(tenant, SPACE, [entry(old, DELIVERY), entry(new, RETURNS)])
    await index.put(tenant, SPACE, [entry(article(tenant), LAMP)])
    await index.drop(tenant, source, below_version=2)
    assert sorted(await titles(index, tenant)) == [LAMP[0], RETURNS[0]]
    await index.drop(tenant, source, below_version=None)
    assert await titles(index, tenant) == [LAMP[0]]


async def test_vectors_of_another_embedder_stand_apart_until_they_are_thrown_away(
    index: KnowledgeIndex,
) -> None:
    tenant = uuid7()
    of = article(tenant)
    odd = entry(of, LAMP)
    await index.put(tenant, SPACE, [entry(of, DELIVERY)])
    await index.put(tenant, OTHER, [type(odd)(of, odd.chunk, [1.0, 0.0, 0.0, 0.0])])
    assert await titles(index, tenant) == [DELIVERY[0]]
    assert await titles(index, tenant, OTHER) == [LAMP[0]]
    await index.keep_only(tenant, SPACE)
    assert await titles(index, tenant, OTHER) == []
    assert await titles(index, tenant) == [DELIVERY[0]]


async def test_forgetting_twice_is_forgetting(index: KnowledgeIndex) -> None:
    tenant = uuid7()
    await index.put(tenant, SPACE, [entry(article(tenant), DELIVERY)])
    await index.forget(tenant)
    await index.forget(tenant)
    assert await titles(index, tenant) == []
    await index.put(tenant, SPACE, [entry(article(tenant), RETURNS)])
    assert await titles(index, tenant) == [RETURNS[0]]


async def test_foreign_rows_in_ones_own_collection_are_dropped_and_counted(
    chroma: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the server's cross-tenant fault would bring them: our `where` is ignored."""
    ours, theirs = uuid7(), uuid7()
    async with open_chroma(chroma.url) as index:
        for tenant, said in ((ours, DELIVERY), (theirs, RETURNS)):
            await index.put(tenant, SPACE, [entry(article(tenant), said)])
        stolen = await index._found(theirs, SPACE)
        monkeypatch.setitem(index._collections, (ours, SPACE), stolen)
        before = metrics.knowledge_foreign_hits_total._value.get()
        # The id of another tenant's collection opens it on this server; its rows do not pass.
        asked = index._client.request

        async def without_where(method: str, path: str, **given: object) -> httpx.Response:
            body = given.get("json")
            if isinstance(body, dict):
                body.pop("where", None)
            return await asked(method, path, **given)  # type: ignore[arg-type]

        monkeypatch.setattr(index._client, "request", without_where)
        assert await titles(index, ours) == []
        assert metrics.knowledge_foreign_hits_total._value.get() == before + 1


async def test_an_index_that_was_wiped_is_made_anew(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("wiped")
    with start_chroma(folder) as server:
        async with open_chroma(server.url) as index:
            tenant = uuid7()
            await index.put(tenant, SPACE, [entry(article(tenant), DELIVERY)])
            index_of = dict(index._collections)
            async with open_chroma(server.url) as somebody_else:
                await somebody_else.forget(tenant)
            assert await titles(index, tenant) == []
            index._collections.update(index_of)
            await index.put(tenant, SPACE, [entry(article(tenant), RETURNS)])
            assert await titles(index, tenant) == [RETURNS[0]]
            server.kill9()
            with pytest.raises(IndexAway):
                await titles(index, tenant)
            server.restart()
            assert await titles(index, tenant) == [RETURNS[0]]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b'{"error": "InternalError"}'),
        (200, b"<html>a proxy</html>"),
        (200, b'{"id": "../../other"}'),
        (200, b"[1, 2]"),
        (200, b"{}"),
        (302, b""),
    ],
)
async def test_whatever_else_answers_there_is_no_index(status: int, body: bytes) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=body))
    async with open_chroma("http://127.0.0.1:9") as index:
        await index._client._transport.aclose()
        index._client._transport = transport
        for act in (
            titles(index, uuid7()),
            index.put(uuid7(), SPACE, [entry(article(uuid7()), DELIVERY)]),
        ):
            with pytest.raises(IndexAway):
                await act


async def test_few_ids_of_collections_are_kept() -> None:
    made = httpx.Response(200, json={"id": str(uuid7())})
    async with open_chroma("http://127.0.0.1:9", token="t") as index:
        sent: list[str] = []

        def answer(request: httpx.Request) -> httpx.Response:
            sent.append(request.headers["authorization"])
            return made

        index._client._transport = httpx.MockTransport(answer)
        for _ in range(COLLECTIONS_KEPT + 5):
            await index._made(uuid7(), SPACE)
        assert len(index._collections) == COLLECTIONS_KEPT
        assert set(sent) == {"Bearer t"}


async def test_where_there_is_no_index_nothing_is_near_and_nothing_fails() -> None:
    index = NoIndex()
    await index.put(uuid7(), SPACE, [])
    await index.drop(uuid7(), uuid7(), below_version=None)
    await index.keep_only(uuid7(), SPACE)
    await index.forget(uuid7())
    with pytest.raises(IndexAway):
        await index.nearest(uuid7(), SPACE, QUESTION, most=1)
