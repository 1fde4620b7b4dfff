"""What keeps an idle socket small: a short stack, a small queue, and no memory of its handshake."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from uvicorn._types import (
    ASGI3Application,
    ASGIReceiveCallable,
    ASGIReceiveEvent,
    ASGISendCallable,
)

Rest = Callable[[ASGIReceiveCallable, ASGISendCallable], Awaitable[None]]
"""What goes on with a socket after its handler has returned."""


class Continued:
    """An application that may leave work for after it returned, so that the work runs on a short stack.

    An idle socket keeps every frame between the server and the coroutine that waits for its next message:
    middleware, routing, and the handshake they hold. A third of an idle socket's memory was that.
    """

    __slots__ = ("_app", "_rest")

    def __init__(self, app: ASGI3Application) -> None:
        self._app = app
        self._rest: Rest | None = None

    def leave(self, rest: Rest) -> None:
        self._rest = rest

    async def __call__(
        self, scope: Any, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        await self._app(scope, receive, send)
        if self._rest is not None:
            rest, self._rest = self._rest, None
            scope["headers"], scope["subprotocols"] = [], []
            await rest(receive, send)


class Messages:
    """`asyncio.Queue` for one reader, without its four deques (2.5 KiB a socket)."""

    __slots__ = ("_items", "_waiting")

    def __init__(self) -> None:
        self._items: list[ASGIReceiveEvent] = []
        self._waiting: asyncio.Future[None] | None = None

    def put_nowait(self, item: ASGIReceiveEvent) -> None:
        self._items.append(item)
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def empty(self) -> bool:
        return not self._items

    async def get(self) -> ASGIReceiveEvent:
        """Take the oldest, waiting for it; one call at a time."""
        while not self._items:
            self._waiting = asyncio.get_running_loop().create_future()
            try:
                await self._waiting
            finally:
                self._waiting = None
        return self._items.pop(0)
