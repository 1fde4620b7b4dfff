"""What `chorus kb` does: bring, list, index anew and ask, on the database and the index themselves."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from ai.extract.language import language_of
from ai.knowledge import indexing
from ai.knowledge.chunk import cut_source
from ai.knowledge.clean import Refused, read_text, refuse_size
from ai.knowledge.embed import Embedder
from ai.knowledge.index import IndexAway, NoIndex
from ai.knowledge.indexing import Indexer, index_due, open_indexer, words_of
from ai.knowledge.opening import embedder_of
from ai.knowledge.passages import Found, Kind
from ai.knowledge.planned import Accounts
from ai.knowledge.search import Library
from ai.models.keys import MissingKey
from ai.settings import KnowledgeSettings
from chat_service.name_pages import Stretch
from chat_service.store import knowledge as store
from chat_service.store.knowledge import SourceCard
from chorus.bus import open_redis
from chorus.db import Db, open_db
from chorus.ids import uuid7
from chorus.settings import BadSettings
from launch import files
from launch.database import FIND_TENANT
from launch.faults import LaunchError
from launch.installation import the_database_url, the_redis_url
from summary_engine.ingest.worker import accounts_of

KINDS: Final[Mapping[str, Kind]] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
    ".text": "text",
    ".json": "qa",
}
LISTED_MAX: Final = 2_000
ASK_TIMEOUT_S: Final = 10.0
"""Who looks by hand would rather wait than be told less."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A tenant's knowledge, opened: `db` obeys its policies, `indexer` is the worker's part."""

    tenant_id: UUID
    db: Db
    indexer: Indexer


@dataclass(frozen=True, slots=True)
class Brought:
    """What somebody wants to be known."""

    name: str
    kind: Kind
    content: str
    language: str

    def values(self) -> dict[str, Any]:
        return {**asdict(self), "trust": "imported"}


def read_file(path: Path, name: str) -> Brought:
    """Read a file to bring.

    Raises:
        LaunchError: it is absent, too big, no text, or of a kind nobody reads.
    """
    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        known = ", ".join(KINDS)
        raise LaunchError(f"{path}: files end in one of {known} (JSON: questions and answers)")
    try:
        refuse_size(path.stat().st_size)
        content = read_text(path.read_bytes())
        return _checked(Brought(name or path.stem, kind, content, language_of(content)))
    except OSError as error:
        raise LaunchError(f"{path}: {error.strerror}") from error
    except Refused as error:
        raise LaunchError(f"{path}: {error}") from error


def read_pair(question: str, answer: str, name: str) -> Brought:
    """A question with its answer. Raises LaunchError: there is no word in them."""
    pairs = json.dumps([{"question": question, "answer": answer}], ensure_ascii=False)
    try:
        return _checked(Brought(name or question, "qa", pairs, language_of(answer)))
    except Refused as error:
        raise LaunchError(str(error)) from error


def _checked(brought: Brought) -> Brought:
    """What the indexer would refuse is refused here. Raises Refused."""
    cut_source(brought.kind, brought.name, brought.content)
    return brought


@asynccontextmanager
async def open_desk(data: Path, environ: Mapping[str, str], tenant: str) -> AsyncIterator[Desk]:
    """Open the knowledge of a tenant.

    Raises:
        LaunchError: nothing runs there, there is no such tenant, or the embedder cannot be made.
    """
    url = the_database_url(data, environ)
    settings = settings_of(data, environ)
    _made(settings, environ)
    async with (
        open_db(url, role="chorus_app", pool_size=1, application_name="chorus kb") as db,
        open_db(url, role="chorus_system", pool_size=2, application_name="chorus kb") as system,
        _accounts(settings, data, environ, system) as accounts,
        open_indexer(settings, environ, system, accounts) as indexer,
    ):
        async with db.read(None) as session:
            tenant_id: UUID | None = await session.scalar(FIND_TENANT, {"slug": tenant})
        if tenant_id is None:
            raise LaunchError(f"There is no tenant {tenant!r}")
        yield Desk(tenant_id, db, indexer)


@asynccontextmanager
async def _accounts(
    settings: KnowledgeSettings, data: Path, environ: Mapping[str, str], system: Db
) -> AsyncIterator[Accounts | None]:
    """Where an embedder costs nothing, Redis need not be there. Raises LaunchError."""
    if settings.hashes:
        yield None
        return
    async with open_redis(the_redis_url(data, environ)) as client:
        yield accounts_of(client, system)


def settings_of(data: Path, environ: Mapping[str, str]) -> KnowledgeSettings:
    """Of the environment, and the Chroma of this installation where none is named."""
    settings = KnowledgeSettings.from_env({**environ, "CHORUS_DATA": str(data)})
    run = files.read_run_file(data)
    # A port is chosen for it even where it could not be started.
    if settings.chroma_url or run is None or "chroma" not in run.pids:
        return settings
    return settings.model_copy(update={"chroma_url": f"http://127.0.0.1:{run.ports['chroma']}"})


def the_embedder(environ: Mapping[str, str]) -> Embedder | None:
    """The one that is configured; None: the one that comes along.

    Raises:
        LaunchError: it cannot be made.
    """
    try:
        settings = KnowledgeSettings.from_env(environ)
    except BadSettings as error:
        raise LaunchError(f"CHORUS_EMBEDDER cannot be used: {error}") from error
    return None if settings.hashes else _made(settings, environ)


def _made(settings: KnowledgeSettings, environ: Mapping[str, str]) -> Embedder:
    try:
        return embedder_of(settings, environ)
    except (MissingKey, ValueError, ImportError) as error:
        raise LaunchError(f"CHORUS_EMBEDDER cannot be used: {error}") from error


async def add(desk: Desk, brought: Brought) -> SourceCard:
    """Bring a source, or another version of the one of this name, and index it at once."""
    async with desk.db.transaction(desk.tenant_id) as tx:
        known = await store.find(tx, desk.tenant_id, brought.name)
        source_id = known or uuid7()
        bring = store.insert if known is None else store.update
        await bring(tx, desk.tenant_id, source_id, brought.values())
    await index_due(desk.indexer, desk.tenant_id)
    async with desk.db.read(desk.tenant_id) as session:
        found = await store.card(session, desk.tenant_id, source_id)
    if found is None:
        raise LaunchError(f"{brought.name} was taken away meanwhile")
    return found


async def listing(desk: Desk) -> list[SourceCard]:
    """All sources in order of name."""
    async with desk.db.read(desk.tenant_id) as session:
        return await store.page(session, desk.tenant_id, Stretch(None, LISTED_MAX))


async def reindex(desk: Desk) -> int:
    """Make the index of the tenant anew; says of how many sources.

    Raises:
        LaunchError: the index does not answer.
    """
    try:
        return await indexing.reindex(desk.indexer, desk.tenant_id)
    except IndexAway as error:
        raise LaunchError(f"The index does not answer ({error}); nothing was changed") from error


async def forget(desk: Desk) -> int:
    """Take away all of it; says how many sources. What the index cannot be told now it is told later."""
    return await indexing.forget(desk.indexer, desk.tenant_id)


async def ask(desk: Desk, question: str, k: int) -> Found:
    """What the bot would find; what is due is indexed first."""
    await index_due(desk.indexer, desk.tenant_id)
    indexer = desk.indexer
    library = Library(
        indexer.index, indexer.embedder, words_of(indexer.db), timeout_s=ASK_TIMEOUT_S
    )
    return await library.search(desk.tenant_id, question, k)


def shown_sources(cards: list[SourceCard]) -> str:
    """A line for each source."""
    if not cards:
        return "nothing is known yet; bring a file: chorus kb add FILE"
    width = max(len(one.name) for one in cards)
    return "\n".join(
        f"{one.name:<{width}}  {one.state:<8} {one.chunks:>5} pieces  v{one.version}"
        f"  {one.language or '-':<3} {one.note}".rstrip()
        for one in cards
    )


def shown_found(found: Found, index: object) -> str:
    """The passages with their scores, and how sure one can be."""
    lines = [f"confidence {found.confidence:.2f}"]
    if found.degraded:
        why = "no index is configured" if isinstance(index, NoIndex) else "the index is away"
        lines.append(f"degraded: {why}, found by words")
    for passage in found.passages:
        scores = f"cosine {passage.score_dense:.2f}, words {passage.score_lex:.2f}"
        lines += ["", f"{passage.title}   ({scores})", f"  {' '.join(passage.text.split())[:300]}"]
    if not found.passages:
        lines.append("nothing is known about it")
    return "\n".join(lines)
