"""A live socket that misses an event gets it, whatever was lost on the way (PROTOCOL §7)."""

from typing import Any

import pytest

from chorus import bus
from chorus.codes import NackCode
from chorus.ids import uuid7
from tests.chat_service.api_world import say
from tests.chat_service.writer_world import settings_for, writer
from tests.gateway.gateways import Gateway, Line, World
from tests.gateway.lossy import deaf_to, proxied

pytestmark = pytest.mark.anyio
NEVER_MS = 3_600_000


def of_conversations(channel: str) -> bool:
    return channel.startswith("fan:")


async def speak(world: World, content: str) -> None:
    await say(world.api, world.tenant.principal("agent"), world.tenant.conversation, content)


async def contents(line: Line, count: int) -> list[Any]:
    """What the next messages say, in the order they came."""
    return [(await line.hear("message"))["content"] for _ in range(count)]


async def lonely(world: World, **settings: Any) -> Gateway:
    """A gateway that compares no heads by the clock unless told."""
    return await world.gateway(**{"heads_every_ms": NEVER_MS, **settings})


async def test_the_next_message_shows_the_lost_one(world: World) -> None:
    here = await lonely(world)
    line = await world.customer(here)
    with deaf_to(here, of_conversations) as lost:
        await speak(world, "one")
        await line.answers()
        while not lost:
            await line.answers()
    await speak(world, "two")
    assert await contents(line, 2) == ["one", "two"]


async def test_comparing_heads_shows_the_lost_last_one(world: World) -> None:
    here = await world.gateway(heads_every_ms=200)
    line = await world.customer(here)
    with deaf_to(here, of_conversations):
        await speak(world, "the last")
        assert await contents(line, 1) == ["the last"]


async def test_a_lost_connection_to_redis_is_a_reason_to_compare(world: World) -> None:
    here = await lonely(world)
    line = await world.customer(here)
    with deaf_to(here, of_conversations):
        await speak(world, "unheard")
        async with bus.open_redis(here.resources.settings.redis_url) as client:
            assert await client.client_kill_filter(_type="pubsub")
        assert await contents(line, 1) == ["unheard"]
    await speak(world, "heard")
    assert await contents(line, 1) == ["heard"]


async def test_a_silent_connection_is_found_by_the_canary(world: World) -> None:
    async with proxied(world.api.resources.settings.redis_url) as proxy:
        here = await lonely(world, REDIS_URL=proxy.url, deaf_ms=600)
        line = await world.customer(here)
        assert proxy.mute() == 1
        await speak(world, "unheard")
        assert await contents(line, 1) == ["unheard"]
        await speak(world, "heard")
        assert await contents(line, 1) == ["heard"]


async def test_an_emptied_redis_leaves_everybody_in_sync(world: World) -> None:
    of_api = world.api.resources.settings
    async with writer(settings_for(of_api.database_url, of_api.redis_url)):
        here, there = await world.gateway(), await world.gateway()
        sender, reader = (
            await world.customer(here),
            await world.chat(there, world.tenant.principal("agent")),
        )
        for number in range(3):
            id = str(uuid7())
            await sender.say("message", id=id, content=f"number {number}")
            assert (await sender.hear("delivered", id=id))["seq"] == number + 1
            async with bus.open_redis(of_api.redis_url) as client:
                await client.flushall()
    assert await contents(reader, 3) == ["number 0", "number 1", "number 2"]


async def test_a_position_is_answered_by_what_came_after_it(world: World) -> None:
    here = await lonely(world)
    for content in ("one", "two", "three"):
        await speak(world, content)
    line = await world.customer(here)
    assert await contents(line, 3) == ["one", "two", "three"]
    head = (await line.hear("synced"))["seq"]
    await line.say("position", seq=head - 1, epoch=line.ready["conversation"]["epoch"])
    assert await contents(line, 1) == ["three"]
    assert (await line.hear("synced"))["seq"] == head


@pytest.mark.parametrize(("seq", "epoch"), [(1, "another"), (99, None)])
async def test_a_position_that_cannot_be_is_unrecoverable(
    world: World, seq: int, epoch: str | None
) -> None:
    here = await lonely(world)
    await speak(world, "one")
    line = await world.customer(here)
    await line.say("position", seq=seq, epoch=epoch or line.ready["conversation"]["epoch"])
    assert (await line.hear("nack"))["code"] == NackCode.UNRECOVERABLE
    await line.say("position", seq=0, epoch=line.ready["conversation"]["epoch"])
    assert await contents(line, 2) == ["one", "one"], "once when it came, once asked for"
    await speak(world, "two")
    assert await contents(line, 1) == ["two"]
