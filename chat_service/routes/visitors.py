"""Where customers come in: their session, and what a widget needs before it."""

from typing import Annotated

from fastapi import Query, Request, Response

from chat_service import visitors
from chat_service.routes import render
from chat_service.routes.guard import From, MaybeWho, Public, Route, With
from chat_service.routes.shapes import VisitorBody, VisitorTokens, WidgetConfig
from chat_service.store.people import Traits
from chat_service.visitors import Visit
from chorus.web import json_response


async def welcome(
    body: VisitorBody, request: Request, resources: With, caller: From, who: MaybeWho
) -> Response:
    """A visitor session: the open conversation of a known visitor, or a new one."""
    resources.limits.visitor(caller)
    traits = body.traits
    visit = Visit(
        inbox_key=body.inbox_key,
        origin=request.headers.get("origin"),
        traits=Traits(traits.name, traits.email, traits.phone, traits.locale, traits.attributes),
        identity_token=body.identity_token,
        conversation_id=body.conversation_id,
        visitor=who,
    )
    grant = await visitors.welcome(resources.identity, resources.trust, visit)
    return json_response(render.visitor_tokens(grant), 201, headers={"Cache-Control": "no-store"})


async def config(
    request: Request, resources: With, key: Annotated[str, Query(min_length=1, max_length=100)]
) -> Response:
    """What the widget shows before anybody has said a word."""
    tenant, inbox = await visitors.public_inbox(resources.db, key)
    base = resources.settings.base_url.rstrip("/") or str(request.base_url).rstrip("/")
    shown = {
        "inbox": {"name": inbox.name, "channel": inbox.channel},
        "tenant": tenant.name,
        "apiBase": base,
        "wsBase": "ws" + base.removeprefix("http"),
        "settings": inbox.settings.get("widget") or {},
    }
    return json_response(shown, headers={"Cache-Control": "public, max-age=60"})


ROUTES = (
    Route(
        "POST",
        "/livechat/visitors",
        welcome,
        Public("an inbox key and an allowed Origin make a visitor"),
        "Become a visitor",
        VisitorTokens,
        status=201,
    ),
    Route(
        "GET",
        "/widget/v1/config",
        config,
        Public("the page shows it to everybody"),
        "What a widget needs to start",
        WidgetConfig,
    ),
)
