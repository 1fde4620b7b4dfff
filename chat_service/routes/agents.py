"""Agents and inboxes over REST, as far as routing goes: what one takes, what the other costs."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Response

from chat_service import agent_admin, inbox_admin
from chat_service.routes.admin_parts import (
    ADMIN,
    READ,
    STAFF,
    AgentId,
    Asked,
    By,
    agents_listed,
    colleague,
    listed,
)
from chat_service.routes.admin_shapes import (
    AgentAnswer,
    AgentChange,
    AgentList,
    InboxAnswer,
    InboxChange,
    InboxList,
)
from chat_service.routes.guard import Route, Who, With
from chat_service.store.admin_inboxes import InboxCard
from chorus.web import json_response

InboxId = Annotated[UUID, Path(alias="inboxId")]


async def agents(resources: With, who: Who, asked: Asked) -> Response:
    """In order of name, those who are shut out too. Queues that this reader may not see are not
    named, and e-mail addresses are for supervisors and admins.
    """
    return await agents_listed(resources.commands, who, asked)


async def agent_shown(agent_id: AgentId, resources: With, who: Who) -> Response:
    found = await agent_admin.read_one(resources.commands, who, agent_id)
    return json_response(colleague(found, who))


async def agent_changed(agent_id: AgentId, body: AgentChange, resources: With, by: By) -> Response:
    """What is left out stays. With a higher capacity who waits is offered at once; with a lower
    one nobody loses a chat or an offer, and nothing new comes until there is room. Supervisors
    change the capacity only.
    """
    chosen = body.model_dump(exclude_unset=True)
    await agent_admin.change(resources.commands, by, agent_id, chosen)
    found = await agent_admin.read_one(resources.commands, by.principal, agent_id)
    return json_response(colleague(found, by.principal))


async def inboxes(resources: With, who: Who, asked: Asked) -> Response:
    """In order of name."""
    return listed(await inbox_admin.read_page(resources.db, who, asked), _inbox)


async def inbox_changed(inbox_id: InboxId, body: InboxChange, resources: With, by: By) -> Response:
    """How much of a capacity a conversation of this inbox takes, and where its requests go."""
    chosen = body.model_dump(exclude_unset=True)
    return json_response(_inbox(await inbox_admin.change(resources.commands, by, inbox_id, chosen)))


def _inbox(card: InboxCard) -> dict[str, Any]:
    return {
        "id": card.id,
        "name": card.name,
        "channel": card.channel,
        "enabled": card.enabled,
        "weight": card.weight,
        "queueId": card.queue_id,
    }


_AGENT = "/admin/agents/{agentId}"

ROUTES = (
    Route("GET", "/admin/agents", agents, READ, "List agents", AgentList),
    Route("GET", _AGENT, agent_shown, READ, "An agent", AgentAnswer),
    Route("PATCH", _AGENT, agent_changed, STAFF, "Change what an agent takes", AgentAnswer),
    Route("GET", "/admin/inboxes", inboxes, READ, "List inboxes", InboxList),
    Route(
        "PATCH",
        "/admin/inboxes/{inboxId}",
        inbox_changed,
        ADMIN,
        "Change how an inbox is routed",
        InboxAnswer,
    ),
)
