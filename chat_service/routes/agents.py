"""Agents over REST: who works here, as what, what each takes, and who may come in."""

from typing import Any

from fastapi import Request, Response

from chat_service import agent_admin, staff
from chat_service.resources import Resources
from chat_service.routes import render
from chat_service.routes.admin_parts import (
    ADMIN,
    READ,
    STAFF,
    AgentId,
    Asked,
    By,
    agents_listed,
    colleague,
)
from chat_service.routes.admin_shapes import AgentAnswer, AgentChange, AgentList
from chat_service.routes.guard import From, Public, Route, Who, With
from chat_service.routes.shapes import AgentTokens
from chat_service.routes.staff_shapes import AcceptBody, InvitedAgent, NewAgent
from chat_service.routes.staff_shapes import Invitation as InvitationShape
from chat_service.staff import Invitation
from chorus.clock import rfc3339
from chorus.web import json_response


async def agents(resources: With, who: Who, asked: Asked) -> Response:
    """In order of name, those who are shut out too. Queues that this reader may not see are not
    named, and e-mail addresses are for supervisors and admins.
    """
    return await agents_listed(resources.commands, who, asked)


async def agent_invited(body: NewAgent, request: Request, resources: With, by: By) -> Response:
    """A new agent, and an invitation that is shown once: hand its `url` on. It is good for seven
    days. 409 `EMAIL_TAKEN`.
    """
    made = await staff.invite(resources.commands, by, body.model_dump())
    found = await agent_admin.read_one(resources.commands, by.principal, made.agent_id)
    invitation = _invitation(made, request, resources)
    shown = {"agent": colleague(found, by.principal), "invitation": invitation}
    return json_response(shown, 201, headers=_NO_STORE)


async def agent_invited_again(
    agent_id: AgentId, request: Request, resources: With, by: By
) -> Response:
    """Another invitation, for who has lost theirs, or their password; those before it are void."""
    made = await staff.invite_again(resources.commands, by, agent_id)
    return json_response(_invitation(made, request, resources), 201, headers=_NO_STORE)


async def invitation_accepted(body: AcceptBody, resources: With, caller: From) -> Response:
    """Choose a password by an invitation, once, and be signed in."""
    await resources.limits.login(caller, body.token[:8])
    grant = await staff.accept(resources.identity, body.token, body.password)
    return json_response(render.agent_tokens(grant), headers=_NO_STORE)


async def agent_shown(agent_id: AgentId, resources: With, who: Who) -> Response:
    found = await agent_admin.read_one(resources.commands, who, agent_id)
    return json_response(colleague(found, who))


async def agent_changed(agent_id: AgentId, body: AgentChange, resources: With, by: By) -> Response:
    """What is left out stays. With a higher capacity who waits is offered at once; with a lower
    one nobody loses a chat or an offer, and nothing new comes until there is room. Supervisors
    change the capacity only. 409 `LAST_ADMIN` where nobody would be left who sets things up.
    """
    chosen = body.model_dump(exclude_unset=True)
    role = chosen.pop("role", None)
    if role is not None:
        agent_admin.admins_only(by)
        await staff.choose_role(resources.commands, resources.identity, by, agent_id, role)
    await agent_admin.change(resources.commands, by, agent_id, chosen)
    found = await agent_admin.read_one(resources.commands, by.principal, agent_id)
    return json_response(colleague(found, by.principal))


async def agent_disabled(agent_id: AgentId, resources: With, by: By) -> Response:
    """Shut somebody out: their sockets close, their tokens are void, and whom they answer is asked
    for anew. Not oneself (422), not the last admin (409 `LAST_ADMIN`).
    """
    await staff.disable(resources.commands, resources.identity, by, agent_id)
    return Response(status_code=204)


async def agent_enabled(agent_id: AgentId, resources: With, by: By) -> Response:
    """Let somebody in again, who signs in with the password of before."""
    await staff.enable(resources.commands, by, agent_id)
    return Response(status_code=204)


def _invitation(made: Invitation, request: Request, resources: Resources) -> dict[str, Any]:
    base = resources.settings.base_url.rstrip("/") or str(request.base_url).rstrip("/")
    # Behind the hash, so that no server ever logs it.
    url = f"{base}/console/invite#{made.token}"
    return {"token": made.token, "url": url, "expiresAt": rfc3339(made.expires_at)}


_NO_STORE = {"Cache-Control": "no-store"}
_AGENT = "/admin/agents/{agentId}"

ROUTES = (
    Route("GET", "/admin/agents", agents, READ, "List agents", AgentList),
    Route(
        "POST", "/admin/agents", agent_invited, ADMIN, "Invite an agent", InvitedAgent, status=201
    ),
    Route("GET", _AGENT, agent_shown, READ, "An agent", AgentAnswer),
    Route("PATCH", _AGENT, agent_changed, STAFF, "Change what an agent takes", AgentAnswer),
    Route(
        "POST",
        f"{_AGENT}/invite",
        agent_invited_again,
        ADMIN,
        "Let an agent choose a password anew",
        InvitationShape,
        status=201,
    ),
    Route("POST", f"{_AGENT}/disable", agent_disabled, ADMIN, "Shut an agent out", status=204),
    Route("POST", f"{_AGENT}/enable", agent_enabled, ADMIN, "Let an agent in again", status=204),
    Route(
        "POST",
        "/auth/invite",
        invitation_accepted,
        Public("the secret in the body is the proof"),
        "Choose a password by an invitation",
        AgentTokens,
    ),
)
