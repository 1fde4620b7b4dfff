"""SQL of the agents' inbox: pages of views, single rows, and counters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from chat_service.store.conversations import FINAL, WAITING
from chat_service.store.rows import every, first
from chat_service.store.viewers import VISIBLE
from chorus.db import Reader
from chorus.wire.common import InboxView


@dataclass(frozen=True, slots=True)
class InboxRecord:
    """One conversation as an inbox row shows it."""

    id: UUID
    last_seq: int
    status: str
    floor_holder: str
    floor_epoch: int
    session: str | None
    queue: str | None
    assignee_id: UUID | None
    contact_id: UUID
    contact_name: str | None
    contact_verified: bool
    preview: str
    unread: int
    waiting_since: datetime | None
    priority: int
    tags: list[str]
    channel: str
    last_ts: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """Which page of which view; filters left None do not filter."""

    view: str
    agent_id: UUID | None = None
    contact_id: UUID | None = None
    status: str | None = None
    queue: str | None = None
    assignee_id: UUID | None = None
    viewer_id: UUID | None = None
    """Of queues, only what this agent may see; None sees all."""
    after: tuple[datetime, UUID] | None = None
    """The last row of the page before."""
    limit: int = 50


_OPEN_SESSION: Final = f"""
LEFT JOIN live_chat_sessions s ON s.conversation_id = c.id AND s.status NOT IN {FINAL}
"""
_SESSION: Final = f"""{_OPEN_SESSION}
LEFT JOIN queues q ON q.id = coalesce(s.queue_id, c.queue_id)
"""
_COLUMNS: Final = """
SELECT c.id, c.last_seq, c.status, c.floor_holder, c.floor_epoch, s.status, q.name,
    c.assignee_id, k.id, k.name, k.verified, c.preview, c.unread, c.waiting_since, c.priority,
    c.tags, b.channel, coalesce(c.last_ts, c.created_at)
"""
_JOINED: Final = f"""
JOIN contacts k ON k.id = c.contact_id
JOIN inboxes b ON b.id = c.inbox_id
{_SESSION}
"""
_MENTIONED: Final = (
    "c.status <> 'closed' AND EXISTS (SELECT 1 FROM messages m WHERE m.conversation_id = c.id"
    " AND m.payload->'mentions' @> to_jsonb(CAST(:agent AS text)))"
)
_VIEWS: Final = {
    InboxView.ALL: "true",
    InboxView.MINE: "c.assignee_id = :agent AND c.status = 'open'",
    InboxView.QUEUE: f"s.status IN {WAITING} AND c.status <> 'closed'",
    InboxView.SNOOZED: "c.status = 'snoozed'",
    InboxView.BOT: "c.floor_holder = 'bot' AND c.status = 'open'",
    InboxView.MENTIONS: _MENTIONED,
}
_FILTERS: Final = {
    "contact_id": "c.contact_id = :contact_id",
    "status": "c.status = :status",
    "queue": "(q.name = :queue OR CAST(q.id AS text) = :queue)",
    "assignee_id": "c.assignee_id = :assignee_id",
}
_ORDER: Final = " ORDER BY coalesce(c.last_ts, c.created_at) DESC, c.id DESC"
_AFTER: Final = (
    "(coalesce(c.last_ts, c.created_at), c.id)"
    " < (CAST(:after_ts AS timestamptz), CAST(:after_id AS uuid))"
)


def page_query(tenant_id: UUID, asked: Asked) -> tuple[str, dict[str, Any]]:
    """The one statement of a page: which rows first, then what is shown of those few."""
    given: dict[str, Any] = {"tenant": tenant_id, "limit": asked.limit}
    where = [_VIEWS[InboxView(asked.view)]]
    if ":agent" in where[0]:
        given["agent"] = str(asked.agent_id) if asked.view == InboxView.MENTIONS else asked.agent_id
    for name, condition in _FILTERS.items():
        if (value := getattr(asked, name)) is not None:
            where.append(condition)
            given[name] = value
    if asked.after is not None:
        where.append(_AFTER)
        given["after_ts"], given["after_id"] = asked.after
    by_session = asked.view == InboxView.QUEUE or asked.queue is not None
    if by_session and asked.viewer_id is not None:
        where.append(VISIBLE)
        given["viewer"] = asked.viewer_id
    picked = (
        f"SELECT c.id FROM conversations c {_SESSION if by_session else ''}"  # noqa: S608
        f" WHERE c.tenant_id = :tenant AND {' AND '.join(where)} {_ORDER} LIMIT :limit"
    )
    return (
        f"WITH picked AS MATERIALIZED ({picked}) {_COLUMNS}"
        f" FROM picked JOIN conversations c ON c.id = picked.id {_JOINED} {_ORDER}"
    ), given


async def page(session: Reader, tenant_id: UUID, asked: Asked) -> list[InboxRecord]:
    """Read a page, latest first; at most `limit` rows."""
    statement, given = page_query(tenant_id, asked)
    return [InboxRecord(*row) for row in await every(session, text(statement), given)]


_ROWS = text(
    f"{_COLUMNS} FROM conversations c {_JOINED}"
    " WHERE c.tenant_id = :tenant AND c.id = ANY(CAST(:ids AS uuid[]))"
)


async def rows(session: Reader, tenant_id: UUID, ids: Sequence[UUID]) -> list[InboxRecord]:
    given = {"tenant": tenant_id, "ids": list(ids)}
    return [InboxRecord(*row) for row in await every(session, _ROWS, given)]


_COUNTS: Final = """
SELECT count(*) FILTER (WHERE s.status IN {waiting} AND {visible}),
    count(*) FILTER (WHERE c.assignee_id = :agent AND c.status = 'open'),
    count(*), count(*) FILTER (WHERE c.status = 'snoozed'),
    count(*) FILTER (WHERE c.floor_holder = 'bot' AND c.status = 'open')
FROM conversations c {session}
WHERE c.tenant_id = :tenant AND c.status <> 'closed'
"""
_COUNTS_ALL = text(_COUNTS.format(waiting=WAITING, visible="true", session=_OPEN_SESSION))
_COUNTS_SEEN = text(_COUNTS.format(waiting=WAITING, visible=VISIBLE, session=_SESSION))


async def counts(
    session: Reader, tenant_id: UUID, agent_id: UUID, *, viewer_id: UUID | None = None
) -> dict[str, int]:
    """How many conversations that are not closed stand in each view, as `viewer_id` sees queues."""
    given = {"tenant": tenant_id, "agent": agent_id}
    if viewer_id is None:
        found = await first(session, _COUNTS_ALL, given)
    else:
        found = await first(session, _COUNTS_SEEN, given | {"viewer": viewer_id})
    names = (InboxView.QUEUE, InboxView.MINE, InboxView.ALL, InboxView.SNOOZED, InboxView.BOT)
    return dict(zip(map(str, names), found or [0] * 5, strict=True))
