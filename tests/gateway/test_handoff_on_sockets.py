"""From the customer's wish to the agent's answer over real sockets, with the conductor beside."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from chat_service.conductor import conduct
from chat_service.jobs import Tools
from chat_service.settings import ConductorSettings
from chorus.clock import SystemClock
from chorus.enqueue import Doorbell
from chorus.ids import uuid7
from chorus.wire.common import PresenceStatus
from tests.chat_service.handoff_world import make_queue
from tests.chat_service.routing_world import counted
from tests.gateway.gateways import Line, World

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("presence")]


@pytest.fixture
async def routed(world: World) -> AsyncIterator[World]:
    """The world with a default queue that both agents serve, and a conductor at work."""
    tenant, of_api = world.tenant, world.api.resources
    members = [tenant.agent, tenant.colleague]
    await make_queue(world.api.database_url, tenant, members=members, is_default=True)
    settings = ConductorSettings.model_validate(
        {"DATABASE_URL": of_api.settings.database_url, "REDIS_URL": of_api.settings.redis_url}
    )
    tools = Tools(of_api.system, of_api.redis, settings, SystemClock())
    doorbell = Doorbell(settings.redis_url)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(conduct(tools, doorbell))
        try:
            yield world
        finally:
            task.cancel()
            doorbell.close()


async def command(line: Line, event: str, **data: Any) -> None:
    """Send a command and see it taken."""
    named = {"id": str(uuid7())}
    await line.say(event, **named, **data)
    await line.hear("delivered", **named)


async def test_a_wish_is_offered_declined_offered_to_the_other_and_accepted(
    routed: World,
) -> None:
    gateway, tenant = await routed.gateway(), routed.tenant
    inboxes = {
        str(tenant.agent): await routed.inbox(gateway),
        str(tenant.colleague): await routed.inbox(gateway, "colleague"),
    }
    for agent in (tenant.agent, tenant.colleague):
        await routed.seen_as(PresenceStatus.ONLINE, agent)
    customer = await routed.customer(gateway)
    await command(customer, "escalate", reason="a human, please")
    hearing = {agent: asyncio.create_task(line.hear("offer")) for agent, line in inboxes.items()}
    done, _ = await asyncio.wait(hearing.values(), return_when=asyncio.FIRST_COMPLETED)
    (offer,) = [one.result() for one in done]
    (first,) = [agent for agent, one in hearing.items() if one in done]
    (second,) = inboxes.keys() - {first}
    assert offer["packet"]["reason"] == "a human, please"
    await command(inboxes[first], "offer.decline", session=offer["session"])
    again = await hearing[second]
    assert again["session"] == offer["session"]
    await command(inboxes[second], "offer.accept", session=offer["session"])
    told = await customer.hear("handoff", state="active")
    assert (told["agent"]["userId"], told["floor"]["holder"]) == (second, "human")


async def test_a_customer_nobody_can_take_hears_where_they_stand(routed: World) -> None:
    gateway, tenant = await routed.gateway(), routed.tenant
    inbox = await routed.inbox(gateway)
    await inbox.hear("inbox.snapshot")
    await routed.seen_as(PresenceStatus.ONLINE, tenant.agent)
    customer = await routed.customer(gateway)
    await command(customer, "escalate")
    offer = await inbox.hear("offer")
    await command(inbox, "offer.decline", session=offer["session"])
    assert (await customer.hear("queue"))["position"] == 1
    await inbox.hear("inbox.counts", queues={"support": counted(waiting=1)})
    inbox.heard.clear()
    await command(customer, "cancel")
    await inbox.hear("inbox.counts", queues={"support": counted()})
