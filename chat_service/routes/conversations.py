"""Conversations, their messages, commands and receipts."""

from typing import Annotated, Any
from uuid import UUID, uuid5

import orjson
from fastapi import Header, Path, Query, Response

from chat_service import commands, conversations, escalate, inbox, receipts, speech, visitors
from chat_service.conversations import Stride
from chat_service.frames import StoredRow
from chat_service.inbox import Wish, asked_of
from chat_service.resources import Resources
from chat_service.routes import render
from chat_service.routes.guard import From, Needs, Route, Who, With
from chat_service.routes.list_shapes import ListQuery
from chat_service.routes.shapes import (
    MAX_PAGE,
    AckBody,
    CommandBody,
    ConversationList,
    Delivered,
    HistoryPage,
    MessageBody,
    OpenBody,
    Snapshot,
)
from chat_service.store import timeline
from chat_service.store.inbox import Asked
from chat_service.visitors import Wanted
from chorus.auth import Principal
from chorus.errors import BY_NACK, BadRequest, NotFound
from chorus.ids import uuid7
from chorus.web import json_response
from chorus.wire import client as frames
from chorus.wire.calls import ReceiptItem
from chorus.wire.common import Inbound, InboxView
from chorus.wire.envelope import Refused as BadFrame
from chorus.wire.envelope import decode

ConversationId = Annotated[UUID, Path(alias="conversationId")]
MessageId = Annotated[UUID, Path(alias="messageId")]
Seq = Annotated[int | None, Query(ge=0, le=2**53)]


async def listed(asked: Annotated[ListQuery, Query()], resources: With, who: Who) -> Response:
    """Latest first unless told otherwise. A visitor gets their own, whatever view they ask for."""
    wish = Wish(asked.view, asked.sort, asked.cursor, asked.limit)
    wanted = asked_of(wish, asked.filters(), agent_id=who.user_id)
    if not who.is_agent:
        wanted = Asked(
            view=InboxView.ALL,
            contact_id=who.user_id,
            status=asked.status,
            after=wanted.after,
            limit=asked.limit,
            sort=asked.sort,
        )
    page = await inbox.read_page(resources.db, who, wanted)
    rows = [render.list_item(one, who) for one in page.items]
    return json_response({"items": rows, "nextCursor": page.next_cursor})


async def opened(
    body: OpenBody,
    resources: With,
    who: Who,
    caller: From,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> Response:
    """A further conversation. The same id, or the same `Idempotency-Key`, is the same one."""
    await resources.limits.visitor(caller)
    named = uuid5(who.user_id, idempotency_key) if idempotency_key else uuid7()
    wanted = Wanted(body.id or named, body.contact_id, body.inbox_id, body.attributes)
    conversation_id = await visitors.start_again(resources.identity, who, wanted)
    view = await conversations.view(resources.db, who, conversation_id)
    return json_response(render.snapshot(view, who), 201)


async def shown(conversation_id: ConversationId, resources: With, who: Who) -> Response:
    """All a reconnecting client needs, in one read."""
    view = await conversations.view(resources.db, who, conversation_id)
    eta_s = None
    if view.portrait.standing.position is not None:
        wait = await escalate.standing(resources.commands, who, conversation_id)
        eta_s = await escalate.eta_of(resources.commands, who, wait)
    return json_response(render.snapshot(view, who, eta_s=eta_s))


async def history(
    conversation_id: ConversationId,
    resources: With,
    who: Who,
    *,
    after: Seq = None,
    before: Seq = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
) -> Response:
    """What happened, in order of `seq`; from the first seq that is kept unless told otherwise."""
    stride = Stride(after, before, limit)
    page = await conversations.history(resources.db, who, conversation_id, stride)
    return json_response(
        {
            "items": render.items(page.rows, who),
            "nextCursor": page.next_cursor,
            "headSeq": page.head_seq,
            "epoch": page.epoch,
        }
    )


async def posted(
    conversation_id: ConversationId, body: MessageBody, resources: With, who: Who
) -> Response:
    """Say something: 201, and 200 with the same answer for the same id and body."""
    frame = _read(frames.Message.event, _wire(body))
    assert isinstance(frame, frames.Message)
    where = resources.db, resources.publisher, resources.clock
    data = await speech.say(where, who, conversation_id, frame)
    return json_response(data, 200 if data["dup"] else 201)


def _wire(body: MessageBody) -> dict[str, Any]:
    return body.model_dump(mode="json", exclude_none=True, by_alias=False)


def _read(event: str, data: dict[str, Any]) -> Inbound:
    """Read a frame by the very rules of a socket.

    Raises:
        BadRequest, TooLarge: it does not fit.
    """
    try:
        frame = orjson.dumps({"event": event, "data": data})
    except TypeError as error:
        raise BadRequest("A whole number may have 64 bits.") from error
    read = decode(frame)
    if isinstance(read, BadFrame):
        raise BY_NACK[read.code](read.reason)
    return read.frame


async def commanded(
    conversation_id: ConversationId, body: CommandBody, resources: With, who: Who
) -> Response:
    """Do what a command frame asks; a repeat of its id gets the same answer for 24 hours."""
    frame = _read(body.event, body.data)
    if not commands.known(body.event):
        raise BadRequest("This command is not known here.")
    data = await commands.perform(resources.commands, who, frame, conversation_id=conversation_id)
    return json_response(data)


async def acknowledged(message_id: MessageId, body: AckBody, resources: With, who: Who) -> Response:
    """The receipt of a socket, for who has none: received or read up to this message."""
    if who.is_agent and body.conversation_id is None:
        raise BadRequest("Agents name the conversation: `conversationId`.")
    row = await _seen_message(resources, who, message_id, body.conversation_id)
    item = ReceiptItem(
        who.tenant_id, row.conversation_id, who.user_id, who.role, body.kind, row.seq
    )
    await receipts.record(resources.receipts, [item])
    return Response(status_code=204)


async def _seen_message(
    resources: Resources, who: Principal, message_id: UUID, conversation_id: UUID | None
) -> StoredRow:
    """A message this reader can see; absent, foreign and hidden are one answer."""
    async with resources.db.read(who.tenant_id) as session:
        if conversation_id is None:
            row = await timeline.find_of_contact(session, who.tenant_id, who.user_id, message_id)
        else:
            row = await timeline.find(session, who.tenant_id, conversation_id, message_id)
        if row is None or not conversations.may_see(who, row):
            raise NotFound
        await conversations.enter(session, who, row.conversation_id)
    return row


_READ, _WRITE = Needs("chat:read"), Needs("chat:write")
_SAY, _COMMAND = Needs("chat:write", meter="message"), Needs("chat:write", meter="command")
_ONE = "/livechat/conversations/{conversationId}"

ROUTES = (
    Route(
        "GET",
        "/livechat/conversations",
        listed,
        _READ,
        "List conversations",
        ConversationList,
    ),
    Route(
        "POST",
        "/livechat/conversations",
        opened,
        _WRITE,
        "Open a conversation",
        Snapshot,
        status=201,
    ),
    Route("GET", _ONE, shown, _READ, "Where a conversation stands", Snapshot),
    Route("GET", f"{_ONE}/messages", history, _READ, "Read the history", HistoryPage),
    Route("POST", f"{_ONE}/messages", posted, _SAY, "Say something", Delivered, status=201),
    Route("POST", f"{_ONE}/commands", commanded, _COMMAND, "Send a command", Delivered),
    Route(
        "POST",
        "/livechat/ack/{messageId}",
        acknowledged,
        _READ,
        "Acknowledge a message",
        status=204,
    ),
)
