"""Asking for a person over REST."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Response

from chat_service import commands, escalate
from chat_service.commands import Order
from chat_service.escalate import Plan, Wish
from chat_service.handoff import Moved
from chat_service.handoff_news import handoff_of
from chat_service.resources import Resources
from chat_service.routes.guard import Needs, Route, Who, With
from chat_service.routes.sessions import key_id
from chat_service.routes.shapes import EscalateBody, Escalation, TraitsBody
from chat_service.store.people import Traits
from chat_service.store.queues import Wait
from chorus.auth import Principal
from chorus.errors import BadRequest, NotFound
from chorus.web import json_response
from chorus.wire import client as frames
from chorus.wire.common import SessionState


async def escalated(
    body: EscalateBody,
    resources: With,
    who: Who,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> Response:
    """Ask for a person. 201 with a new session; 200 with the one that is open already, whatever
    the key. The same key with another body is 409 `KEY_REUSED`, a queue that does not exist 422
    `UNKNOWN_QUEUE` with the list of those that do. When nobody can come the session is `deferred`
    and `options` says what is left: a message, a callback, the bot.
    """
    order = _order(who, body, _key(body, idempotency_key))
    done = await commands.carry_out(resources.commands, who, order)
    effects = done.effects
    if effects is not None and effects.moved[-1].transition is not None:
        return json_response(_begun(effects.moved[-1], effects.plan), 201)
    if effects is None:
        plan = await escalate.plan(resources.commands, who, body.conversation_id, _wish(body))
    else:
        plan = effects.plan
    return json_response(await _standing(resources, who, body.conversation_id, plan))


def _wish(body: EscalateBody) -> Wish:
    told = body.contact
    return Wish(
        body.reason,
        body.queue,
        tuple(body.skills),
        body.priority,
        body.source,
        _traits(told) if told else None,
        body.choice,
    )


def _traits(told: TraitsBody) -> Traits:
    return Traits(told.name, told.email, told.phone, told.locale, told.attributes)


def _key(body: EscalateBody, header: str | None) -> str | None:
    if None not in (body.idempotency_key, header) and body.idempotency_key != header:
        raise BadRequest("`Idempotency-Key` and `idempotencyKey` are one thing.")
    return body.idempotency_key or header


def _order(who: Principal, body: EscalateBody, key: str | None) -> Order:
    id_ = key_id(who, frames.Escalate.event, key)
    said = body.model_dump(mode="json", exclude={"idempotency_key"})
    frame = frames.Escalate(id=id_, reason=body.reason, queue=body.queue)
    return Order(
        frame, id_, body.conversation_id, wish=_wish(body), body=said, keyed=key is not None
    )


def _begun(moved: Moved, plan: Plan) -> dict[str, Any]:
    """The answer that is known without another look: the session has just begun."""
    assert moved.transition is not None
    session, record = moved.session, handoff_of(moved.transition)
    wait = Wait(
        session.id,
        session.state,
        session.queue_id,
        plan.queue.name if plan.queue else None,
        record.position,
        session.options,
    )
    return _told(wait, plan, record.eta_s)


async def _standing(
    resources: Resources, who: Principal, conversation_id: UUID, plan: Plan
) -> dict[str, Any]:
    wait = await escalate.standing(resources.commands, who, conversation_id)
    if wait is None:
        raise NotFound
    return _told(wait, plan, await _eta_s(resources, who, wait, plan))


def _told(wait: Wait, plan: Plan, eta_s: int | None) -> dict[str, Any]:
    return {
        "sessionId": wait.session_id,
        "state": wait.state,
        "queue": wait.queue,
        "position": wait.position,
        "etaSeconds": eta_s,
        "options": _options(wait, plan),
        "opensAt": (wait.options or {}).get("opens_at"),
    }


async def _eta_s(resources: Resources, who: Principal, wait: Wait, plan: Plan) -> int | None:
    if plan.queue is not None and plan.queue.id == wait.queue_id and plan.deferral:
        return None
    return await escalate.eta_of(resources.commands, who, wait)


def _options(wait: Wait, plan: Plan) -> list[str]:
    """What is left to choose in the state the session is in."""
    if wait.state == SessionState.DEFERRED:
        options: list[str] = (wait.options or {}).get("options", [])
        return options
    return plan.all_options if wait.state in escalate.WAITING else []


ROUTES = (
    Route(
        "POST",
        "/livechat/escalate",
        escalated,
        Needs("chat:escalate"),
        "Ask for a person",
        Escalation,
        status=201,
    ),
)
