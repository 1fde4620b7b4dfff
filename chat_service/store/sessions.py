"""SQL on `live_chat_sessions`, read and written together with the conversation they belong to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text

from chat_service.handoff_words import Locales, OwnTexts
from chat_service.session_facts import Conversation, Offer, Reason, Session
from chat_service.store.conversations import FINAL
from chat_service.store.rows import every, first, one_id
from chat_service.store.statements import rows, run, statement
from chorus.db import Reader, Transaction
from chorus.db_connect import RawConnection
from chorus.wire.common import ConversationStatus, Floor, SessionState


@dataclass(frozen=True, slots=True)
class Contact:
    """Whose conversation it is, as an agent is shown."""

    id: UUID
    name: str | None
    verified: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A conversation whose row this transaction holds, as a session sees it."""

    id: UUID
    last_seq: int
    conversation: Conversation
    closed_at: datetime | None
    queue_id: UUID | None
    contact: Contact
    summary: str | None
    locales: Locales = ()


# What the conversation's lock covers: its sessions and their offers are changed by nobody else.
_HOLD: Final = """
SELECT c.id, c.last_seq, c.status, c.floor_holder, c.floor_epoch, c.assignee_id, c.team_id,
    coalesce(b.settings->'bot'->>'enabled' = 'true', false), c.closed_at, c.queue_id,
    k.id, k.name, k.verified, c.metadata->'summary'->>'text', k.locale, b.settings->>'locale'
FROM conversations c
JOIN inboxes b ON b.id = c.inbox_id
JOIN contacts k ON k.id = c.contact_id
WHERE c.tenant_id = :tenant AND c.id = ANY(CAST(:ids AS uuid[]))
ORDER BY c.id FOR NO KEY UPDATE OF c
"""
_HOLD_ALL = text(_HOLD)
_HOLD_FREE = text(f"{_HOLD} SKIP LOCKED")


async def hold(
    tx: Transaction, tenant_id: UUID, ids: Sequence[UUID], *, skip_locked: bool = False
) -> dict[UUID, Held]:
    """Lock conversations in order of id, first of all locks, and read what sessions need of them.

    Absent and foreign ones are left out and, with `skip_locked`, those somebody else holds.
    """
    asked = _HOLD_FREE if skip_locked else _HOLD_ALL
    found = await every(tx, asked, {"tenant": tenant_id, "ids": list(ids)})
    return {one.id: one for one in map(_held, found)}


def _held(found: list[Any]) -> Held:
    id_, last_seq, status, holder, *known = found
    conversation = Conversation(ConversationStatus(status), Floor(holder), *known[:4])
    contact, locales = Contact(*known[6:9]), (known[10], known[11])
    return Held(id_, last_seq, conversation, known[4], known[5], contact, known[9], locales)


@dataclass(frozen=True, slots=True)
class Filed:
    """A session with what never changes of it, and what its queue says."""

    session: Session
    tenant_id: UUID
    conversation_id: UUID
    reason: str | None
    requested_by: UUID | None
    source: str
    wrap_up_s: int
    offer_s: int
    names: Mapping[UUID, str]
    texts: OwnTexts
    locales: Locales = ()
    """Where the conversation was not read with it."""


_COLUMNS: Final = """
s.tenant_id, s.conversation_id, s.id, s.status, s.requested_at, s.queue_id, s.agent_id, s.leaving_agent_id,
o.agent_id, o.deadline_at, o.reason, s.excluded_agent_ids, s.options, s.queued_at, s.offered_at,
s.accepted_at, s.started_at, s.given_at, s.wrap_up_until, s.ended_at, s.end_reason, s.idle_asked_at,
s.reason, s.requested_by, s.source, coalesce(q.wrap_up_s, 0), coalesce(q.offer_s, 30), q.name, q.texts,
(SELECT json_object_agg(a.id, a.name) FROM agents a
 WHERE a.id IN (s.agent_id, s.leaving_agent_id, o.agent_id))
"""
_BESIDE: Final = """
LEFT JOIN session_offers o ON o.session_id = s.id AND o.state = 'open'
LEFT JOIN queues q ON q.id = s.queue_id
"""
_LATEST = text(f"""
SELECT {_COLUMNS}
FROM unnest(CAST(:ids AS uuid[])) AS want (id)
CROSS JOIN LATERAL (
    SELECT id FROM live_chat_sessions
    WHERE tenant_id = :tenant AND conversation_id = want.id
    ORDER BY status IN {FINAL}, requested_at DESC, id DESC LIMIT 1
) pick
JOIN live_chat_sessions s ON s.id = pick.id
{_BESIDE}
ORDER BY s.id FOR NO KEY UPDATE OF s
""")  # noqa: S608 - our own constants
_OPEN = statement(
    f"SELECT {_COLUMNS}, k.locale, b.settings->>'locale' FROM live_chat_sessions s {_BESIDE}"  # noqa: S608
    " JOIN conversations c ON c.id = s.conversation_id"
    " JOIN contacts k ON k.id = c.contact_id JOIN inboxes b ON b.id = c.inbox_id"
    " WHERE s.conversation_id = ANY(CAST(:ids AS uuid[]))"
    f" AND s.status NOT IN {FINAL} ORDER BY s.id FOR NO KEY UPDATE OF s"
)


async def latest(tx: Transaction, tenant_id: UUID, ids: Sequence[UUID]) -> dict[UUID, Filed]:
    """Lock and read, for each held conversation, its open session or the last that ended."""
    found = await every(tx, _LATEST, {"tenant": tenant_id, "ids": list(ids)})
    return {one.conversation_id: one for one in map(_filed, found)}


async def open_ones(
    where: Transaction | RawConnection, conversation_ids: Sequence[UUID]
) -> dict[UUID, Filed]:
    """Lock and read the open sessions of held conversations."""
    found = await rows(where, _OPEN, {"ids": list(conversation_ids)})
    return {one.conversation_id: one for one in map(_filed, found)}


def _filed(found: list[Any]) -> Filed:
    tenant_id, conversation_id, id_, state, requested_at, queue_id, agent_id, leaving = found[:8]
    asked, deadline_at, why, excluded, options = found[8:13]
    *moments, end_reason, idle_asked_at = found[13:22]
    reason, requested_by, source, wrap_up_s, offer_s, queue, texts, agents, *locales = found[22:]
    session = Session(
        id_,
        SessionState(state),
        requested_at,
        queue_id,
        agent_id,
        leaving,
        asked and Offer(asked, deadline_at, direct=why == Reason.TRANSFERRED),
        frozenset(UUID(int=one.int) for one in excluded),
        _json(options),
        *[*moments, _reason(end_reason), idle_asked_at],
    )
    names = {UUID(one): name for one, name in (_json(agents) or {}).items()}
    names |= {queue_id: queue} if queue_id else {}
    own = {queue_id: _json(texts)} if queue_id else {}
    beside = (reason, requested_by, source, wrap_up_s, offer_s, names, own, tuple(locales))
    return Filed(session, tenant_id, conversation_id, *beside)


def _reason(spelled: str | None) -> Reason | None:
    return Reason(spelled) if spelled in set(Reason) else None


def _json(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str | bytes) else value


def _spelled(value: Mapping[str, Any] | None) -> str | None:
    return orjson.dumps(dict(value)).decode() if value else None


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody who asked for a person said; it never changes."""

    source: str
    reason: str | None = None
    requested_by: UUID | None = None
    priority: int = 0
    skills: tuple[str, ...] = ()
    sla_due_at: datetime | None = None
    promised_eta_s: int | None = None
    socket: str | None = None
    """The customer's, where they asked themselves."""


_INSERT = text("""
INSERT INTO live_chat_sessions (id, tenant_id, conversation_id, status, queue_id, reason, source,
    requested_by, priority, skills, sla_due_at, promised_eta_s, requested_at, queued_at,
    deferred_at, options, user_socket_id)
VALUES (:id, :tenant, :conversation, :status, :queue, :reason, :source, :by, :priority, :skills,
    :due, :promised, :at, :queued, :deferred,
    CAST(:options AS jsonb), :socket)
""")


@dataclass(frozen=True, slots=True)
class Beginning:
    """A session that has just begun, and may have been queued or deferred already."""

    conversation_id: UUID
    session: Session
    request: Request


async def insert(tx: Transaction, tenant_id: UUID, begun: Sequence[Beginning]) -> None:
    await tx.execute(_INSERT, [_inserted(tenant_id, one) for one in begun])


def _inserted(tenant_id: UUID, begun: Beginning) -> dict[str, Any]:
    session, request = begun.session, begun.request
    return {
        "id": session.id,
        "tenant": tenant_id,
        "conversation": begun.conversation_id,
        "status": session.state,
        "queue": session.queue_id,
        "reason": request.reason,
        "source": request.source,
        "by": request.requested_by,
        "priority": request.priority,
        "skills": list(request.skills),
        "due": request.sla_due_at,
        "promised": request.promised_eta_s,
        "at": session.requested_at,
        "queued": session.queued_at,
        "deferred": session.requested_at if session.state == SessionState.DEFERRED else None,
        "options": _spelled(session.options),
        "socket": request.socket,
    }


# A list in a list: as text, because unnest() flattens arrays of arrays.
_SAVE = statement("""
UPDATE live_chat_sessions s SET status = n.status, queue_id = n.queue, agent_id = n.agent,
    leaving_agent_id = n.leaving, excluded_agent_ids = CAST(n.excluded AS uuid[]),
    options = CAST(n.options AS jsonb), queued_at = n.queued, offered_at = n.offered,
    accepted_at = n.accepted, started_at = n.started, given_at = n.given, wrap_up_until = n.wrap_up,
    ended_at = n.ended, end_reason = n.end_reason, idle_asked_at = n.idle_asked,
    deferred_at = CASE WHEN n.status = 'deferred' THEN coalesce(s.deferred_at, now())
        ELSE s.deferred_at END,
    agent_socket_id = CASE WHEN n.socket IS NULL AND n.agent IS NOT DISTINCT FROM s.agent_id
        THEN s.agent_socket_id ELSE n.socket END
FROM unnest(CAST(:ids AS uuid[]), CAST(:statuses AS text[]), CAST(:queues AS uuid[]),
    CAST(:agents AS uuid[]), CAST(:leaving AS uuid[]), CAST(:excluded AS text[]),
    CAST(:options AS text[]), CAST(:queued AS timestamptz[]), CAST(:offered AS timestamptz[]),
    CAST(:accepted AS timestamptz[]), CAST(:started AS timestamptz[]),
    CAST(:given AS timestamptz[]), CAST(:wrap_up AS timestamptz[]), CAST(:ended AS timestamptz[]), CAST(:reasons AS text[]),
    CAST(:idle_asked AS timestamptz[]), CAST(:sockets AS text[]))
    AS n (id, status, queue, agent, leaving, excluded, options, queued, offered, accepted,
        started, given, wrap_up, ended, end_reason, idle_asked, socket)
WHERE s.id = n.id
""")


async def save(
    where: Transaction | RawConnection,
    sessions: Sequence[Session],
    *,
    sockets: Mapping[UUID, str] | None = None,
) -> None:
    """Write sessions, whose locks are held, as the state machine left them.

    `sockets`: by session, the one by which its agent took it. Whoever took it over REST has none.
    """
    named = sockets or {}
    given = {
        "ids": [one.id for one in sessions],
        "statuses": [one.state for one in sessions],
        "queues": [one.queue_id for one in sessions],
        "agents": [one.agent_id for one in sessions],
        "leaving": [one.leaving_agent_id for one in sessions],
        "excluded": [f"{{{','.join(map(str, sorted(one.excluded)))}}}" for one in sessions],
        "options": [_spelled(one.options) for one in sessions],
        "queued": [one.queued_at for one in sessions],
        "offered": [one.offered_at for one in sessions],
        "accepted": [one.accepted_at for one in sessions],
        "started": [one.started_at for one in sessions],
        "given": [one.given_at for one in sessions],
        "wrap_up": [one.wrap_up_until for one in sessions],
        "ended": [one.ended_at for one in sessions],
        "reasons": [one.end_reason for one in sessions],
        "idle_asked": [one.idle_asked_at for one in sessions],
        "sockets": [named.get(one.id) for one in sessions],
    }
    await run(where, _SAVE, given)


@dataclass(frozen=True, slots=True)
class Known:
    """What agents and queues are called, and the own sentences of queues."""

    names: Mapping[UUID, str]
    texts: OwnTexts


_KNOWN = statement("""
SELECT id, name, NULL FROM agents WHERE id = ANY(CAST(:ids AS uuid[]))
UNION ALL SELECT id, name, texts FROM queues WHERE id = ANY(CAST(:ids AS uuid[]))
""")


async def known(where: Reader | RawConnection, ids: Sequence[UUID]) -> Known:
    found = await rows(where, _KNOWN, {"ids": list(ids)})
    texts = {id_: _json(own) for id_, _, own in found if own is not None}
    return Known({id_: name for id_, name, _ in found}, texts)


async def names(where: Reader | RawConnection, ids: Sequence[UUID]) -> Mapping[UUID, str]:
    return (await known(where, ids)).names


_WHERE = text(
    "SELECT conversation_id FROM live_chat_sessions WHERE tenant_id = :tenant AND id = :id"
)


async def conversation_of(session: Reader, tenant_id: UUID, session_id: UUID) -> UUID | None:
    """The conversation that a session belongs to; it never changes."""
    return await one_id(session, _WHERE, {"tenant": tenant_id, "id": session_id})


_LEAVE = text(
    "UPDATE live_chat_sessions SET options = coalesce(options, '{}') || CAST(:left AS jsonb)"
    " WHERE tenant_id = :tenant AND id = :id"
)


async def choose(tx: Transaction, tenant_id: UUID, session_id: UUID, *, choice: str) -> None:
    """Keep what the customer takes of the options of a locked session."""
    await leave(tx, tenant_id, session_id, left={"chosen": choice})


async def leave(
    tx: Transaction, tenant_id: UUID, session_id: UUID, *, left: Mapping[str, Any]
) -> None:
    """Add what the customer leaves to the options of a locked session."""
    await tx.execute(_LEAVE, {"tenant": tenant_id, "id": session_id, "left": _spelled(left)})


_WRAPPING_UP = text(
    "SELECT conversation_id FROM live_chat_sessions"
    " WHERE tenant_id = :tenant AND agent_id = :agent AND status = 'wrap_up'"
)


async def wrapping_up(session: Reader, tenant_id: UUID, agent_id: UUID) -> list[UUID]:
    """The conversations whose sessions this agent wraps up."""
    found = await every(session, _WRAPPING_UP, {"tenant": tenant_id, "agent": agent_id})
    return [one[0] for one in found]


@dataclass(frozen=True, slots=True)
class SessionCard:
    """A session as an edge shows it."""

    id: UUID
    conversation_id: UUID
    state: str
    queue: str | None
    agent_id: UUID | None
    agent_name: str | None


_CARD = text("""
SELECT s.id, s.conversation_id, s.status, q.name, a.id, a.name
FROM live_chat_sessions s
LEFT JOIN queues q ON q.id = s.queue_id
LEFT JOIN agents a ON a.id = s.agent_id
WHERE s.tenant_id = :tenant AND s.id = :id
""")


async def card(session: Reader, tenant_id: UUID, session_id: UUID) -> SessionCard | None:
    found = await first(session, _CARD, {"tenant": tenant_id, "id": session_id})
    return None if found is None else SessionCard(*found)
