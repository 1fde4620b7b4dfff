"""Who is there, as the others of a conversation learn it."""

import asyncio
from time import time_ns
from typing import Any
from uuid import UUID

import httpx
import pytest

from chat_service import reach
from chorus import bus, topics
from chorus.ids import uuid7
from chorus.wire.common import PresenceStatus
from presence import store
from tests.gateway.gateways import HEARD_S, Line, World, open_gateway
from tests.support.waiting import until

FROZEN_S = 0.5
pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("presence")]


async def test_an_agent_who_opens_a_conversation_is_shown_to_its_customer_at_once(
    world: World,
) -> None:
    gateway, agent = await world.gateway(), str(world.tenant.agent)
    customer = await world.customer(gateway)
    inbox = await world.inbox(gateway)
    await world.seen_as(PresenceStatus.ONLINE, world.tenant.agent)
    await inbox.subscribe(world.tenant.conversation)
    assert (await customer.hear("presence", userId=agent))["status"] == "online"


async def choose(line: Line, status: str) -> None:
    named = {"id": str(uuid7())}
    await line.say("agent.status", **named, status=status)
    await line.hear("delivered", **named)


async def test_a_choice_on_one_device_is_seen_by_the_other_and_by_the_customer(
    world: World,
) -> None:
    here, there, agent = await world.gateway(), await world.gateway(), str(world.tenant.agent)
    customer = await world.customer(here)
    desk, phone = await world.inbox(here), await world.inbox(there)
    await desk.subscribe(world.tenant.conversation)
    await customer.hear("presence", userId=agent, status="online")
    for status in ("busy", "away", "online"):
        await choose(phone, status)
        await desk.hear("presence", userId=agent, status=status)
        await phone.hear("presence", userId=agent, status=status)
        await customer.hear("presence", userId=agent, status=status)


async def test_who_chose_offline_and_is_still_connected_is_shown_as_away(world: World) -> None:
    gateway, agent = await world.gateway(), str(world.tenant.agent)
    customer, inbox = await world.customer(gateway), await world.inbox(gateway)
    await inbox.subscribe(world.tenant.conversation)
    await choose(inbox, "offline")
    await inbox.hear("presence", userId=agent, status="offline")
    await customer.hear("presence", userId=agent, status="away")


async def test_a_choice_survives_a_restart_of_the_gateway(world: World) -> None:
    async with open_gateway(world.api, presence_every_ms=600_000) as first:
        await choose(await world.inbox(first), "busy")
        await world.seen_as(PresenceStatus.BUSY, world.tenant.agent)
    second = await world.gateway()
    customer, inbox = await world.customer(second), await world.inbox(second)
    assert inbox.ready["agent"]["status"] == "busy"
    await inbox.subscribe(world.tenant.conversation)
    shown = await customer.hear("presence", userId=str(world.tenant.agent))
    assert shown["status"] == "busy"


async def test_a_choice_whose_word_was_lost_is_read_with_the_heads(world: World) -> None:
    gateway, agent = await world.gateway(heads_every_ms=100), world.tenant.agent
    inbox = await world.inbox(gateway)
    await world.seen_as(PresenceStatus.ONLINE, agent)
    await world.api.rows(
        "UPDATE agents SET status = 'busy', status_at = now() WHERE id = $1", agent
    )
    await inbox.hear("presence", userId=str(agent), status="busy")
    await world.seen_as(PresenceStatus.BUSY, agent)


async def test_a_word_that_comes_late_does_not_undo_a_later_choice(world: World) -> None:
    inbox, agent = await world.inbox(await world.gateway()), str(world.tenant.agent)

    def chosen(status: str, at_ms: int) -> dict[str, Any]:
        return {"status": {"agent": agent, "status": status, "at_ms": at_ms}}

    await world.publish(chosen("busy", 20), chosen("away", 10), chosen("online", 30))
    heard = [await inbox.hear("presence", userId=agent) for _ in range(2)]
    assert [one["status"] for one in heard] == ["busy", "online"]


async def test_an_agent_without_an_open_inbox_is_here_but_not_asked(world: World) -> None:
    gateway, agent = await world.gateway(), world.tenant.agent
    customer = await world.customer(gateway)
    await world.chat(gateway, world.tenant.principal("agent"))
    await customer.hear("presence", userId=str(agent), status="online")
    async with bus.open_redis(world.api.resources.settings.redis_url) as client:
        seen = await reach.read(client, world.tenant.id, [agent])
        assert seen[agent].status is PresenceStatus.AWAY
        await world.inbox(gateway)
        async with asyncio.timeout(HEARD_S):
            while seen[agent].status is not PresenceStatus.ONLINE:
                await asyncio.sleep(0.01)
                seen = await reach.read(client, world.tenant.id, [agent])
        assert await client.pttl(topics.at_inbox(agent)) > 0


async def test_an_agent_who_does_nothing_is_away_until_they_do_something(world: World) -> None:
    gateway, agent = (
        await world.gateway(agent_away_s=0.5, presence_every_ms=100),
        world.tenant.agent,
    )
    inbox = await world.inbox(gateway)
    await inbox.subscribe(world.tenant.conversation)
    await world.seen_as(PresenceStatus.ONLINE, agent)
    await world.seen_as(PresenceStatus.AWAY, agent)
    await inbox.hear("presence", userId=str(agent), status="away")
    assert await inbox.answers(), "a page says so without anybody"
    await inbox.say("inbox.open", view="all")
    await inbox.hear("inbox.snapshot", view="all")
    assert gateway.resources.announcer.status_of(agent) is PresenceStatus.AWAY
    named = {"id": str(uuid7())}
    await inbox.say("active")
    await inbox.hear("presence", userId=str(agent), status="online")
    await world.seen_as(PresenceStatus.ONLINE, agent)
    await inbox.say("agent.status", **named, status="busy")
    await world.seen_as(PresenceStatus.BUSY, agent)


async def test_one_device_that_is_used_keeps_its_agent_online(world: World) -> None:
    left = await world.gateway(agent_away_s=0.2, presence_every_ms=100)
    used, agent = await world.gateway(presence_every_ms=100), world.tenant.agent
    await world.inbox(left)
    await world.seen_as(PresenceStatus.AWAY, agent)
    await world.inbox(used)
    await world.seen_as(PresenceStatus.ONLINE, agent)
    assert left.resources.announcer.status_of(agent) is PresenceStatus.AWAY


async def test_that_a_customer_types_is_noted_for_a_while(world: World) -> None:
    gateway = await world.gateway()
    customer, agent = await world.customer(gateway), await world.inbox(gateway)
    await agent.subscribe(world.tenant.conversation)
    await customer.say("typing", role="customer", state="start")
    await agent.hear("typing", state="start")
    name = topics.typed(world.tenant.conversation)
    async with (
        asyncio.timeout(HEARD_S),
        bus.open_redis(world.api.resources.settings.redis_url) as client,
    ):
        while (noted := await client.get(name)) is None:  # noqa: ASYNC110 (Redis tells nobody)
            await asyncio.sleep(0.01)
        assert 0 < await client.pttl(name) <= topics.TYPED_KEPT_MS
    assert abs(int(noted) - time_ns() // 1_000_000) < 60_000


async def test_a_customer_whose_event_stream_ends_says_so_at_once(world: World) -> None:
    gateway = await world.gateway()
    url = f"http://127.0.0.1:{gateway.port}/livechat/conversations/{world.tenant.conversation}"
    headers = world.api.token(world.tenant.principal("contact"))
    async with (
        httpx.AsyncClient(timeout=HEARD_S, trust_env=False) as client,
        client.stream("GET", f"{url}/events", headers=headers) as stream,
    ):
        assert stream.status_code == 200
        await world.seen_as(PresenceStatus.ONLINE, world.tenant.contact)
    async with (
        asyncio.timeout(HEARD_S),
        bus.open_redis(world.api.resources.settings.redis_url) as client,
    ):
        while True:
            beats = (await store.look(client, since_ms=0, ttl_ms=60_000)).sightings
            if PresenceStatus.OFFLINE in {beat.status for beat in beats}:
                break
            await asyncio.sleep(0.01)


async def test_who_leaves_while_their_inbox_is_noted_takes_nobody_along(world: World) -> None:
    gateway = await world.gateway(presence_every_ms=100)
    inbox = await world.inbox(gateway)
    await world.seen_as(PresenceStatus.ONLINE, world.tenant.agent)
    async with bus.open_redis(world.api.resources.settings.redis_url) as client:
        await client.client_pause(int(FROZEN_S * 1000))
        # A round every 50 ms: soon one has taken the agent up and waits for Redis.
        await asyncio.sleep(FROZEN_S / 2)
        await inbox.socket.close()
        await client.ping()
    await world.inbox(gateway, "supervisor")
    await world.seen_as(PresenceStatus.ONLINE, world.tenant.supervisor)


async def test_who_came_while_redis_wrote_nothing_is_announced_as_soon_as_it_does(
    world: World,
) -> None:
    """Not with the next round of everybody: till then nobody could hand them anything on."""
    gateway = await world.gateway(presence_every_ms=3_600_000)
    async with bus.open_redis(world.api.resources.settings.redis_url) as client:
        await client.config_set("maxmemory", 1)
        try:
            await world.inbox(gateway)
            await asyncio.sleep(FROZEN_S)
            assert world.tenant.agent not in await beating(client)
        finally:
            await client.config_set("maxmemory", 0)

        async def is_announced() -> bool:
            return world.tenant.agent in await beating(client)

        await until(is_announced, patience_s=HEARD_S)


async def beating(client: bus.Client) -> set[UUID]:
    sightings = (await store.look(client, since_ms=0, ttl_ms=60_000)).sightings
    return {one.person.user_id for one in sightings}
