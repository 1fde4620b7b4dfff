"""An open view follows what the team does: tags, marks, snoozes and mentions, as it was narrowed."""

from datetime import timedelta
from typing import Any

import orjson
import pytest

from chat_service import properties
from chorus.clock import SystemClock, rfc3339
from chorus.ids import uuid7
from tests.chat_service.api_world import say
from tests.gateway.gateways import Line, World

pytestmark = pytest.mark.anyio


async def told(line: Line, world: World, event: str, **data: Any) -> dict[str, Any]:
    """Send a command by this socket and wait for its answer."""
    id_, conv = str(uuid7()), str(world.tenant.conversation)
    frame = {"event": event, "data": {"id": id_, **data}, "conv": conv}
    await line.socket.send(orjson.dumps(frame).decode())
    return await line.hear("delivered", id=id_)


async def opened(line: Line, **asked: Any) -> list[str]:
    await line.say("inbox.open", **asked)
    page = await line.hear("inbox.snapshot", view=asked["view"])
    return [one["conv"] for one in page["items"]]


async def test_a_view_narrowed_by_a_tag_gains_and_loses_rows(world: World) -> None:
    gateway, here = await world.gateway(), str(world.tenant.conversation)
    acting, looking = await world.inbox(gateway), await world.inbox(gateway, "supervisor")
    await looking.hear("inbox.snapshot")
    assert await opened(looking, view="all", filter={"tags": ["vip"], "priority": 2}) == []
    await told(acting, world, "update", add_tags=["vip"])
    await told(acting, world, "update", priority=3)
    row = (await looking.hear("inbox.upsert"))["item"]
    assert (row["conv"], row["tags"], row["priority"]) == (here, ["vip"], 3)
    await told(acting, world, "update", remove_tags=["vip"])
    assert await looking.hear("inbox.remove") == {"conv": here}


async def test_a_mark_shows_at_once_without_a_new_rev(world: World) -> None:
    gateway, here = await world.gateway(), str(world.tenant.conversation)
    acting, looking = await world.inbox(gateway), await world.inbox(gateway, "supervisor")
    await looking.hear("inbox.snapshot")
    assert await opened(looking, view="all", filter={"unread": True}) == []
    await told(acting, world, "mark", unread=True)
    row = (await looking.hear("inbox.upsert"))["item"]
    assert (row["conv"], row["unread"], row["rev"]) == (here, 1, 0)
    await told(acting, world, "mark", unread=False)
    assert await looking.hear("inbox.remove") == {"conv": here}


async def test_a_note_that_names_somebody_comes_into_their_mentions(world: World) -> None:
    gateway, tenant = await world.gateway(), world.tenant
    named, other = await world.inbox(gateway), await world.inbox(gateway, "colleague")
    for line in (named, other):
        await line.hear("inbox.snapshot")
        assert await opened(line, view="mentions") == []
    note = {"visibility": "agents", "mentions": [str(tenant.agent)]}
    await say(world.api, tenant.principal("supervisor"), tenant.conversation, "@Agent", **note)
    row = (await named.hear("inbox.upsert"))["item"]
    assert (row["conv"], row["mentions"]) == (str(tenant.conversation), [str(tenant.agent)])
    assert await other.answers()
    assert "inbox.upsert" not in [frame["event"] for frame in other.heard]


async def test_what_is_put_aside_moves_from_one_view_to_another(world: World) -> None:
    gateway, here = await world.gateway(), str(world.tenant.conversation)
    acting = await world.inbox(gateway)
    snoozed = await world.inbox(gateway, "supervisor")
    await snoozed.hear("inbox.snapshot")
    assert await opened(snoozed, view="snoozed") == []
    until = SystemClock().now() + timedelta(hours=1)
    assert until < SystemClock().now() + properties.SNOOZE_MAX
    await told(acting, world, "snooze", until=rfc3339(until))
    row = (await snoozed.hear("inbox.upsert"))["item"]
    assert (row["status"], row["snoozed_until"]) == ("snoozed", rfc3339(until))
    await told(acting, world, "reopen")
    assert await snoozed.hear("inbox.remove") == {"conv": here}
