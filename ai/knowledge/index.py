"""The port to whatever finds near vectors, and the one that keeps them in memory and compares all."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol
from uuid import UUID

from ai.knowledge.embed import Embedder, Vector, cosine
from ai.knowledge.passages import Article, Candidate, Chunk

PURPOSE: Final = "kb"
ENTRIES_AT_ONCE: Final = 100
NOTHING_PUT: Final = "nothing was put there, or it was lost"


@dataclass(frozen=True, slots=True)
class Space:
    """Where vectors of one embedder stand; those of another one are somewhere else."""

    fingerprint: str
    dimensions: int

    @property
    def name(self) -> str:
        return f"{PURPOSE}.{self.fingerprint}.{self.dimensions}"


def space_of(embedder: Embedder) -> Space:
    return Space(embedder.fingerprint, embedder.dimensions)


@dataclass(frozen=True, slots=True)
class Entry:
    """A chunk with its vector, of length 1."""

    article: Article
    chunk: Chunk
    vector: Vector


class IndexAway(Exception):
    """The index does not answer, or not in time. What is in PostgreSQL is whole."""


class KnowledgeIndex(Protocol):
    """Derived, and rebuilt from PostgreSQL at any time. Every act is idempotent.

    No act touches, and no search answers with, what belongs to another tenant. All raise IndexAway.
    """

    async def put(self, tenant_id: UUID, space: Space, entries: Sequence[Entry]) -> None:
        """Keep these; what has the same passage id is replaced. At most `ENTRIES_AT_ONCE`."""
        ...

    async def drop(self, tenant_id: UUID, source_id: UUID, *, below_version: int | None) -> None:
        """Forget versions of a source below this one, or all of it, in every space."""
        ...

    async def nearest(
        self, tenant_id: UUID, space: Space, vector: Vector, *, most: int
    ) -> list[Candidate]:
        """The nearest chunks with their cosines, best first.

        Where nothing was ever put, it raises: an index that lost everything looks the same.
        """
        ...

    async def count(self, tenant_id: UUID, space: Space) -> int:
        """How many entries of a tenant stand in a space."""
        ...

    async def keep_only(self, tenant_id: UUID, space: Space) -> None:
        """Forget what other embedders left."""
        ...

    async def forget(self, tenant_id: UUID) -> None:
        """Forget everything of a tenant."""
        ...


@dataclass(slots=True)
class MemoryIndex:
    """Exact, for evaluations and tests: it compares with everything and forgets with its process."""

    _kept: dict[tuple[UUID, Space], dict[str, Entry]] = field(default_factory=dict)

    async def put(self, tenant_id: UUID, space: Space, entries: Sequence[Entry]) -> None:
        here = self._kept.setdefault((tenant_id, space), {})
        here |= {Candidate(one.article, one.chunk).id: one for one in entries}

    async def drop(self, tenant_id: UUID, source_id: UUID, *, below_version: int | None) -> None:
        for (owner, _), here in self._kept.items():
            doomed = [
                id_
                for id_, one in here.items()
                if owner == tenant_id
                and one.article.source_id == source_id
                and (below_version is None or one.article.version < below_version)
            ]
            for id_ in doomed:
                del here[id_]

    async def nearest(
        self, tenant_id: UUID, space: Space, vector: Vector, *, most: int
    ) -> list[Candidate]:
        here = self._kept.get((tenant_id, space))
        if here is None:
            raise IndexAway(NOTHING_PUT)
        found = [
            Candidate(one.article, one.chunk, cosine(vector, one.vector)) for one in here.values()
        ]
        return sorted(found, key=lambda one: (-(one.dense or 0.0), one.id))[:most]

    async def count(self, tenant_id: UUID, space: Space) -> int:
        return len(self._kept.get((tenant_id, space), ()))

    async def keep_only(self, tenant_id: UUID, space: Space) -> None:
        for owner, other in list(self._kept):
            if owner == tenant_id and other != space:
                del self._kept[owner, other]

    async def forget(self, tenant_id: UUID) -> None:
        for owner, space in list(self._kept):
            if owner == tenant_id:
                del self._kept[owner, space]


class NoIndex:
    """Where none is configured: everything is found by its words, and nothing waits for an index."""

    async def put(self, tenant_id: UUID, space: Space, entries: Sequence[Entry]) -> None:
        pass

    async def drop(self, tenant_id: UUID, source_id: UUID, *, below_version: int | None) -> None:
        pass

    async def nearest(
        self, tenant_id: UUID, space: Space, vector: Vector, *, most: int
    ) -> list[Candidate]:
        raise IndexAway("none is configured")

    async def count(self, tenant_id: UUID, space: Space) -> int:
        raise IndexAway("none is configured")

    async def keep_only(self, tenant_id: UUID, space: Space) -> None:
        pass

    async def forget(self, tenant_id: UUID) -> None:
        pass
