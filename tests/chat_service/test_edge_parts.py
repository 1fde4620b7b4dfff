"""Readiness and bodies, without a server around them."""

import asyncio
from typing import Any

import pytest

from chat_service.bodies import BodyLimit
from chat_service.readiness import Readiness


def test_readiness_waits_for_the_first_answer_and_forgives_later_losses() -> None:
    ready = Readiness(("postgres", "redis"))
    ready.note("postgres", up=True)
    ready.note("redis", up=False)
    assert (ready.ready, ready.degraded) == (False, [])
    ready.note("redis", up=True)
    ready.note("redis", up=False)
    assert (ready.ready, ready.degraded) == (True, ["redis"])
    assert ready.answer().status_code == 200
    ready.draining = True
    assert ready.answer().status_code == 503


@pytest.mark.anyio
async def test_a_body_that_never_ends_in_time_is_given_up() -> None:
    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        raise AssertionError("nothing to parse")

    async def silent() -> Any:
        await asyncio.Event().wait()

    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    scope = {"type": "http", "headers": [], "method": "POST", "path": "/"}
    await BodyLimit(app, max_bytes=10, timeout_s=0.01)(scope, silent, send)
    assert said[0]["status"] == 408
