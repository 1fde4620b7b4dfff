"""`index_due`: what was brought is cleaned, cut, kept, and made findable. Whoever has a database calls it.

Safe to call by several at once, and to be killed at any moment: a source is leased and fenced, every
step may be repeated, and what is half indexed is found by words meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from ai.knowledge import rows
from ai.knowledge.chunk import Cut, cut_source
from ai.knowledge.clean import Refused
from ai.knowledge.embed import Embedder, EmbedderAway, EmbedderRefused, Vector
from ai.knowledge.index import (
    ENTRIES_AT_ONCE,
    Entry,
    IndexAway,
    KnowledgeIndex,
    NoIndex,
    Space,
    space_of,
)
from ai.knowledge.opening import open_embedder, open_index
from ai.knowledge.passages import Candidate, Chunk
from ai.knowledge.planned import OFFLINE, Accounts, Terms, Whose
from ai.knowledge.rows import Belongs, FenceRaised, Taken
from ai.knowledge.search import ByWords
from ai.settings import KnowledgeSettings
from chorus import metrics
from chorus.db import Db
from chorus.errors import Overloaded, Unavailable
from chorus.log import get_logger

log = get_logger(__name__)

LEASE_S: Final = 120.0
AT_ONCE: Final = 4
BATCH_TIMEOUT_S: Final = 30.0
RETRY_FIRST_S: Final = 2.0
RETRY_LAST_S: Final = 300.0
ATTEMPTS_MAX: Final = 8
"""Of a source that fails by itself; one that only waits for the index is tried for ever."""
AWAY_WAIT_S: Final = 10.0
WAITS: Final = "waits"
"""What becomes of a source while the index, or who makes vectors, is away."""
BROKEN: Final = "Something went wrong on our side. It is tried again; the log says more."
AWAY: Final = "The index does not answer. Until it does, this is found by its words."
NO_VECTORS: Final = "No embedding can be had at the moment. Until then, this is found by its words."
UNPAID: Final = "The month's budget for models does not allow its embedding. Until it does, this is found by its words."
UNPAID_WAIT_S: Final = 600.0
"""A budget is raised by hand, or by the next month."""


@dataclass(frozen=True, slots=True)
class Indexer:
    """What indexing takes. `db` runs under chorus_system.

    One is `in_charge` of an installation: it moves what is ready into its own space and sees to
    what was deleted. Others, whose settings may differ, index what is new.
    """

    db: Db
    index: KnowledgeIndex
    embedder: Embedder
    in_charge: bool = False
    terms: Terms | None = None
    """Who has the embedder; None: everybody."""

    @property
    def space(self) -> str:
        """Where most vectors stand; empty where there are none, so that an index that comes gets all."""
        return self.spaces[0].name if self.spaces else ""

    @property
    def spaces(self) -> list[Space]:
        """All that vectors stand in: of those who have the embedder, and of those who have not."""
        if isinstance(self.index, NoIndex):
            return []
        return [space_of(self.embedder), *([space_of(OFFLINE)] if self._is_split else [])]

    @property
    def _is_split(self) -> bool:
        return self.terms is not None and self.terms.is_split

    async def belongs(self) -> Belongs:
        """Whose vectors belong into which of them."""
        if self.terms is None or not self._is_split or not self.spaces:
            return Belongs(self.space)
        async with self.db.read(None) as session:
            known = await rows.with_knowledge(session)
        without = [id_ for id_, whose in known if not self.terms.choices(whose)]
        return Belongs(self.space, space_of(OFFLINE).name, without)


async def index_due(indexer: Indexer, tenant_id: UUID | None = None) -> int:
    """Index all sources that are due, of all tenants or of one; says how many were taken.

    It ends early where the index is away: the next look tries again.

    Raises:
        Unavailable, Overloaded: PostgreSQL cannot be reached; leases bring back what was taken.
    """
    count = 0
    while True:
        belongs = await indexer.belongs()
        async with indexer.db.transaction(None) as tx:
            taken = await rows.take(
                tx,
                belongs=belongs,
                most=AT_ONCE,
                lease_s=LEASE_S,
                tenant_id=tenant_id,
                in_charge=indexer.in_charge,
            )
        states = [await _index(indexer, one) for one in taken]
        count += len(taken)
        if not taken or WAITS in states:
            return count


async def reindex(indexer: Indexer, tenant_id: UUID) -> int:
    """Forget the index of a tenant and make it anew; says of how many sources.

    Raises:
        IndexAway: it cannot be forgotten at the moment.
    """
    await indexer.index.forget(tenant_id)
    async with indexer.db.transaction(None) as tx:
        count = await rows.requeue(tx, tenant_id)
    await index_due(indexer, tenant_id)
    return count


async def forget(indexer: Indexer, tenant_id: UUID) -> int:
    """Take away all a tenant knows, from the index too; says how many sources.

    Where the index is away it is told later: until then each source stands as deleted.
    """
    async with indexer.db.transaction(None) as tx:
        count = await rows.delete_all(tx, tenant_id)
    try:
        async with asyncio.timeout(BATCH_TIMEOUT_S):
            await indexer.index.forget(tenant_id)
    except (IndexAway, TimeoutError) as error:
        log.warning("knowledge_index_away", error=type(error).__name__, why=str(error))
    return count


@asynccontextmanager
async def open_indexer(
    settings: KnowledgeSettings,
    environ: Mapping[str, str],
    db: Db,
    accounts: Accounts | None,
    *,
    in_charge: bool = False,
) -> AsyncIterator[Indexer]:
    """Open what `index_due` takes.

    Raises:
        MissingKey, ValueError, ImportError: the embedder that is configured cannot be made, or nobody
            says who pays for it.
    """
    async with (
        open_embedder(settings, environ, accounts) as (embedder, terms),
        open_index(settings) as index,
    ):
        yield Indexer(db, index, embedder, in_charge, terms)


def whose_of(db: Db) -> Callable[[UUID], Awaitable[Whose | None]]:
    """Slug and tier by PostgreSQL, for `Accounts`."""

    async def whose(tenant_id: UUID) -> Whose | None:
        async with db.read(None) as session:
            return await rows.whose(session, tenant_id)

    return whose


def words_of(db: Db) -> ByWords:
    """Find by words in PostgreSQL, for `Library`."""

    async def by_words(tenant_id: UUID, question: str, most: int) -> list[Candidate]:
        async with db.read(None) as session:
            return await rows.by_terms(session, tenant_id, question, most)

    return by_words


async def _index(indexer: Indexer, taken: Taken) -> str:
    try:
        state = await _tried(indexer, taken)
    except FenceRaised:
        await _take_back(indexer, taken)
        state = "changed"
    metrics.knowledge_sources_total.labels(state).inc()
    log.info("knowledge_source", source=str(taken.article.source_id), state=state)
    return state


async def _tried(indexer: Indexer, taken: Taken) -> str:
    """Raises FenceRaised."""
    try:
        return await _forget(indexer, taken) if taken.deleted else await _make(indexer, taken)
    except (IndexAway, EmbedderAway, TimeoutError) as error:
        log.warning("knowledge_index_away", error=type(error).__name__, why=str(error))
        return await _wait(indexer, taken, error)
    except (FenceRaised, Unavailable, Overloaded):
        raise
    except Exception:
        # A fault of ours: it must not keep the sources behind it from being indexed.
        log.exception("knowledge_source_broken", source=str(taken.article.source_id))
        return await _give_up(indexer, taken)


async def _wait(indexer: Indexer, taken: Taken, error: Exception) -> str:
    """Until what is away comes back, however long that takes. Raises FenceRaised."""
    unpaid = isinstance(error, EmbedderRefused) and error.why == "over_budget"
    note = UNPAID if unpaid else NO_VECTORS if isinstance(error, EmbedderAway) else AWAY
    wait_s = UNPAID_WAIT_S if unpaid else AWAY_WAIT_S
    async with indexer.db.transaction(None) as tx:
        await rows.later(tx, taken, note, wait_s=wait_s, counts=False)
    # A budget is one tenant's: the sources of others go on.
    return "unpaid" if unpaid else WAITS


async def _give_up(indexer: Indexer, taken: Taken) -> str:
    """For a while, and in the end for good. Raises FenceRaised."""
    async with indexer.db.transaction(None) as tx:
        if taken.attempts >= ATTEMPTS_MAX and not taken.deleted:
            await rows.failed(tx, taken, BROKEN)
            return "failed"
        wait_s = min(RETRY_FIRST_S * 2.0 ** min(taken.attempts - 1, 10), RETRY_LAST_S)
        await rows.later(tx, taken, BROKEN, wait_s=wait_s)
    return "put_back"


async def _take_back(indexer: Indexer, taken: Taken) -> None:
    """Drop what was put of a version that is no more: who came after may have dropped it too early."""
    article = taken.article
    async with indexer.db.read(None) as session:
        version = await rows.version(session, article)
    if version == article.version:
        return
    try:
        async with asyncio.timeout(BATCH_TIMEOUT_S):
            await indexer.index.drop(article.tenant_id, article.source_id, below_version=version)
    except (IndexAway, TimeoutError) as error:
        # What was deleted is dropped once more anyway.
        log.warning("knowledge_not_taken_back", error=type(error).__name__)
        async with indexer.db.transaction(None) as tx:
            await rows.again(tx, article, wait_s=AWAY_WAIT_S)


async def _forget(indexer: Indexer, taken: Taken) -> str:
    """Twice, a lease apart: somebody may have been about to put it, and have died since."""
    article = taken.article
    async with asyncio.timeout(BATCH_TIMEOUT_S):
        await indexer.index.drop(article.tenant_id, article.source_id, below_version=None)
    async with indexer.db.transaction(None) as tx:
        if await rows.gone(tx, taken, lease_s=LEASE_S):
            return "gone"
        await rows.later(tx, taken, "", wait_s=LEASE_S, counts=False)
    return "deleted"


async def _make(indexer: Indexer, taken: Taken) -> str:
    """Keep the chunks first: what is true stands in PostgreSQL before anything is derived."""
    try:
        cut = await asyncio.to_thread(cut_source, taken.kind, taken.name, taken.content)
    except Refused as refused:
        async with indexer.db.transaction(None) as tx:
            await rows.failed(tx, taken, str(refused))
        return "failed"
    async with indexer.db.transaction(None) as tx:
        await rows.renew(tx, taken, lease_s=LEASE_S)
        await rows.keep_chunks(tx, taken.article, cut.chunks)
    found = [one for one in cut.chunks if not one.held_back]
    space = await _derive(indexer, taken, found) if indexer.spaces else None
    stands_in = space.name if space else rows.OUTDATED if taken.stood_in else ""
    async with indexer.db.transaction(None) as tx:
        await rows.done(tx, taken, cut.chunks, space=stands_in, note=_note(cut))
    if space is not None:
        await _leave_others(indexer, taken, space)
    return "ready"


async def _derive(indexer: Indexer, taken: Taken, chunks: Sequence[Chunk]) -> Space:
    """Put vectors into the space of this tenant's embedder, and say which that is."""
    article = taken.article
    embedder = await indexer.embedder.serving(article.tenant_id)
    space = space_of(embedder)
    for at in range(0, len(chunks), ENTRIES_AT_ONCE):
        batch = chunks[at : at + ENTRIES_AT_ONCE]
        if at:
            async with indexer.db.transaction(None) as tx:
                await rows.renew(tx, taken, lease_s=LEASE_S)
        async with asyncio.timeout(BATCH_TIMEOUT_S):
            vectors = await _vectors(embedder, batch)
            entries = [Entry(article, *pair) for pair in zip(batch, vectors, strict=True)]
            await indexer.index.put(article.tenant_id, space, entries)
    if article.version > 1:
        async with asyncio.timeout(BATCH_TIMEOUT_S):
            await indexer.index.drop(
                article.tenant_id, article.source_id, below_version=article.version
            )
    return space


async def _vectors(embedder: Embedder, chunks: Sequence[Chunk]) -> list[Vector]:
    return await embedder.embed_documents([one.weighed for one in chunks])


async def _leave_others(indexer: Indexer, taken: Taken, space: Space) -> None:
    """Once all of a tenant stands in the new space, the old ones are thrown away."""
    if not indexer.in_charge or taken.stood_in in ("", space.name):
        return
    tenant_id = taken.article.tenant_id
    async with indexer.db.read(None) as session:
        if await rows.elsewhere(session, tenant_id, space.name):
            return
    async with asyncio.timeout(BATCH_TIMEOUT_S):
        await indexer.index.keep_only(tenant_id, space)


def _note(cut: Cut) -> str:
    held_back = sum(bool(one.held_back) for one in cut.chunks)
    said = [f"Taken out: {', '.join(cut.removed)}."] if cut.removed else []
    if held_back:
        said.append(
            f"{held_back} of {len(cut.chunks)} pieces look like orders to a model and are not found."
        )
    return " ".join(said)
