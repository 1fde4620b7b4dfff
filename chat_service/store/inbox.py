"""SQL of the agents' inbox: pages of views, single rows, and counters."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from chat_service.store.conversations import FINAL, WAITING
from chat_service.store.rows import every, first
from chat_service.store.viewers import VISIBLE
from chorus.db import Reader
from chorus.wire.common import InboxSort, InboxView


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
    inbox_id: UUID
    snoozed_until: datetime | None
    mentioned: list[UUID] | None
    """The agents whom notes name, by themselves or by a team of theirs."""
    intent: str | None = None
    """What the customer's words say, like what follows; None: nothing that stands out."""
    sentiment: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Which page of which view; filters left None do not filter."""

    view: str
    agent_id: UUID | None = None
    contact_id: UUID | None = None
    status: str | None = None
    queue: str | None = None
    assignee_id: UUID | None = None
    nobodys: bool | None = None
    """Only what no agent has."""
    tags: tuple[str, ...] | None = None
    """All of them."""
    priority: int | None = None
    """At least so high."""
    inbox_id: UUID | None = None
    channel: str | None = None
    unread: bool | None = None
    intent: str | None = None
    sentiment: str | None = None
    language: str | None = None
    viewer_id: UUID | None = None
    """Of queues, only what this agent may see; None sees all."""
    sort: InboxSort = InboxSort.LATEST
    after: tuple[datetime | int, UUID] | None = None
    """The place of the last row of the page before, as `place_of` says it."""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Among:
    """Which conversations a search has found: of these contacts, with the tag, or of this id."""

    contact_ids: tuple[UUID, ...]
    tag: str
    id: UUID | None


# As the partial index of `messages` says it.
NAMING: Final = "m.payload ? 'mentions' AND m.role = 'agent' AND m.deleted_at IS NULL"
_OPEN_SESSION: Final = f"""
LEFT JOIN live_chat_sessions s ON s.conversation_id = c.id AND s.status NOT IN {FINAL}
"""
_SESSION: Final = f"""{_OPEN_SESSION}
LEFT JOIN queues q ON q.id = coalesce(s.queue_id, c.queue_id)
"""
_COLUMNS: Final = """
SELECT c.id, c.last_seq, c.status, c.floor_holder, c.floor_epoch, s.status, q.name,
    c.assignee_id, k.id, k.name, k.verified, c.preview,
    greatest(c.unread, CAST(c.marked_unread AS integer)), c.waiting_since, c.priority,
    c.tags, b.channel, coalesce(c.last_ts, c.created_at), c.inbox_id, c.snoozed_until, named.who,
    nullif(t.intent, 'other'), nullif(t.sentiment, 'neutral'), nullif(t.language, '')
"""
_JOINED: Final = f"""
JOIN contacts k ON k.id = c.contact_id
JOIN inboxes b ON b.id = c.inbox_id
LEFT JOIN conversation_traits t ON t.conversation_id = c.id
{_SESSION}
LEFT JOIN LATERAL (
    SELECT array_agg(DISTINCT coalesce(t.agent_id, CAST(n.id AS uuid))) AS who
    FROM messages m CROSS JOIN LATERAL jsonb_array_elements_text(m.payload->'mentions') AS n (id)
    LEFT JOIN team_members t ON t.team_id = CAST(n.id AS uuid)
    WHERE m.tenant_id = c.tenant_id AND m.conversation_id = c.id AND {NAMING}
) named ON true
"""  # noqa: S608 - our own constants
_MENTIONED: Final = f"""
c.status <> 'closed' AND c.id IN (
    SELECT m.conversation_id FROM messages m WHERE m.tenant_id = :tenant AND {NAMING}
        AND m.payload->'mentions' ?| array_append(ARRAY(
            SELECT CAST(t.team_id AS text) FROM team_members t WHERE t.agent_id = :agent
        ), CAST(CAST(:agent AS uuid) AS text))
)
"""  # noqa: S608 - our own constants
_VIEWS: Final = {
    InboxView.ALL: "true",
    InboxView.MINE: "c.assignee_id = :agent AND c.status = 'open'",
    InboxView.QUEUE: f"s.status IN {WAITING} AND c.status <> 'closed'",
    InboxView.SNOOZED: "c.status = 'snoozed'",
    InboxView.BOT: "c.floor_holder = 'bot' AND c.status = 'open'",
    InboxView.MENTIONS: _MENTIONED,
}
_READ: Final = """c.id IN (
    SELECT r.conversation_id FROM conversation_traits r WHERE r.tenant_id = :tenant AND r.{0} = :{0}
)"""
_FILTERS: Final = {
    "contact_id": "c.contact_id = :contact_id",
    "status": "c.status = :status",
    "queue": "(q.name = :queue OR CAST(q.id AS text) = :queue)",
    "assignee_id": "c.assignee_id = :assignee_id",
    "nobodys": "(c.assignee_id IS NULL) = :nobodys",
    "tags": "c.tags @> CAST(:tags AS text[])",
    "priority": "c.priority >= :priority",
    "inbox_id": "c.inbox_id = :inbox_id",
    "channel": "c.inbox_id IN (SELECT id FROM inboxes WHERE channel = :channel)",
    "unread": "(c.unread > 0 OR c.marked_unread) = :unread",
    "intent": _READ.format("intent"),
    "sentiment": _READ.format("sentiment"),
    "language": _READ.format("language"),
}


_AMONG: Final = (
    "(c.contact_id = ANY(CAST(:contacts AS uuid[])) OR c.tags @> ARRAY[CAST(:tag AS text)]"
    " OR c.id = CAST(:id AS uuid))"
)


@dataclass(frozen=True, slots=True)
class Order:
    """In which order rows come: by what, and from where on the next page begins."""

    by: str
    of: str
    """The type of `by`."""
    downwards: bool = False

    @property
    def clause(self) -> str:
        way = "DESC" if self.downwards else "ASC"
        return f" ORDER BY {self.by} {way}, c.id {way}"

    @property
    def after(self) -> str:
        sign = "<" if self.downwards else ">"
        return f"({self.by}, c.id) {sign} (CAST(:after_by AS {self.of}), CAST(:after_id AS uuid))"


FAR: Final = datetime(9999, 12, 31, tzinfo=UTC)
"""When those who do not wait have been waiting since."""
_LAST: Final = "coalesce(c.last_ts, c.created_at)"
_ORDERS: Final = {
    InboxSort.LATEST: Order(_LAST, "timestamptz", downwards=True),
    InboxSort.OLDEST: Order(_LAST, "timestamptz"),
    InboxSort.WAITING: Order(
        "coalesce(c.waiting_since, timestamptz '9999-12-31 00:00:00+00')", "timestamptz"
    ),
    InboxSort.PRIORITY: Order("-c.priority", "integer"),
}


def place_of(row: InboxRecord, sort: InboxSort) -> datetime | int:
    """Where a row stands in a list of this order."""
    match sort:
        case InboxSort.WAITING:
            return row.waiting_since or FAR
        case InboxSort.PRIORITY:
            return -row.priority
        case _:
            return row.last_ts


def page_query(
    tenant_id: UUID, asked: Asked, among: Among | None = None
) -> tuple[str, dict[str, Any]]:
    """The one statement of a page: which rows first, then what is shown of those few."""
    picked, given = picked_query(tenant_id, asked, among)
    order = _ORDERS[asked.sort].clause
    return (
        f"WITH picked AS MATERIALIZED ({picked}) {_COLUMNS}"
        f" FROM picked JOIN conversations c ON c.id = picked.id {_JOINED} {order}"
    ), given


def picked_query(
    tenant_id: UUID, asked: Asked, among: Among | None = None
) -> tuple[str, dict[str, Any]]:
    """Which conversations stand on a page."""
    given: dict[str, Any] = {"tenant": tenant_id, "limit": asked.limit}
    where = [_VIEWS[InboxView(asked.view)]]
    if ":agent" in where[0]:
        given["agent"] = asked.agent_id
    for name, condition in _FILTERS.items():
        if (value := getattr(asked, name)) is not None:
            where.append(condition)
            given[name] = list(value) if isinstance(value, tuple) else value
    if among is not None:
        where.append(_AMONG)
        given |= {"contacts": list(among.contact_ids), "tag": among.tag, "id": among.id}
    order = _ORDERS[asked.sort]
    if asked.after is not None:
        where.append(order.after)
        given["after_by"], given["after_id"] = asked.after
    by_session = asked.view == InboxView.QUEUE or asked.queue is not None
    if by_session and asked.viewer_id is not None:
        where.append(VISIBLE)
        given["viewer"] = asked.viewer_id
    return (
        f"SELECT c.id FROM conversations c {_SESSION if by_session else ''}"  # noqa: S608
        f" WHERE c.tenant_id = :tenant AND {' AND '.join(where)} {order.clause} LIMIT :limit"
    ), given


async def page(
    session: Reader, tenant_id: UUID, asked: Asked, among: Among | None = None
) -> list[InboxRecord]:
    """Read a page, latest first; at most `limit` rows."""
    statement, given = page_query(tenant_id, asked, among)
    return [InboxRecord(*row) for row in await every(session, text(statement), given)]


_NAME: Final = re.compile(r"(?<!:):([a-z_]+)")


async def sizes(session: Reader, tenant_id: UUID, wanted: Sequence[Asked]) -> list[int]:
    """How many rows each of these lists has, at most its `limit`: one statement for all."""
    parts: list[str] = []
    given: dict[str, Any] = {}
    for place, asked in enumerate(wanted):
        picked, values = picked_query(tenant_id, asked)
        numbered = _NAME.sub(rf":\1_{place}", picked)
        parts.append(f"(SELECT count(*) FROM ({numbered}) picked)")  # noqa: S608
        given |= {f"{name}_{place}": value for name, value in values.items()}
    found = await first(session, text(f"SELECT {', '.join(parts)}"), given)
    return list(found or [])


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
    count(*) FILTER (WHERE c.floor_holder = 'bot' AND c.status = 'open'),
    count(*) FILTER (WHERE {mentioned})
FROM conversations c {session}
WHERE c.tenant_id = :tenant AND c.status <> 'closed'
"""
_COUNTS_ALL = text(
    _COUNTS.format(waiting=WAITING, visible="true", session=_OPEN_SESSION, mentioned=_MENTIONED)
)
_COUNTS_SEEN = text(
    _COUNTS.format(waiting=WAITING, visible=VISIBLE, session=_SESSION, mentioned=_MENTIONED)
)


_COUNTED: Final = (
    InboxView.QUEUE,
    InboxView.MINE,
    InboxView.ALL,
    InboxView.SNOOZED,
    InboxView.BOT,
    InboxView.MENTIONS,
)


async def counts(
    session: Reader, tenant_id: UUID, agent_id: UUID, *, viewer_id: UUID | None = None
) -> dict[str, int]:
    """How many conversations that are not closed stand in each view, as `viewer_id` sees queues."""
    given = {"tenant": tenant_id, "agent": agent_id}
    if viewer_id is None:
        found = await first(session, _COUNTS_ALL, given)
    else:
        found = await first(session, _COUNTS_SEEN, given | {"viewer": viewer_id})
    return dict(zip(map(str, _COUNTED), found or [0] * len(_COUNTED), strict=True))
