"""A short stack and a small queue: the application returns before the talk begins."""

import asyncio
from typing import Any

import pytest

from gateway.lean import Continued, Messages

pytestmark = pytest.mark.anyio


def event(number: int) -> Any:
    return {"type": "websocket.receive", "text": str(number)}


async def test_messages_come_in_order() -> None:
    messages = Messages()
    assert messages.empty()
    for number in range(3):
        messages.put_nowait(event(number))
    assert [await messages.get() for _ in range(3)] == [event(number) for number in range(3)]
    assert messages.empty()


async def test_a_reader_waits_for_the_next_message() -> None:
    messages = Messages()
    reader = asyncio.create_task(messages.get())
    await asyncio.sleep(0)
    assert not reader.done()
    messages.put_nowait(event(1))
    messages.put_nowait(event(2))
    assert await reader == event(1)
    assert await messages.get() == event(2)


async def test_a_reader_that_gave_up_takes_nothing_with_it() -> None:
    messages = Messages()
    reader = asyncio.create_task(messages.get())
    await asyncio.sleep(0)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    messages.put_nowait(event(1))
    assert await messages.get() == event(1)


async def test_a_message_that_comes_as_its_reader_gives_up_stays() -> None:
    messages = Messages()
    reader = asyncio.create_task(messages.get())
    await asyncio.sleep(0)
    messages.put_nowait(event(1))
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert await messages.get() == event(1)


async def receive() -> Any:
    raise AssertionError("nobody reads here")


async def send(message: Any) -> None:
    raise AssertionError(f"nobody writes here: {message}")


async def test_what_is_left_runs_once_the_application_has_returned() -> None:
    seen: list[str] = []

    async def rest(*ends: Any) -> None:
        assert ends == (receive, send)
        seen.append("rest")

    async def application(*_asgi: Any) -> None:
        continued.leave(rest)
        seen.append("application")

    continued = Continued(application)
    scope: dict[str, Any] = {"headers": [(b"cookie", b"secret")], "subprotocols": ["bearer.token"]}
    await continued(scope, receive, send)
    assert seen == ["application", "rest"]
    assert scope == {"headers": [], "subprotocols": []}


async def test_an_application_that_leaves_nothing_keeps_its_scope() -> None:
    async def application(*_asgi: Any) -> None:
        return

    scope: dict[str, Any] = {"headers": [(b"a", b"b")], "subprotocols": []}
    await Continued(application)(scope, receive, send)
    assert scope["headers"] == [(b"a", b"b")]
