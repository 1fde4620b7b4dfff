"""Whether what should stand in the index stands there: one that lost its data answers as if all were well."""

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from ai.knowledge import rows
from ai.knowledge.index import Space
from ai.knowledge.indexing import Indexer
from chorus.log import get_logger

log = get_logger(__name__)

TENANTS_AT_ONCE: Final = 50
_FIRST: Final = UUID(int=0)


@dataclass(slots=True)
class Rounds:
    """Goes from tenant to tenant, some of them at each look, and begins again at the end."""

    indexer: Indexer
    _after: dict[Space, UUID] = field(default_factory=dict)

    async def look(self) -> int:
        """Have what was lost indexed anew; until then it is found by its words. Says how many sources.

        Raises:
            IndexAway: it does not answer, so nobody knows. Unavailable, Overloaded: PostgreSQL.
        """
        return sum([await self._looked(one) for one in self.indexer.spaces])

    async def _looked(self, space: Space) -> int:
        after = self._after.get(space, _FIRST)
        async with self.indexer.db.read(None) as session:
            found = await rows.standing(session, space.name, after=after, most=TENANTS_AT_ONCE)
        self._after[space] = found[-1][0] if len(found) == TENANTS_AT_ONCE else _FIRST
        return sum([await self._seen_to(space, *one) for one in found])

    async def _seen_to(self, space: Space, tenant_id: UUID, wanted: int) -> int:
        indexer = self.indexer
        count = await indexer.index.count(tenant_id, space)
        if count >= wanted:
            return 0
        async with indexer.db.transaction(None) as tx:
            sources = await rows.lost(tx, tenant_id, space.name, found=count)
        if sources:
            log.error("knowledge_index_lost", tenant=str(tenant_id), wanted=wanted, found=count)
        return sources
