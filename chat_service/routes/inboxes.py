"""Inboxes over REST: where they may be used, what their widget shows, how they are routed."""

from html import escape
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Request, Response

from chat_service import inbox_admin
from chat_service.resources import Resources
from chat_service.routes.admin_parts import ADMIN, READ, Asked, By, IdempotencyKey, listed, once_of
from chat_service.routes.guard import Route, Who, With
from chat_service.routes.inbox_shapes import InboxAnswer, InboxChange, InboxList, NewInbox
from chat_service.store.admin_inboxes import InboxCard
from chorus.web import json_response

InboxId = Annotated[UUID, Path(alias="inboxId")]


async def inboxes(request: Request, resources: With, who: Who, asked: Asked) -> Response:
    """In order of name."""
    base = _base(request, resources)
    page = await inbox_admin.read_page(resources.db, who, asked)
    return listed(page, lambda one: _inbox(one, base))


async def inbox_shown(inbox_id: InboxId, request: Request, resources: With, who: Who) -> Response:
    found = await inbox_admin.read_one(resources.db, who, inbox_id)
    return json_response(_inbox(found, _base(request, resources)))


async def inbox_made(
    body: NewInbox,
    request: Request,
    resources: With,
    by: By,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """An inbox for web pages, with a key of its own. 409 `NAME_TAKEN`."""
    once = once_of(by.principal, "inbox.create", idempotency_key, body)
    made = await inbox_admin.create(resources.commands, by, _chosen(body), once)
    return json_response(_inbox(made, _base(request, resources)), 201)


async def inbox_changed(
    inbox_id: InboxId, body: InboxChange, request: Request, resources: With, by: By
) -> Response:
    """What is left out stays; `widget` is replaced as a whole. Pages see new widget settings within
    a minute.
    """
    found = await inbox_admin.change(resources.commands, by, inbox_id, _chosen(body))
    return json_response(_inbox(found, _base(request, resources)))


def _chosen(body: InboxChange) -> dict[str, Any]:
    chosen = body.model_dump(exclude_unset=True, exclude={"widget"})
    if "widget" in body.model_fields_set:
        # As the widget reads it.
        chosen["widget"] = body.widget.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return chosen


def _base(request: Request, resources: Resources) -> str:
    return resources.settings.base_url.rstrip("/") or str(request.base_url).rstrip("/")


def _inbox(card: InboxCard, base: str) -> dict[str, Any]:
    source, key = escape(f"{base}/widget/v1/chorus.js"), escape(card.public_key)
    return {
        "id": card.id,
        "name": card.name,
        "channel": card.channel,
        "enabled": card.enabled,
        "weight": card.weight,
        "queueId": card.queue_id,
        "publicKey": card.public_key,
        "allowedOrigins": card.allowed_origins,
        "widget": card.widget,
        "bot": card.bot,
        "botId": card.bot_id,
        "snippet": f'<script async src="{source}" data-key="{key}"></script>',
    }


_ALL, _ONE = "/admin/inboxes", "/admin/inboxes/{inboxId}"

ROUTES = (
    Route("GET", _ALL, inboxes, READ, "List inboxes", InboxList),
    Route("POST", _ALL, inbox_made, ADMIN, "Make an inbox", InboxAnswer, status=201),
    Route("GET", _ONE, inbox_shown, READ, "An inbox", InboxAnswer),
    Route("PATCH", _ONE, inbox_changed, ADMIN, "Change an inbox", InboxAnswer),
)
