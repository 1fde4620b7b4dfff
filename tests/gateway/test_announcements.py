"""Who is there, as the others of a conversation learn it."""

import pytest

from chorus.wire.common import PresenceStatus
from tests.gateway.gateways import World

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
