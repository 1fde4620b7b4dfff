"""Bodies of requests: bounded in size and time before anything parses them."""

import asyncio
from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chorus.web import problem


class BodyLimit:
    """Reads a body of at most `max_bytes` within `timeout_s` before anything parses it.

    `larger`: paths, by how they begin, whose bodies may have more; of strangers they may not.
    `streamed`: paths that read theirs piece by piece, and bound it themselves.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_bytes: int,
        timeout_s: float = 10.0,
        larger: Mapping[str, int] | None = None,
        streamed: frozenset[str] = frozenset(),
    ) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._larger = larger or {}
        self._streamed = streamed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in self._streamed:
            await self._app(scope, receive, send)
            return
        most = self._most(scope)
        try:
            async with asyncio.timeout(self._timeout_s):
                body = await _read(scope, receive, most)
        except TimeoutError:
            answer = problem(408, "TIMEOUT", "The body did not arrive in time.")
            await answer(scope, receive, send)
            return
        if body is None:
            answer = problem(413, "TOO_LARGE", f"A body may have {most // 1024} KiB.")
            await answer(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)

    def _most(self, scope: Scope) -> int:
        if b"authorization" in dict(scope["headers"]):
            for begin, most in self._larger.items():
                if scope["path"].startswith(begin):
                    return most
        return self._max_bytes


async def _read(scope: Scope, receive: Receive, most: int) -> bytes | None:
    """The body, None when it is too large. An honest Content-Length is refused unread."""
    announced = dict(scope["headers"]).get(b"content-length", b"0")
    if announced.isdigit() and int(announced[:16]) > most:
        return None
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > most:
            return None
        if not message.get("more_body"):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Give the body once, then what the server says (a disconnect)."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
