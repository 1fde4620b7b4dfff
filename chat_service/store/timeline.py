"""SQL on `messages`: what happened in a conversation, in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from chat_service.frames import COLUMNS, EVENT, StoredRow
from chat_service.intake import PREVIEW_CHARS, preview_of
from chat_service.store.rows import every, first, plain
from chat_service.store.summaries import FORGET
from chat_service.store.waiting import WAITING_SINCE
from chorus.db import Reader, Transaction
from chorus.db_connect import RawConnection
from chorus.ids import uuid7
from chorus.wire.common import Role, Visibility


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A durable event that an act wants; its `data` fits the frame of that name."""

    event: str
    data: Mapping[str, Any]
    role: str = Role.SYSTEM
    sender_id: UUID | None = None
    visibility: str = Visibility.PUBLIC
    id: UUID = field(default_factory=uuid7)


def row_of(record: Any) -> StoredRow:
    """Build a row from `frames.COLUMNS`, by whichever way they were read."""
    conversation_id, seq, id_, role, sender_id, *middle = record
    middle[3] = middle[3] if isinstance(middle[3], dict) else orjson.loads(middle[3])
    return StoredRow(
        plain(conversation_id), seq, plain(id_), role, sender_id and plain(sender_id), *middle
    )


@dataclass(frozen=True, slots=True)
class Stretch:
    """The events of one conversation after `after` up to and with `upto`."""

    conversation_id: UUID
    after: int
    upto: int


# `ahead` is the size of what comes before a row: nothing before the first, so that one always comes.
_STRETCHES = f"""
SELECT {COLUMNS} FROM (
    SELECT m.*, sum(octet_length(m.content) + pg_column_size(m.payload)) OVER (
        ORDER BY m.conversation_id, m.seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS ahead
    FROM unnest($2::uuid[], $3::bigint[], $4::bigint[]) AS want (conversation_id, after, upto)
    JOIN messages m ON m.conversation_id = want.conversation_id
        AND m.seq > want.after AND m.seq <= want.upto
    WHERE m.tenant_id = $1
) AS found
WHERE $5::bigint IS NULL OR ahead IS NULL OR ahead < $5
ORDER BY conversation_id, seq
"""  # noqa: S608 - the columns are our own constant


async def stretches(
    raw: RawConnection, tenant_id: UUID, wanted: Sequence[Stretch], max_bytes: int | None = None
) -> list[StoredRow]:
    """Read all stretches at once, each in order, up to about that many bytes of them altogether."""
    records = await raw.fetch(
        _STRETCHES,
        tenant_id,
        [one.conversation_id for one in wanted],
        [one.after for one in wanted],
        [one.upto for one in wanted],
        max_bytes,
    )
    return [row_of(record) for record in records]


_AFTER = text(
    f"SELECT {COLUMNS} FROM messages"  # noqa: S608 - the columns are our own constant
    " WHERE tenant_id = :tenant AND conversation_id = :conversation AND seq > :after"
    " ORDER BY seq LIMIT :limit"
)
_BEFORE = text(
    f"SELECT {COLUMNS} FROM messages"  # noqa: S608
    " WHERE tenant_id = :tenant AND conversation_id = :conversation AND seq < :before"
    " ORDER BY seq DESC LIMIT :limit"
)


async def after(
    session: Reader, tenant_id: UUID, conversation_id: UUID, *, seq: int, limit: int
) -> list[StoredRow]:
    given = {"tenant": tenant_id, "conversation": conversation_id, "after": seq, "limit": limit}
    return [row_of(one) for one in await every(session, _AFTER, given)]


async def before(
    session: Reader, tenant_id: UUID, conversation_id: UUID, *, seq: int, limit: int
) -> list[StoredRow]:
    """The last `limit` events below `seq`, in order."""
    given = {"tenant": tenant_id, "conversation": conversation_id, "before": seq, "limit": limit}
    return [row_of(one) for one in await every(session, _BEFORE, given)][::-1]


_ONE = text(
    f"SELECT {COLUMNS} FROM messages"  # noqa: S608
    " WHERE tenant_id = :tenant AND conversation_id = :conversation AND id = :id"
)


async def find(
    session: Reader, tenant_id: UUID, conversation_id: UUID, message_id: UUID
) -> StoredRow | None:
    given = {"tenant": tenant_id, "conversation": conversation_id, "id": message_id}
    found = await first(session, _ONE, given)
    return None if found is None else row_of(found)


_OF_CONTACT = text(
    f"SELECT {', '.join('m.' + name.strip() for name in COLUMNS.split(','))}"  # noqa: S608
    " FROM conversations c JOIN messages m ON m.conversation_id = c.id AND m.id = :id"
    " WHERE c.tenant_id = :tenant AND c.contact_id = :contact ORDER BY c.id DESC LIMIT 1"
)


async def find_of_contact(
    session: Reader, tenant_id: UUID, contact_id: UUID, message_id: UUID
) -> StoredRow | None:
    """Find a message among all conversations of a contact."""
    given = {"tenant": tenant_id, "contact": contact_id, "id": message_id}
    found = await first(session, _OF_CONTACT, given)
    return None if found is None else row_of(found)


_TAKE_SEQS = text(
    "UPDATE conversations SET last_seq = last_seq + :count"
    " WHERE tenant_id = :tenant AND id = :conversation RETURNING last_seq"
)
_INSERT = text(
    "INSERT INTO messages (conversation_id, seq, id, tenant_id, role, sender_id, message_type,"
    " visibility, payload, created_at) VALUES (:conversation, :seq, :id, :tenant, :role, :sender,"
    " 'event', :visibility, CAST(:payload AS jsonb), :at)"
)


async def append(
    tx: Transaction,
    tenant_id: UUID,
    conversation_id: UUID,
    *,
    events: Sequence[NewEvent],
    at: datetime,
) -> list[StoredRow]:
    """Give events the next seqs of a conversation whose lock is held."""
    if not events:
        return []
    given = {"count": len(events), "tenant": tenant_id, "conversation": conversation_id}
    last = int(await tx.scalar(_TAKE_SEQS, given))
    rows = [
        StoredRow(
            conversation_id=conversation_id,
            seq=last - len(events) + place,
            id=event.id,
            role=event.role,
            sender_id=event.sender_id,
            message_type=EVENT,
            visibility=event.visibility,
            content="",
            payload={"event": event.event, "data": dict(event.data)},
            created_at=at,
        )
        for place, event in enumerate(events, 1)
    ]
    await tx.execute(_INSERT, [_values(row, tenant_id) for row in rows])
    return rows


def _values(row: StoredRow, tenant_id: UUID) -> dict[str, Any]:
    return {
        "conversation": row.conversation_id,
        "seq": row.seq,
        "id": row.id,
        "tenant": tenant_id,
        "role": row.role,
        "sender": row.sender_id,
        "visibility": row.visibility,
        "payload": orjson.dumps(row.payload).decode(),
        "at": row.created_at,
    }


_EDIT = text(
    "UPDATE messages SET content = :content, edited_at = :at,"
    " payload = payload || jsonb_build_object('rev', CAST(:rev AS int))"
    " WHERE tenant_id = :tenant AND conversation_id = :conversation AND seq = :seq"
)
_DELETE = text(
    "UPDATE messages SET content = '', payload = '{}', deleted_at = :at"
    " WHERE tenant_id = :tenant AND conversation_id = :conversation AND seq = :seq"
)
_FORGET_EDITS = text(
    "UPDATE messages SET payload = payload #- '{data,content}'"
    " WHERE tenant_id = :tenant AND conversation_id = :conversation AND seq > :seq"
    " AND message_type = 'event' AND payload->>'event' = 'message.updated'"
    " AND payload->'data'->>'target' = :target"
)
_MODERATE = text(
    "UPDATE messages SET visibility = :visibility,"
    " payload = CASE WHEN message_type = 'event' THEN payload"
    " ELSE payload || jsonb_build_object('rev', CAST(:rev AS int)) END"
    " WHERE tenant_id = :tenant AND conversation_id = :conversation AND (seq = :seq OR"
    " (seq > :seq AND message_type = 'event' AND payload->>'event' = 'message.updated'"
    " AND payload->'data'->>'target' = :target AND payload->'data' ? 'content'))"
)
_LAST_SHOWN = text(
    "SELECT left(coalesce(nullif(content, ''), payload->'files'->0->>'name'), :chars)"
    " FROM messages WHERE tenant_id = :tenant"
    " AND conversation_id = :conversation AND message_type <> 'event' AND visibility = 'public'"
    " AND role <> 'system' AND deleted_at IS NULL ORDER BY seq DESC LIMIT 1"
)
_CHANGED = text(FORGET)


_VISIBLE = text(
    "SELECT count(*) FROM messages WHERE tenant_id = :tenant AND conversation_id = :conversation"
    " AND visibility = 'public' AND message_type <> 'event' AND role <> 'system'"
    " AND deleted_at IS NULL"
)
# As the reconciler counts.
_RECOUNT = text(f"""
UPDATE conversations c SET unread = (
    SELECT count(*) FROM messages m
    WHERE m.conversation_id = c.id AND m.role = 'customer' AND m.visibility = 'public'
        AND m.message_type <> 'event' AND m.deleted_at IS NULL
        AND m.seq > (SELECT coalesce(max(r.read_seq), 0) FROM conversation_reads r
            WHERE r.conversation_id = c.id AND r.role = 'agent')
), waiting_since = CASE WHEN c.status <> 'closed' THEN ({WAITING_SINCE}) END
WHERE c.tenant_id = :tenant AND c.id = :conversation
""")  # noqa: S608 - what waits is our own constant


async def edit(
    tx: Transaction, tenant_id: UUID, row: StoredRow, *, content: str, rev: int, at: datetime
) -> None:
    await tx.execute(_EDIT, {**_place(tenant_id, row), "content": content, "rev": rev, "at": at})
    await _renew(tx, tenant_id, row)


async def tombstone(tx: Transaction, tenant_id: UUID, row: StoredRow, *, at: datetime) -> None:
    """Take the content away everywhere it stands: in the row and in the events of its edits."""
    await tx.execute(_DELETE, {**_place(tenant_id, row), "at": at})
    await tx.execute(_FORGET_EDITS, {**_place(tenant_id, row), "target": str(row.id)})
    await _renew_row(tx, tenant_id, row)


async def moderate(
    tx: Transaction, tenant_id: UUID, row: StoredRow, *, visibility: str, rev: int
) -> None:
    """Change who sees a message, and with it who sees the events that repeat its content."""
    given = {**_place(tenant_id, row), "visibility": visibility, "rev": rev}
    await tx.execute(_MODERATE, {**given, "target": str(row.id)})
    await _renew_row(tx, tenant_id, row)


async def visible(session: Reader, tenant_id: UUID, conversation_id: UUID) -> int:
    """How many messages of people and the bot the customer sees, whoever wrote them."""
    given = {"tenant": tenant_id, "conversation": conversation_id}
    return int(await session.scalar(_VISIBLE, given) or 0)


async def _renew_row(tx: Transaction, tenant_id: UUID, row: StoredRow) -> None:
    """Put right what an inbox row says of messages, one of which is gone or back."""
    await _renew(tx, tenant_id, row)
    given = {"tenant": tenant_id, "conversation": row.conversation_id}
    await tx.execute(_RECOUNT, given)


async def _renew(tx: Transaction, tenant_id: UUID, row: StoredRow) -> None:
    """Renew what is told of the conversation, now that this row is another."""
    given = {"tenant": tenant_id, "conversation": row.conversation_id}
    shown = await tx.scalar(_LAST_SHOWN, {**given, "chars": 2 * PREVIEW_CHARS})
    await tx.execute(_CHANGED, {**given, "seq": row.seq, "preview": preview_of(shown or "")})


def _place(tenant_id: UUID, row: StoredRow) -> dict[str, Any]:
    return {"tenant": tenant_id, "conversation": row.conversation_id, "seq": row.seq}
