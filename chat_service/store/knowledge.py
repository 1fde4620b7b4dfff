"""SQL on sources of knowledge as those who bring them see them; the worker indexes them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from chat_service.name_pages import AFTER, Stretch
from chat_service.store.rows import every, first, one_id
from chorus.db import Reader, Transaction


@dataclass(frozen=True, slots=True)
class SourceCard:
    """A source and where it stands; `content` only where one is read by itself."""

    id: UUID
    name: str
    kind: str
    trust: str
    language: str
    state: str
    note: str
    version: int
    chunks: int
    held_back: int
    size_bytes: int
    created_at: datetime
    updated_at: datetime
    indexed_at: datetime | None
    content: str | None


_COLUMNS: Final = """
SELECT s.id, s.name, s.kind, s.trust, s.language, s.state, s.note, s.version, s.chunks, s.held_back,
    octet_length(s.content), s.created_at, s.updated_at, s.indexed_at
"""
_SHOWN: Final = "FROM knowledge_sources s WHERE s.tenant_id = :tenant AND s.state <> 'deleted'"
_PAGE = text(f"{_COLUMNS}, NULL {_SHOWN} AND {AFTER.format('s')}")
_ONE = text(f"{_COLUMNS}, s.content {_SHOWN} AND s.id = :id FOR UPDATE")
_READ = text(f"{_COLUMNS}, s.content {_SHOWN} AND s.id = :id")
_COUNT = text(f"SELECT count(*) {_SHOWN}")
_NAMED = text(f"SELECT s.id {_SHOWN} AND s.name = :name AND s.id <> :id")
_STANDING = text(f"SELECT s.id {_SHOWN} AND s.id = ANY (CAST(:ids AS uuid[]))")
# Of a version that is no longer the source's nothing stands: neither while the new one waits to be
# indexed, nor where it cannot be read.
_PASSAGES = text("""
SELECT k.source_id, k.version, k.place FROM kb_chunks k
JOIN knowledge_sources s ON s.tenant_id = k.tenant_id AND s.id = k.source_id
    AND s.version = k.version AND s.state <> 'deleted'
WHERE k.tenant_id = :tenant AND k.held_back = '' AND (k.source_id, k.version, k.place) IN (
    SELECT * FROM unnest(CAST(:sources AS uuid[]), CAST(:versions AS int[]), CAST(:places AS int[]))
)
""")
_KNOWS = text("""
SELECT EXISTS (
    SELECT 1 FROM kb_chunks k
    JOIN knowledge_sources s ON s.tenant_id = k.tenant_id AND s.id = k.source_id
    WHERE k.tenant_id = :tenant AND k.held_back = '' AND s.state <> 'deleted'
)
""")
_INSERT = text("""
INSERT INTO knowledge_sources (id, tenant_id, name, kind, trust, language, content)
VALUES (:id, :tenant, :name, :kind, :trust, :language, :content)
""")
# Whoever indexes the version of before finds another fence and changes nothing any more.
_UPDATE = text("""
UPDATE knowledge_sources
SET name = :name, kind = :kind, trust = :trust, language = :language, content = :content,
    state = 'queued', note = '', version = version + 1, fence = fence + 1, attempts = 0,
    lease_until = NULL, due_at = now(), updated_at = now()
WHERE tenant_id = :tenant AND id = :id
""")
_DELETE = text("""
UPDATE knowledge_sources
SET state = 'deleted', content = '', note = '', fence = fence + 1, attempts = 0, lease_until = NULL,
    due_at = now(), updated_at = now()
WHERE tenant_id = :tenant AND id = :id AND state <> 'deleted'
""")
_FORGET = text("DELETE FROM kb_chunks WHERE tenant_id = :tenant AND source_id = :id")


async def page(session: Reader, tenant_id: UUID, stretch: Stretch) -> list[SourceCard]:
    """Sources in order of name, without what is in them."""
    given = {"tenant": tenant_id} | stretch.given()
    return [SourceCard(*row) for row in await every(session, _PAGE, given)]


async def card(session: Reader, tenant_id: UUID, source_id: UUID) -> SourceCard | None:
    found = await first(session, _READ, {"tenant": tenant_id, "id": source_id})
    return None if found is None else SourceCard(*found)


async def lock(tx: Transaction, tenant_id: UUID, source_id: UUID) -> SourceCard | None:
    """Read one that is about to change."""
    found = await first(tx, _ONE, {"tenant": tenant_id, "id": source_id})
    return None if found is None else SourceCard(*found)


async def count(session: Reader, tenant_id: UUID) -> int:
    return int(await session.scalar(_COUNT, {"tenant": tenant_id}))


async def name_taken(session: Reader, tenant_id: UUID, name: str, *, by_other_than: UUID) -> bool:
    given = {"tenant": tenant_id, "name": name, "id": by_other_than}
    return await session.scalar(_NAMED, given) is not None


async def knows(session: Reader, tenant_id: UUID) -> bool:
    """Whether anything of the tenant can be found at all."""
    return bool(await session.scalar(_KNOWS, {"tenant": tenant_id}))


async def standing(session: Reader, tenant_id: UUID, ids: Collection[UUID]) -> set[UUID]:
    """Those of these sources that are the tenant's and were not taken away."""
    if not ids:
        return set()
    rows = await every(session, _STANDING, {"tenant": tenant_id, "ids": list(ids)})
    return {row[0] for row in rows}


async def passages(
    session: Reader, tenant_id: UUID, asked: Collection[tuple[UUID, int, int]]
) -> list[tuple[UUID, int, int]]:
    """Those of these chunks (source, version, place) that the tenant has as of now."""
    if not asked:
        return []
    sources, versions, places = (list(column) for column in zip(*asked, strict=True))
    given = {"tenant": tenant_id, "sources": sources, "versions": versions, "places": places}
    rows = await every(session, _PASSAGES, given)
    return [(source, version, place) for source, version, place in rows]


async def find(session: Reader, tenant_id: UUID, name: str) -> UUID | None:
    """The source of a name."""
    return await one_id(session, _NAMED, {"tenant": tenant_id, "name": name, "id": UUID(int=0)})


async def insert(
    tx: Transaction, tenant_id: UUID, source_id: UUID, values: Mapping[str, Any]
) -> None:
    """Bring a source; it is indexed a moment later."""
    await tx.execute(_INSERT, {**values, "tenant": tenant_id, "id": source_id})


async def update(
    tx: Transaction, tenant_id: UUID, source_id: UUID, values: Mapping[str, Any]
) -> None:
    """Bring it otherwise; until that is indexed, what was found before is found, and said by no bot."""
    await tx.execute(_UPDATE, {**values, "tenant": tenant_id, "id": source_id})


async def delete(tx: Transaction, tenant_id: UUID, source_id: UUID) -> None:
    """Take it away; its words are gone now, its row when the index has heard of it."""
    given = {"tenant": tenant_id, "id": source_id}
    await tx.execute(_DELETE, given)
    await tx.execute(_FORGET, given)
