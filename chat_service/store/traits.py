"""SQL on what customers' words say of their conversations; for chorus_system, whatever the tenant.

The row of a conversation is held only where agents are to see something else; the rest is a row
of its own, which nobody else writes but for `settled`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from pydantic import ValidationError

from ai.contracts import Msg
from ai.traits.reading import Reading
from chat_service.store.rows import plain
from chat_service.store.summaries import EDITS
from chorus.db_connect import RawConnection

CHARS_READ: Final = 8_000
"""Of a message; the rules read half of it when it is no markup."""
MESSAGES_READ: Final = 50
"""The latest that are new: what was said long before says little of now."""
NEW: Final = (0, 0)


@dataclass(frozen=True, slots=True)
class Spoken:
    """What customers said that was not read yet, and what is known until then."""

    conversation_id: UUID
    tenant_id: UUID
    edits: int
    at: tuple[int, int]
    """`upto_seq` and `edits` of what is known; `NEW` where nothing is."""
    known: Reading
    settled: frozenset[str]
    tags: tuple[str, ...]
    is_read: bool
    """Rules may read it; else `messages` are left out."""
    puts_tags: bool
    """The tenant lets rules put tags."""
    messages: tuple[Msg, ...]


# Both ways of switching it off are the tenant's: for all, or with the summaries of an inbox.
_IS_READ: Final = """
coalesce(n.settings->'traits'->>'enabled', 'true') <> 'false'
    AND coalesce(b.settings->'summaries'->>'enabled', 'true') <> 'false'
"""
_SPOKEN: Final = f"""
SELECT c.id, c.tenant_id, {EDITS} AS edits, coalesce(t.upto_seq, 0) AS at_seq,
    coalesce(t.edits, 0) AS at_edits, coalesce(t.reading, '{{}}')::text AS reading,
    coalesce(t.settled, '{{}}') AS settled, c.tags,
    {_IS_READ} AS is_read,
    coalesce(n.settings->'traits'->>'tags', '') = 'apply' AS puts_tags,
    CASE WHEN {_IS_READ} THEN (SELECT json_agg(json_build_array(l.seq, l.id, l.said) ORDER BY l.seq)::text FROM (
        SELECT m.seq, m.id, left(m.content, {CHARS_READ}) AS said FROM messages m
        WHERE m.conversation_id = c.id AND m.role = 'customer' AND m.visibility = 'public'
            AND m.message_type <> 'event' AND m.deleted_at IS NULL
            AND m.seq > CASE WHEN t.edits = {EDITS} THEN t.upto_seq ELSE 0 END
        ORDER BY m.seq DESC LIMIT {MESSAGES_READ}
    ) l) END AS said
FROM conversations c
JOIN tenants n ON n.id = c.tenant_id
JOIN inboxes b ON b.id = c.inbox_id
LEFT JOIN conversation_traits t ON t.conversation_id = c.id
WHERE c.id = ANY ($1::uuid[]) AND c.status <> 'closed'
"""  # noqa: S608 - our own constants


async def spoken(raw: RawConnection, ids: Sequence[UUID]) -> list[Spoken]:
    """What is new in these conversations; closed ones are left out."""
    return [_spoken(row) for row in await raw.fetch(_SPOKEN, list(ids))]


def _spoken(row: Any) -> Spoken:
    said = orjson.loads(row["said"] or "[]")
    return Spoken(
        plain(row["id"]),
        plain(row["tenant_id"]),
        row["edits"],
        (row["at_seq"], row["at_edits"]),
        _known(row["reading"]),
        frozenset(row["settled"]),
        tuple(row["tags"]),
        row["is_read"],
        row["puts_tags"],
        tuple(Msg(id=id_, seq=seq, role="customer", content=text_) for seq, id_, text_ in said),
    )


def _known(stored: str) -> Reading:
    try:
        return Reading.model_validate_json(stored)
    except ValidationError:
        # Another version of us wrote it, in a shape of its own: what is said from now on counts.
        return Reading()


@dataclass(frozen=True, slots=True)
class Kept:
    """What is to be known from now on, unless somebody was faster."""

    before: Spoken
    reading: Reading
    put: tuple[str, ...] = ()
    """Tags that a rule puts now, and never again."""


_KEEP: Final = """
WITH made AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[],
        $6::bigint[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[])
        AS one (conversation_id, tenant_id, at_seq, at_edits, upto_seq, edits, reading, intent,
            sentiment, language, tags, put)
), renewed AS (
    UPDATE conversation_traits t SET upto_seq = m.upto_seq, edits = m.edits,
        reading = m.reading::jsonb, intent = m.intent, sentiment = m.sentiment,
        language = m.language, tags = string_to_array(m.tags, ','),
        settled = ARRAY(SELECT DISTINCT unnest(t.settled || string_to_array(m.put, ','))),
        updated_at = now()
    FROM made m
    WHERE t.conversation_id = m.conversation_id AND (t.upto_seq, t.edits) = (m.at_seq, m.at_edits)
    RETURNING t.conversation_id
), begun AS (
    INSERT INTO conversation_traits (conversation_id, tenant_id, upto_seq, edits, reading, intent,
        sentiment, language, tags, settled)
    SELECT conversation_id, tenant_id, upto_seq, edits, reading::jsonb, intent, sentiment, language,
        string_to_array(tags, ','), string_to_array(put, ',')
    FROM made WHERE (at_seq, at_edits) = (0, 0) AND conversation_id NOT IN
        (SELECT conversation_id FROM renewed) ORDER BY conversation_id
    ON CONFLICT DO NOTHING RETURNING conversation_id
)
SELECT conversation_id FROM renewed UNION ALL SELECT conversation_id FROM begun
"""


async def keep(raw: RawConnection, made: Sequence[Kept]) -> set[UUID]:
    """Keep what was read, each from where it went on; says for which nobody was faster."""
    if not made:
        return set()
    given = [_values(one) for one in sorted(made, key=lambda one: one.before.conversation_id)]
    found = await raw.fetch(_KEEP, *map(list, zip(*given, strict=True)))
    return {plain(row["conversation_id"]) for row in found}


def _values(kept: Kept) -> tuple[Any, ...]:
    before, reading = kept.before, kept.reading
    return (
        before.conversation_id,
        before.tenant_id,
        *before.at,
        reading.upto_seq,
        before.edits,
        reading.model_dump_json(),
        reading.intent,
        reading.sentiment,
        reading.language,
        # No name of ours has a comma in it.
        ",".join(reading.tags),
        ",".join(kept.put),
    )


# Whoever holds a conversation has something more urgent to do: then a moment later.
_HOLD: Final = """
SELECT id FROM conversations WHERE id = ANY ($1::uuid[]) AND status <> 'closed'
ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
"""
_NUMBER: Final = """
UPDATE conversations c SET last_seq = c.last_seq + 1,
    tags = ARRAY(SELECT jsonb_array_elements_text(n.tags::jsonb))
FROM unnest($1::uuid[], $2::text[]) AS n (id, tags) WHERE c.id = n.id
RETURNING c.id, c.last_seq, date_trunc('milliseconds', clock_timestamp()) AS at
"""
# As high as a bot asks for angry customers; whoever chose a higher one has reasons.
_RAISE: Final = """
UPDATE live_chat_sessions SET priority = $2 WHERE conversation_id = ANY ($1::uuid[])
    AND status IN ('requested', 'queued', 'offered', 'deferred') AND priority < $2
RETURNING tenant_id
"""


async def hold(raw: RawConnection, ids: Sequence[UUID]) -> list[UUID]:
    """Hold those of these conversations that are open and nobody else holds."""
    return [plain(row["id"]) for row in await raw.fetch(_HOLD, list(ids))]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event of a held conversation stands."""

    seq: int
    at: datetime


async def number(
    raw: RawConnection, tags: Sequence[tuple[UUID, tuple[str, ...]]]
) -> dict[UUID, Place]:
    """Take a seq in held conversations, which have these tags from now on."""
    listed = [orjson.dumps(some).decode() for _, some in tags]
    found = await raw.fetch(_NUMBER, [id_ for id_, _ in tags], listed)
    return {plain(row["id"]): Place(row["last_seq"], row["at"]) for row in found}


async def raise_waiting(raw: RawConnection, ids: Sequence[UUID], priority: int) -> set[UUID]:
    """Let who waits in these held conversations wait at least so high; says of which tenants."""
    return {plain(row["tenant_id"]) for row in await raw.fetch(_RAISE, list(ids), priority)}


# By the index of what was sent: a busy hour is never read whole.
_RECENT: Final = """
SELECT DISTINCT coalesce(one->>'conversation_id', o.data->>'conversation_id')::uuid AS id
FROM (
    SELECT event, data FROM outbox WHERE sent_at > now() - $1::interval
    ORDER BY sent_at DESC LIMIT $2
) o LEFT JOIN LATERAL jsonb_array_elements(o.data->'conversations') AS one ON true
WHERE o.event IN ('message.created', 'message.changed')
"""
_KNOW: Final = """
INSERT INTO labels (tenant_id, name)
SELECT DISTINCT n.tenant_id, n.name FROM unnest($1::uuid[], $2::text[]) AS n (tenant_id, name)
ORDER BY n.tenant_id, n.name ON CONFLICT DO NOTHING
"""


async def know_labels(raw: RawConnection, put: Sequence[tuple[UUID, str]]) -> None:
    """Offer from now on, by tenant, the labels that rules have put."""
    await raw.execute(_KNOW, [tenant_id for tenant_id, _ in put], [name for _, name in put])


async def recent(raw: RawConnection, since: timedelta, limit: int) -> list[UUID]:
    """Where the latest `limit` events say that words came, changed or went."""
    return [plain(row["id"]) for row in await raw.fetch(_RECENT, since, limit)]
