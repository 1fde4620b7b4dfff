"""Two edges, and one of them is killed with -9 under load: who was there comes back, who was not notices nothing.

The ledger is that of `test_kills`. `CHORUS_LONG` asks for more kills, now of one edge and now of the other.
"""

import asyncio
import os
import random
import signal
from collections.abc import Iterable
from itertools import chain, pairwise

import psutil
import pytest

from launch.client_socket import Frame
from launch.ws_client import ChatClient
from load.stage import Stage
from tests.journeys.ledger import (
    AGAIN_S,
    Room,
    everybody_is_heard_again,
    nothing_is_lost,
    opened,
    talking,
)

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.no_cover]
KILLS = 20 if "CHORUS_LONG" in os.environ else 1
CONVERSATIONS = 4
TALKERS_EACH = 2
"""So many of those who talk are at each edge when one of them dies."""
NOTICED = {"degraded", "drain", "error", "nack", "notice"}


class Witness:
    """Every raw frame that came to one client, before the client put anything right."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []

    def holes_since(self, mark: int) -> list[tuple[int, int]]:
        """Durable frames that came out of their turn: what was heard before, and what came then."""
        before = [frame["seq"] for frame in self.frames[:mark] if frame.get("seq")][-1:]
        since = [frame["seq"] for frame in self.frames[mark:] if frame.get("seq")]
        return [(one, next_) for one, next_ in pairwise([*before, *since]) if next_ != one + 1]

    def noticed_since(self, mark: int) -> set[str]:
        return NOTICED & {frame["event"] for frame in self.frames[mark:]}


@pytest.mark.timeout(180 + KILLS * 60)
async def test_one_of_two_edges_is_killed_and_only_its_own_people_have_to_come_back(
    two_edges: Stage,
) -> None:
    chance, witnesses = random.Random(20261121), list[Witness]()

    def overhear() -> Witness:
        witnesses.append(Witness())
        return witnesses[-1]

    async with opened(
        two_edges, CONVERSATIONS, chance, overhearing=lambda: overhear().frames.append
    ) as rooms:
        witness_of = dict(zip(clients_in(rooms), witnesses, strict=True))
        async with talking(rooms):
            for _ in range(KILLS):
                await spread(two_edges, rooms, chance)
                await asyncio.sleep(chance.uniform(0.3, 1.2))
                await one_dies(two_edges, rooms, witness_of, chance)
        for meeting, talkers in rooms:
            await nothing_is_lost(meeting, talkers)


def clients_in(rooms: list[Room]) -> list[ChatClient]:
    """All clients in the order in which they were opened."""
    return list(chain.from_iterable((one.customer, one.ada, one.bea) for one, _ in rooms))


async def one_dies(
    on: Stage, rooms: list[Room], witness_of: dict[ChatClient, Witness], chance: random.Random
) -> None:
    """Kill one edge; whoever stood at the other goes on as if nothing had happened."""
    where = edges_of(on, witness_of)
    victim = chance.choice(sorted(set(where.values())))
    others = [client for client, pid in where.items() if pid != victim]
    opened_before = {client: client.sockets_opened for client in witness_of}
    marks = {client: len(witness_of[client].frames) for client in others}
    os.kill(victim, signal.SIGKILL)
    await everybody_is_heard_again(rooms)
    for client in witness_of:
        await client.wait_ready(timeout_s=AGAIN_S)
    await is_started_again(on, victim)
    for client in others:
        assert client.sockets_opened == opened_before[client], "it had to come back"
        assert not witness_of[client].holes_since(marks[client])
        assert not witness_of[client].noticed_since(marks[client])
    assert all(
        client.sockets_opened > opened_before[client]
        for client, pid in where.items()
        if pid == victim
    )


async def is_started_again(on: Stage, victim: int) -> None:
    async with asyncio.timeout(AGAIN_S):
        while len(pids := on.processes()["edge"]) < 2 or victim in pids:  # noqa: ASYNC110 (a file says it)
            await asyncio.sleep(0.05)


async def spread(on: Stage, rooms: list[Room], chance: random.Random) -> None:
    """Cut lines until both edges have enough of those who talk: which edge takes a call is the kernel's choice."""
    talking_ones = [talker.client for _, talkers in rooms for talker in talkers]
    async with asyncio.timeout(AGAIN_S):
        while True:
            for client in clients_in(rooms):
                await client.wait_ready(timeout_s=AGAIN_S)
            where = edges_of(on, talking_ones)
            at_each = [list(where.values()).count(pid) for pid in on.processes()["edge"]]
            if len(where) == len(talking_ones) and min(at_each) >= TALKERS_EACH:
                return
            for client in chance.sample(talking_ones, len(talking_ones) // 2):
                await line_is_cut(client)


async def line_is_cut(client: ChatClient) -> None:
    before = client.sockets_opened
    client.cut()
    await client.wait(lambda: client.sockets_opened > before, timeout_s=AGAIN_S)


def edges_of(on: Stage, clients: Iterable[ChatClient]) -> dict[ChatClient, int]:
    """The process at the other end of each client's socket, as the kernel knows it."""
    edges = on.processes()["edge"]
    pid_of = {port: pid for pid in edges for port in ports_at(on.address[1], pid)}
    ports = {client: port for client in clients if (port := own_port(client)) is not None}
    return {client: pid_of[port] for client, port in ports.items() if port in pid_of}


def ports_at(port: int, pid: int) -> list[int]:
    """Where those come from whose connections at `port` a process holds."""
    try:
        found = psutil.Process(pid).net_connections("tcp")
    except psutil.NoSuchProcess:
        return []
    return [
        one.raddr.port
        for one in found
        if one.status == psutil.CONN_ESTABLISHED and one.laddr.port == port
    ]


def own_port(client: ChatClient) -> int | None:
    socket = client._line.primary
    return None if socket is None else int(socket.connection.local_address[1])
