"""Setting teams up, and who is a member of a team or serves a queue."""

from uuid import UUID

from chat_service.administration import (
    Action,
    Author,
    Kind,
    NameTaken,
    Once,
    Revision,
    Subject,
    keep,
    made_before,
    record,
    revising,
    wrong,
)
from chat_service.deeds import Commands
from chat_service.name_pages import Page, Stretch, page_of
from chat_service.store import admin_people as store
from chat_service.store import people
from chat_service.store.admin_people import Group, TeamCard
from chorus.auth import Principal
from chorus.db import Db
from chorus.errors import NotFound
from chorus.ids import uuid7


async def read_page(db: Db, principal: Principal, stretch: Stretch) -> Page[TeamCard]:
    """Teams in order of name."""
    async with db.read(principal.tenant_id) as session:
        found = await store.teams(session, principal.tenant_id, stretch)
    return page_of(found, stretch)


async def read_one(db: Db, principal: Principal, team_id: UUID) -> TeamCard:
    """Raises NotFound for what is absent, foreign or deleted."""
    async with db.read(principal.tenant_id) as session:
        found = await store.team(session, principal.tenant_id, team_id)
    if found is None:
        raise NotFound
    return found


async def create(
    commands: Commands, author: Author, name: str, once: Once | None = None
) -> TeamCard:
    """Make a team; the same key makes it once. Raises NameTaken and KeyReused."""
    async with revising(commands, author) as revision:
        team_id = await made_before(revision, once)
        if team_id is None:
            team_id = uuid7()
            await _check_name(revision, team_id, name)
            await store.insert_team(revision.tx, revision.tenant_id, team_id, name=name)
            await keep(revision, once, team_id)
            await record(revision, Subject(Kind.TEAM, team_id), Action.CREATED, {"name": name})
        return await _found(revision, team_id)


async def rename(commands: Commands, author: Author, team_id: UUID, name: str) -> TeamCard:
    """Call a team otherwise. Raises NotFound and NameTaken."""
    async with revising(commands, author) as revision:
        before = await _found(revision, team_id)
        if before.name == name:
            return before
        await _check_name(revision, team_id, name)
        await store.rename_team(revision.tx, revision.tenant_id, team_id, name=name)
        detail = {"name": {"from": before.name, "to": name}}
        await record(revision, Subject(Kind.TEAM, team_id), Action.CHANGED, detail)
        return await _found(revision, team_id)


async def remove(commands: Commands, author: Author, team_id: UUID) -> None:
    """Delete a team: who waited for it is for everybody who serves the queue.

    Raises:
        NotFound: absent, foreign, or deleted already.
    """
    async with revising(commands, author) as revision:
        before = await _found(revision, team_id)
        await store.archive_team(revision.tx, revision.tenant_id, team_id, at=revision.now)
        detail = {"name": before.name}
        await record(revision, Subject(Kind.TEAM, team_id), Action.DELETED, detail)


async def join(
    commands: Commands, author: Author, group: Group, *, group_id: UUID, agent_id: UUID
) -> None:
    """Make an agent a member; whoever is one already stays one.

    Raises:
        NotFound: no such queue or team, or no such agent. BadRequest: the agent is disabled.
    """
    async with revising(commands, author) as revision:
        tx, tenant_id = revision.tx, revision.tenant_id
        name = await store.group_name(tx, tenant_id, group, group_id)
        agent = await people.agent(tx, tenant_id, agent_id)
        if name is None or agent is None:
            raise NotFound
        if agent.disabled_at is not None:
            raise wrong("agentId", "names an agent who is shut out.")
        if await store.join(tx, tenant_id, group, group_id=group_id, agent_id=agent_id):
            await _told(revision, group, group_id, agent_id, Action.MEMBER_ADDED)


async def leave(
    commands: Commands, author: Author, group: Group, *, group_id: UUID, agent_id: UUID
) -> None:
    """End a membership. Whom they answer, and what they are offered now, stays theirs.

    Raises:
        NotFound: no such queue, team or member.
    """
    async with revising(commands, author) as revision:
        tx, tenant_id = revision.tx, revision.tenant_id
        name = await store.group_name(tx, tenant_id, group, group_id)
        if name is None or not await store.leave(
            tx, tenant_id, group, group_id=group_id, agent_id=agent_id
        ):
            raise NotFound
        await _told(revision, group, group_id, agent_id, Action.MEMBER_REMOVED)


async def _told(
    revision: Revision, group: Group, group_id: UUID, agent_id: UUID, action: Action
) -> None:
    await record(revision, Subject(Kind(group), group_id), action, {"agent_id": agent_id})


async def _check_name(revision: Revision, team_id: UUID, name: str) -> None:
    tx, tenant_id = revision.tx, revision.tenant_id
    if await store.team_name_taken(tx, tenant_id, name, by_other_than=team_id):
        raise NameTaken("There is a team of this name already.", field="name")


async def _found(revision: Revision, team_id: UUID) -> TeamCard:
    found = await store.team(revision.tx, revision.tenant_id, team_id)
    if found is None:
        raise NotFound
    return found
