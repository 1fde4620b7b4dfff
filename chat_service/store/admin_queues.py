"""SQL on queues as those who set them up see them: what is set, who serves, who waits."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text

from chat_service.name_pages import AFTER, Stretch
from chat_service.store.rows import every, first
from chat_service.store.viewers import VISIBLE
from chorus.db import Reader, Transaction
from chorus.tables.catalogue import metadata

_TABLE: Final = metadata.tables["queues"]
SETTABLE: Final = (
    "name",
    "policy",
    "priority",
    "skills",
    "intent_skills",
    "conditions",
    "hours",
    "is_default",
    "visibility",
    "max_wait_s",
    "overflow_queue_id",
    "sla_s",
    "offer_s",
    "wrap_up_s",
    "idle_asked_after_s",
    "idle_ends_after_s",
    "idle_then",
    "relaxations",
    "asked_again_after_s",
    "texts",
    "max_wait_then",
    "team_wait_s",
)
"""The columns that are somebody's choice."""


@dataclass(frozen=True, slots=True)
class QueueCard:
    """A queue with all that was chosen for it, and how it goes there now."""

    id: UUID
    chosen: Mapping[str, Any]
    """The columns of `SETTABLE`."""
    visible_to: tuple[UUID, ...]
    created_at: datetime
    members: int
    waiting: int

    @property
    def name(self) -> str:
        return str(self.chosen["name"])


_COLUMNS: Final = f"""
SELECT q.id, {", ".join(f"q.{name}" for name in SETTABLE)},
    ARRAY(SELECT v.team_id FROM queue_teams v WHERE v.queue_id = q.id ORDER BY 1), q.created_at,
    (SELECT count(*) FROM queue_members m JOIN agents a ON a.id = m.agent_id
     WHERE m.queue_id = q.id AND a.disabled_at IS NULL),
    (SELECT count(*) FROM live_chat_sessions s WHERE s.tenant_id = q.tenant_id
        AND s.queue_id = q.id AND s.status IN ('requested', 'queued', 'offered'))
FROM queues q WHERE q.tenant_id = :tenant AND q.archived_at IS NULL
"""  # noqa: S608 - our own constants
_SEEN: Final = f"(CAST(:viewer AS uuid) IS NULL OR {VISIBLE})"
_PAGE = text(f"{_COLUMNS} AND {_SEEN} AND {AFTER.format('q')}")
_ONE = text(f"{_COLUMNS} AND {_SEEN} AND q.id = :id")


async def page(
    session: Reader, tenant_id: UUID, stretch: Stretch, *, viewer_id: UUID | None
) -> list[QueueCard]:
    """Queues in order of name; `viewer_id` sees only theirs, None all."""
    given = {"tenant": tenant_id, "viewer": viewer_id} | stretch.given()
    return [_card(row) for row in await every(session, _PAGE, given)]


async def card(
    session: Reader, tenant_id: UUID, queue_id: UUID, *, viewer_id: UUID | None = None
) -> QueueCard | None:
    given = {"tenant": tenant_id, "viewer": viewer_id, "id": queue_id}
    found = await first(session, _ONE, given)
    return None if found is None else _card(found)


def _card(row: list[Any]) -> QueueCard:
    chosen = dict(zip(SETTABLE, row[1 : len(SETTABLE) + 1], strict=True))
    for name in ("conditions", "hours", "relaxations", "texts", "intent_skills"):
        chosen[name] = _json(chosen[name])
    visible_to, created_at, members, waiting = row[len(SETTABLE) + 1 :]
    teams = tuple(UUID(int=one.int) for one in visible_to)
    return QueueCard(row[0], chosen, teams, created_at, members, waiting)


def _json(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str | bytes) else value


async def insert(
    tx: Transaction, tenant_id: UUID, queue_id: UUID, chosen: Mapping[str, Any]
) -> None:
    """Make a queue; what is left out is as the table says."""
    await tx.execute(_TABLE.insert().values(id=queue_id, tenant_id=tenant_id, **chosen))


async def update(
    tx: Transaction, tenant_id: UUID, queue_id: UUID, chosen: Mapping[str, Any]
) -> None:
    mine = _TABLE.c.id == queue_id, _TABLE.c.tenant_id == tenant_id
    await tx.execute(_TABLE.update().where(*mine).values(**chosen))


_NAMED = text(
    "SELECT id FROM queues WHERE tenant_id = :tenant AND name = :name AND archived_at IS NULL"
    " AND id <> :id"
)
_NO_DEFAULT = text("UPDATE queues SET is_default = false WHERE tenant_id = :tenant AND is_default")
_NO_TEAMS = text("DELETE FROM queue_teams WHERE tenant_id = :tenant AND queue_id = :queue")
_TEAMS = text(
    "INSERT INTO queue_teams (queue_id, team_id, tenant_id)"
    " SELECT :queue, id, :tenant FROM unnest(CAST(:teams AS uuid[])) AS n (id)"
)


async def name_taken(session: Reader, tenant_id: UUID, name: str, *, by_other_than: UUID) -> bool:
    given = {"tenant": tenant_id, "name": name, "id": by_other_than}
    return await session.scalar(_NAMED, given) is not None


async def have_no_default(tx: Transaction, tenant_id: UUID) -> None:
    await tx.execute(_NO_DEFAULT, {"tenant": tenant_id})


async def show_to(
    tx: Transaction, tenant_id: UUID, queue_id: UUID, teams: Collection[UUID]
) -> None:
    """Let these teams see a queue and no others; none of them means everybody."""
    given = {"tenant": tenant_id, "queue": queue_id}
    await tx.execute(_NO_TEAMS, given)
    await tx.execute(_TEAMS, given | {"teams": list(teams)})


_LIVE_TEAMS = text(
    "SELECT id FROM teams WHERE tenant_id = :tenant AND archived_at IS NULL"
    " AND id = ANY(CAST(:ids AS uuid[]))"
)
_INBOXES = text(
    "SELECT id FROM inboxes WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS uuid[]))"
)


async def missing_teams(session: Reader, tenant_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    """Those that are no teams of this tenant."""
    found = await every(session, _LIVE_TEAMS, {"tenant": tenant_id, "ids": list(ids)})
    return set(ids) - {row[0] for row in found}


async def missing_inboxes(session: Reader, tenant_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    """Those that are no inboxes of this tenant."""
    found = await every(session, _INBOXES, {"tenant": tenant_id, "ids": list(ids)})
    return set(ids) - {row[0] for row in found}


_ARCHIVE = text(
    "UPDATE queues SET archived_at = :at, is_default = false"
    " WHERE tenant_id = :tenant AND id = :queue"
)
# Whoever overflowed into it overflows into where it overflowed itself.
_SPLICE = text(
    "UPDATE queues SET overflow_queue_id = CASE WHEN id <> :onwards THEN :onwards END"
    " WHERE tenant_id = :tenant AND overflow_queue_id = :queue"
)
_FEED = text(
    "UPDATE inboxes SET queue_id = :instead WHERE tenant_id = :tenant AND queue_id = :queue"
)
_UNANSWERED = text(
    "SELECT conversation_id FROM live_chat_sessions WHERE tenant_id = :tenant"
    " AND queue_id = :queue AND status IN ('requested', 'queued', 'offered', 'deferred')"
)


@dataclass(frozen=True, slots=True)
class Gone:
    """A queue that is deleted, where it overflowed, and where those go who came to it."""

    queue_id: UUID
    onwards: UUID | None
    instead: UUID | None


async def archive(tx: Transaction, tenant_id: UUID, gone: Gone, *, at: datetime) -> None:
    """Delete a queue but for its history; nothing leads to it any more."""
    given = {"tenant": tenant_id, "queue": gone.queue_id}
    await tx.execute(_ARCHIVE, given | {"at": at})
    await tx.execute(_SPLICE, given | {"onwards": gone.onwards})
    await tx.execute(_FEED, given | {"instead": gone.instead})


async def unanswered(session: Reader, tenant_id: UUID, queue_id: UUID) -> list[UUID]:
    """The conversations that wait in a queue, or could not be answered there."""
    given = {"tenant": tenant_id, "queue": queue_id}
    return [row[0] for row in await every(session, _UNANSWERED, given)]
