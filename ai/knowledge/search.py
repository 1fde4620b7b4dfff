"""`Library.search`: a question becomes passages, whatever of the index or the embedder is away."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from ai.extract.language import language_of
from ai.knowledge.embed import Embedder, EmbedderAway, HashingEmbedder, Vector, cosine
from ai.knowledge.index import IndexAway, KnowledgeIndex, space_of
from ai.knowledge.passages import (
    PASSAGES_MAX,
    QUERY_CHARS_MAX,
    Candidate,
    Chunk,
    Found,
)
from ai.knowledge.rank import rank
from chorus import metrics
from chorus.log import get_logger

log = get_logger(__name__)

CANDIDATES: Final = 50
"""So many of the nearest are ranked by their words, too."""
SEARCH_TIMEOUT_S: Final = 1.5

_OFFLINE: Final = HashingEmbedder()
ByWords = Callable[[UUID, str, int], Awaitable[list[Candidate]]]
"""Candidates that share words with a question: the net below the index."""


async def no_words(_tenant_id: UUID, _question: str, _most: int) -> list[Candidate]:
    """For a process without a database: without an index it knows nothing."""
    return []


@dataclass(frozen=True, slots=True)
class Library:
    """What a process that answers questions holds."""

    index: KnowledgeIndex
    embedder: Embedder
    by_words: ByWords = no_words
    timeout_s: float = SEARCH_TIMEOUT_S

    async def search(self, tenant_id: UUID, question: str, k: int = 5) -> Found:
        """The passages of this tenant that answer best.

        Takes `timeout_s` at most, then goes by words (`degraded`). Raises what `by_words` raises.
        """
        asked = question[:QUERY_CHARS_MAX]
        most = min(k, PASSAGES_MAX)
        if not asked.strip():
            return Found((), 0.0)
        try:
            async with asyncio.timeout(self.timeout_s):
                embedder = await self.embedder.serving(tenant_id)
                vector = await embedder.embed_query(asked)
                near = await self.index.nearest(
                    tenant_id, space_of(embedder), vector, most=CANDIDATES
                )
        except (IndexAway, EmbedderAway, TimeoutError) as error:
            log.warning("knowledge_degraded", error=type(error).__name__, why=str(error))
            metrics.knowledge_searches_total.labels("words").inc()
            return await self._by_words(tenant_id, asked, most)
        metrics.knowledge_searches_total.labels("index").inc()
        return rank(asked, near, embedder.confidence, k=most, lang=language_of(asked))

    async def _by_words(self, tenant_id: UUID, asked: str, k: int) -> Found:
        """Compare here what shares words: the offline embedder takes 0.3 ms a passage."""
        candidates = await self.by_words(tenant_id, asked, CANDIDATES)
        wanted = _OFFLINE.vector(asked)
        compared = [replace(one, dense=_likeness(wanted, one.chunk)) for one in candidates]
        found = rank(asked, compared, _OFFLINE.confidence, k=k, lang=language_of(asked))
        return replace(found, degraded=True)


def _likeness(wanted: Vector, chunk: Chunk) -> float:
    return cosine(wanted, _OFFLINE.vector(chunk.weighed))
