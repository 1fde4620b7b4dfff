"""SQL that makes messages and contacts findable; for chorus_system, whatever the tenant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from chat_service.store.rows import plain, values
from chorus.db_connect import RawConnection

# As the partial index says it. Ids are older than their commits: never a cursor over them.
_TAKE: Final = """
SELECT id, event, data::text FROM outbox
WHERE searched_at IS NULL AND event IN ('message.created', 'message.changed')
ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
"""
_MARK: Final = "UPDATE outbox SET searched_at = clock_timestamp() WHERE id = ANY ($1::uuid[])"
_COLUMNS: Final = """
m.conversation_id, m.seq, m.tenant_id, m.created_at, m.role, m.visibility, m.sender_id,
coalesce((m.payload->>'rev')::int, 0), m.content, m.deleted_at IS NOT NULL
"""
_SAID: Final = "m.message_type <> 'event' AND m.role <> 'system'"
_STRETCHES: Final = f"""
SELECT {_COLUMNS}
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS w (conversation_id, first, last)
JOIN messages m ON m.conversation_id = w.conversation_id AND m.seq BETWEEN w.first AND w.last
WHERE {_SAID}
"""  # noqa: S608 - our own constants
_CHANGED: Final = f"""
SELECT {_COLUMNS} FROM unnest($1::uuid[], $2::uuid[]) AS w (conversation_id, id)
JOIN messages m ON m.conversation_id = w.conversation_id AND m.id = w.id WHERE {_SAID}
"""  # noqa: S608
_FURTHER: Final = f"""
SELECT {_COLUMNS} FROM messages m
WHERE m.conversation_id = ANY ($1::uuid[]) AND (m.conversation_id, m.seq) > ($2, $3) AND {_SAID}
ORDER BY m.conversation_id, m.seq LIMIT $4
"""  # noqa: S608
_CONVERSATIONS: Final = """
SELECT id FROM conversations WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3
"""
# Two that index at once: the older reading never takes the place of the newer one.
_PUT: Final = """
INSERT INTO message_search AS f
    (conversation_id, seq, tenant_id, at, role, visibility, sender_id, rev, words)
SELECT n.conversation_id, n.seq, n.tenant_id, n.at, n.role, n.visibility, n.sender_id, n.rev,
    to_tsvector('simple', n.words)
FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::timestamptz[], $5::text[], $6::text[],
    $7::uuid[], $8::int[], $9::text[])
    AS n (conversation_id, seq, tenant_id, at, role, visibility, sender_id, rev, words)
ORDER BY 1, 2
ON CONFLICT (conversation_id, seq) DO UPDATE SET visibility = excluded.visibility,
    rev = excluded.rev, words = excluded.words
WHERE f.rev <= excluded.rev
"""
_DROP: Final = """
DELETE FROM message_search f USING unnest($1::uuid[], $2::bigint[]) AS n (conversation_id, seq)
WHERE f.conversation_id = n.conversation_id AND f.seq = n.seq
"""
_WORDLESS: Final = """
SELECT id, name, email, phone FROM contacts WHERE words IS NULL
ORDER BY id LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
"""
_NAME: Final = """
UPDATE contacts k SET words = to_tsvector('simple', n.words)
FROM unnest($1::uuid[], $2::text[]) AS n (id, words) WHERE k.id = n.id
"""


@dataclass(frozen=True, slots=True)
class Told:
    """An event of the outbox that says which messages are new or changed."""

    id: UUID
    event: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SaidRow:
    """A message as it is now; `content` is empty where it was deleted."""

    conversation_id: UUID
    seq: int
    tenant_id: UUID
    at: datetime
    role: str
    visibility: str
    sender_id: UUID | None
    rev: int
    content: str
    deleted: bool


@dataclass(frozen=True, slots=True)
class Named:
    """A contact by what it is found."""

    id: UUID
    words: tuple[str | None, ...]


async def take(raw: RawConnection, limit: int) -> list[Told]:
    """Lock the oldest events whose messages nobody has made findable."""
    return [
        Told(plain(id_), event, orjson.loads(data))
        for id_, event, data in await raw.fetch(_TAKE, limit)
    ]


async def mark(raw: RawConnection, told: Sequence[Told]) -> None:
    await raw.execute(_MARK, [one.id for one in told])


async def created(raw: RawConnection, stretches: Sequence[tuple[UUID, int, int]]) -> list[SaidRow]:
    """What was said in stretches of conversations, both ends included."""
    parts = [[one[place] for one in stretches] for place in range(3)]
    return [SaidRow(*values(row)) for row in await raw.fetch(_STRETCHES, *parts)]


async def changed(raw: RawConnection, messages: Sequence[tuple[UUID, UUID]]) -> list[SaidRow]:
    """Messages by conversation and id."""
    parts = [[one[place] for one in messages] for place in range(2)]
    return [SaidRow(*values(row)) for row in await raw.fetch(_CHANGED, *parts)]


async def conversations(raw: RawConnection, tenant_id: UUID, after: UUID, limit: int) -> list[UUID]:
    found = await raw.fetch(_CONVERSATIONS, tenant_id, after, limit)
    return [plain(row["id"]) for row in found]


async def further(
    raw: RawConnection, ids: Sequence[UUID], after: tuple[UUID, int], limit: int
) -> list[SaidRow]:
    """What was said in these conversations past a place, in order."""
    found = await raw.fetch(_FURTHER, list(ids), *after, limit)
    return [SaidRow(*values(row)) for row in found]


async def put(raw: RawConnection, said: Sequence[tuple[SaidRow, str]]) -> None:
    """Make messages findable by their words, in the place of what they were found by."""
    await raw.execute(
        _PUT,
        [row.conversation_id for row, _ in said],
        [row.seq for row, _ in said],
        [row.tenant_id for row, _ in said],
        [row.at for row, _ in said],
        [row.role for row, _ in said],
        [row.visibility for row, _ in said],
        [row.sender_id for row, _ in said],
        [row.rev for row, _ in said],
        [words for _, words in said],
    )


async def drop(raw: RawConnection, gone: Sequence[SaidRow]) -> None:
    """Let nobody find these any more."""
    await raw.execute(_DROP, [row.conversation_id for row in gone], [row.seq for row in gone])


async def wordless(raw: RawConnection, limit: int) -> list[Named]:
    """Lock contacts whose words are to be made anew."""
    found = await raw.fetch(_WORDLESS, limit)
    return [Named(plain(id_), tuple(words)) for id_, *words in found]


async def name(raw: RawConnection, words: Sequence[tuple[UUID, str]]) -> None:
    await raw.execute(_NAME, [id_ for id_, _ in words], [text for _, text in words])
