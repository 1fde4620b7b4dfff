"""Sign in, refresh, sign out."""

from typing import Any

from fastapi import Request, Response

from chat_service import identity
from chat_service.identity import Grant
from chat_service.routes import developer, render
from chat_service.routes.guard import Departing, From, Public, Route, With
from chat_service.routes.shapes import (
    AgentTokens,
    LoginBody,
    LogoutBody,
    RefreshBody,
    VisitorTokens,
)
from chorus import keys
from chorus.web import json_response

NO_STORE = {"Cache-Control": "no-store"}


async def login(body: LoginBody, resources: With, caller: From) -> Response:
    await resources.limits.login(caller, body.email)
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


_BEFORE_SIGN_IN = Public("nobody is signed in yet")
_SECRET = Public("the secret in the body is the proof")

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
    *developer.ROUTES,
)
