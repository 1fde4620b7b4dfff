"""A database with tenants and what they bring, and an index that can be taken away."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ai.knowledge.embed import Vector
from ai.knowledge.index import Entry, IndexAway, MemoryIndex, Space
from ai.knowledge.indexing import Indexer, words_of
from ai.knowledge.search import Library
from chorus.db import Db
from chorus.ids import uuid7
from tests.ai.knowledge.library import HASHING

QUESTION = "How long does delivery take?"
DELIVERY = "Standard delivery takes three to five working days."
ANOTHER = "Delivery takes one day now."


@dataclass
class World:
    """A database with tenants, and an index that can be taken away."""

    db: Db
    connection: Any
    index: "Breakable"

    @property
    def indexer(self) -> Indexer:
        return Indexer(self.db, self.index, HASHING, in_charge=True)

    async def tenant(self) -> UUID:
        id_ = uuid7()
        await self.connection.execute(
            "INSERT INTO tenants (id, slug, name) VALUES ($1, $2, 'T')", id_, f"t{id_.hex}"
        )
        return id_

    async def bring(self, tenant: UUID, content: str = DELIVERY, kind: str = "markdown") -> UUID:
        id_ = uuid7()
        await self.connection.execute(
            "INSERT INTO knowledge_sources (id, tenant_id, name, kind, content)"
            " VALUES ($1, $2, $3, $4, $5)",
            id_,
            tenant,
            f"Delivery {id_}",
            kind,
            content,
        )
        return id_

    async def change(self, source: UUID, content: str) -> None:
        await self.connection.execute(
            "UPDATE knowledge_sources SET content = $2, version = version + 1, fence = fence + 1,"
            " state = 'queued', lease_until = NULL, due_at = now(), attempts = 0 WHERE id = $1",
            source,
            content,
        )

    async def delete(self, source: UUID) -> None:
        await self.connection.execute(
            "UPDATE knowledge_sources SET state = 'deleted', content = '', fence = fence + 1,"
            " lease_until = NULL, due_at = now(), updated_at = now() WHERE id = $1",
            source,
        )
        await self.connection.execute("DELETE FROM kb_chunks WHERE source_id = $1", source)

    async def due_now(self) -> None:
        """As if time had passed."""
        await self.connection.execute(
            "UPDATE knowledge_sources SET due_at = now(), updated_at = now() - interval '1h',"
            " lease_until = CASE WHEN lease_until IS NULL THEN NULL ELSE now() - interval '1s' END"
        )

    async def source(self, source: UUID) -> Any:
        return await self.connection.fetchrow(
            "SELECT * FROM knowledge_sources WHERE id = $1", source
        )

    async def found(self, tenant: UUID, question: str = QUESTION) -> list[str]:
        library = Library(self.index, HASHING, words_of(self.db))
        return [one.text for one in (await library.search(tenant, question)).passages]


@dataclass
class Breakable(MemoryIndex):
    away: bool = False
    refuses: int = 0
    """How many puts still go wrong by a fault of ours."""
    puts: list[int] = field(default_factory=list)

    async def put(self, tenant_id: UUID, space: Space, entries: Sequence[Entry]) -> None:
        self._look()
        if self.refuses:
            self.refuses -= 1
            raise ZeroDivisionError
        self.puts.append(len(entries))
        await super().put(tenant_id, space, entries)

    async def nearest(self, tenant_id: UUID, space: Space, vector: Vector, *, most: int) -> Any:
        self._look()
        return await super().nearest(tenant_id, space, vector, most=most)

    async def drop(self, tenant_id: UUID, source_id: UUID, *, below_version: int | None) -> None:
        self._look()
        await super().drop(tenant_id, source_id, below_version=below_version)

    async def forget(self, tenant_id: UUID) -> None:
        self._look()
        await super().forget(tenant_id)

    def _look(self) -> None:
        if self.away:
            raise IndexAway("taken away")
