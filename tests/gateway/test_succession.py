"""Of the sockets of one tab only the newest stays, on whichever gateway each of them is."""

from typing import Any
from uuid import UUID

import pytest

from chorus.codes import CloseCode
from chorus.ids import uuid7
from chorus.tasks import beside
from gateway.upkeep import drain
from tests.gateway.gateways import HEARD_S, World

pytestmark = pytest.mark.anyio
FAR_MS = 2**50


async def test_a_newer_socket_on_another_gateway_closes_the_older(world: World) -> None:
    here, there, session = await world.gateway(), await world.gateway(), uuid7()
    older = await world.customer(here, session=session)
    newer = await world.customer(there, session=session)
    assert await older.close_code() == CloseCode.SUPERSEDED
    assert await newer.answers()


async def test_an_inbox_is_superseded_too(world: World) -> None:
    here, there, session = await world.gateway(), await world.gateway(), uuid7()
    older = await world.inbox(here, session=session)
    newer = await world.inbox(there, session=session)
    assert await older.close_code() == CloseCode.SUPERSEDED
    assert await newer.answers()


async def test_other_tabs_and_other_people_stay(world: World) -> None:
    here, there, session = await world.gateway(), await world.gateway(), uuid7()
    tab = await world.customer(here)
    colleague = await world.chat(here, world.tenant.principal("colleague"), session=session)
    inbox = await world.inbox(here, session=session)
    superseded = await world.chat(here, world.tenant.principal("agent"), session=session)
    await world.chat(there, world.tenant.principal("agent"), session=session)
    assert await superseded.close_code() == CloseCode.SUPERSEDED
    assert await tab.answers() and await colleague.answers() and await inbox.answers()


async def test_a_socket_supersedes_nobody_before_it_is_ready(world: World) -> None:
    here, there, session = await world.gateway(), await world.gateway(), uuid7()
    older = await world.customer(here, session=session)
    path = f"conversations/{world.tenant.conversation}"
    unready = await world.hello(there, world.tenant.principal("contact"), path)
    nonce = (await unready.hear("hello"))["nonce"]
    assert await older.answers()
    named = {"nonce": nonce, "session": str(session), "client": {"name": "t", "version": "1"}}
    await unready.say("auth", **named)
    assert await older.close_code() == CloseCode.SUPERSEDED


async def test_a_hint_that_comes_late_does_not_close_the_newer_one(world: World) -> None:
    here, there, session = await world.gateway(), await world.gateway(), uuid7()
    older = await world.customer(here, session=session)
    (opened_ms,) = [one.opened_ms for one in here.resources.hub.connections.values()]
    newer = await world.customer(there, session=session)
    assert await older.close_code() == CloseCode.SUPERSEDED
    probe = await world.inbox(there, "colleague")
    await world.publish(newest(world, session, opened_ms), revoked(world.tenant.colleague))
    assert await probe.close_code() == CloseCode.INVALID_TOKEN
    assert await newer.answers()


async def test_a_socket_that_drains_is_left_to_its_client(world: World) -> None:
    here, session = await world.gateway(), uuid7()
    older = await world.customer(here, session=session)
    probe = await world.inbox(here, "colleague")
    async with beside(drain(here.resources, over_s=HEARD_S)):
        await older.hear("drain")
        await world.publish(newest(world, session, FAR_MS), revoked(world.tenant.colleague))
        assert await probe.close_code() == CloseCode.INVALID_TOKEN
        assert await older.answers()


async def test_the_same_word_closes_a_socket_that_does_not_drain(world: World) -> None:
    here, session = await world.gateway(), uuid7()
    older = await world.customer(here, session=session)
    await world.publish(newest(world, session, FAR_MS))
    assert await older.close_code() == CloseCode.SUPERSEDED


def newest(world: World, session: UUID, opened_ms: int) -> dict[str, Any]:
    place = [str(world.tenant.contact), str(session), str(world.tenant.conversation)]
    return {"newest": {"node": 1, "sockets": [[*place, opened_ms, 1]]}}


def revoked(user_id: UUID) -> dict[str, Any]:
    return {"revoke": {"id": 1, "kind": "user", "subject": str(user_id), "before": FAR_MS}}
