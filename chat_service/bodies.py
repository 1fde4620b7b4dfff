"""Bodies of requests: bounded in size and time before anything parses them."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chorus.web import problem


class BodyLimit:
    """Reads a body of at most `max_bytes` within `timeout_s` before anything parses it."""

    def __init__(self, app: ASGIApp, *, max_bytes: int, timeout_s: float = 10.0) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._timeout_s):
                body = await self._read(scope, receive)
        except TimeoutError:
            answer = problem(408, "TIMEOUT", "The body did not arrive in time.")
            await answer(scope, receive, send)
            return
        if body is None:
            answer = problem(413, "TOO_LARGE", f"A body may have {self._max_bytes // 1024} KiB.")
            await answer(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)

    async def _read(self, scope: Scope, receive: Receive) -> bytes | None:
        """The body, None when it is too large. An honest Content-Length is refused unread."""
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced[:16]) > self._max_bytes:
            return None
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > self._max_bytes:
                return None
            if not message.get("more_body"):
                return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Give the body once, then what the server says (a disconnect)."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
