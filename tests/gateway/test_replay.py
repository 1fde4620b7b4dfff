"""Much that was missed reaches whoever reads, on one socket; who reads nothing makes us hold little."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
from prometheus_client import REGISTRY

from chorus.codes import CloseCode
from chorus.ids import uuid7
from gateway.hub import QUIET_PART, Connection
from tests.chat_service.api_world import say
from tests.gateway.gateways import Gateway, Line, World
from tests.support.waiting import until

pytestmark = pytest.mark.anyio
NEVER_MS = 3_600_000
LINES, LINE_BYTES = 400, 4_000
QUEUE_BYTES = 16_384
TIGHT = {
    "customer_queue_bytes": QUEUE_BYTES,
    "agent_queue_bytes": QUEUE_BYTES,
    "heads_every_ms": NEVER_MS,
}


async def missed(world: World, conversation: UUID | None = None) -> None:
    """Have an agent say very much that no gateway hears of."""
    where = conversation or world.tenant.conversation
    await world.api.rows(
        "INSERT INTO messages (conversation_id, seq, id, tenant_id, role, sender_id, content)"
        " SELECT $1, n, gen_random_uuid(), $2, 'agent', $3, repeat('x', $4)"
        " FROM generate_series(1, $5) AS n",
        where,
        world.tenant.id,
        world.tenant.agent,
        LINE_BYTES,
        LINES,
    )
    await world.api.rows("UPDATE conversations SET last_seq = $2 WHERE id = $1", where, LINES)


async def another(world: World) -> UUID:
    """One more conversation of the same customer."""
    id, tenant = uuid7(), world.tenant
    await world.api.rows(
        "INSERT INTO conversations (id, tenant_id, inbox_id, contact_id, last_ts)"
        " VALUES ($1, $2, $3, $4, now())",
        id,
        tenant.id,
        tenant.inbox_id,
        tenant.contact,
    )
    return id


def places(line: Line, conversation: UUID | None = None) -> list[int]:
    """The durable frames that were heard, in their order."""
    conv = None if conversation is None else str(conversation)
    return [one["seq"] for one in line.heard if "seq" in one and one.get("conv") == conv]


async def knocked(world: World, at: Gateway, who: str) -> Line:
    """A socket that says who it is, and reads nothing more for now."""
    path = f"conversations/{world.tenant.conversation}"
    line = await world.hello(at, world.tenant.principal(who), path)
    nonce = (await line.hear("hello"))["nonce"]
    line.socket.transport.pause_reading()
    named = {"nonce": nonce, "session": str(uuid7())}
    await line.say("auth", **named, client={"name": "test", "version": "1"})
    return line


async def waiting(at: Gateway) -> Connection:
    """The connection whose replay waits for its reader."""

    def found() -> list[Connection]:
        return [one for one in at.resources.hub.connections.values() if one.sink.full]

    async def one_is() -> bool:
        return bool(found())

    await until(one_is)
    return found()[0]


def ended_with(code: CloseCode) -> float:
    labels = {"code": str(int(code)), "clean": "true"}
    return REGISTRY.get_sample_value("ws_disconnects_total", labels) or 0.0


@pytest.mark.parametrize("who", ["contact", "agent"])
async def test_a_socket_gets_many_times_its_bound(world: World, who: str) -> None:
    here = await world.gateway(**TIGHT)
    await missed(world)
    line = await world.chat(here, world.tenant.principal(who))
    assert (await line.hear("synced"))["seq"] == LINES
    assert places(line) == list(range(1, LINES + 1))
    assert await line.answers()


async def test_an_inbox_gets_many_times_its_bound_of_several_conversations(world: World) -> None:
    here = await world.gateway(**TIGHT)
    conversations = [world.tenant.conversation, await another(world), await another(world)]
    for one in conversations:
        await missed(world, one)
    line = await world.inbox(here)
    await line.say("subscribe", items=[{"conv": str(one)} for one in conversations])
    for _ in conversations:
        assert (await line.hear("synced"))["seq"] == LINES
    for one in conversations:
        assert places(line, one) == list(range(1, LINES + 1))


@asynccontextmanager
async def stream(world: World, at: Gateway) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """The frames of an event stream of the customer."""
    path = f"/livechat/conversations/{world.tenant.conversation}/events"
    headers = world.api.token(world.tenant.principal("contact"))
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{at.port}", trust_env=False) as http,
        http.stream("GET", path, headers=headers, timeout=30) as response,
    ):

        async def frames() -> AsyncIterator[dict[str, Any]]:
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    yield orjson.loads(line[6:])

        yield frames()


async def test_an_event_stream_gets_many_times_its_bound(world: World) -> None:
    here = await world.gateway(**TIGHT)
    await missed(world)
    heard = []
    async with stream(world, here) as frames:
        async for frame in frames:
            heard.append(frame)
            if frame["event"] == "synced":
                break
    assert heard[-1]["data"] == {"seq": LINES}
    assert [one["seq"] for one in heard if "seq" in one] == list(range(1, LINES + 1))


async def test_what_is_said_during_a_replay_comes_in_its_order(world: World) -> None:
    here = await world.gateway(**TIGHT)
    await missed(world)
    witness = await world.chat(here, world.tenant.principal("agent"))
    await witness.hear("synced")
    line = await knocked(world, here, "contact")
    await waiting(here)
    for number in range(5):
        await say(
            world.api, world.tenant.principal("agent"), world.tenant.conversation, f"live {number}"
        )
        await witness.hear("message", content=f"live {number}")
    line.socket.transport.resume_reading()
    head = (await line.hear("synced"))["seq"]
    assert places(line) == list(range(1, head + 1)) and head >= LINES + 5
    told = [one["data"].get("content") for one in line.heard if "seq" in one]
    assert [one for one in told if str(one).startswith("live")] == [f"live {n}" for n in range(5)]


async def test_who_stalls_in_a_replay_is_ended_and_little_waits_for_it(world: World) -> None:
    here = await world.gateway(**TIGHT, write_timeout_ms=100, ping_ms=100, dead_ms=200)
    await missed(world)
    slow, stuck = ended_with(CloseCode.SLOW_CONSUMER), ended_with(CloseCode.WRITE_TIMEOUT)
    await knocked(world, here, "contact")
    connection = await waiting(here)
    (member,) = connection.members.values()
    assert connection.sink.buffered_bytes < QUEUE_BYTES // QUIET_PART + 2 * LINE_BYTES
    assert member.cursor is not None and member.cursor < LINES

    async def gone() -> bool:
        return not here.resources.hub.connections

    await until(gone)
    assert ended_with(CloseCode.WRITE_TIMEOUT) == stuck + 1
    assert ended_with(CloseCode.SLOW_CONSUMER) == slow
    assert not here.resources.hub.rooms and not here.resources.hub.users


async def test_a_hole_of_many_times_the_bound_is_filled_for_everybody(world: World) -> None:
    here = await world.gateway(**TIGHT)
    lines = [await world.chat(here, world.tenant.principal(who)) for who in ("contact", "agent")]
    for line in lines:
        await line.hear("synced")
    await missed(world)
    await say(world.api, world.tenant.principal("agent"), world.tenant.conversation, "the last")
    async with asyncio.TaskGroup() as readers:
        for line in lines:
            readers.create_task(line.hear("message", content="the last"))
    for line in lines:
        heard = places(line)
        assert heard == list(range(1, len(heard) + 1)) and len(heard) >= LINES


async def test_a_reader_that_stalls_holds_the_others_up_for_a_moment_only(world: World) -> None:
    here = await world.gateway(**TIGHT)
    line = await world.customer(here)
    stalled = await world.chat(here, world.tenant.principal("agent"))
    await line.hear("synced")
    await stalled.hear("synced")
    stalled.socket.transport.pause_reading()
    await missed(world)
    slow = ended_with(CloseCode.SLOW_CONSUMER)
    await say(world.api, world.tenant.principal("agent"), world.tenant.conversation, "the last")
    await line.hear("message", content="the last")
    assert ended_with(CloseCode.SLOW_CONSUMER) == slow + 1


async def test_a_position_ahead_of_what_was_heard_is_read_however_far(world: World) -> None:
    here = await world.gateway(**TIGHT)
    line = await world.customer(here)
    await line.hear("synced")
    await missed(world)
    await line.say("position", seq=LINES, epoch=line.ready["conversation"]["epoch"])
    assert (await line.hear("synced"))["seq"] == LINES


async def test_what_is_erased_during_a_replay_costs_the_inbox_nothing_else(world: World) -> None:
    here = await world.gateway(**TIGHT)
    await missed(world)
    kept = await another(world)
    line = await world.inbox(here)
    await line.hear("inbox.snapshot")
    line.socket.transport.pause_reading()
    items = [{"conv": str(one)} for one in (world.tenant.conversation, kept)]
    await line.say("subscribe", items=items)
    await waiting(here)
    await world.api.rows("DELETE FROM messages WHERE tenant_id = $1", world.tenant.id)
    await world.api.rows("DELETE FROM conversations WHERE id = $1", world.tenant.conversation)
    line.socket.transport.resume_reading()
    assert (await line.hear("synced"))["seq"] == 0
    assert await line.answers()
    (connection,) = here.resources.hub.connections.values()
    assert list(connection.members) == [kept]
