"""One `/readyz` for the applications behind one port: ready when each of them is."""

import os
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Scope

OK = 200


async def merged_readiness(apps: Mapping[str, tuple[ASGIApp, Scope]]) -> Response:
    """Ask every application and answer 200 only when each does; their facts stand by name."""
    answers = {name: await _ask(app, scope) for name, (app, scope) in apps.items()}
    ready = all(status == OK for status, _ in answers.values())
    facts = {name: said for name, (_, said) in answers.items()}
    degraded = sorted({name for said in facts.values() for name in said.get("degraded", ())})
    body = {"ready": ready, "degraded": degraded, "pid": os.getpid(), **facts}
    return Response(
        orjson.dumps(body),
        OK if ready else 503,
        {"Cache-Control": "no-store"},
        media_type="application/json",
    )


async def _ask(app: ASGIApp, scope: Scope) -> tuple[int, dict[str, Any]]:
    """Let an application answer `/readyz` and read its answer."""
    status, body = 503, b""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status, body
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            body += message.get("body", b"")

    await app(scope, receive, send)
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        said = {}
    return status, said if isinstance(said, dict) else {}
