"""Live-chat sessions over REST: what a person does with one, and why the router did what it did."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID, uuid5

from fastapi import Header, Path, Query, Response
from pydantic import Field, model_validator

from chat_service import commands, conversations, speech
from chat_service.commands import Order
from chat_service.left_contact import LeaveContact
from chat_service.resources import Resources
from chat_service.routes import render
from chat_service.routes.decision_shapes import Decisions
from chat_service.routes.guard import AGENTS, AGENTS_AND_SERVICES, Needs, Route, Who, With
from chat_service.routes.shapes import (
    NoteBody,
    SessionAnswer,
    Shape,
    TransferBody,
)
from chat_service.store import sessions
from chat_service.store.decisions import decisions
from chorus.auth import Principal
from chorus.errors import BadRequest, NotFound
from chorus.ids import uuid7
from chorus.web import json_response
from chorus.wire import client as frames
from chorus.wire.common import Inbound

SessionId = Annotated[UUID, Path(alias="sessionId")]
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=200)]


def key_id(principal: Principal, event: str, key: str | None) -> UUID:
    """The id of a command that an Idempotency-Key stands for; without one, a new id."""
    if key is None:
        return uuid7()
    named = uuid5(principal.user_id, f"{event} {key}").int
    return UUID(int=(named & ~(0xF << 76)) | 0x7 << 76)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for something to be done with which session."""

    resources: Resources
    who: Principal
    session_id: UUID
    idempotency_key: str | None


async def accepted(
    session_id: SessionId, resources: With, who: Who, idempotency_key: IdempotencyKey = None
) -> Response:
    """Take a session that was offered to you. Who was slower learns who has it."""
    asked = Asked(resources, who, session_id, idempotency_key)
    return await _done(asked, frames.OfferAccept, session=session_id)


async def declined(
    session_id: SessionId, resources: With, who: Who, idempotency_key: IdempotencyKey = None
) -> Response:
    """Leave an offered session to a colleague; you are not asked again."""
    asked = Asked(resources, who, session_id, idempotency_key)
    return await _done(asked, frames.OfferDecline, session=session_id)


async def claimed(
    session_id: SessionId, resources: With, who: Who, idempotency_key: IdempotencyKey = None
) -> Response:
    """Take a session that waits; one winner."""
    return await _done(Asked(resources, who, session_id, idempotency_key), frames.Claim)


async def transferred(
    session_id: SessionId,
    body: TransferBody,
    resources: With,
    who: Who,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Hand a session to an agent, a queue, a team or the bot. `warm`: both stay until the new
    agent speaks.
    """
    to: Any = body.to if isinstance(body.to, str) else body.to.model_dump()
    asked = Asked(resources, who, session_id, idempotency_key)
    return await _done(asked, frames.Transfer, to=to, mode=body.mode, note=body.note)


async def resolved(
    session_id: SessionId, resources: With, who: Who, idempotency_key: IdempotencyKey = None
) -> Response:
    """End the conversation; the agent may wrap up for as long as the queue says."""
    return await _done(Asked(resources, who, session_id, idempotency_key), frames.Resolve)


async def returned_to_bot(
    session_id: SessionId,
    body: NoteBody,
    resources: With,
    who: Who,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Give the floor back to the bot."""
    asked = Asked(resources, who, session_id, idempotency_key)
    return await _done(asked, frames.ReturnToBot, note=body.note)


async def cancelled(
    session_id: SessionId, resources: With, who: Who, idempotency_key: IdempotencyKey = None
) -> Response:
    """Take the wish for a person back: the customer's own, or a service for them."""
    return await _done(Asked(resources, who, session_id, idempotency_key), frames.Cancel)


class LeftBody(Shape):
    """How a customer can be reached; `message` is said in the conversation."""

    name: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    email: Annotated[str, Field(min_length=3, max_length=254, pattern="@")] | None = None
    phone: Annotated[str, Field(min_length=3, max_length=40)] | None = None
    message: Annotated[str, Field(min_length=1)] | None = None
    choice: Literal["wait", "message", "callback"] = "message"

    @model_validator(mode="after")
    def _says_something(self) -> "LeftBody":
        if not (self.email or self.phone or self.message):
            msg = "an e-mail address, a phone number or a message is needed"
            raise ValueError(msg)
        return self


async def contact_left(
    session_id: SessionId,
    body: LeftBody,
    resources: With,
    who: Who,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Leave how you can be reached, and what you want to say, when nobody can come: a session that
    is `deferred`, or still waits. Nothing of it is taken for verified.
    """
    asked = Asked(resources, who, session_id, idempotency_key)
    if body.message is not None and who.role != "visitor":
        raise BadRequest("Only the customer says something here.")
    left = body.model_dump(exclude={"message"}, by_alias=False)
    done = await _done(asked, LeaveContact, **left)
    if body.message is not None:
        await _said(asked, body.message)
    return done


async def _said(asked: Asked, content: str) -> None:
    """Say it in the conversation; once, where the request has a key."""
    resources, who = asked.resources, asked.who
    async with resources.db.read(who.tenant_id) as session:
        place = await sessions.conversation_of(session, who.tenant_id, asked.session_id)
    if place is None:
        raise NotFound
    id_ = key_id(who, f"message {asked.session_id}", asked.idempotency_key)
    frame = frames.Message(id=id_, content=content)
    where = resources.db, resources.publisher, resources.clock
    await speech.say(where, who, place, frame)


async def _done(asked: Asked, frame_type: type[Inbound], **fields: Any) -> Response:
    """Carry out the frame that a request stands for, and show the session as it is then."""
    resources, who, key = asked.resources, asked.who, asked.idempotency_key
    id_ = key_id(who, frame_type.event, key)
    frame = frame_type.model_validate({"id": id_, **fields})
    order = Order(frame, id_, None, asked.session_id, keyed=key is not None)
    done = await commands.carry_out(resources.commands, who, order)
    async with resources.db.read(who.tenant_id) as session:
        card = await sessions.card(session, who.tenant_id, asked.session_id)
    if card is None:
        raise NotFound
    return json_response(render.session_answer(card, done.answer))


async def decided(
    session_id: SessionId,
    resources: With,
    who: Who,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """What the router made of a session, latest first: every candidate, and why each but one was
    passed over. A decision is kept when it offers, and when the reasons change.
    """
    async with resources.db.read(who.tenant_id) as session:
        conversation_id = await sessions.conversation_of(session, who.tenant_id, session_id)
        if conversation_id is None:
            raise NotFound
        await conversations.enter(session, who, conversation_id)
        found = await decisions(session, who.tenant_id, session_id, limit=limit)
        asked = {UUID(one) for decision in found for one in decision.candidates}
        names = await sessions.names(session, sorted(asked))
    return json_response({"items": [render.decision(one, names) for one in found]})


_ACT = Needs("chat:write", AGENTS)
_HAND_ON = Needs("chat:write", AGENTS_AND_SERVICES)
_ONE = "/livechat/sessions/{sessionId}"

ROUTES = (
    Route("POST", f"{_ONE}/accept", accepted, _ACT, "Accept an offer", SessionAnswer),
    Route("POST", f"{_ONE}/decline", declined, _ACT, "Decline an offer", SessionAnswer),
    Route("POST", f"{_ONE}/claim", claimed, _ACT, "Claim a waiting session", SessionAnswer),
    Route("POST", f"{_ONE}/transfer", transferred, _HAND_ON, "Hand a session on", SessionAnswer),
    Route("POST", f"{_ONE}/resolve", resolved, _HAND_ON, "Resolve", SessionAnswer),
    Route(
        "POST",
        f"{_ONE}/return-to-bot",
        returned_to_bot,
        _HAND_ON,
        "Give back to the bot",
        SessionAnswer,
    ),
    Route(
        "POST",
        f"{_ONE}/cancel",
        cancelled,
        Needs("chat:escalate"),
        "Take the wish for a person back",
        SessionAnswer,
    ),
    Route(
        "POST",
        f"{_ONE}/contact",
        contact_left,
        Needs("chat:escalate", frozenset({"visitor", "server"}), meter="command"),
        "Leave how you can be reached",
        SessionAnswer,
    ),
    Route(
        "GET",
        f"{_ONE}/decisions",
        decided,
        Needs("chat:read", AGENTS_AND_SERVICES),
        "Why it was routed so",
        Decisions,
    ),
)
