"""From a customer's wish to the offer on an agent's socket: one after the other, and all at once.

Every customer asks on a socket of their own, every agent has an open inbox and accepts at once.
The targets are those of `load/slo.json`.
"""

import asyncio
import json
import random
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import orjson

from chorus.ids import uuid7
from load.crowd import gather_crowd
from load.load_socket import LoadSocket, open_load_socket
from load.stage import Stage, Visitor, every

TARGETS: Final[Mapping[str, float]] = json.loads(Path(__file__).with_name("slo.json").read_text())[
    "speed"
]
BURST: Final = int(TARGETS["burst_sessions"])
PATIENCE_S: Final = 60.0
CONNECT_AT_ONCE: Final = 32
RETRY_S: Final = 0.5
# Presence believes nobody before it has watched for two of its lifetimes.
SETTLE_S: Final = 5.0
STEADY_S: Final = 2


class Desks:
    """The sockets of all agents: says when each conversation was offered, and accepts then.

    People are slower than a burst is: while `hold` accepts nothing, what is offered waits.
    """

    def __init__(self) -> None:
        self.offered_at_s: dict[str, float] = {}
        self.hold = False
        self._held: list[tuple[LoadSocket, bytes]] = []
        self._wanted: set[str] = set()
        self._complete = asyncio.Event()

    async def all_of(self, conversations: Sequence[str]) -> None:
        """Wait until each of these was offered to somebody."""
        self._wanted = set(conversations) - self.offered_at_s.keys()
        self._complete.clear()
        if self._wanted:
            async with asyncio.timeout(PATIENCE_S):
                await self._complete.wait()

    def accept_held(self) -> None:
        self.hold = False
        for socket, accept in self._held:
            socket.send(accept)
        self._held.clear()

    def heard(self, socket: LoadSocket, payload: bytes) -> None:
        if not payload.startswith(b'{"event":"offer"'):
            return
        frame = orjson.loads(payload)
        conversation = frame["conv"]
        self.offered_at_s.setdefault(conversation, time.perf_counter())
        data = {"id": uuid7(), "session": frame["data"]["session"]}
        accept = orjson.dumps({"event": "offer.accept", "conv": conversation, "data": data})
        if self.hold:
            self._held.append((socket, accept))
        else:
            socket.send(accept)
        self._wanted.discard(conversation)
        if not self._wanted:
            self._complete.set()


class Asker:
    """A customer who asks for a person once, and again with the same id when told to."""

    def __init__(self, visitor: Visitor) -> None:
        self.conversation_id = visitor.conversation_id
        self.asked_at_s = 0.0
        self.refused = 0
        self._visitor = visitor
        self._frame = orjson.dumps({"event": "escalate", "data": {"id": uuid7()}})
        self._socket: LoadSocket | None = None

    async def connect(self, address: tuple[str, int]) -> None:
        path = f"/ws/v1/conversations/{self.conversation_id}"
        self._socket = await open_load_socket(address, path, self._visitor.token, self._heard)

    def ask(self) -> None:
        assert self._socket is not None
        self.asked_at_s = time.perf_counter()
        self._socket.send(self._frame)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()

    def _heard(self, socket: LoadSocket, payload: bytes) -> None:
        if payload.startswith(b'{"event":"nack"'):
            self.refused += 1
            again_s = random.uniform(0.5, 1.5) * RETRY_S * self.refused
            asyncio.get_running_loop().call_later(again_s, socket.send, self._frame)


async def handoff(
    on: Stage, *, among: bool, agents: int = 200, waiting: int = 1_000, rate: int = 10
) -> dict[str, float]:
    """Measure both on a tenant of their own, beside a line of others who wait or `among` them.

    That line stays as it is.
    """
    crowd = await gather_crowd(on, agents=agents, waiting=waiting, among=among)
    seconds, where = STEADY_S, "among" if among else "beside"
    desks = Desks()
    inboxes = [
        await open_load_socket(on.address, "/ws/v1/inbox", crowd.token(agent), desks.heard)
        for agent in (*crowd.free, *crowd.busy)
    ]
    askers = [Asker(one) for one in await crowd.on.visitors(rate * seconds + BURST)]
    await _connect_all(askers, on)
    await asyncio.sleep(SETTLE_S)
    steady, burst = askers[: rate * seconds], askers[rate * seconds :]
    figures: dict[str, float] = {"agents": agents, f"waiting {where}": waiting}
    figures |= await _one_by_one(on, desks, steady, rate)
    figures |= await _at_once(on, desks, burst)
    figures[f"still waiting {where}"] = await crowd.waiting()
    figures["told to ask again"] = sum(one.refused for one in askers)
    await crowd.disperse()
    for inbox in inboxes:
        inbox.close()
    for asker in askers:
        asker.close()
    return figures


async def _connect_all(askers: Sequence[Asker], on: Stage) -> None:
    gate = asyncio.Semaphore(CONNECT_AT_ONCE)

    async def one(asker: Asker) -> None:
        async with gate:
            await asker.connect(on.address)

    await asyncio.gather(*(one(asker) for asker in askers))


async def _one_by_one(
    on: Stage, desks: Desks, askers: Sequence[Asker], rate: int
) -> dict[str, float]:
    before = on.cpu_seconds()
    async for number in every(1 / rate, len(askers)):
        askers[number].ask()
    await desks.all_of([one.conversation_id for one in askers])
    waits_ms = [1000 * wait_s for wait_s in _waits_s(desks, askers)]
    cuts = statistics.quantiles(waits_ms, n=100, method="inclusive")
    target = f"(at most {TARGETS['offer_p95_ms_max']})"
    name = f"wish to offer at {rate}/s, ms"
    return {
        f"{name}: p50": cuts[49],
        f"{name}: p95 {target}": cuts[94],
        f"{name}: max": max(waits_ms),
    } | _cpu("one by one", before, on.cpu_seconds(), len(askers))


async def _at_once(on: Stage, desks: Desks, askers: Sequence[Asker]) -> dict[str, float]:
    before = on.cpu_seconds()
    desks.hold = True
    for one in askers:
        one.ask()
    await desks.all_of([one.conversation_id for one in askers])
    took_s = max(desks.offered_at_s[one.conversation_id] for one in askers) - askers[0].asked_at_s
    after, first_s = on.cpu_seconds(), min(_waits_s(desks, askers))
    desks.accept_held()
    name = f"{len(askers)} wishes at once"
    return {
        f"{name}: s until all are offered (at most {TARGETS['burst_offered_s_max']})": took_s,
        f"{name}: s until the first is": first_s,
        f"{name}: offers/s": len(askers) / took_s,
    } | _cpu("at once", before, after, len(askers))


def _waits_s(desks: Desks, askers: Sequence[Asker]) -> list[float]:
    return [desks.offered_at_s[one.conversation_id] - one.asked_at_s for one in askers]


def _cpu(
    how: str, before: Mapping[str, float], after: Mapping[str, float], count: int
) -> dict[str, float]:
    return {
        f"CPU-s per 1,000 wishes {how}, {name}": (used - before.get(name, 0.0)) / count * 1000
        for name, used in after.items()
    }
