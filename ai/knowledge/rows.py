"""The SQL of knowledge: sources to index, their chunks, and what shares words with a question.

Runs under chorus_system, so that every statement names the tenant itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import text

from ai.knowledge.features import terms
from ai.knowledge.passages import Article, Candidate, Chunk, Kind, Trust
from chorus.db import Reader, Transaction

TERMS_MAX: Final = 200
CHUNKS_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Belongs:
    """Into which space vectors belong, and which tenants' into another one. Empty: there is none."""

    space: str
    apart_space: str = ""
    apart: Sequence[UUID] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """A source this process indexes as long as nobody raises `fence`."""

    article: Article
    name: str
    kind: Kind
    content: str
    deleted: bool
    fence: int
    attempts: int
    stood_in: str
    """The space its vectors stood in until now; empty: in none."""

    @property
    def key(self) -> dict[str, Any]:
        return {"id": self.article.source_id, "fence": self.fence}


class FenceRaised(Exception):
    """The source was changed, or somebody else has it by now."""


OUTDATED: Final = "outdated"
"""The space of a source whose words changed while there was no index: an older version stands in one."""
# A source that is ready is due again when it stands in another space: a new embedder. What was
# deleted waits where there is no index to forget it; both are for the one in charge.
_DUE: Final = """
  WHERE (state = 'queued' AND due_at <= now()
      OR state = 'indexing' AND lease_until < now()
      OR :in_charge AND state = 'deleted' AND due_at <= now() AND (:indexes OR indexed_as = '')
      OR :in_charge AND state = 'ready' AND :indexes AND indexed_as <> CASE
        WHEN tenant_id = ANY(CAST(:apart AS uuid[])) THEN CAST(:apart_space AS text) ELSE :space END)
    AND (CAST(:tenant AS uuid) IS NULL OR tenant_id = :tenant)
    AND (lease_until IS NULL OR lease_until < now())
"""
# Tenants take turns: who brings two thousand sources keeps nobody waiting who brings one. What was
# deleted comes before all that is brought, and takes next to no time.
_TAKE: Final = text(f"""
WITH turns AS (
  SELECT id AS source, row_number() OVER (
    PARTITION BY tenant_id ORDER BY state <> 'deleted', due_at, id
  ) AS turn
  FROM knowledge_sources {_DUE}
), due AS (
  SELECT id FROM knowledge_sources JOIN turns ON source = id {_DUE}
  ORDER BY state <> 'deleted', turn, due_at LIMIT :most FOR UPDATE OF knowledge_sources SKIP LOCKED
)
UPDATE knowledge_sources s
SET state = CASE WHEN s.state = 'deleted' THEN 'deleted' ELSE 'indexing' END,
    lease_until = CASE WHEN s.state = 'deleted' THEN NULL ELSE now() + :lease END,
    due_at = now() + :lease, fence = s.fence + 1, attempts = s.attempts + 1
FROM due WHERE s.id = due.id
RETURNING s.id, s.tenant_id, s.version, s.language, s.trust, s.name, s.kind, s.content,
    s.state = 'deleted', s.fence, s.attempts, s.indexed_as
""")  # noqa: S608 - our own constants
_WHOSE: Final = text("SELECT slug, tier FROM tenants WHERE id = :tenant")
_WITH_KNOWLEDGE: Final = text("""
SELECT id, slug, tier FROM tenants t
WHERE EXISTS (SELECT FROM knowledge_sources WHERE tenant_id = t.id AND state = 'ready')
""")
_RENEW: Final = text("""
UPDATE knowledge_sources SET lease_until = now() + :lease
WHERE id = :id AND fence = :fence AND state = 'indexing' RETURNING true
""")
_DONE: Final = text("""
UPDATE knowledge_sources
SET state = 'ready', note = :note, chunks = :chunks, held_back = :held_back, indexed_as = :space,
    attempts = 0, lease_until = NULL, indexed_at = now()
WHERE id = :id AND fence = :fence AND state = 'indexing' RETURNING true
""")
_FAILED: Final = text("""
UPDATE knowledge_sources SET state = 'failed', note = :note, lease_until = NULL
WHERE id = :id AND fence = :fence AND state = 'indexing' RETURNING true
""")
_LATER: Final = text("""
UPDATE knowledge_sources
SET state = CASE WHEN state = 'deleted' THEN state ELSE 'queued' END, note = :note,
    lease_until = NULL, due_at = now() + :wait, attempts = attempts - :uncounted
WHERE id = :id AND fence = :fence AND state IN ('indexing', 'deleted') RETURNING true
""")
_GONE: Final = text("""
DELETE FROM knowledge_sources
WHERE id = :id AND fence = :fence AND state = 'deleted' AND updated_at + :lease < now()
RETURNING true
""")
_VERSION: Final = text("""
SELECT version FROM knowledge_sources WHERE tenant_id = :tenant AND id = :id AND state <> 'deleted'
""")
_AGAIN: Final = text("""
UPDATE knowledge_sources
SET state = 'queued', due_at = now() + :wait, attempts = 0, fence = fence + 1
WHERE tenant_id = :tenant AND id = :id AND state = 'ready'
""")
_STANDING: Final = text("""
SELECT tenant_id, sum(chunks - held_back) FROM knowledge_sources
WHERE state = 'ready' AND indexed_as = :space AND tenant_id > :after
GROUP BY tenant_id HAVING sum(chunks - held_back) > 0 ORDER BY tenant_id LIMIT :most
""")
_LOST: Final = text("""
UPDATE knowledge_sources SET state = 'queued', due_at = now(), attempts = 0, fence = fence + 1
WHERE tenant_id = :tenant AND state = 'ready' AND indexed_as = :space AND (
    SELECT sum(chunks - held_back) FROM knowledge_sources
    WHERE tenant_id = :tenant AND state = 'ready' AND indexed_as = :space
) > :found
RETURNING id
""")
_FORGET_CHUNKS: Final = text("DELETE FROM kb_chunks WHERE tenant_id = :tenant AND source_id = :id")
_KEEP_CHUNK: Final = text("""
INSERT INTO kb_chunks (source_id, tenant_id, version, place, title, text, held_back, terms)
VALUES (:source, :tenant, :version, :place, :title, :text, :held_back, :terms)
""")
_ELSEWHERE: Final = text("""
SELECT count(*) FROM knowledge_sources
WHERE tenant_id = :tenant AND state <> 'deleted' AND indexed_as NOT IN ('', :space)
""")
_REQUEUE: Final = text("""
UPDATE knowledge_sources
SET state = 'queued', due_at = now(), lease_until = NULL, attempts = 0, fence = fence + 1
WHERE tenant_id = :tenant AND state <> 'deleted' RETURNING id
""")
_DELETE_ALL: Final = text("""
UPDATE knowledge_sources
SET state = 'deleted', content = '', note = '', fence = fence + 1, attempts = 0, lease_until = NULL,
    due_at = now(), updated_at = now()
WHERE tenant_id = :tenant AND state <> 'deleted' RETURNING id
""")
_FORGET_ALL_CHUNKS: Final = text("DELETE FROM kb_chunks WHERE tenant_id = :tenant")
# More of the wanted terms first; the meaning of a word counts as a word.
_BY_TERMS: Final = text("""
SELECT s.id, s.version, s.language, s.trust, k.place, k.title, k.text
FROM kb_chunks k JOIN knowledge_sources s ON s.tenant_id = k.tenant_id AND s.id = k.source_id
WHERE k.tenant_id = :tenant AND s.state <> 'deleted' AND k.held_back = ''
    AND k.terms && CAST(:terms AS text[])
ORDER BY cardinality(ARRAY(
    SELECT unnest(k.terms) INTERSECT SELECT unnest(CAST(:terms AS text[]))
)) DESC, s.id, k.place
LIMIT :most
""")


async def take(
    tx: Transaction,
    *,
    belongs: Belongs,
    most: int,
    lease_s: float,
    tenant_id: UUID | None = None,
    in_charge: bool = False,
) -> list[Taken]:
    """Lease sources that are due: of all tenants in turn, or of one; the oldest of each first, but
    what was deleted before all others.

    `in_charge`: also what stands in another space than it belongs into, and what was deleted.
    """
    given = {
        "space": belongs.space,
        "apart": list(belongs.apart),
        "apart_space": belongs.apart_space,
        "indexes": bool(belongs.space),
        "in_charge": in_charge,
        "most": most,
        "lease": timedelta(seconds=lease_s),
        "tenant": tenant_id,
    }
    return [_taken(row) for row in await tx.execute(_TAKE, given)]


def _taken(row: Sequence[Any]) -> Taken:
    id_, tenant_id, version, language, trust, name, kind, *rest = row
    article = Article(_plain(tenant_id), _plain(id_), version, language, cast(Trust, trust))
    return Taken(article, name, cast(Kind, kind), *rest)


def _plain(value: UUID) -> UUID:
    """The driver's subclass of UUID as the real one."""
    return UUID(int=value.int)


async def whose(session: Reader, tenant_id: UUID) -> tuple[str, str] | None:
    """Slug and tier of a tenant; None: it is gone."""
    found: Any = (await session.execute(_WHOSE, {"tenant": tenant_id})).first()
    return None if found is None else (str(found.slug), str(found.tier))


async def with_knowledge(session: Reader) -> list[tuple[UUID, tuple[str, str]]]:
    """Tenants of whom anything is found, each with slug and tier."""
    return [_tenant(row) for row in await session.execute(_WITH_KNOWLEDGE)]


def _tenant(row: Sequence[Any]) -> tuple[UUID, tuple[str, str]]:
    return _plain(row[0]), (str(row[1]), str(row[2]))


async def renew(tx: Transaction, taken: Taken, *, lease_s: float) -> None:
    """Raises FenceRaised."""
    await _fenced(tx, _RENEW, {**taken.key, "lease": timedelta(seconds=lease_s)})


async def keep_chunks(tx: Transaction, article: Article, chunks: Iterable[Chunk]) -> None:
    """Replace the chunks of a source, of whichever version, by these."""
    await tx.execute(_FORGET_CHUNKS, {"tenant": article.tenant_id, "id": article.source_id})
    rows = [_row(article, chunk) for chunk in chunks]
    for at in range(0, len(rows), CHUNKS_AT_ONCE):
        await tx.execute(_KEEP_CHUNK, rows[at : at + CHUNKS_AT_ONCE])


def _row(article: Article, chunk: Chunk) -> dict[str, Any]:
    return {
        "source": article.source_id,
        "tenant": article.tenant_id,
        "version": article.version,
        "place": chunk.place,
        "title": chunk.title,
        "text": chunk.text,
        "held_back": chunk.held_back,
        "terms": terms(f"{chunk.title}\n{chunk.text}"),
    }


async def done(
    tx: Transaction, taken: Taken, chunks: Sequence[Chunk], *, space: str, note: str
) -> None:
    """Raises FenceRaised."""
    held_back = sum(bool(one.held_back) for one in chunks)
    counts = {"chunks": len(chunks), "held_back": held_back, "space": space, "note": note}
    await _fenced(tx, _DONE, {**taken.key, **counts})


async def failed(tx: Transaction, taken: Taken, note: str) -> None:
    """Raises FenceRaised."""
    await _fenced(tx, _FAILED, {**taken.key, "note": note})


async def later(
    tx: Transaction, taken: Taken, note: str, *, wait_s: float, counts: bool = True
) -> None:
    """Try again; unless it `counts`, this was no attempt. Raises FenceRaised."""
    wait = {"wait": timedelta(seconds=wait_s), "uncounted": 0 if counts else 1}
    await _fenced(tx, _LATER, {**taken.key, "note": note, **wait})


async def gone(tx: Transaction, taken: Taken, *, lease_s: float) -> bool:
    """Whether the row went; not while somebody may still put what was leased before it was deleted."""
    given = {**taken.key, "lease": timedelta(seconds=lease_s)}
    return bool(await tx.scalar(_GONE, given))


async def version(session: Reader, article: Article) -> int | None:
    """Of a source as it is now; None: it was deleted."""
    given = {"tenant": article.tenant_id, "id": article.source_id}
    found = await session.scalar(_VERSION, given)
    return None if found is None else int(found)


async def again(tx: Transaction, article: Article, *, wait_s: float) -> None:
    """Have a source that is ready indexed anew."""
    given = {"tenant": article.tenant_id, "id": article.source_id}
    await tx.execute(_AGAIN, {**given, "wait": timedelta(seconds=wait_s)})


async def standing(
    session: Reader, space: str, *, after: UUID, most: int
) -> list[tuple[UUID, int]]:
    """Tenants in order behind `after`, and how many entries of each stand in a space."""
    given = {"space": space, "after": after, "most": most}
    return [_standing(row) for row in await session.execute(_STANDING, given)]


def _standing(row: Sequence[Any]) -> tuple[UUID, int]:
    return _plain(row[0]), int(row[1])


async def lost(tx: Transaction, tenant_id: UUID, space: str, *, found: int) -> int:
    """Have indexed anew what of a tenant should stand in a space, if that is more than was `found`."""
    given = {"tenant": tenant_id, "space": space, "found": found}
    return len((await tx.execute(_LOST, given)).all())


async def elsewhere(session: Reader, tenant_id: UUID, space: str) -> int:
    """How many sources of a tenant stand in another space."""
    return int(await session.scalar(_ELSEWHERE, {"tenant": tenant_id, "space": space}))


async def requeue(tx: Transaction, tenant_id: UUID) -> int:
    """Have everything of a tenant indexed anew; says how much that is."""
    return len((await tx.execute(_REQUEUE, {"tenant": tenant_id})).all())


async def delete_all(tx: Transaction, tenant_id: UUID) -> int:
    """Take away all a tenant knows; rows go once the index has heard. Says how many sources."""
    gone = (await tx.execute(_DELETE_ALL, {"tenant": tenant_id})).all()
    await tx.execute(_FORGET_ALL_CHUNKS, {"tenant": tenant_id})
    return len(gone)


async def by_terms(session: Reader, tenant_id: UUID, question: str, most: int) -> list[Candidate]:
    """Chunks that share words with a question, those with most of them first."""
    wanted = terms(question)[:TERMS_MAX]
    given = {"tenant": tenant_id, "terms": wanted, "most": most}
    return [_candidate(tenant_id, *row) for row in await session.execute(_BY_TERMS, given)]


def _candidate(tenant_id: UUID, id_: UUID, *row: Any) -> Candidate:
    version, language, trust, place, title, said = row
    article = Article(tenant_id, _plain(id_), version, language, cast(Trust, trust))
    return Candidate(article, Chunk(place, title, said))


async def _fenced(tx: Transaction, statement: Any, given: dict[str, Any]) -> None:
    if not await tx.scalar(statement, given):
        raise FenceRaised
