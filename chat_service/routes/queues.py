"""Queues over REST: what they are, who serves them."""

from typing import Any

from fastapi import Response

from chat_service import queue_admin, team_admin
from chat_service.agent_admin import MembersOf
from chat_service.routes.admin_parts import (
    ADMIN,
    READ,
    STAFF,
    AgentId,
    Asked,
    By,
    IdempotencyKey,
    QueueId,
    agents_listed,
    listed,
    once_of,
)
from chat_service.routes.admin_shapes import (
    AgentList,
    NewQueue,
    QueueAnswer,
    QueueChange,
    QueueList,
    QueueRemoved,
)
from chat_service.routes.guard import Route, Who, With
from chat_service.store.admin_people import Group
from chat_service.store.admin_queues import QueueCard
from chorus.clock import rfc3339
from chorus.web import json_response

_COLUMNS = {
    "max_wait_seconds": "max_wait_s",
    "sla_seconds": "sla_s",
    "offer_seconds": "offer_s",
    "wrap_up_seconds": "wrap_up_s",
    "idle_asked_after_seconds": "idle_asked_after_s",
    "idle_ends_after_seconds": "idle_ends_after_s",
    "asked_again_after_seconds": "asked_again_after_s",
    "team_wait_seconds": "team_wait_s",
}


async def queues(resources: With, who: Who, asked: Asked) -> Response:
    """In order of name. Agents see the queues they serve, those shown to a team of theirs, and
    those shown to everybody.
    """
    return listed(await queue_admin.read_page(resources.db, who, asked), _answer)


async def queue_made(
    body: NewQueue, resources: With, by: By, idempotency_key: IdempotencyKey = None
) -> Response:
    """A queue of a name that no other has (409 `NAME_TAKEN`). 422 says which field is wrong."""
    once = once_of(by.principal, "queue.create", idempotency_key, body)
    return json_response(
        _answer(await queue_admin.create(resources.commands, by, _chosen(body), once)), 201
    )


async def queue_shown(queue_id: QueueId, resources: With, who: Who) -> Response:
    return json_response(_answer(await queue_admin.read_one(resources.db, who, queue_id)))


async def queue_changed(queue_id: QueueId, body: QueueChange, resources: With, by: By) -> Response:
    """What is left out stays. Who waits is routed by the new rules at once."""
    found = await queue_admin.change(resources.commands, by, queue_id, _chosen(body))
    return json_response(_answer(found))


async def queue_removed(queue_id: QueueId, resources: With, by: By) -> Response:
    """Who waits there goes to its overflow queue, else to the default one, and keeps their age;
    where there is neither nobody can come: `deferred`. Who is answered notices nothing.
    """
    gone, sessions = await queue_admin.remove(resources.commands, by, queue_id)
    return json_response({"id": gone.queue_id, "instead": gone.instead, "sessions": sessions})


async def queue_members(queue_id: QueueId, resources: With, who: Who, asked: Asked) -> Response:
    """Who serves a queue, in order of name."""
    await queue_admin.read_one(resources.db, who, queue_id)
    return await agents_listed(resources.commands, who, asked, MembersOf(Group.QUEUE, queue_id))


async def queue_joined(queue_id: QueueId, agent_id: AgentId, resources: With, by: By) -> Response:
    """Let an agent serve a queue: who waits there may be offered to them at once."""
    await team_admin.join(resources.commands, by, Group.QUEUE, group_id=queue_id, agent_id=agent_id)
    return Response(status_code=204)


async def queue_left(queue_id: QueueId, agent_id: AgentId, resources: With, by: By) -> Response:
    """Offer nothing of this queue to the agent any more; what is theirs stays theirs."""
    await team_admin.leave(
        resources.commands, by, Group.QUEUE, group_id=queue_id, agent_id=agent_id
    )
    return Response(status_code=204)


def _chosen(body: QueueChange) -> dict[str, Any]:
    """What was sent, by the names of the columns."""
    sent = body.model_dump(exclude_unset=True)
    if "conditions" in sent:
        sent["conditions"] = body.conditions.model_dump(mode="json", exclude_unset=True)
    if sent.get("relaxations") is not None:
        sent["relaxations"] = [
            {"after_s": step.after_seconds, "demand": step.demand.value}
            for step in body.relaxations or []
        ]
    return {_COLUMNS.get(name, name): value for name, value in sent.items()}


def _answer(card: QueueCard) -> dict[str, Any]:
    chosen, steps = card.chosen, card.chosen["relaxations"]
    return {
        "id": card.id,
        "name": card.name,
        "policy": chosen["policy"],
        "priority": chosen["priority"],
        "skills": chosen["skills"],
        "intentSkills": chosen["intent_skills"] or {},
        "conditions": chosen["conditions"] or {},
        "hours": chosen["hours"],
        "isDefault": chosen["is_default"],
        "visibility": chosen["visibility"],
        "visibleTo": card.visible_to,
        "maxWaitSeconds": chosen["max_wait_s"],
        "overflowQueueId": chosen["overflow_queue_id"],
        "slaSeconds": chosen["sla_s"],
        "offerSeconds": chosen["offer_s"],
        "wrapUpSeconds": chosen["wrap_up_s"],
        "idleAskedAfterSeconds": chosen["idle_asked_after_s"],
        "idleEndsAfterSeconds": chosen["idle_ends_after_s"],
        "idleThen": chosen["idle_then"],
        "relaxations": steps
        and [{"afterSeconds": one["after_s"], "demand": one["demand"]} for one in steps],
        "askedAgainAfterSeconds": chosen["asked_again_after_s"],
        "maxWaitThen": chosen["max_wait_then"],
        "teamWaitSeconds": chosen["team_wait_s"],
        "texts": chosen["texts"],
        "createdAt": rfc3339(card.created_at),
        "members": card.members,
        "waiting": card.waiting,
    }


_ONE = "/admin/queues/{queueId}"
_MEMBER = f"{_ONE}/members/{{agentId}}"

ROUTES = (
    Route("GET", "/admin/queues", queues, READ, "List queues", QueueList),
    Route("POST", "/admin/queues", queue_made, ADMIN, "Make a queue", QueueAnswer, status=201),
    Route("GET", _ONE, queue_shown, READ, "A queue", QueueAnswer),
    Route("PATCH", _ONE, queue_changed, ADMIN, "Change a queue", QueueAnswer),
    Route("DELETE", _ONE, queue_removed, ADMIN, "Delete a queue; who waits goes on", QueueRemoved),
    Route("GET", f"{_ONE}/members", queue_members, READ, "Who serves a queue", AgentList),
    Route("PUT", _MEMBER, queue_joined, STAFF, "Let an agent serve a queue", status=204),
    Route("DELETE", _MEMBER, queue_left, STAFF, "Let an agent serve it no more", status=204),
)
