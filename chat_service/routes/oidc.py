"""Sign in by an identity provider: there, back, and the code that the console changes for tokens."""

from dataclasses import replace
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Depends, Path, Query, Request, Response
from starlette.responses import RedirectResponse

from chat_service import oidc, oidc_agents
from chat_service.oidc import Returned
from chat_service.oidc_refusal import Refusal, SignInRefused
from chat_service.resources import Resources
from chat_service.routes import render
from chat_service.routes.admin_parts import ADMIN, AgentId, By
from chat_service.routes.guard import From, Public, Route, With
from chat_service.routes.oidc_shapes import OneTimeCodeBody, SignInWays
from chat_service.routes.shapes import AgentTokens
from chorus.errors import ChorusError, NotFound
from chorus.log import get_logger
from chorus.web import json_response

log = get_logger(__name__)
PAGE: Final = "/console/sign-in"
Name = Annotated[str, Path(max_length=32)]
Said = Annotated[str, Query(max_length=4096)]


async def methods(resources: With) -> Response:
    """The ways to sign in that there are, in the order of the settings."""
    lines = resources.sign_in.lines.values()
    named = [{"name": one.settings.name, "label": one.settings.label} for one in lines]
    return json_response({"password": True, "oidc": named})


async def begun(name: Name, request: Request, resources: With, caller: From) -> Response:
    """Send the browser to the provider."""
    if request.headers.get("sec-fetch-mode", "navigate") != "navigate":
        # A picture on somebody's page, say: nobody would come back from there.
        raise NotFound
    try:
        await resources.limits.sign_in(caller)
        where, browser = _redirect_uri(request, resources, name), _browser(request, resources)
        there = await oidc.begin(resources.sign_in, name, where, browser)
    except NotFound:
        raise
    except ChorusError as error:
        return _refused(name, error)
    answer = RedirectResponse(there.url, 302)
    secure = _base(request, resources).startswith("https:")
    answer.set_cookie(
        _cookie(secure=secure),
        there.browser,
        max_age=oidc.BEGUN_S,
        httponly=True,
        secure=secure,
        samesite="lax",
    )
    return answer


def _answer(
    request: Request,
    resources: With,
    state: Said = "",
    code: Said = "",
    error: Said = "",
    iss: Said = "",
) -> Returned:
    """What the provider says, and the secret of the browser that brings it."""
    return Returned(state, code, error, iss, _browser(request, resources))


Answer = Annotated[Returned, Depends(_answer)]


async def returned(
    name: Name, request: Request, resources: With, back: Answer, caller: From
) -> Response:
    """Take the browser back, and send it to the console: with a code, or with the reason why not."""
    try:
        where = _redirect_uri(request, resources, name)
        here = replace(back, address=caller.address)
        made = await oidc.finish(resources.sign_in, name, where, here)
    except NotFound:
        raise
    except ChorusError as refused:
        return _refused(name, refused)
    # Behind the hash, so that no server ever logs it.
    return RedirectResponse(f"{PAGE}#{urlencode({'code': made})}", 303)


async def redeemed(body: OneTimeCodeBody, request: Request, resources: With) -> Response:
    """Change the code for tokens: works once, within a minute, in the browser that signed in."""
    grant = await oidc.redeem(resources.sign_in, body.code, _browser(request, resources))
    return json_response(render.agent_tokens(grant), headers={"Cache-Control": "no-store"})


async def unlinked(agent_id: AgentId, resources: With, by: By) -> Response:
    """Forget the account at a provider; the next sign-in there links anew. Sessions end at once."""
    await oidc_agents.forget(resources.commands, resources.identity, by, agent_id)
    return Response(status_code=204)


def _refused(name: str, error: ChorusError) -> Response:
    refusal = error.refusal if isinstance(error, SignInRefused) else Refusal.BUSY
    why = error.why if isinstance(error, SignInRefused) else error.slug
    log.info("oidc_sign_in_refused", provider=name, refusal=refusal, why=why)
    return RedirectResponse(f"{PAGE}#{urlencode({'refused': refusal})}", 303)


def _base(request: Request, resources: Resources) -> str:
    return resources.settings.base_url.rstrip("/") or str(request.base_url).rstrip("/")


def _redirect_uri(request: Request, resources: Resources, name: str) -> str:
    return f"{_base(request, resources)}/auth/oidc/{name}/callback"


def _cookie(*, secure: bool) -> str:
    # With the prefix no page of a neighbouring host can set it; browsers want TLS for that.
    return "__Host-chorus-sign-in" if secure else "chorus-sign-in"


def _browser(request: Request, resources: Resources) -> str:
    secure = _base(request, resources).startswith("https:")
    return request.cookies.get(_cookie(secure=secure), "")


_BEFORE_SIGN_IN: Final = Public("nobody is signed in yet")

ROUTES: Final = (
    Route("GET", "/auth/methods", methods, _BEFORE_SIGN_IN, "Ways to sign in", SignInWays),
    Route(
        "GET",
        "/auth/oidc/{name}",
        begun,
        _BEFORE_SIGN_IN,
        "Go to an identity provider",
        status=302,
    ),
    Route(
        "GET",
        "/auth/oidc/{name}/callback",
        returned,
        Public("the state and the cookie are the proof"),
        "Come back from an identity provider",
        status=303,
    ),
    Route(
        "POST",
        "/auth/oidc/token",
        redeemed,
        Public("the code in the body and the cookie are the proof"),
        "Change a one-time code for tokens",
        AgentTokens,
    ),
    Route(
        "POST",
        "/admin/agents/{agentId}/unlink",
        unlinked,
        ADMIN,
        "Forget an agent's accounts at identity providers",
        status=204,
    ),
)
