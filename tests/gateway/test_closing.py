"""Why a socket is closed: what is told before it, and which code the client's next step needs."""

import json
from time import time
from typing import Any

import pytest

from chorus.codes import CloseCode
from chorus.ids import uuid7
from gateway import effects
from gateway import nonce as nonces
from gateway.effects import answers
from gateway.hub import Connection
from gateway.phase import Phase
from gateway.protocol import Peer
from gateway.room import Packet
from tests.gateway.gateways import Gateway, Line, World
from tests.gateway.test_protocol import (
    auth_frame,
    closed_with,
    hello_nonce,
    live_peer,
    new_peer,
    principal,
)

TOLD = [
    code
    for code in CloseCode
    if (4000 <= code < 4200 or code >= 4300)
    and code not in (CloseCode.SLOW_CONSUMER, CloseCode.WRITE_TIMEOUT)
]


def errors(asked: list[Any]) -> list[dict[str, Any]]:
    decoded = (json.loads(one) for one in answers(asked))
    return [one["data"] for one in decoded if one["event"] == "error"]


@pytest.mark.parametrize("code", TOLD)
@pytest.mark.parametrize("live", [True, False])
def test_an_error_precedes_the_close_once(code: CloseCode, live: bool) -> None:
    peer = live_peer() if live else new_peer()
    asked = peer.end(code)
    assert errors(asked) == [{"code": code.name, "fatal": code < 4100}]
    assert closed_with(asked[-1:]) == code
    assert peer.end(code) == []


@pytest.mark.parametrize("code", sorted(set(CloseCode) - set(TOLD)))
def test_other_closes_speak_for_themselves(code: CloseCode) -> None:
    assert live_peer().end(code) == [effects.Close(code, "")]


class Recorder:
    """A sink that keeps what it was given."""

    buffered_bytes = 0
    full = False

    def __init__(self) -> None:
        self.told: list[object] = []

    def mark(self, high_bytes: int) -> None: ...

    async def drained(self) -> None: ...

    def write(self, packet: Packet) -> None:
        self.told.append(json.loads(packet.payload)["event"])

    def close(self, code: int, reason: str) -> None:
        self.told.append(code)

    def abort(self) -> None:
        self.told.append("abort")


def test_who_is_closed_from_outside_is_told_before_it() -> None:
    sink = Recorder()
    connection = Connection(1, live_peer(), sink, 10_000)
    connection.close(CloseCode.SUPERSEDED)
    connection.close(CloseCode.INTERNAL)
    assert sink.told == ["error", CloseCode.SUPERSEDED]


def waiting_peer(phase: Phase) -> Peer:
    """A socket that said `auth` at 9 s and waits for us."""
    peer = new_peer()
    peer.received(auth_frame(hello_nonce(peer)), 9.0, 1009.0)
    if phase is Phase.ENTERING:
        peer.verified(principal())
    assert peer.phase is phase
    return peer


@pytest.mark.parametrize("phase", [Phase.VERIFYING, Phase.ENTERING])
def test_who_waits_for_us_is_not_sent_for_a_new_credential(phase: Phase) -> None:
    peer = waiting_peer(phase)
    assert peer.tick(18.9, 1018.9) == []
    assert closed_with(peer.tick(19.0, 1019.0)) == CloseCode.DEPENDENCY_DOWN


# -- over real sockets


async def closing(line: Line) -> tuple[str, int | None]:
    """The error that was told, and the code."""
    told = await line.hear("error")
    return str(told["code"]), await line.close_code()


async def hello(world: World, at: Gateway, **token: Any) -> Line:
    path = f"conversations/{world.tenant.conversation}"
    return await world.hello(at, world.tenant.principal("contact"), path, **token)


def token(world: World, who: str, **more: Any) -> str:
    header = world.api.token(world.tenant.principal(who), **more)
    return header["Authorization"].removeprefix("Bearer ")


async def sign_in(line: Line, nonce: str, **more: Any) -> None:
    await line.say(
        "auth", nonce=nonce, session=str(uuid7()), client={"name": "test", "version": "1"}, **more
    )


@pytest.mark.anyio
@pytest.mark.parametrize("who", ["contact", "agent"])
async def test_the_queue_of_a_socket_follows_the_role(world: World, who: str) -> None:
    here = await world.gateway()
    await world.chat(here, world.tenant.principal(who))
    (connection,) = here.resources.hub.connections.values()
    settings = here.resources.settings
    expected = settings.agent_queue_bytes if who == "agent" else settings.customer_queue_bytes
    assert connection.limit_bytes == expected


@pytest.mark.anyio
async def test_a_nonce_of_another_socket_closes_4302(world: World) -> None:
    here = await world.gateway()
    first, second = await hello(world, here), await hello(world, here)
    nonce = (await first.hear("hello"))["nonce"]
    await second.hear("hello")
    await sign_in(second, nonce)
    assert await closing(second) == ("AUTH_TIMEOUT", CloseCode.AUTH_TIMEOUT)
    await sign_in(first, nonce)
    await first.hear("ready")


@pytest.mark.anyio
async def test_a_nonce_of_half_a_minute_ago_closes_4302(world: World) -> None:
    here = await world.gateway()
    line = await hello(world, here)
    conn, then_s = (await line.hear("hello"))["conn"], time() - nonces.VALID_S - 1
    await sign_in(line, nonces.make(here.resources.rules.nonce_key, conn, then_s))
    assert await closing(line) == ("AUTH_TIMEOUT", CloseCode.AUTH_TIMEOUT)


@pytest.mark.anyio
async def test_silence_closes_4302(world: World) -> None:
    here = await world.gateway(auth_ms=200)
    assert await closing(await hello(world, here)) == ("AUTH_TIMEOUT", CloseCode.AUTH_TIMEOUT)


@pytest.mark.anyio
async def test_a_repeated_auth_without_a_token_closes_4301(world: World) -> None:
    here = await world.gateway()
    line = await hello(world, here)
    nonce = (await line.hear("hello"))["nonce"]
    await sign_in(line, nonce)
    await line.hear("ready")
    await sign_in(line, nonce)
    assert await closing(line) == ("INVALID_TOKEN", CloseCode.INVALID_TOKEN)


@pytest.mark.anyio
async def test_a_conversation_that_ended_long_ago_closes_4005(world: World) -> None:
    await world.api.rows(
        "UPDATE conversations SET status = 'closed', closed_at = now() - interval '400 days'"
        " WHERE id = $1",
        world.tenant.conversation,
    )
    line = await hello(world, await world.gateway())
    await sign_in(line, (await line.hear("hello"))["nonce"])
    assert await closing(line) == ("ENDED_LONG_AGO", CloseCode.ENDED_LONG_AGO)


@pytest.mark.anyio
async def test_a_chat_service_that_is_gone_closes_4105(world: World) -> None:
    here = await world.gateway(rpc="unix:/nonexistent/rpc.sock", rpc_timeout_ms=200)
    line = await hello(world, here)
    await sign_in(line, (await line.hear("hello"))["nonce"])
    assert await closing(line) == ("DEPENDENCY_DOWN", CloseCode.DEPENDENCY_DOWN)


@pytest.mark.anyio
async def test_a_token_is_renewed_in_place(world: World) -> None:
    here = await world.gateway()
    line = await hello(world, here, ttl_s=20)
    await sign_in(line, (await line.hear("hello"))["nonce"])
    expires_at = (await line.hear("ready"))["token_exp"]
    assert (await line.hear("auth.expiring"))["in_ms"] <= 20_000
    await line.say("auth", token=token(world, "contact", ttl_s=600))
    assert (await line.hear("auth.ok"))["token_exp"] > expires_at
    assert await line.answers()


@pytest.mark.anyio
async def test_a_token_of_somebody_else_closes_4003(world: World) -> None:
    here = await world.gateway()
    line = await world.customer(here)
    await line.say("auth", token=token(world, "agent"))
    assert await closing(line) == ("FORBIDDEN", CloseCode.FORBIDDEN)


@pytest.mark.anyio
async def test_a_token_that_is_not_renewed_closes_4300(world: World) -> None:
    here = await world.gateway(expiry_grace_ms=0)
    line = await hello(world, here, ttl_s=3)
    await sign_in(line, (await line.hear("hello"))["nonce"])
    await line.hear("auth.expiring")
    assert await closing(line) == ("EXPIRED", CloseCode.EXPIRED)
