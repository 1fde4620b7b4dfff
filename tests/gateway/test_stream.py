"""An event stream on its way in, and one whose reader goes before it has begun."""

import asyncio
from contextlib import suppress

import pytest
from starlette.requests import Request
from starlette.types import Message, Receive, Send

from gateway.sse import Stream, events
from gateway.upkeep import TICK_S
from tests.chat_service.ingest_world import superuser
from tests.gateway.gateways import Gateway, World
from tests.gateway.test_replay import stream
from tests.support.waiting import until

pytestmark = pytest.mark.anyio
SEVERAL_TICKS_S = 1.5 * TICK_S


async def test_a_stream_gets_in_however_long_access_takes(world: World) -> None:
    here = await world.gateway()
    async with superuser(world.api.database_url) as owner, asyncio.TaskGroup() as group:

        async def hold_up() -> None:
            async with owner.transaction():
                await owner.execute("LOCK TABLE conversations IN ACCESS EXCLUSIVE MODE")
                held.set()
                await asyncio.sleep(SEVERAL_TICKS_S)

        held = asyncio.Event()
        group.create_task(hold_up())
        await held.wait()
        async with stream(world, here) as frames:
            print(await anext(frames), await anext(frames))


async def gone() -> Message:
    return {"type": "http.disconnect"}


async def silent() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


async def refuse(message: Message) -> None:
    raise ConnectionResetError


async def take(message: Message) -> None:
    await asyncio.sleep(0)


async def admitted(world: World, at: Gateway) -> Stream:
    """The answer to a good request, not begun yet."""
    header = world.api.token(world.tenant.principal("agent"))["Authorization"]
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "path_params": {"conversation_id": world.tenant.conversation},
        "headers": [(b"authorization", header.encode())],
        "query_string": b"",
        "client": ("127.0.0.1", 1),
        "state": {"resources": at.resources},
    }
    answer = await events(Request(scope))
    assert isinstance(answer, Stream)
    return answer


@pytest.mark.parametrize(("receive", "send"), [(gone, take), (silent, refuse)])
async def test_who_goes_before_the_first_byte_leaves_nothing(
    world: World, receive: Receive, send: Send
) -> None:
    here = await world.gateway()
    answer = await admitted(world, here)
    resources = here.resources
    assert (resources.admission.total, len(resources.hub.connections)) == (1, 1)
    scope = {"type": "http", "asgi": {"spec_version": "2.3"}}
    with suppress(ConnectionResetError):
        await answer(scope, receive, send)
    assert (resources.admission.total, len(resources.hub.connections)) == (0, 0)

    async def at_rest() -> bool:
        return not any(one.get_name() == "enter_stream" for one in asyncio.all_tasks())

    await until(at_rest)
    assert not resources.hub.users and not resources.hub.rooms and not resources.choices._known


async def test_who_goes_while_access_is_asked_for_leaves_nothing(world: World) -> None:
    here = await world.gateway()
    hub = here.resources.hub
    async with superuser(world.api.database_url) as owner:
        async with owner.transaction():
            await owner.execute("LOCK TABLE conversations IN ACCESS EXCLUSIVE MODE")
            answer = await admitted(world, here)
            went = asyncio.Event()

            async def goes() -> Message:
                await went.wait()
                return await gone()

            async with asyncio.TaskGroup() as group:
                group.create_task(
                    answer({"type": "http", "asgi": {"spec_version": "2.3"}}, goes, take)
                )

                async def asks() -> bool:
                    return bool(hub.rooms)

                await until(asks)
                went.set()

    async def at_rest() -> bool:
        return not any(one.get_name() == "enter_stream" for one in asyncio.all_tasks())

    await until(at_rest)
    assert not hub.connections and not hub.users and not hub.rooms
    assert not here.resources.choices._known
