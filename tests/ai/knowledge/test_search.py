"""Ranking, and what a library does when the index, the embedder or both are away."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import pytest

from ai.knowledge.embed import Confidence, EmbedderAway, HashingEmbedder, Vector
from ai.knowledge.index import IndexAway, MemoryIndex, NoIndex, Space
from ai.knowledge.passages import PASSAGES_MAX, Candidate, Chunk
from ai.knowledge.rank import rank
from ai.knowledge.search import Library, no_words
from chorus.ids import uuid7
from tests.ai.knowledge.library import DELIVERY, HASHING, LAMP, RETURNS, SPACE, article, entry

pytestmark = pytest.mark.anyio
TENANT = uuid7()
ASKED = "How long does delivery take?"
READS = Confidence(none=0.0, sure=1.0)


def candidate(said: tuple[str, str], dense: float, *, lang: str = "en") -> Candidate:
    of = article(TENANT)
    return Candidate(type(of)(TENANT, of.source_id, 1, lang, "editor"), Chunk(0, *said), dense)


async def shelf() -> MemoryIndex:
    index = MemoryIndex()
    for said in (DELIVERY, RETURNS, LAMP):
        await index.put(TENANT, SPACE, [entry(article(TENANT), said)])
    return index


async def by_words(_tenant: UUID, _question: str, most: int) -> list[Candidate]:
    found = [Candidate(article(TENANT), Chunk(0, *said)) for said in (LAMP, DELIVERY)]
    return found[:most]


@dataclass
class Silent(MemoryIndex):
    """An index whose server takes the question and never answers."""

    async def nearest(
        self, tenant_id: UUID, space: Space, vector: Vector, *, most: int
    ) -> list[Candidate]:
        await asyncio.Event().wait()
        raise IndexAway


class Away(HashingEmbedder):
    async def embed_query(self, text: str) -> Vector:
        raise EmbedderAway

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector]:
        raise EmbedderAway


class Elsewhere(HashingEmbedder):
    """An embedder whose cosines are all high."""

    @property
    def confidence(self) -> Confidence:
        return Confidence(none=0.9, sure=0.99)


async def test_the_passage_that_answers_comes_first_with_all_its_scores() -> None:
    found = await Library(await shelf(), HASHING).search(TENANT, ASKED, k=2)
    best, _ = found.passages
    assert best.title == DELIVERY[0]
    assert best.id == f"{best.article_id}:1:0"
    assert (best.lang, best.trust, best.version) == ("en", "editor", 1)
    assert best.score_dense > 0
    assert best.score_lex > 0
    assert found.confidence > 0.45
    assert not found.degraded


async def test_a_question_nothing_answers_is_no_reason_to_be_sure() -> None:
    found = await Library(await shelf(), HASHING).search(TENANT, "Who painted the Mona Lisa?")
    assert found.confidence < 0.2


async def test_another_tenant_finds_nothing() -> None:
    found = await Library(await shelf(), HASHING).search(uuid7(), ASKED)
    assert (found.passages, found.confidence) == ((), 0.0)


@pytest.mark.parametrize("question", ["", "  \n", "?" * 10, "a" * 200_000])
async def test_every_question_has_an_answer_even_if_it_is_none(question: str) -> None:
    found = await Library(await shelf(), HASHING).search(TENANT, question, k=10**6)
    assert len(found.passages) <= PASSAGES_MAX
    assert found.confidence < 0.45


@pytest.mark.parametrize("index", [NoIndex(), Silent()])
async def test_without_an_index_words_are_compared_and_that_is_said(index: MemoryIndex) -> None:
    found = await Library(index, HASHING, by_words, timeout_s=0.01).search(TENANT, ASKED)
    assert [one.title for one in found.passages] == [DELIVERY[0], LAMP[0]]
    assert found.degraded
    assert found.confidence > 0.45


async def test_without_an_embedder_words_are_compared() -> None:
    found = await Library(await shelf(), Away(), by_words).search(TENANT, ASKED)
    assert found.degraded
    assert found.passages[0].title == DELIVERY[0]


async def test_without_index_and_words_nothing_is_found_and_nothing_fails() -> None:
    found = await Library(NoIndex(), HASHING).search(TENANT, ASKED)
    assert (found.passages, found.confidence, found.degraded) == ((), 0.0, True)
    assert await no_words(TENANT, ASKED, 5) == []


def test_confidence_is_of_cosines_alone() -> None:
    sure = rank(ASKED, [candidate(LAMP, 0.9)], READS, k=1)
    unsure = rank(ASKED, [candidate(DELIVERY, 0.2)], READS, k=1)
    assert (sure.confidence, unsure.confidence) == (0.9, 0.2)


def test_who_comes_first_by_words_is_no_surer_for_what_another_is_sure_of() -> None:
    found = rank(ASKED, [candidate(DELIVERY, 0.2), candidate(LAMP, 0.4)], READS, k=2)
    assert [(one.title, one.confidence) for one in found.passages] == [
        (DELIVERY[0], 0.2),
        (LAMP[0], 0.4),
    ]
    assert found.confidence == 0.4


async def test_words_that_are_compared_here_are_read_by_what_compared_them() -> None:
    library = Library(NoIndex(), Elsewhere(), by_words)
    found = await library.search(TENANT, ASKED)
    assert found.confidence == max(one.confidence for one in found.passages) > 0.45


def test_words_decide_between_what_is_equally_near() -> None:
    found = rank(ASKED, [candidate(LAMP, 0.5), candidate(DELIVERY, 0.5)], READS, k=2)
    assert [one.title for one in found.passages] == [DELIVERY[0], LAMP[0]]


def test_the_language_of_the_question_decides_between_equals() -> None:
    pair = [candidate(DELIVERY, 0.5, lang=lang) for lang in ("de", "en", "fr")]
    assert rank(ASKED, pair, READS, k=1, lang="en").passages[0].lang == "en"


def test_equals_come_in_the_same_order_whatever_order_they_came_in() -> None:
    some = [candidate(DELIVERY, 0.5) for _ in range(5)]
    one, other = (rank(ASKED, order, READS, k=5) for order in (some, some[::-1]))
    assert one == other


def test_of_nothing_nothing_is_known() -> None:
    assert rank(ASKED, [], READS, k=5).confidence == 0.0
