"""The chat API: settings, resources, app. The only module of it that reads the environment."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib.metadata import version
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from chat_service.bodies import BodyLimit
from chat_service.edge import Edge
from chat_service.resources import Opener, check, open_resources
from chat_service.routes import (
    agents,
    assist,
    assist_figures,
    attachments,
    auth,
    bot_figures,
    bots,
    contacts,
    conversations,
    drafts,
    escalate,
    figures,
    inboxes,
    knowledge,
    oidc,
    ops,
    queues,
    replies,
    reports,
    search,
    sessions,
    summaries,
    teams,
    tenant,
    usage,
    views,
    visitors,
)
from chat_service.routes.guard import SCHEMES, GuardedRoute, Route, allowance_of, declared
from chat_service.routes.shapes import Problem
from chat_service.settings import ApiSettings
from chorus.errors import ChorusError
from chorus.web import problem, problem_of

ROUTES: Final[tuple[Route, ...]] = (
    *auth.ROUTES,
    *oidc.ROUTES,
    *visitors.ROUTES,
    *conversations.ROUTES,
    *attachments.ROUTES,
    *drafts.ROUTES,
    *assist.ROUTES,
    *assist_figures.ROUTES,
    *replies.ROUTES,
    *views.ROUTES,
    *search.ROUTES,
    *contacts.ROUTES,
    *escalate.ROUTES,
    *sessions.ROUTES,
    *reports.ROUTES,
    *figures.ROUTES,
    *bot_figures.ROUTES,
    *queues.ROUTES,
    *teams.ROUTES,
    *agents.ROUTES,
    *inboxes.ROUTES,
    *bots.ROUTES,
    *tenant.ROUTES,
    *usage.ROUTES,
    *summaries.ROUTES,
    *knowledge.ROUTES,
    *ops.ROUTES,
)
_HTTP_CODES: Final = {
    404: ("NOT_FOUND", "There is no such thing here."),
    405: ("METHOD_NOT_ALLOWED", "This path does not take that method."),
    400: ("BAD_JSON", "The body is not the JSON that this route takes."),
}
_PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    "default": {
        "description": "A problem (RFC 9457)",
        "content": {"application/problem+json": {"schema": Problem.model_json_schema()}},
    }
}


def create_app(settings: ApiSettings | None = None, opener: Opener = open_resources) -> FastAPI:
    """Build the app; everything it holds is opened by its lifespan."""
    chosen = settings or ApiSettings.from_env(os.environ)
    check(chosen)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        async with opener(chosen) as resources:
            yield {"resources": resources}

    app = FastAPI(
        title="Chorus",
        version=version("chorus-livechat"),
        summary="Live chat with human handoff.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.router.route_class = GuardedRoute
    app.router.routes.extend(_routes())
    _describe(app)
    larger = {knowledge.PATH: knowledge.BODY_BYTES_MAX}
    app.add_middleware(
        BodyLimit,
        max_bytes=chosen.body_max_bytes,
        larger=larger,
        streamed=frozenset({attachments.PATH}),
    )
    app.add_middleware(Edge)
    app.add_exception_handler(ChorusError, _refused)
    app.add_exception_handler(RequestValidationError, _misfit)
    app.add_exception_handler(HTTPException, _http)
    return app


@cache
def _routes() -> tuple[BaseRoute, ...]:
    """The same in every app of a process: making them takes longer than all else of one."""
    router = APIRouter(route_class=GuardedRoute)
    for route in ROUTES:
        _add(router, route)
    return tuple(router.routes)


def _add(app: FastAPI | APIRouter, route: Route) -> None:
    app.add_api_route(
        route.path,
        route.endpoint,
        methods=[route.method],
        status_code=route.status,
        response_model=route.answers,
        responses=_PROBLEMS,
        summary=route.summary,
        operation_id=f"{route.method.lower()}_{route.endpoint.__name__}",
        openapi_extra={**declared(route.access), **route.described},
        include_in_schema=route.shown,
    )


def _describe(app: FastAPI) -> None:
    """Serve OpenAPI 3.1 with the scopes that each route asks for."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                summary=app.summary,
                routes=app.routes,
                openapi_version="3.1.0",
            )
            schema.setdefault("components", {})["securitySchemes"] = SCHEMES
            app.openapi_schema = schema
        return app.openapi_schema

    async def openapi() -> dict[str, Any]:
        return described()

    app.openapi = described  # type: ignore[method-assign]
    access = ops.DESCRIPTION
    _add(
        app, Route("GET", "/openapi.json", openapi, access, "OpenAPI", dict[str, Any], shown=False)
    )


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, ChorusError)
    answer = problem_of(error)
    answer.headers.update(allowance_of(request))
    return answer


async def _misfit(_request: Request, error: Exception) -> Response:
    """Name the first field that does not fit; never repeat what was sent."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place, *where = map(str, first["loc"])
    if first["type"] == "json_invalid":
        return problem(400, *_HTTP_CODES[400])
    if place == "path":
        # An id that is none names nothing; it looks like any other unknown id.
        return problem(404, "NOT_FOUND", "There is no such thing here, or it is not yours.")
    field = ".".join(part[:40] for part in where[:4]) or "body"
    return problem(422, "INVALID", f"{field}: {first['msg']}"[:200], extra={"field": field})


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, detail = _HTTP_CODES.get(error.status_code, ("HTTP_ERROR", "This request is not taken."))
    return problem(error.status_code, code, detail, headers=error.headers)
