"""Teams over REST: whom a session can be handed to, and who sees a queue."""

from typing import Any

from fastapi import Response

from chat_service import team_admin
from chat_service.agent_admin import MembersOf
from chat_service.routes.admin_parts import (
    ADMIN,
    READ,
    STAFF,
    AgentId,
    Asked,
    By,
    IdempotencyKey,
    TeamId,
    agents_listed,
    listed,
    once_of,
)
from chat_service.routes.admin_shapes import AgentList, TeamAnswer, TeamBody, TeamList
from chat_service.routes.guard import Route, Who, With
from chat_service.store.admin_people import Group, TeamCard
from chorus.clock import rfc3339
from chorus.web import json_response


async def teams(resources: With, who: Who, asked: Asked) -> Response:
    """In order of name."""
    return listed(await team_admin.read_page(resources.db, who, asked), _answer)


async def team_made(
    body: TeamBody, resources: With, by: By, idempotency_key: IdempotencyKey = None
) -> Response:
    """A team of a name that no other has (409 `NAME_TAKEN`)."""
    once = once_of(by.principal, "team.create", idempotency_key, body)
    return json_response(
        _answer(await team_admin.create(resources.commands, by, body.name, once)), 201
    )


async def team_shown(team_id: TeamId, resources: With, who: Who) -> Response:
    return json_response(_answer(await team_admin.read_one(resources.db, who, team_id)))


async def team_renamed(team_id: TeamId, body: TeamBody, resources: With, by: By) -> Response:
    found = await team_admin.rename(resources.commands, by, team_id, body.name)
    return json_response(_answer(found))


async def team_removed(team_id: TeamId, resources: With, by: By) -> Response:
    """Who waits for the team is for everybody who serves the queue. A queue that was shown to
    this team only is seen by those who serve it.
    """
    await team_admin.remove(resources.commands, by, team_id)
    return Response(status_code=204)


async def team_members(team_id: TeamId, resources: With, who: Who, asked: Asked) -> Response:
    """In order of name."""
    await team_admin.read_one(resources.db, who, team_id)
    return await agents_listed(resources.commands, who, asked, MembersOf(Group.TEAM, team_id))


async def team_joined(team_id: TeamId, agent_id: AgentId, resources: With, by: By) -> Response:
    await team_admin.join(resources.commands, by, Group.TEAM, group_id=team_id, agent_id=agent_id)
    return Response(status_code=204)


async def team_left(team_id: TeamId, agent_id: AgentId, resources: With, by: By) -> Response:
    await team_admin.leave(resources.commands, by, Group.TEAM, group_id=team_id, agent_id=agent_id)
    return Response(status_code=204)


def _answer(card: TeamCard) -> dict[str, Any]:
    return {
        "id": card.id,
        "name": card.name,
        "members": card.members,
        "createdAt": rfc3339(card.created_at),
    }


_ONE = "/admin/teams/{teamId}"
_MEMBER = f"{_ONE}/members/{{agentId}}"

ROUTES = (
    Route("GET", "/admin/teams", teams, READ, "List teams", TeamList),
    Route("POST", "/admin/teams", team_made, ADMIN, "Make a team", TeamAnswer, status=201),
    Route("GET", _ONE, team_shown, READ, "A team", TeamAnswer),
    Route("PATCH", _ONE, team_renamed, ADMIN, "Rename a team", TeamAnswer),
    Route("DELETE", _ONE, team_removed, ADMIN, "Delete a team", status=204),
    Route("GET", f"{_ONE}/members", team_members, READ, "Who is in a team", AgentList),
    Route("PUT", _MEMBER, team_joined, STAFF, "Take an agent into a team", status=204),
    Route("DELETE", _MEMBER, team_left, STAFF, "Take an agent out of a team", status=204),
)
