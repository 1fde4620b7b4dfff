"""Sign in, refresh, sign out; and the one-click link of a developer's own machine."""

import hashlib
import os
import secrets
from pathlib import Path
from typing import Any

import orjson
from fastapi import Request, Response

from chat_service import identity
from chat_service.identity import Grant
from chat_service.resources import Resources
from chat_service.routes import render
from chat_service.routes.guard import Departing, From, Public, Route, With
from chat_service.routes.shapes import (
    AgentTokens,
    DemoFacts,
    DevLoginBody,
    LoginBody,
    LogoutBody,
    RefreshBody,
    VisitorTokens,
)
from chorus import keys
from chorus.errors import NotFound, Unauthenticated
from chorus.web import is_loopback, json_response

CREDENTIALS_FILE = "credentials"
RUN_FILE = "run.json"
NO_STORE = {"Cache-Control": "no-store"}


async def login(body: LoginBody, resources: With, caller: From) -> Response:
    resources.limits.login(caller, body.email)
    grant = await identity.login(resources.identity, email=body.email, password=body.password)
    return json_response(render.agent_tokens(grant), headers=NO_STORE)


async def refresh(body: RefreshBody, request: Request, resources: With) -> Response:
    """Rotates: the token that was sent is used up, and its return would end the whole family."""
    grant = await identity.refresh(
        resources.identity, body.refresh_token, origin=request.headers.get("origin")
    )
    return json_response(_tokens(grant), headers=NO_STORE)


def _tokens(grant: Grant) -> dict[str, Any]:
    visitor = grant.role == "visitor"
    return render.visitor_tokens(grant) if visitor else render.agent_tokens(grant)


async def logout(body: LogoutBody, resources: With, who: Departing) -> Response:
    """Ends the family of the refresh token and the access token; its sockets close."""
    await identity.logout(resources.identity, refresh_token=body.refresh_token, principal=who)
    return Response(status_code=204)


async def jwks(resources: With) -> Response:
    found = keys.jwks(resources.settings.keys_dir)
    return json_response(found, headers={"Cache-Control": "public, max-age=300"})


async def dev_login(body: DevLoginBody, resources: With, caller: From) -> Response:
    """Works once, on loopback, with the token that `chorus up` printed."""
    _developers_only(resources, caller.address)
    known = _read(resources.settings.data / CREDENTIALS_FILE)
    token, emails = str(known.get("dev_token", "")), known.get("emails") or []
    if not (token and emails) or not secrets.compare_digest(token.encode(), body.token.encode()):
        raise Unauthenticated
    _use_up(resources.settings.data, token)
    grant = await identity.login_as(resources.identity, email=emails[0])
    return json_response(render.agent_tokens(grant), headers=NO_STORE)


def _use_up(data: Path, token: str) -> None:
    """Spend a token for all edges of this machine. Raises Unauthenticated when it was spent."""
    mark = data / f"spent-{hashlib.sha256(token.encode()).hexdigest()[:16]}"
    try:
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError as error:
        raise Unauthenticated(
            "This link was used before. Sign in with e-mail and password."
        ) from error


async def demo_facts(resources: With, caller: From) -> Response:
    """What the demo page needs to know; on loopback only."""
    _developers_only(resources, caller.address)
    key = _read(resources.settings.data / RUN_FILE).get("inbox_key")
    if not key:
        raise NotFound
    return json_response({"inboxKey": key}, headers=NO_STORE)


def _developers_only(resources: Resources, address: str) -> None:
    if not resources.settings.dev or not is_loopback(address):
        raise NotFound


def _read(path: Path) -> dict[str, Any]:
    try:
        known = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return known if isinstance(known, dict) else {}


_BEFORE_SIGN_IN = Public("nobody is signed in yet")
_SECRET = Public("the secret in the body is the proof")
_DEVELOPER = Public("loopback of a developer's machine only")

ROUTES = (
    Route("POST", "/auth/login", login, _BEFORE_SIGN_IN, "Sign an agent in", AgentTokens),
    Route(
        "POST",
        "/auth/refresh",
        refresh,
        _SECRET,
        "Get new tokens; the body that first issued them",
        AgentTokens | VisitorTokens,
    ),
    Route(
        "POST", "/auth/logout", logout, _SECRET, "End a session and close its sockets", status=204
    ),
    Route(
        "GET",
        "/.well-known/jwks.json",
        jwks,
        Public("public keys are public"),
        "The keys that sign our tokens",
        dict[str, Any],
    ),
    Route(
        "POST", "/dev/login", dev_login, _DEVELOPER, "One-click sign-in", AgentTokens, shown=False
    ),
    Route("GET", "/dev/demo.json", demo_facts, _DEVELOPER, "Demo facts", DemoFacts, shown=False),
)
