"""SQL on `conversations` and `conversation_reads`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text

from chat_service.store.rows import first, one_id, values
from chorus.db import Reader, Transaction
from chorus.db_connect import RawConnection

WAITING: Final = "('requested', 'queued', 'offered', 'deferred')"
FINAL: Final = "('ended', 'cancelled', 'failed')"


@dataclass(frozen=True, slots=True)
class Mark:
    """How far one person has received and read."""

    user_id: UUID
    delivered: int
    read: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a conversation stands, as a socket that opens it wants to know."""

    id: UUID
    contact_id: UUID
    epoch: str
    last_seq: int
    first_seq: int
    status: str
    closed_at: datetime | None
    floor_holder: str
    floor_epoch: int
    queue: str | None
    position: int | None
    receipts: tuple[Mark, ...]


# A waiting session stands behind those of higher priority, its own or its conversation's, and
# those that asked earlier; it gains a step of priority each minute (`routing.AGEING`).
POSITION: Final = """
CASE WHEN s.status IN ('requested', 'queued', 'offered') THEN (
    SELECT count(*) FROM live_chat_sessions w JOIN conversations d ON d.id = w.conversation_id
    WHERE w.tenant_id = s.tenant_id AND w.queue_id IS NOT DISTINCT FROM s.queue_id
        AND w.status IN ('requested', 'queued', 'offered')
        AND (-greatest(w.priority, d.priority)
            - floor(extract(epoch FROM now() - w.requested_at) / 60), w.requested_at, w.id)
        <= (-greatest(s.priority, (SELECT priority FROM conversations WHERE id = s.conversation_id))
            - floor(extract(epoch FROM now() - s.requested_at) / 60), s.requested_at, s.id)
) END
"""
_STANDING = f"""
SELECT c.id, c.contact_id, i.epoch, c.last_seq, c.first_seq, c.status, c.closed_at,
    c.floor_holder, c.floor_epoch, q.name, {POSITION},
    (SELECT json_agg(json_build_array(r.user_id, r.delivered_seq, r.read_seq))
     FROM conversation_reads r WHERE r.conversation_id = c.id)
FROM conversations c
CROSS JOIN installation i
LEFT JOIN live_chat_sessions s ON s.conversation_id = c.id AND s.status NOT IN {FINAL}
LEFT JOIN queues q ON q.id = s.queue_id
WHERE c.tenant_id = $1 AND c.id = ANY($2)
"""  # noqa: S608 - our own constants


async def standings(
    raw: RawConnection, tenant_id: UUID, ids: Sequence[UUID]
) -> dict[UUID, Standing]:
    """Read where conversations of a tenant stand; absent and foreign ones are left out."""
    records = await raw.fetch(_STANDING, tenant_id, list(ids))
    return {one.id: one for one in map(_standing, records)}


def _standing(record: Any) -> Standing:
    *known, marks = values(record)
    receipts = tuple(Mark(UUID(user), *seqs) for user, *seqs in _json(marks or []))
    return Standing(*[*known, receipts])


_HEADS = """
SELECT id, last_seq, floor_holder, floor_epoch FROM conversations WHERE id = ANY($1)
"""


async def heads(raw: RawConnection, ids: Sequence[UUID]) -> list[tuple[UUID, int, str, int]]:
    """Read heads and floors whatever the tenant; for chorus_system only."""
    return [tuple(values(record)) for record in await raw.fetch(_HEADS, list(ids))]


async def epoch(raw: RawConnection) -> str:
    return str(await raw.fetchval("SELECT epoch FROM installation"))


_EPOCH = text("SELECT epoch FROM installation")


async def epoch_of(session: Reader) -> str:
    return str(await session.scalar(_EPOCH))


@dataclass(frozen=True, slots=True)
class Locked:
    """A conversation whose row this transaction holds."""

    id: UUID
    contact_id: UUID
    inbox_id: UUID
    status: str
    closed_at: datetime | None
    last_seq: int
    first_seq: int
    floor_holder: str
    floor_epoch: int
    assignee_id: UUID | None


_LOCKED = (
    "id, contact_id, inbox_id, status, closed_at, last_seq, first_seq, floor_holder,"
    " floor_epoch, assignee_id"
)
_LOCK = text(
    f"SELECT {_LOCKED} FROM conversations"  # noqa: S608
    " WHERE tenant_id = :tenant AND id = :id FOR NO KEY UPDATE"
)
_FIND = text(f"SELECT {_LOCKED} FROM conversations WHERE tenant_id = :tenant AND id = :id")  # noqa: S608


async def lock(tx: Transaction, tenant_id: UUID, conversation_id: UUID) -> Locked | None:
    """Hold a conversation until the transaction ends: first of all locks (DESIGN §4)."""
    found = await first(tx, _LOCK, {"tenant": tenant_id, "id": conversation_id})
    return None if found is None else Locked(*found)


async def find(session: Reader, tenant_id: UUID, conversation_id: UUID) -> Locked | None:
    """Read the same without holding it."""
    found = await first(session, _FIND, {"tenant": tenant_id, "id": conversation_id})
    return None if found is None else Locked(*found)


_INSERT = text(
    "INSERT INTO conversations (id, tenant_id, inbox_id, contact_id, floor_holder, attributes,"
    " last_ts, created_at) VALUES (:id, :tenant, :inbox, :contact, :floor,"
    " CAST(:attributes AS jsonb), :at, :at) ON CONFLICT (id) DO NOTHING RETURNING id"
)


@dataclass(frozen=True, slots=True)
class NewConversation:
    id: UUID
    tenant_id: UUID
    inbox_id: UUID
    contact_id: UUID
    floor: str
    attributes: dict[str, Any]
    at: datetime


async def insert(tx: Transaction, new: NewConversation) -> bool:
    """Make the row; False when a conversation of that id exists, whoever's it is."""
    given = {
        "id": new.id,
        "tenant": new.tenant_id,
        "inbox": new.inbox_id,
        "contact": new.contact_id,
        "floor": new.floor,
        "attributes": orjson.dumps(new.attributes).decode(),
        "at": new.at,
    }
    return await tx.scalar(_INSERT, given) is not None


_LATEST = text(
    "SELECT id FROM conversations WHERE tenant_id = :tenant AND contact_id = :contact"
    " AND inbox_id = :inbox AND status <> 'closed' ORDER BY id DESC LIMIT 1"
)
_LATEST_INBOX = text(
    "SELECT inbox_id FROM conversations WHERE tenant_id = :tenant AND contact_id = :contact"
    " ORDER BY id DESC LIMIT 1"
)


async def latest_open(
    session: Reader, tenant_id: UUID, *, contact_id: UUID, inbox_id: UUID
) -> UUID | None:
    given = {"tenant": tenant_id, "contact": contact_id, "inbox": inbox_id}
    return await one_id(session, _LATEST, given)


async def latest_inbox(session: Reader, tenant_id: UUID, contact_id: UUID) -> UUID | None:
    """The inbox where a contact spoke last."""
    given = {"tenant": tenant_id, "contact": contact_id}
    return await one_id(session, _LATEST_INBOX, given)


_SET_STATUS = text(
    "UPDATE conversations SET status = :status, closed_at = :closed, snoozed_until = :until,"
    " waiting_since = CASE WHEN :status = 'closed' THEN NULL ELSE waiting_since END"
    " WHERE tenant_id = :tenant AND id = :id"
)


async def set_status(
    tx: Transaction,
    tenant_id: UUID,
    conversation_id: UUID,
    *,
    status: str,
    closed_at: datetime | None = None,
    until: datetime | None = None,
) -> None:
    given = {"tenant": tenant_id, "id": conversation_id, "status": status}
    await tx.execute(_SET_STATUS, {**given, "closed": closed_at, "until": until})


# The session keeps its own: a later one of this conversation may be rated otherwise.
_RATE = text("""
WITH rated AS (
    UPDATE conversations SET csat_score = :score, csat_comment = :comment
    WHERE tenant_id = :tenant AND id = :id
)
UPDATE live_chat_sessions SET rating = :score WHERE id = (
    SELECT id FROM live_chat_sessions
    WHERE tenant_id = :tenant AND conversation_id = :id AND accepted_at IS NOT NULL
    ORDER BY requested_at DESC, id DESC LIMIT 1
)
""")


async def rate(
    tx: Transaction, tenant_id: UUID, conversation_id: UUID, *, score: int, comment: str | None
) -> None:
    """Keep a score for a held conversation, and for the last session that somebody answered."""
    given = {"tenant": tenant_id, "id": conversation_id, "score": score, "comment": comment}
    await tx.execute(_RATE, given)


@dataclass(frozen=True, slots=True)
class Portrait:
    """What the snapshot of a conversation shows beside its messages."""

    standing: Standing
    assignee: dict[str, Any] | None
    team: dict[str, Any] | None
    contact: dict[str, Any]
    session: dict[str, Any] | None
    summary: dict[str, Any] | None
    speakers: list[dict[str, Any]]
    inbox_id: UUID
    priority: int
    tags: list[str]
    about: dict[str, Any]
    """For agents: where it came in, what the page said of it, when it began, how it was rated, which
    bot spoke from which event on."""


_PORTRAIT = text(f"""
SELECT c.id, c.contact_id, i.epoch, c.last_seq, c.first_seq, c.status, c.closed_at,
    c.floor_holder, c.floor_epoch, q.name, {POSITION},
    (SELECT json_agg(json_build_array(r.user_id, r.delivered_seq, r.read_seq))
     FROM conversation_reads r WHERE r.conversation_id = c.id),
    (SELECT json_build_object('id', a.id, 'name', a.name, 'role', a.role)
     FROM agents a WHERE a.id = c.assignee_id),
    (SELECT json_build_object('id', t.id, 'name', t.name) FROM teams t WHERE t.id = c.team_id),
    (SELECT json_build_object('id', k.id, 'name', k.name, 'email', k.email, 'locale', k.locale,
        'verified', k.verified) FROM contacts k WHERE k.id = c.contact_id),
    CASE WHEN s.id IS NOT NULL THEN json_build_object('id', s.id, 'state', s.status,
        'reason', s.reason, 'agentId', s.agent_id, 'requestedAt', s.requested_at,
        'options', s.options) END,
    c.metadata->'summary',
    (SELECT json_agg(json_build_object('userId', a.id, 'name', a.name, 'role', 'agent'))
     FROM agents a WHERE a.id IN (SELECT DISTINCT m.sender_id FROM messages m
        WHERE m.conversation_id = c.id AND m.role = 'agent' AND m.visibility = 'public'
        AND m.message_type <> 'event' AND m.seq > c.last_seq - 500)),
    c.inbox_id, c.priority, c.tags,
    json_build_object('inbox', (SELECT json_build_object('id', b.id, 'name', b.name, 'channel',
        b.channel) FROM inboxes b WHERE b.id = c.inbox_id), 'attributes', c.attributes,
        'createdAt', c.created_at, 'snoozedUntil', c.snoozed_until, 'closedAt', c.closed_at,
        'markedUnread', c.marked_unread, 'csat', CASE WHEN c.csat_score IS NOT NULL THEN
        json_build_object('score', c.csat_score, 'comment', c.csat_comment) END, 'bots',
        (SELECT json_agg(json_build_object('fromSeq', v.seq, 'id', b.id, 'name', b.name)
            ORDER BY v.seq)
        FROM (SELECT s.seq, s.bot, lag(s.bot) OVER (ORDER BY s.seq) AS before FROM (
            SELECT m.seq, coalesce(m.payload->'meta'->'bot'->>'id', '') AS bot FROM messages m
            WHERE m.conversation_id = c.id AND m.role = 'bot' AND m.message_type <> 'event'
            AND m.seq > c.last_seq - 500
            UNION ALL SELECT c.last_seq + 1, coalesce(CAST(x.bot_id AS text), '')
            FROM inboxes x WHERE x.id = c.inbox_id) s) v
        LEFT JOIN bots b ON b.tenant_id = c.tenant_id AND CAST(b.id AS text) = v.bot
        WHERE v.bot IS DISTINCT FROM v.before), 'traits',
        (SELECT json_build_object('intent', t.intent, 'sentiment', t.sentiment, 'language',
            t.language, 'suggested', ARRAY(SELECT unnest(t.tags) EXCEPT SELECT unnest(t.settled)
            EXCEPT SELECT unnest(c.tags) ORDER BY 1))
        FROM conversation_traits t WHERE t.conversation_id = c.id))
FROM conversations c
CROSS JOIN installation i
LEFT JOIN live_chat_sessions s ON s.conversation_id = c.id AND s.status NOT IN {FINAL}
LEFT JOIN queues q ON q.id = s.queue_id
WHERE c.tenant_id = :tenant AND c.id = :id
""")  # noqa: S608 - our own constants


async def portrait(session: Reader, tenant_id: UUID, conversation_id: UUID) -> Portrait | None:
    found = await first(session, _PORTRAIT, {"tenant": tenant_id, "id": conversation_id})
    if found is None:
        return None
    assignee, team, contact, live, summary, speakers = map(_json, found[12:18])
    return Portrait(
        _standing(found[:12]),
        assignee,
        team,
        contact,
        live,
        summary,
        speakers or [],
        *[*found[18:21], _json(found[21])],
    )


def _json(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str | bytes) else value
