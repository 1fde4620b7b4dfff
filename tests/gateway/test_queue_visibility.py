"""A queue that is shown to a team: who else looks at the waiting sees nothing of it."""

from typing import Any

import pytest

from chat_service import inbox
from chat_service.emit import inbox_hint
from chat_service.queue_frames import counts_word
from chat_service.store import lines, viewers
from chat_service.store.inbox import Asked
from chorus import bus
from tests.chat_service.admin_world import QUEUES, TEAMS, joined, make, stand
from tests.chat_service.routing_world import counted
from tests.gateway.gateways import Line, World

pytestmark = pytest.mark.anyio
Shown = set[str]


async def told(world: World) -> None:
    """Say of each queue how many wait, as the conductor does, to whom it may concern."""
    resources = world.api.resources
    async with resources.system.read(None) as session:
        counts = await lines.counts(session, world.tenant.id)
        seen_by = await viewers.viewers(session, world.tenant.id)
    async with bus.open_redis(resources.settings.redis_url) as client:
        await bus.publish_all(client, [counts_word(world.tenant.id, counts, seen_by)])


async def open_queue_view(line: Line) -> Shown:
    await line.say("inbox.open", view="queue")
    page = shown(await line.hear("inbox.snapshot", view="queue"))
    assert (await line.hear("inbox.counts"))["queues"].keys() >= page
    return page


def stand_at(**waiting: int) -> dict[str, Any]:
    """The counters of queues in which so many wait."""
    return {name: counted(waiting=count) for name, count in waiting.items()}


def shown(snapshot: dict[str, Any]) -> Shown:
    queues = {one["queue"] for one in snapshot["items"]}
    assert snapshot["counts"]["queue"] == len(snapshot["items"])
    return queues


async def test_a_page_and_its_counters_hold_what_a_team_may_see(world: World) -> None:
    api, tenant = world.api, world.tenant
    gold = await make(api, tenant, "gold", TEAMS)
    both = [
        await make(api, tenant, "open"),
        await make(api, tenant, "vip", visibleTo=[str(gold)]),
    ]
    for queue in both:
        await stand(api, tenant, queue, "queued")
    await joined(api, tenant, f"{QUEUES}/{both[1]}", tenant.colleague)

    async def seen(who: str, **asked: Any) -> Shown:
        principal = tenant.principal(who)
        wanted = Asked("queue", agent_id=principal.user_id, **asked)
        (_, page), (_, counts) = await inbox.opened(api.resources.db, principal, wanted)
        assert counts["queues"].keys() - {"General"} == shown(page)
        return shown(page)

    assert await seen("agent") == {"open"}
    assert await seen("colleague") == await seen("supervisor") == {"open", "vip"}
    by_name = Asked("all", agent_id=tenant.agent, queue="vip")
    page = await inbox.read_page(api.resources.db, tenant.principal("agent"), by_name)
    assert page.items == []
    await joined(api, tenant, f"{TEAMS}/{gold}", tenant.agent)
    assert await seen("agent") == {"open", "vip"}


async def test_rows_and_counters_on_sockets_are_those_an_agent_may_see(world: World) -> None:
    api, tenant = world.api, world.tenant
    gold = await make(api, tenant, "gold", TEAMS)
    await make(api, tenant, "open")
    vip = await make(api, tenant, "vip", visibleTo=[str(gold)])
    gateway = await world.gateway()
    outsider, senior = await world.inbox(gateway), await world.inbox(gateway, "supervisor")
    for line in (outsider, senior):
        await line.hear("inbox.snapshot")
        await line.hear("inbox.counts")
        assert await open_queue_view(line) == set()
    hidden = await stand(api, tenant, vip, "queued")
    await api.resources.publisher.publish([inbox_hint(tenant.id, {hidden: 1})])
    row = (await senior.hear("inbox.upsert"))["item"]
    assert (row["conv"], row["queue"]) == (str(hidden), "vip")
    await told(world)
    assert await senior.hear("inbox.counts") == {"queues": stand_at(open=0, vip=1)}
    assert await outsider.hear("inbox.counts") == {"queues": stand_at(open=0)}
    # The row came before the counters to whom it is shown: here it did not come.
    assert "inbox.upsert" not in [frame["event"] for frame in outsider.heard]
    await joined(api, tenant, f"{TEAMS}/{gold}", tenant.agent)
    await told(world)
    assert await outsider.hear("inbox.counts") == {"queues": stand_at(open=0, vip=1)}
    assert shown(await outsider.hear("inbox.snapshot", view="queue")) == {"vip"}


async def test_who_is_answered_is_nobodys_secret(world: World) -> None:
    """Teams hide a queue and not the people in it: whoever answers there has it in their inbox."""
    api, tenant = world.api, world.tenant
    gold = await make(api, tenant, "gold", TEAMS)
    vip = await make(api, tenant, "vip", visibleTo=[str(gold)])
    conversation = await stand(api, tenant, vip, "active")
    mine = Asked("mine", agent_id=tenant.agent)
    page = await inbox.read_page(api.resources.db, tenant.principal("agent"), mine)
    assert [one.id for one in page.items] == [conversation]
