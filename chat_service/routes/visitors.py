"""Where customers come in: their session, and what a widget needs before it."""

from typing import Annotated

from fastapi import Query, Request, Response

from chat_service import visitors
from chat_service.routes import render
from chat_service.routes.attachments import limits_of
from chat_service.routes.guard import From, MaybeWho, Public, Route, With
from chat_service.routes.page_shapes import WidgetConfig
from chat_service.routes.shapes import VisitorBody, VisitorTokens
from chat_service.store.people import Traits
from chat_service.visitors import Visit
from chorus.clock import rfc3339
from chorus.errors import ChorusError
from chorus.web import json_response, problem_of

_READABLE = {"Access-Control-Allow-Origin": "*"}


async def welcome(
    body: VisitorBody, request: Request, resources: With, caller: From, who: MaybeWho
) -> Response:
    """A visitor session: the open conversation of a known visitor, or a new one."""
    await resources.limits.visitor(caller)
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
    """What the widget shows before anybody has said a word.

    Every page may read the answer, refusals too, so that a page that may not use the inbox can
    tell its visitor so, instead of looking as if the network were away.
    """
    try:
        tenant, inbox = await visitors.public_inbox(resources.db, key)
        if (origin := request.headers.get("origin")) is not None:
            visitors.require_page(inbox, origin)
    except ChorusError as error:
        refusal = problem_of(error)
        refusal.headers.update(_READABLE)
        return refusal
    bot = await visitors.bot_name(resources.db, tenant.id, inbox)
    opening = await visitors.availability(
        resources.db, resources.redis, tenant.id, inbox, now=resources.clock.now()
    )
    opens_at = opening.opens_at
    base = resources.settings.base_url.rstrip("/") or str(request.base_url).rstrip("/")
    shown = {
        "inbox": {"name": inbox.name, "channel": inbox.channel},
        "tenant": tenant.name,
        "bot": bot,
        "apiBase": base,
        "wsBase": "ws" + base.removeprefix("http"),
        "settings": inbox.settings.get("widget") or {},
        "availability": {
            "open": opening.open,
            "opensAt": opens_at and rfc3339(opens_at),
            "staffed": opening.staffed,
        },
        "files": {"enabled": resources.settings.uploads, **limits_of(resources.settings)},
    }
    return json_response(shown, headers={**_READABLE, "Cache-Control": "public, max-age=10"})


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
