"""Two edges, and one of them is stopped while people talk: they move, and nobody notices."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from itertools import chain
from random import Random

import httpx
import psutil
import pytest

from launch.ws_client import ChatClient, MessageHandle
from load.stage import Stage
from tests.journeys.people import open_meeting

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
CONVERSATIONS = 3
PAUSE_S = 0.02
MOVED_S = 60.0
ENDED = re.compile(r'^ws_disconnects_total\{.*code="(\d+)".*\} ([0-9.]+)$', re.MULTILINE)


@asynccontextmanager
async def talking(clients: list[ChatClient]) -> AsyncIterator[list[MessageHandle]]:
    """Each client talks and is ready all the while, for as long as the context is open."""
    stop, said = asyncio.Event(), list[MessageHandle]()

    async def talk(client: ChatClient) -> None:
        while not stop.is_set():
            said.append(client.send(f"line {len(said)}"))
            await asyncio.sleep(PAUSE_S)
            assert client.is_ready, "the old socket went before the new one was there"

    async with asyncio.TaskGroup() as voices:
        for client in clients:
            voices.create_task(talk(client))
        try:
            yield said
        finally:
            stop.set()


async def test_people_move_to_the_other_edge_before_theirs_is_gone(two_edges: Stage) -> None:
    chance = Random(20261121)
    async with AsyncExitStack() as stack:
        meetings = [
            await stack.enter_async_context(open_meeting(two_edges, jitter=chance.random))
            for _ in range(CONVERSATIONS)
        ]
        clients = list(chain.from_iterable((one.customer, one.bea) for one in meetings))
        leaving = psutil.Process(_fullest_edge(two_edges))
        before = await _ends(two_edges)
        async with talking(clients) as said:
            leaving.send_signal(signal.SIGTERM)
            await asyncio.to_thread(leaving.wait, MOVED_S)
        assert any(client.sockets_opened > 1 for client in clients)
        for meeting in meetings:
            await meeting.settled([meeting.customer, meeting.bea, meeting.ada])
        for handle in said:
            await handle
        after = await _ends(two_edges)
        assert {code for code in after if after[code] > before.get(code, 0)} == {"1000"}


def _fullest_edge(on: Stage) -> int:
    """The edge with most of the sockets: somebody has to move when it goes."""
    return max(on.processes()["edge"], key=partial(_sockets, on.address[1]))


def _sockets(port: int, pid: int) -> int:
    found = psutil.Process(pid).net_connections("tcp")
    return sum(one.status == psutil.CONN_ESTABLISHED and one.laddr.port == port for one in found)


async def _ends(on: Stage) -> dict[str, float]:
    """How many sockets ended with which code, at both edges, also at one that is gone."""
    async with httpx.AsyncClient(base_url=on.base, timeout=10, trust_env=False) as client:
        page = (await client.get("/metrics")).text
    return {code: float(count) for code, count in ENDED.findall(page)}
