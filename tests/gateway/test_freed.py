"""What a socket or a stream held is freed as soon as it has ended, without the garbage collector."""

import gc
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator

import pytest

from chorus.codes import CloseCode
from gateway.admission import Ticket
from gateway.chat_socket import SocketSink, Visit
from gateway.hardened import BoundedServer, HardenedWebSocket, SocketTransport
from gateway.hardened_http import HardenedHttp
from gateway.hub import Connection, Member
from gateway.protocol import Peer
from gateway.room import Room
from gateway.shell import Shell
from gateway.sse import Stream, StreamSink
from tests.chat_service.api_world import say
from tests.gateway.gateways import Gateway, Line, World
from tests.gateway.test_replay import stream
from tests.support.waiting import until

pytestmark = pytest.mark.anyio
OF_A_SOCKET = (
    Visit,
    Shell,
    Peer,
    SocketSink,
    Connection,
    SocketTransport,
    HardenedWebSocket,
    BoundedServer,
    Ticket,
)
OF_A_STREAM = (Stream, StreamSink, Shell, Peer, Connection, HardenedHttp, Ticket)
OF_A_READER = (Member, Room)


class Living:
    """The objects that make up connections, of those that were made since; the collector is off."""

    def __init__(self) -> None:
        # Held on to, so that no new one is taken for one of them by its address.
        self._before = self._all()
        self._known = {id(one) for one in self._before}

    @staticmethod
    def _all() -> list[object]:
        kinds = {*OF_A_SOCKET, *OF_A_STREAM, *OF_A_READER}
        return [one for one in gc.get_objects() if type(one) in kinds]

    def now(self) -> Counter[str]:
        new = (one for one in self._all() if id(one) not in self._known)
        return Counter(type(one).__name__ for one in new)

    async def none(self) -> bool:
        return not self.now()


@pytest.fixture
def living() -> Iterator[Living]:
    gc.collect()
    # What is frozen is not looked at: a worker that ran thousands of tests holds millions of objects.
    gc.freeze()
    gc.disable()
    try:
        yield Living()
    finally:
        gc.enable()
        gc.unfreeze()


async def closed(world: World, line: Line) -> None:
    await line.socket.close()


async def aborted(world: World, line: Line) -> None:
    line.socket.transport.abort()


async def overwhelmed(world: World, line: Line) -> None:
    await say(world.api, world.tenant.principal("agent"), world.tenant.conversation, "x" * 10_000)
    assert await line.close_code() == CloseCode.SLOW_CONSUMER


async def overwhelmed_and_deaf(world: World, line: Line) -> None:
    line.socket.transport.pause_reading()
    await say(world.api, world.tenant.principal("agent"), world.tenant.conversation, "x" * 10_000)


async def revoked(world: World, line: Line) -> None:
    await world.revoke_tenant()
    assert await line.close_code() == CloseCode.TENANT_DISABLED


async def joined(world: World, at: Gateway, who: str) -> Line:
    if who == "inbox":
        line = await world.inbox(at)
        await line.subscribe(world.tenant.conversation)
    else:
        line = await world.chat(at, world.tenant.principal(who))
    await line.hear("synced")
    return line


@pytest.mark.parametrize("who", ["contact", "inbox"])
@pytest.mark.parametrize("ending", [closed, aborted, overwhelmed, overwhelmed_and_deaf, revoked])
async def test_a_socket_is_freed(
    world: World, living: Living, who: str, ending: Callable[[World, Line], Awaitable[None]]
) -> None:
    queues = {"customer_queue_bytes": 4_096, "agent_queue_bytes": 4_096}
    here = await world.gateway(**queues, write_timeout_ms=100)
    line = await joined(world, here, who)

    async def looked_at() -> bool:
        """Who looks at all sockets now and then may not hold on to the last one."""
        return all(one.taken_bytes for one in here.resources.hub.connections.values())

    await until(looked_at)
    assert living.now() == Counter(one.__name__ for one in (*OF_A_SOCKET, *OF_A_READER))
    await ending(world, line)
    await until(living.none)


async def test_a_stream_is_freed(world: World, living: Living) -> None:
    here = await world.gateway()
    async with stream(world, here) as frames:
        while (await anext(frames))["event"] != "synced":
            """Not all the way in yet."""
        gained = living.now()
        assert gained["Stream"] == gained["StreamSink"] == gained["Member"] == 1
    await until(living.none)
