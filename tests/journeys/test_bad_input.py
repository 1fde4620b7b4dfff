"""Bad input over a real socket of a whole installation: a clear answer each, and nothing lost.

What a single part answers is proved beside that part; here the answers are what a client gets.
"""

import time
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from websockets.exceptions import InvalidStatus
from websockets.protocol import State

from chorus.auth import AUD_VISITOR, TokenMaker
from chorus.ids import uuid7
from launch.rest_client import open_rest
from launch.ws_client import ChatClient
from tests.journeys.people import rows_of
from tests.journeys.rude import (
    Rude,
    authenticate,
    closed,
    everything,
    heard,
    refused,
    say,
    still_lives,
)

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def test_binary_closes_1003(rude: Rude) -> None:
    async with rude.live() as ws:
        await ws.send(b"\x00\x01")
        assert await closed(ws) == 1003


async def test_a_frame_over_64_kib_closes_1009_and_nothing_of_it_is_stored(rude: Rude) -> None:
    async with rude.live() as ws:
        await ws.send("x" * 65_537)
        assert await closed(ws) == 1009


@pytest.mark.parametrize(
    ("event", "data", "code"),
    [
        ("message", {"id": uuid7(), "content": "x" * 16_385}, "TOO_LARGE"),
        ("message", {"id": uuid4(), "content": "not a v7"}, "INVALID"),
        ("message", {"id": uuid7()}, "INVALID"),
        ("message", {"id": uuid7(), "content": ["a"]}, "INVALID"),
        ("message", {"id": uuid7(), "content": "x", "role": "agent"}, "FORBIDDEN"),
        ("message", {"id": uuid7(), "content": "x", "visibility": "agents"}, "FORBIDDEN"),
        ("dance", {"id": uuid7()}, "UNKNOWN_EVENT"),
        ("moderate", {"id": uuid7(), "target": uuid7(), "visibility": "hidden"}, "FORBIDDEN"),
        ("edit", {"id": uuid7(), "target": uuid7(), "content": "not there"}, "NOT_FOUND"),
    ],
)
async def test_a_bad_frame_is_answered_and_the_socket_lives(
    rude: Rude, event: str, data: dict[str, Any], code: str
) -> None:
    async with rude.live() as ws:
        await say(ws, event, data, ref=7)
        answer = await heard(ws, "nack", "delivered")
        assert (answer["event"], answer["ref"], answer["data"]["code"]) == ("nack", 7, code)
        await still_lives(ws)


async def test_json_that_is_none_or_too_deep_is_answered(rude: Rude) -> None:
    async with rude.live() as ws:
        await ws.send("{")
        assert (await heard(ws, "nack"))["data"]["code"] == "BAD_FRAME"
        await ws.send('{"event":"message","data":{"meta":' + '{"a":' * 500 + "1" + "}" * 502)
        assert (await heard(ws, "nack"))["data"]["code"] in ("BAD_FRAME", "INVALID")
        await still_lives(ws)


async def test_a_frame_before_auth_closes_4000(rude: Rude) -> None:
    async with rude.socket() as ws:
        await say(ws, "message", {"id": uuid7(), "content": "too early"})
        assert await closed(ws) == 4000


async def test_a_nonce_of_another_socket_closes_4302(rude: Rude) -> None:
    async with rude.socket() as first, rude.socket() as second:
        other = await heard(first, "hello")
        await authenticate(second, nonce=other["data"]["nonce"])
        assert await closed(second) == 4302


async def test_no_auth_in_time_closes_4302(rude: Rude) -> None:
    async with rude.socket() as ws:
        assert await closed(ws) == 4302


def forged(rude: Rude, **claims: Any) -> str:
    body = jwt.decode(rude.visitor.token, options={"verify_signature": False}) | claims
    kid = jwt.get_unverified_header(rude.visitor.token)["kid"]
    return jwt.encode(body, "k" * 32, algorithm="HS256", headers={"kid": kid})


async def test_tokens_that_are_not_good_close_4301(rude: Rude) -> None:
    none = jwt.encode({"iss": "chorus", "sub": str(uuid7())}, "", algorithm="none")
    for token in ("garbage", none, forged(rude), forged(rude, iss="https://elsewhere")):
        async with rude.socket(token=token) as ws:
            await authenticate(ws)
            assert await closed(ws) == 4301


async def test_no_token_closes_4301(rude: Rude) -> None:
    async with rude.socket(token="") as ws:
        await authenticate(ws)
        assert await closed(ws) == 4301


async def test_an_expired_token_closes_4300(rude: Rude) -> None:
    claims = jwt.decode(rude.visitor.token, options={"verify_signature": False})
    maker = TokenMaker(rude.on.data / "keys", now=lambda: time.time() - 3600)
    token, _ = maker.make(
        tenant_id=UUID(claims["tid"]),
        user_id=UUID(claims["sub"]),
        role="visitor",
        audience=AUD_VISITOR,
    )
    async with rude.socket(token=token) as ws:
        await authenticate(ws)
        assert await closed(ws) == 4300


async def test_an_8_kb_token_is_refused_before_accept(rude: Rude) -> None:
    async def knock() -> None:
        async with rude.socket(token="x" * 8_000):
            pass

    assert await refused(knock) == 431


async def test_a_foreign_and_an_absent_conversation_look_alike(rude: Rude) -> None:
    async with open_rest(rude.on.base) as rest:
        other = await rest.visitor(rude.on.run["load_inbox_key"], name="Somebody else")
    seen = []
    for conversation in (uuid7(), other.conversation_id):
        async with rude.socket(conversation=conversation) as ws:
            await authenticate(ws)
            seen.append(await everything(ws))
    assert seen[0] == seen[1]
    assert seen[0][1] == 4004


async def test_a_page_that_is_not_allowed_gets_403(rude: Rude) -> None:
    async def knock() -> None:
        async with rude.socket(origin="https://evil.example"):
            pass

    assert await refused(knock) == 403


async def test_a_flood_is_slowed_and_nothing_of_it_is_lost(rude: Rude) -> None:
    async with ChatClient(
        rude.on.base, token=rude.visitor.token, conversation_id=rude.visitor.conversation_id
    ) as client:
        await client.wait_ready()
        handles = [client.send(f"flood {number}") for number in range(40)]
        await client.wait(lambda: client.unsettled == 0, timeout_s=40)
        refusals = [frame for frame in client.heard if frame["event"] == "nack"]
    assert {frame["data"]["code"] for frame in refusals} == {"RATE_LIMITED"}
    rows = await rows_of(rude.on, rude.visitor.conversation_id)
    stored = [row.id for row in rows if row.content.startswith("flood")]
    assert stored == [handle.id for handle in handles]


async def test_the_fourth_socket_of_a_customer_closes_4010(rude: Rude) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(rude.live())
        extra = await stack.enter_async_context(rude.socket())
        await authenticate(extra)
        assert await closed(extra) == 4010


async def test_sockets_of_one_address_are_bounded_and_others_live_on(rude: Rude) -> None:
    """Those that never sign in are closed meanwhile, and their places are free again."""
    async with rude.live() as ws, AsyncExitStack() as stack:
        refusals, held = [], []
        for _ in range(60):
            try:
                held.append(await stack.enter_async_context(rude.socket()))
            except InvalidStatus as refusal:
                refusals.append(refusal.response)
            assert sum(one.state is State.OPEN for one in held) < 16
        assert refusals
        assert {one.status_code for one in refusals} == {429}
        assert all("Retry-After" in one.headers for one in refusals)
        await still_lives(ws)


async def test_a_half_open_peer_is_noticed(rude: Rude) -> None:
    """The client's machine is gone: nothing is heard, so 4201, whoever reads it."""
    async with rude.live() as ws:
        assert await closed(ws) == 4201
