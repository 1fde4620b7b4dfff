"""What the routes for queues, teams, agents and inboxes share: who may, pages, and members."""

from collections.abc import Callable
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

from fastapi import Depends, Header, Path, Query, Response

from chat_service import agent_admin
from chat_service.administration import Author, Once
from chat_service.agent_admin import Colleague, MembersOf
from chat_service.deeds import Commands
from chat_service.name_pages import PAGE_MAX, Named, Page, Stretch, stretch_of
from chat_service.routes.admin_shapes import Setting
from chat_service.routes.guard import AGENTS_AND_SERVICES, From, Needs, Who
from chat_service.routes.sessions import key_id
from chorus.auth import Principal
from chorus.web import json_response

T = TypeVar("T", bound=Named)
READ: Final = Needs("chat:read", AGENTS_AND_SERVICES)
STAFF: Final = Needs("chat:write", frozenset({"supervisor", "admin"}))
"""Who serves where and how much each takes changes with the day."""
ADMIN: Final = Needs("admin:write", frozenset({"admin"}))

IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=200)]
QueueId = Annotated[UUID, Path(alias="queueId")]
TeamId = Annotated[UUID, Path(alias="teamId")]
AgentId = Annotated[UUID, Path(alias="agentId")]


def _stretch(
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
) -> Stretch:
    return stretch_of(cursor, limit)


def _author(who: Who, caller: From) -> Author:
    return Author(who, caller.address)


Asked = Annotated[Stretch, Depends(_stretch)]
By = Annotated[Author, Depends(_author)]


def once_of(who: Principal, what: str, key: str | None, body: Setting) -> Once | None:
    """What an Idempotency-Key stands for."""
    if key is None:
        return None
    return Once(key_id(who, what, key), body.model_dump(mode="json", exclude_unset=True))


def listed(page: Page[T], shown: Callable[[T], dict[str, Any]]) -> Response:
    """Answer a page of something."""
    items = [shown(one) for one in page.items]
    return json_response({"items": items, "nextCursor": page.next_cursor})


async def agents_listed(
    commands: Commands, who: Principal, asked: Stretch, of: MembersOf | None = None
) -> Response:
    """Answer a page of agents, or of the members of something, as this reader may see them."""
    page = await agent_admin.read_page(commands, who, asked, of)
    return listed(page, lambda one: colleague(one, who))


def colleague(found: Colleague, who: Principal) -> dict[str, Any]:
    """An agent; addresses are for seniors."""
    card = found.card
    knows = who.role != "agent" or who.user_id == card.id
    return {
        "id": card.id,
        "name": card.name,
        "email": card.email if knows else None,
        "role": card.role,
        "capacity": card.capacity,
        "load": found.load,
        "skills": card.skills,
        "languages": card.languages,
        "status": card.status,
        "presence": found.presence,
        "disabled": card.disabled,
        "queues": [{"id": one.id, "name": one.name} for one in card.queues],
        "teams": [{"id": one.id, "name": one.name} for one in card.teams],
    }
