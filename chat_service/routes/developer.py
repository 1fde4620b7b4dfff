"""The one-click sign-in, and what the demo shop asks of its own back end.

On loopback of a developer's machine only: for everybody else there are no such routes.
"""

import hashlib
import os
import secrets
from pathlib import Path
from typing import Annotated, Any

import orjson
from fastapi import Depends, Response

from chat_service import demo_shop, identity, visitors
from chat_service.resources import Resources
from chat_service.routes import render
from chat_service.routes.guard import From, Public, Route, With
from chat_service.routes.page_shapes import DemoFacts, DemoHours, DemoUser
from chat_service.routes.shapes import AgentTokens, DevLoginBody
from chorus.errors import NotFound, Unauthenticated
from chorus.issuers import parse_issuers
from chorus.web import is_loopback, json_response

_DEVELOPER = Public("loopback of a developer's machine only")
RUN_FILE = "run.json"
CREDENTIALS_FILE = "credentials"


def _developers_only(resources: Resources, address: str) -> None:
    if not resources.settings.dev or not is_loopback(address):
        raise NotFound


def _read(path: Path) -> dict[str, Any]:
    """An object in a file of the installation; {} where there is none."""
    try:
        known = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return known if isinstance(known, dict) else {}


def _shop(resources: With, caller: From) -> Path:
    _developers_only(resources, caller.address)
    return resources.settings.data / demo_shop.FOLDER


Shop = Annotated[Path, Depends(_shop)]


async def dev_login(body: DevLoginBody, resources: With, caller: From) -> Response:
    """Works once, on loopback, with the token that `chorus up` printed."""
    _developers_only(resources, caller.address)
    known = _read(resources.settings.data / CREDENTIALS_FILE)
    token, emails = str(known.get("dev_token", "")), known.get("emails") or []
    if not (token and emails) or not secrets.compare_digest(token.encode(), body.token.encode()):
        raise Unauthenticated
    _use_up(resources.settings.data, token)
    grant = await identity.login_as(resources.identity, email=emails[0])
    return json_response(render.agent_tokens(grant))


def _use_up(data: Path, token: str) -> None:
    """Spend a token for all edges of this machine. Raises Unauthenticated when it was spent."""
    mark = data / f"spent-{hashlib.sha256(token.encode()).hexdigest()[:16]}"
    try:
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError as error:
        raise Unauthenticated(
            "This link was used before. Sign in with e-mail and password."
        ) from error


def _inbox_key(resources: Resources, name: str = "inbox_key") -> str:
    key = _read(resources.settings.data / RUN_FILE).get(name)
    if not key:
        raise NotFound
    return str(key)


def _bot_inbox_key(resources: Resources) -> str | None:
    """Null in an installation that was seeded before there was one."""
    try:
        return _inbox_key(resources, "bot_inbox_key")
    except NotFound:
        return None


async def facts(resources: With, shop: Shop) -> Response:
    """What the demo page needs to know."""
    shown = {
        "inboxKey": _inbox_key(resources),
        "botInboxKey": _bot_inbox_key(resources),
        "closed": demo_shop.is_closed(shop),
    }
    return json_response(shown)


async def user(resources: With, shop: Shop) -> Response:
    """Whom the shop has signed in, vouched for by its own issuer."""
    if demo_shop.ISSUER not in (one.name for one in parse_issuers(resources.settings.issuers)):
        raise NotFound("CHORUS_ISSUERS names no issuer `demo-shop`.")
    tenant, _ = await visitors.public_inbox(resources.db, _inbox_key(resources))
    nora = demo_shop.NORA
    shown = {
        "token": demo_shop.customer_token(shop, tenant.id),
        "name": nora.name,
        "email": nora.email,
    }
    return json_response(shown)


async def jwks(shop: Shop) -> Response:
    return json_response(demo_shop.public_keys(shop))


async def hours(body: DemoHours, resources: With, shop: Shop) -> Response:
    """Close the line of the demo shop, or give its hours back."""
    key = _inbox_key(resources)
    await demo_shop.set_closed(resources.commands, shop, key, closed=body.closed)
    return await facts(resources, shop)


ROUTES = (
    Route(
        "POST", "/dev/login", dev_login, _DEVELOPER, "One-click sign-in", AgentTokens, shown=False
    ),
    Route("GET", "/dev/demo.json", facts, _DEVELOPER, "Demo facts", DemoFacts, shown=False),
    Route(
        "POST", "/dev/demo/user", user, _DEVELOPER, "A signed-in customer", DemoUser, shown=False
    ),
    Route(
        "GET",
        "/dev/demo/jwks.json",
        jwks,
        _DEVELOPER,
        "The shop's keys",
        dict[str, Any],
        shown=False,
    ),
    Route("POST", "/dev/demo/hours", hours, _DEVELOPER, "Close the shop", DemoFacts, shown=False),
)
