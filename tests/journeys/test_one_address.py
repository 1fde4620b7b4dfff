"""Thousands of connections of one address, all open at once: a clear answer for each, and room for others."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from functools import partial

import pytest

from launch.rest_client import open_rest
from launch.ws_client import ChatClient
from load.stage import Stage, stage
from tests.journeys.people import open_meeting, sign_in
from tests.journeys.rude import Rude, becomes, still_lives
from tests.support.knocking import Knock, all_ended, crowd
from tests.support.raw_socket import upgrade_request

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
CROWD = 5_000 if "CHORUS_LONG" in os.environ else 1_000
KEPT = 5_000
PER_ADDRESS, PER_AGENT = 16, 8
"""As TIGHT has them."""
SILENT_BYTES = 32 * 1024
"""What a connection may cost that has not said a word."""
GREETED_BYTES = 48 * 1024
"""What a socket may cost that has not said who it is."""
ALONE = "127.0.0.9"
AUTH_TIMEOUT = 4302


def request(on: Stage, conversation_id: object) -> bytes:
    """A handshake as the widget on our own pages begins it, its token to come."""
    host, port = on.address
    asked = [
        (b"Host", f"{host}:{port}".encode()),
        (b"Origin", on.base.encode()),
        (b"Sec-WebSocket-Protocol", b"chorus.v1"),
    ]
    path = f"/ws/v1/conversations/{conversation_id}"
    return upgrade_request(path.encode(), without=[b"Host"], extra=asked)


async def test_a_crowd_of_one_address_is_refused_and_nobody_else_is(rude: Rude) -> None:
    async with open_rest(rude.on.base) as rest, AsyncExitStack() as stack:
        people = [await sign_in(rude.on, rest, role) for role in ("agent", "supervisor")]
        there = [
            await stack.enter_async_context(
                ChatClient(
                    rude.on.base, token=person.token, conversation_id=rude.visitor.conversation_id
                )
            )
            for person in people
            for _ in range(PER_AGENT)
        ]
        assert len(there) == PER_ADDRESS
        for client in there:
            await client.wait_ready()
        first, *later = [await a_crowd_knocks(rude) for _ in range(3)]
        assert first <= CROWD * SILENT_BYTES
        # Who comes next stands where the first ones stood; a leak would cost each crowd the same.
        assert min(later) <= first / 2 + 1024 * 1024, "a crowd leaves something behind"
        said = await there[0].send("we are all still here")
        for client in there:
            await client.wait(partial(has_seen, client, said.seq or 0))
        await there[0].close()
        await becomes(partial(has_room, rude))


async def a_crowd_knocks(rude: Rude) -> int:
    """All connect, then all ask at once; answers how many bytes the edge grew by while it held them."""
    before = rude.on.rss_bytes("edge")
    async with crowd(rude.on.address, CROWD) as knocks:
        async with rude.live(address=ALONE) as ws:
            await still_lives(ws)
            grown = rude.on.rss_bytes("edge") - before
            for one in knocks:
                one.ask(request(rude.on, rude.visitor.conversation_id))
            await still_lives(ws)
        await all_ended(knocks)
        answers = Counter((one.status, b"\r\nretry-after: " in one.head) for one in knocks)
        assert answers == {(429, True): CROWD}
    async with rude.live(address=ALONE) as ws:
        await still_lives(ws)
    return grown


async def has_room(rude: Rude) -> bool:
    """Whether the crowd's own address gets a socket again, now that one of it is free."""
    async with crowd(rude.on.address, 1) as (one,):
        one.ask(request(rude.on, rude.visitor.conversation_id))
        await becomes(partial(is_answered, one))
        assert one.status in (101, 429)
        return one.status == 101


async def is_answered(one: Knock) -> bool:
    return one.status > 0


async def all_greeted(knocks: list[Knock]) -> bool:
    return all(b'"event":"hello"' in one.heard for one in knocks)


def has_seen(client: ChatClient, seq: int) -> bool:
    return bool(client.log) and client.log[-1].seq >= seq


@pytest.fixture(scope="module")
def patient() -> Iterator[Stage]:
    """An edge that spares loopback, as by default, and waits so long for `auth` that all stand there at once."""
    with stage(environment={"CHORUS_AUTH_MS": "40000"}) as on:
        yield on


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_5000_sockets_that_never_say_who_they_are_cost_little_and_end(patient: Stage) -> None:
    async with open_meeting(patient) as meeting:
        before = patient.rss_bytes("edge")
        async with crowd(patient.address, KEPT) as knocks:
            for one in knocks:
                one.ask(request(patient, meeting.conversation_id))
            await becomes(partial(all_greeted, knocks), patience_s=60)
            assert not any(one.ended.done() for one in knocks)
            grown = patient.rss_bytes("edge") - before
            async with open_meeting(patient) as another:
                said = await another.customer.send("is there room for me?")
                await another.ada.wait(lambda: has_seen(another.ada, said.seq or 0))
            await all_ended(knocks)
            assert Counter(one.close_code for one in knocks) == {AUTH_TIMEOUT: KEPT}
        assert grown <= KEPT * GREETED_BYTES
        said = await meeting.customer.send("and am I still here?")
        await meeting.ada.wait(lambda: has_seen(meeting.ada, said.seq or 0))
        async with open_meeting(patient) as another:
            await another.customer.send("and for me?")
