"""SQL on agents, teams and who is a member of what, as those who set them up see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text

from chat_service.name_pages import AFTER, Stretch
from chat_service.store.rows import every, first
from chat_service.store.viewers import VISIBLE
from chorus.db import Reader, Transaction
from chorus.tables.catalogue import metadata

_AGENTS: Final = metadata.tables["agents"]


class Group(StrEnum):
    """What an agent can be a member of."""

    QUEUE = "queue"
    TEAM = "team"


@dataclass(frozen=True, slots=True)
class Membership:
    """A queue or a team as its members know it."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class AgentCard:
    """An agent, what they can do and where they serve."""

    id: UUID
    name: str
    email: str
    role: str
    capacity: int
    skills: list[str]
    languages: list[str]
    status: str | None
    """What they chose; None: nothing yet."""
    disabled: bool
    queues: tuple[Membership, ...]
    """Those the reader may see."""
    teams: tuple[Membership, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which agents: all, or the members of a queue or team; queues as `viewer_id` sees them."""

    viewer_id: UUID | None
    group: Group | None = None
    group_id: UUID | None = None


_COLUMNS: Final = f"""
SELECT a.id, a.name, a.email, a.role, a.capacity, a.skills, a.languages,
    CASE WHEN a.status_at IS NOT NULL THEN a.status END, a.disabled_at IS NOT NULL,
    (SELECT json_agg(json_build_array(q.id, q.name) ORDER BY q.name) FROM queue_members m
        JOIN queues q ON q.id = m.queue_id AND q.archived_at IS NULL
        WHERE m.agent_id = a.id AND (CAST(:viewer AS uuid) IS NULL OR {VISIBLE})),
    (SELECT json_agg(json_build_array(t.id, t.name) ORDER BY t.name) FROM team_members m
        JOIN teams t ON t.id = m.team_id AND t.archived_at IS NULL WHERE m.agent_id = a.id)
FROM agents a WHERE a.tenant_id = :tenant
"""  # noqa: S608 - our own constants
_MEMBER_OF: Final = {
    None: "true",
    Group.QUEUE: "a.id IN (SELECT agent_id FROM queue_members WHERE queue_id = :group)",
    Group.TEAM: "a.id IN (SELECT agent_id FROM team_members WHERE team_id = :group)",
}
_PAGES: Final = {
    group: text(f"{_COLUMNS} AND {condition} AND {AFTER.format('a')}")
    for group, condition in _MEMBER_OF.items()
}
_ONE = text(f"{_COLUMNS} AND a.id = :id")


async def page(
    session: Reader, tenant_id: UUID, wanted: Wanted, stretch: Stretch
) -> list[AgentCard]:
    """Agents in order of name, disabled ones too."""
    given = {"tenant": tenant_id, "viewer": wanted.viewer_id} | stretch.given()
    given |= {} if wanted.group is None else {"group": wanted.group_id}
    return [_agent(row) for row in await every(session, _PAGES[wanted.group], given)]


async def card(
    session: Reader, tenant_id: UUID, agent_id: UUID, *, viewer_id: UUID | None
) -> AgentCard | None:
    given = {"tenant": tenant_id, "id": agent_id, "viewer": viewer_id}
    found = await first(session, _ONE, given)
    return None if found is None else _agent(found)


def _agent(row: list[Any]) -> AgentCard:
    *known, queues, teams = row
    return AgentCard(*[*known, _memberships(queues), _memberships(teams)])


def _memberships(value: Any) -> tuple[Membership, ...]:
    listed = orjson.loads(value) if isinstance(value, str | bytes) else value
    return tuple(Membership(UUID(id_), name) for id_, name in listed or [])


async def update(
    tx: Transaction, tenant_id: UUID, agent_id: UUID, chosen: Mapping[str, Any]
) -> None:
    """Write columns of an agent; waits for a routing round that gives them something."""
    mine = _AGENTS.c.id == agent_id, _AGENTS.c.tenant_id == tenant_id
    await tx.execute(_AGENTS.update().where(*mine).values(**chosen))


_JOIN: Final = {
    group: text(
        f"INSERT INTO {group}_members ({group}_id, agent_id, tenant_id)"  # noqa: S608
        " VALUES (:group, :agent, :tenant) ON CONFLICT DO NOTHING RETURNING agent_id"
    )
    for group in Group
}
_LEAVE: Final = {
    group: text(
        f"DELETE FROM {group}_members"  # noqa: S608
        f" WHERE {group}_id = :group AND agent_id = :agent AND tenant_id = :tenant"
        " RETURNING agent_id"
    )
    for group in Group
}
_GROUP: Final = {
    group: text(
        f"SELECT name FROM {group}s"  # noqa: S608
        " WHERE tenant_id = :tenant AND id = :group AND archived_at IS NULL"
    )
    for group in Group
}


async def group_name(session: Reader, tenant_id: UUID, group: Group, group_id: UUID) -> str | None:
    """What a queue or team is called; None for what is absent, foreign or deleted."""
    found: str | None = await session.scalar(
        _GROUP[group], {"tenant": tenant_id, "group": group_id}
    )
    return found


async def join(
    tx: Transaction, tenant_id: UUID, group: Group, *, group_id: UUID, agent_id: UUID
) -> bool:
    """Make an agent a member; False when they are one already."""
    given = {"tenant": tenant_id, "group": group_id, "agent": agent_id}
    return await tx.scalar(_JOIN[group], given) is not None


async def leave(
    tx: Transaction, tenant_id: UUID, group: Group, *, group_id: UUID, agent_id: UUID
) -> bool:
    """End a membership; False when there is none."""
    given = {"tenant": tenant_id, "group": group_id, "agent": agent_id}
    return await tx.scalar(_LEAVE[group], given) is not None


@dataclass(frozen=True, slots=True)
class TeamCard:
    id: UUID
    name: str
    created_at: datetime
    members: int


_TEAM_COLUMNS: Final = """
SELECT t.id, t.name, t.created_at,
    (SELECT count(*) FROM team_members m JOIN agents a ON a.id = m.agent_id
     WHERE m.team_id = t.id AND a.disabled_at IS NULL)
FROM teams t WHERE t.tenant_id = :tenant AND t.archived_at IS NULL
"""
_TEAMS = text(f"{_TEAM_COLUMNS} AND {AFTER.format('t')}")
_TEAM = text(f"{_TEAM_COLUMNS} AND t.id = :id")


async def teams(session: Reader, tenant_id: UUID, stretch: Stretch) -> list[TeamCard]:
    """Teams in order of name."""
    given = {"tenant": tenant_id} | stretch.given()
    return [TeamCard(*row) for row in await every(session, _TEAMS, given)]


async def team(session: Reader, tenant_id: UUID, team_id: UUID) -> TeamCard | None:
    found = await first(session, _TEAM, {"tenant": tenant_id, "id": team_id})
    return None if found is None else TeamCard(*found)


_TEAM_NAMED = text(
    "SELECT id FROM teams WHERE tenant_id = :tenant AND name = :name AND archived_at IS NULL"
    " AND id <> :id"
)
_TEAM_INSERT = text("INSERT INTO teams (id, tenant_id, name) VALUES (:id, :tenant, :name)")
_TEAM_RENAME = text("UPDATE teams SET name = :name WHERE tenant_id = :tenant AND id = :id")
_TEAM_ARCHIVE = text("UPDATE teams SET archived_at = :at WHERE tenant_id = :tenant AND id = :id")
_TEAM_EMPTY = text("DELETE FROM team_members WHERE tenant_id = :tenant AND team_id = :id")


async def team_name_taken(
    session: Reader, tenant_id: UUID, name: str, *, by_other_than: UUID
) -> bool:
    given = {"tenant": tenant_id, "name": name, "id": by_other_than}
    return await session.scalar(_TEAM_NAMED, given) is not None


async def insert_team(tx: Transaction, tenant_id: UUID, team_id: UUID, *, name: str) -> None:
    await tx.execute(_TEAM_INSERT, {"tenant": tenant_id, "id": team_id, "name": name})


async def rename_team(tx: Transaction, tenant_id: UUID, team_id: UUID, *, name: str) -> None:
    await tx.execute(_TEAM_RENAME, {"tenant": tenant_id, "id": team_id, "name": name})


async def archive_team(tx: Transaction, tenant_id: UUID, team_id: UUID, *, at: datetime) -> None:
    """Delete a team but for its name in the past. What only it saw nobody sees by it any more."""
    given = {"tenant": tenant_id, "id": team_id}
    await tx.execute(_TEAM_ARCHIVE, given | {"at": at})
    await tx.execute(_TEAM_EMPTY, given)
