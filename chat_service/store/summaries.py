"""SQL on summaries: what they are made from, the one that is shown, and those of before.

`metadata.edits` counts what was edited, taken back, shown to others or deleted here. What was
read under one count is never kept under another: so no summary outlives the words it quotes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text

from ai.extract.state import State
from ai.extract.summary import EXTRACTOR
from chat_service.digest import Material
from chat_service.store.rows import every, first
from chorus.db import Reader, Transaction
from chorus.ids import uuid7

EDITS: Final = "coalesce((c.metadata->>'edits')::bigint, 0)"
REV: Final = "coalesce((c.metadata->>'summary_rev')::bigint, 0)"
MODEL_HOLDS: Final = 6
"""After so many messages more, what rules say of all of them is better than what a model said."""
CHARS_READ: Final = 8_000
"""Of a message; the extractor reads half of it when it is no markup."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Where a conversation stands, the summary that is kept, and what was said since."""

    contact_id: UUID
    head_seq: int
    edits: int
    rev: int
    """How often people wrote or let go of this summary."""
    summary: dict[str, Any] | None
    behind: int
    """Public messages after what the summary covers."""


_SHOWN = text(f"""
SELECT c.contact_id, c.last_seq, {EDITS}, {REV}, c.metadata->'summary',
    (SELECT count(*) FROM messages m WHERE m.conversation_id = c.id
        AND m.seq > (c.metadata->'summary'->>'upto_seq')::bigint AND m.visibility = 'public'
        AND m.message_type <> 'event' AND m.role <> 'system' AND m.deleted_at IS NULL)
FROM conversations c WHERE c.tenant_id = :tenant AND c.id = :conversation
""")  # noqa: S608 - our own constants


async def shown(session: Reader, tenant_id: UUID, conversation_id: UUID) -> Shown | None:
    given = {"tenant": tenant_id, "conversation": conversation_id}
    found = await first(session, _SHOWN, given)
    return None if found is None else Shown(*found)


# Notes and what is hidden are not even read. `head` and `tail` are of what is new.
_MATERIAL = text(f"""
SELECT c.id, c.last_seq, {EDITS}, s.state,
    (SELECT json_agg(json_build_array(m.seq, m.id, m.role, left(m.content, {CHARS_READ}),
        m.payload->>'event', m.payload->'data', coalesce(jsonb_array_length(
            CASE WHEN jsonb_typeof(m.payload->'attachments') = 'array'
            THEN m.payload->'attachments' END), 0)) ORDER BY m.seq)
     FROM messages m WHERE m.conversation_id = c.id AND m.seq > since.seq
        AND (m.seq <= since.seq + :head OR m.seq > c.last_seq - :tail)
        AND m.visibility = 'public' AND m.deleted_at IS NULL
        AND (m.message_type <> 'event' OR m.payload->>'event' IN
            ('handoff', 'conversation.closed', 'conversation.updated'))),
    c.last_seq - since.seq > :head + :tail
FROM conversations c
JOIN inboxes b ON b.id = c.inbox_id
LEFT JOIN LATERAL (
    SELECT upto_seq, state FROM summaries WHERE conversation_id = c.id AND state IS NOT NULL
        AND edits = {EDITS} AND model = :model ORDER BY upto_seq DESC LIMIT 1
) s ON true
CROSS JOIN LATERAL (SELECT coalesce(s.upto_seq, c.first_seq - 1) AS seq) since
WHERE c.tenant_id = :tenant AND c.id = ANY(CAST(:ids AS uuid[]))
    AND (:wanted OR (coalesce(b.settings->'summaries'->>'enabled', 'true') <> 'false'
        AND CASE coalesce(c.metadata->'summary'->>'source', 'extractive')
            WHEN 'extractive' THEN true
            WHEN 'model'
                THEN (c.metadata->'summary'->>'upto_seq')::bigint + {MODEL_HOLDS} <= c.last_seq
            ELSE false END))
""")  # noqa: S608


@dataclass(frozen=True, slots=True)
class Span:
    """How much of a conversation is read: its beginning and its end, in seqs."""

    head: int
    tail: int


async def materials(
    session: Reader, tenant_id: UUID, ids: Sequence[UUID], *, span: Span, wanted: bool
) -> list[Material]:
    """Read what summaries of these conversations are made from.

    `wanted`: somebody asked for it; else those are left out whose inbox makes none by itself,
    what a person has summarised, and what a model has lately.
    """
    given = {"tenant": tenant_id, "ids": list(ids), "model": EXTRACTOR, "wanted": wanted}
    given |= {"head": span.head, "tail": span.tail}
    found = await every(session, _MATERIAL, given)
    return [_material(*one) for one in found]


def _material(
    conversation_id: UUID, head_seq: int, edits: int, state: Any, rows: Any, left_out: bool
) -> Material:
    known = State() if state is None else State.model_validate(_json(state))
    return Material(conversation_id, head_seq, edits, known, _json(rows) or (), left_out)


def _json(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str | bytes) else value


# As far as a page of open conversations goes: the long ones among them, where rules of before were
# used, or which became long while nobody listened. What people and models wrote is left to readers.
_LONG = text("""
SELECT c.id, c.tenant_id, c.last_seq >= :longer
    AND coalesce(c.metadata->'summary'->>'source', 'extractive') = 'extractive'
    AND NOT EXISTS (
        SELECT 1 FROM summaries s WHERE s.conversation_id = c.id AND s.state IS NOT NULL
            AND s.model = :model AND s.upto_seq > c.last_seq - :longer
    )
FROM (
    SELECT id, tenant_id, last_seq, metadata FROM conversations
    WHERE id > :after AND status <> 'closed' ORDER BY id LIMIT :most
) c ORDER BY c.id
""")


async def unfolded(
    session: Reader, after: UUID, *, longer: int, most: int
) -> tuple[list[tuple[UUID, UUID]], UUID | None]:
    """Look at the next open conversations of all tenants, by id.

    Returns `(conversation, tenant)` of those that are longer by `longer` than what rules have made
    of them, and where to go on from; None: there are no more.
    """
    given = {"after": after, "longer": longer, "most": most, "model": EXTRACTOR}
    seen = await every(session, _LONG, given)
    long = [(conversation, tenant) for conversation, tenant, is_long in seen if is_long]
    return long, seen[-1][0] if len(seen) == most else None


@dataclass(frozen=True, slots=True)
class Kept:
    """A summary as it is stored; `summary` is what `metadata.summary` gets."""

    conversation_id: UUID
    edits: int
    summary: dict[str, Any]
    at: datetime
    state: State | None = None
    """What to go on from; only with a summary made by rules."""
    ms: int = 0
    """CPU time of making it."""

    def values(self) -> dict[str, Any]:
        shown = self.summary
        return {
            "conversation": self.conversation_id,
            "edits": self.edits,
            "summary": orjson.dumps(shown).decode(),
            "id": uuid7(),
            "upto": shown["upto_seq"],
            "source": shown["source"],
            "model": shown["model"],
            "body": orjson.dumps(shown["body"]).decode(),
            "text": shown["text"],
            "state": None if self.state is None else self.state.model_dump_json(),
            "ms": self.ms,
            "at": self.at,
        }


_COLUMNS: Final = "id, tenant_id, conversation_id, upto_seq, source, model, edits, body, text"
# Whoever holds a conversation has something more urgent to do: then the next reader keeps it.
# All that decides stands on the row itself, so it is looked at again under the lock. Rules never
# write over a person, and over a model only when it has missed a lot.
_KEEP = text(f"""
WITH made AS (
    SELECT * FROM unnest(CAST(:conversation AS uuid[]), CAST(:edits AS bigint[]),
        CAST(:summary AS text[]), CAST(:id AS uuid[]), CAST(:upto AS bigint[]),
        CAST(:source AS text[]), CAST(:model AS text[]), CAST(:body AS text[]),
        CAST(:text AS text[]), CAST(:state AS text[]), CAST(:ms AS int[]),
        CAST(:at AS timestamptz[]))
        AS one (conversation, edits, summary, id, upto, source, model, body, text, state, ms, at)
), held AS (
    SELECT c.id FROM conversations c WHERE c.tenant_id = :tenant
        AND c.id IN (SELECT conversation FROM made)
    ORDER BY c.id FOR NO KEY UPDATE SKIP LOCKED
), kept AS (
    UPDATE conversations c
    SET metadata = jsonb_set(c.metadata, '{{summary}}', CAST(made.summary AS jsonb))
    FROM held JOIN made ON made.conversation = held.id
    WHERE c.id = held.id AND {EDITS} = made.edits
        AND CASE coalesce(c.metadata->'summary'->>'source', 'extractive')
            WHEN 'extractive' THEN c.metadata->'summary'->>'model' IS DISTINCT FROM made.model
                OR (c.metadata->'summary'->>'upto_seq')::bigint < made.upto
            WHEN 'model'
                THEN (c.metadata->'summary'->>'upto_seq')::bigint + {MODEL_HOLDS} <= made.upto
            ELSE false END
    RETURNING c.id
), folded AS (
    UPDATE summaries SET state = NULL WHERE conversation_id IN (SELECT id FROM kept)
        AND state IS NOT NULL
)
INSERT INTO summaries ({_COLUMNS}, state, ms, created_at)
SELECT made.id, :tenant, kept.id, upto, source, model, edits, CAST(body AS jsonb), text,
    CAST(state AS jsonb), ms, at
FROM kept JOIN made ON made.conversation = kept.id RETURNING conversation_id
""")  # noqa: S608


async def keep(tx: Transaction, tenant_id: UUID, kept: Sequence[Kept]) -> set[UUID]:
    """Show summaries made by rules unless something better or newer is shown; says which are."""
    each = [one.values() for one in kept]
    given = {name: [one[name] for one in each] for name in each[0]}
    return {one[0] for one in await every(tx, _KEEP, given | {"tenant": tenant_id})}


_WRITE = text(f"""
WITH kept AS (
    UPDATE conversations c SET metadata = jsonb_set(c.metadata
        || jsonb_build_object('summary_rev', {REV} + 1), '{{summary}}', CAST(:summary AS jsonb))
    WHERE c.tenant_id = :tenant AND c.id = :conversation AND {REV} = :rev AND {EDITS} = :edits
    RETURNING c.id
)
INSERT INTO summaries ({_COLUMNS}, author_id, created_at)
SELECT :id, :tenant, kept.id, :upto, :source, :model, :edits, CAST(:body AS jsonb), :text,
    :author, :at
FROM kept RETURNING id
""")  # noqa: S608


async def write(tx: Transaction, tenant_id: UUID, kept: Kept, *, rev: int, author: UUID) -> bool:
    """Show what a person wrote, unless another person was faster than `rev`; says whether."""
    given = kept.values() | {"tenant": tenant_id, "rev": rev, "author": author}
    return await first(tx, _WRITE, given) is not None


_LET_GO = text(f"""
UPDATE conversations c SET metadata = (c.metadata - 'summary')
    || jsonb_build_object('summary_rev', {REV} + 1)
WHERE c.tenant_id = :tenant AND c.id = :conversation
    AND (CAST(:rev AS bigint) IS NULL OR {REV} = CAST(:rev AS bigint))
RETURNING c.id
""")  # noqa: S608


async def let_go(
    tx: Transaction, tenant_id: UUID, conversation_id: UUID, *, rev: int | None
) -> bool:
    """Show no summary until one is made again; says whether nobody was faster than `rev`."""
    given = {"tenant": tenant_id, "conversation": conversation_id, "rev": rev}
    return await first(tx, _LET_GO, given) is not None


FORGET: Final = f"""
WITH forgotten AS (
    DELETE FROM summaries WHERE tenant_id = :tenant AND conversation_id = :conversation
        AND upto_seq >= :seq AND source <> 'human'
)
UPDATE conversations c SET preview = :preview, metadata = jsonb_set(CASE
    WHEN (c.metadata->'summary'->>'upto_seq')::bigint < :seq THEN c.metadata
    WHEN c.metadata->'summary'->>'source' = 'human'
        THEN jsonb_set(c.metadata, '{{summary,changed}}', 'true')
    ELSE c.metadata - 'summary' END, '{{edits}}', to_jsonb({EDITS} + 1))
WHERE c.tenant_id = :tenant AND c.id = :conversation
"""  # noqa: S608
"""What was said at `:seq` is no longer so: no summary may quote it, and none that was read before
may be kept. What a person wrote about it stays, marked."""
FORGET_ALL: Final = f"(c.metadata - 'summary') || jsonb_build_object('edits', {EDITS} + 1)"
"""The `metadata` of a `conversations c` whose messages are deleted."""
