"""Offers and queue counters on the sockets of agents."""

from time import monotonic
from uuid import UUID

import orjson
import pytest

from chat_service import handoff
from chat_service.queue_frames import counts_word
from chat_service.session_facts import SYSTEM, Accepted, CancelledByCustomer, Happening, Offered
from chorus import bus
from chorus.clock import SystemClock
from tests.chat_service.handoff_world import OFFER, ask, happen, make_queue, offer_to
from tests.chat_service.routing_world import counted
from tests.gateway.gateways import Line, World

pytestmark = pytest.mark.anyio


@pytest.fixture
async def asked(world: World) -> World:
    """The customer of the world waits for a person."""
    tenant = world.tenant
    members = [tenant.agent, tenant.colleague]
    queue = await make_queue(world.api.database_url, tenant, members=members)
    await ask(world.api.resources.system, tenant, queue)
    return world


async def said(world: World, happening: Happening) -> UUID:
    """Let something happen to the session and tell everybody; answers the session."""
    api, tenant, now = world.api.resources, world.tenant, SystemClock().now()
    async with api.system.transaction(None) as tx:
        moved = await handoff.apply(tx, tenant.id, tenant.conversation, happening, now=now)
        tx.after_commit(lambda: handoff.tell(api.publisher, [moved], now=now))
    return moved.session.id


async def offered(world: World, agent: UUID) -> UUID:
    return await said(world, Offered(agent, SystemClock().now() + OFFER))


async def hushed(line: Line) -> list[str]:
    """What a socket was told until now, its sign of life apart."""
    assert await line.answers()
    return [frame["event"] for frame in line.heard]


async def test_an_inbox_shows_open_offers_between_ready_and_its_first_page(asked: World) -> None:
    tenant = asked.tenant
    moved = await offer_to(asked.api.resources.system, tenant, tenant.agent)
    gateway = await asked.gateway()
    inbox, other = await asked.inbox(gateway), await asked.inbox(gateway, "colleague")
    await inbox.hear("inbox.snapshot")
    (frame,) = [one for one in inbox.heard if one["event"] == "offer"]
    assert frame["conv"] == str(tenant.conversation)
    assert frame["data"]["session"] == str(moved.session.id)
    assert 0 < frame["data"]["deadline_ms"] <= OFFER.total_seconds() * 1000
    packet = frame["data"]["packet"]
    assert packet["reason"] == "my order"
    assert packet["contact"]["id"] == str(tenant.contact)
    await other.hear("inbox.snapshot")
    assert "offer" not in await hushed(other)


async def test_an_offer_and_its_end_reach_every_device_of_its_agent_alone(asked: World) -> None:
    here, there = await asked.gateway(), await asked.gateway()
    devices = [await asked.inbox(here), await asked.inbox(there)]
    other = await asked.inbox(here, "colleague")
    session = str(await offered(asked, asked.tenant.agent))
    for line in devices:
        await line.hear("offer", session=session)
    await said(asked, CancelledByCustomer(SYSTEM))
    for line in devices:
        await line.hear("offer.rescinded", session=session, reason="cancelled_by_customer")
    assert not {"offer", "offer.rescinded"} & set(await hushed(other))


async def test_who_accepts_on_one_device_sees_the_offer_go_on_the_other(asked: World) -> None:
    gateway = await asked.gateway()
    desk, phone = await asked.inbox(gateway), await asked.inbox(gateway)
    session = str(await offered(asked, asked.tenant.agent))
    await desk.hear("offer", session=session)
    await said(asked, Accepted(asked.tenant.agent))
    gone = await phone.hear("offer.rescinded", session=session)
    assert gone["by"]["userId"] == str(asked.tenant.agent)


async def test_words_that_were_lost_come_with_the_heads(asked: World) -> None:
    gateway = await asked.gateway(heads_every_ms=100)
    inbox = await asked.inbox(gateway)
    # These acts publish nothing, as with a Redis that is away.
    moved = await offer_to(asked.api.resources.system, asked.tenant, asked.tenant.agent)
    session = str(moved.session.id)
    await inbox.hear("offer", session=session)
    await happen(asked.api.resources.system, asked.tenant, CancelledByCustomer(SYSTEM))
    await inbox.hear("offer.rescinded", session=session, reason="moved_on")
    assert not {"offer", "offer.rescinded"} & set(await hushed(inbox))


async def test_an_offer_is_shown_again_after_the_fan_out_was_deaf(asked: World) -> None:
    gateway = await asked.gateway()
    inbox = await asked.inbox(gateway)
    await inbox.hear("inbox.snapshot")
    session = str(await offered(asked, asked.tenant.agent))
    await inbox.hear("offer", session=session)
    gateway.resources.inboxes.all_dirty()
    await inbox.hear("offer", session=session)


async def test_what_was_read_before_an_end_was_heard_shows_nothing_again(asked: World) -> None:
    gateway, agent = await asked.gateway(), asked.tenant.agent
    inbox = await asked.inbox(gateway)
    session = str(await offered(asked, agent))
    shown = await inbox.hear("offer", session=session)
    read_s = monotonic()
    await said(asked, CancelledByCustomer(SYSTEM))
    await inbox.hear("offer.rescinded", session=session)
    stale = {"event": "offer", "data": shown, "conv": str(asked.tenant.conversation)}
    offers = gateway.resources.inboxes.offers
    offers.compare([agent], [(agent, orjson.dumps(stale).decode())], asked_s=read_s)
    assert "offer" not in await hushed(inbox)


async def test_what_was_read_before_an_offer_was_heard_takes_nothing_back(asked: World) -> None:
    gateway, agent = await asked.gateway(), asked.tenant.agent
    inbox, read_s = await asked.inbox(gateway), monotonic()
    session = str(await offered(asked, agent))
    await inbox.hear("offer", session=session)
    gateway.resources.inboxes.offers.compare([agent], [], asked_s=read_s)
    assert "offer.rescinded" not in await hushed(inbox)


async def test_counters_reach_the_inboxes_of_their_tenant(world: World) -> None:
    gateway = await world.gateway()
    inbox = await world.inbox(gateway)
    await inbox.hear("inbox.snapshot")
    await inbox.hear("inbox.counts")
    counts = {"support": counted(waiting=3, offered=1), "sales": counted()}
    async with bus.open_redis(world.api.resources.settings.redis_url) as client:
        await bus.publish_all(client, [counts_word(world.tenant.id, counts, {})])
    assert await inbox.hear("inbox.counts") == {"queues": counts}
