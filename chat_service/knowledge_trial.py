"""Trying knowledge out: what stands in it for a question, compared by words as where no index is."""

from typing import Final
from uuid import UUID

from ai.knowledge import rows
from ai.knowledge.embed import HashingEmbedder
from ai.knowledge.index import NoIndex
from ai.knowledge.passages import Candidate, Found
from ai.knowledge.search import Library
from chorus.auth import Principal
from chorus.db import Db

FOUND_MAX: Final = 5


async def ask(db: Db, principal: Principal, question: str) -> Found:
    """The passages of this tenant that answer best, and how sure the bot could be without its index.

    The index of meanings is not asked: it is the bot's, and may find more.
    """

    async def by_words(tenant_id: UUID, asked: str, most: int) -> list[Candidate]:
        async with db.read(tenant_id) as session:
            return await rows.by_terms(session, tenant_id, asked, most)

    library = Library(NoIndex(), HashingEmbedder(), by_words)
    return await library.search(principal.tenant_id, question, FOUND_MAX)
