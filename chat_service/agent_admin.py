"""What agents can take and do: capacity, skills, languages; and how busy they are now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from chat_service.administration import (
    Action,
    Author,
    Kind,
    Revision,
    Subject,
    differences,
    record,
    revising,
)
from chat_service.deeds import Commands
from chat_service.inbox import viewer_of
from chat_service.name_pages import Page, Stretch, page_of
from chat_service.queue_choice import Desk, status_of
from chat_service.store import admin_people as store
from chat_service.store import lines
from chat_service.store.admin_people import AgentCard, Group, Wanted
from chorus import presence
from chorus.auth import Principal
from chorus.errors import Forbidden, NotFound
from chorus.wire.common import PresenceStatus

SUPERVISORS_CHANGE: Final = frozenset({"capacity"})


@dataclass(frozen=True, slots=True)
class Colleague:
    """An agent as they are now; `load` counts by weight what they answer."""

    card: AgentCard
    presence: PresenceStatus
    load: int

    @property
    def id(self) -> UUID:
        return self.card.id

    @property
    def name(self) -> str:
        return self.card.name


@dataclass(frozen=True, slots=True)
class MembersOf:
    """The members of a queue or team, which the reader can see."""

    group: Group
    id: UUID


async def read_page(
    commands: Commands, principal: Principal, stretch: Stretch, members: MembersOf | None = None
) -> Page[Colleague]:
    """Agents in order of name, or the members of a queue or team."""
    viewer_id, tenant_id = viewer_of(principal), principal.tenant_id
    wanted = Wanted(viewer_id, members.group, members.id) if members else Wanted(viewer_id)
    async with commands.db.read(tenant_id) as session:
        found = page_of(await store.page(session, tenant_id, wanted, stretch), stretch)
        desks = await lines.desks(session, tenant_id, [one.id for one in found.items])
    return Page(await _as_they_are(commands, tenant_id, found.items, desks), found.next_cursor)


async def read_one(commands: Commands, principal: Principal, agent_id: UUID) -> Colleague:
    """Raises NotFound for agents who are absent or foreign."""
    tenant_id = principal.tenant_id
    async with commands.db.read(tenant_id) as session:
        viewer_id = viewer_of(principal)
        card = await store.card(session, tenant_id, agent_id, viewer_id=viewer_id)
        if card is None:
            raise NotFound
        desks = await lines.desks(session, tenant_id, [agent_id])
    (found,) = await _as_they_are(commands, tenant_id, [card], desks)
    return found


async def change(
    commands: Commands, author: Author, agent_id: UUID, chosen: Mapping[str, Any]
) -> None:
    """Choose otherwise what an agent takes and can do; supervisors choose the capacity only.

    Nobody loses a chat by a lower capacity: nothing new is offered until there is room.

    Raises:
        Forbidden, and NotFound for agents who are absent or foreign.
    """
    async with revising(commands, author) as revision:
        before = await _found(revision, agent_id)
        if not chosen.keys() <= SUPERVISORS_CHANGE:
            admins_only(author)
        known = {name: getattr(before, name) for name in chosen}
        new = differences(known, chosen)
        if new:
            changed = {name: chosen[name] for name in new}
            await store.update(revision.tx, revision.tenant_id, agent_id, changed)
            await record(revision, Subject(Kind.AGENT, agent_id), Action.CHANGED, new)


def admins_only(author: Author) -> None:
    """Raises Forbidden for supervisors."""
    if author.principal.role != "admin":
        raise Forbidden("Supervisors change the capacity only.")


async def _found(revision: Revision, agent_id: UUID) -> AgentCard:
    found = await store.card(revision.tx, revision.tenant_id, agent_id, viewer_id=None)
    if found is None:
        raise NotFound
    return found


async def _as_they_are(
    commands: Commands, tenant_id: UUID, cards: Sequence[AgentCard], desks: Sequence[Desk]
) -> list[Colleague]:
    """Look who is there; who is shut out is not."""
    at = {one.id: one for one in desks}
    seen = await presence.read(commands.redis, tenant_id, [one.id for one in desks])
    return [
        Colleague(one, status_of(at[one.id], seen), at[one.id].load)
        if one.id in at
        else Colleague(one, PresenceStatus.OFFLINE, 0)
        for one in cards
    ]
