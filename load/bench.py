"""`make bench`: the figures of docs/performance.md, measured on a whole installation.

Machines are shared and noisy: read CPU-seconds per 1,000 messages and the ratios within one run.
"""

import argparse
import asyncio
import gc
import json
import platform
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import psutil
import uvloop

from chorus.ids import uuid7
from chorus.wire.envelope import decode, encode_raw
from gateway.room import Packet
from load.bench_handoff import handoff
from load.bench_kill import kills
from load.bench_routing import routing
from load.bench_summary import summaries
from load.load_socket import LoadSocket, open_load_socket
from load.stage import Stage, Visitor, every, running, stage

WINDOW = 8
CONNECT_AT_ONCE = 64
FLOOR_PAUSE_S = 0.09
TEXT = "Where is my order 1234? It should have been here yesterday."


def micro() -> dict[str, float]:
    """Microseconds for one frame in and out."""
    frame = orjson.dumps(
        {"event": "message", "ref": 1, "data": {"id": uuid7(), "content": TEXT, "role": "customer"}}
    ).decode()
    data = {
        "id": uuid7(),
        "role": "customer",
        "content": TEXT,
        "type": "text",
        "visibility": "public",
    }
    return {
        "decode a message frame, µs": _each_us(lambda: decode(frame)),
        "encode a message frame, µs": _each_us(lambda: encode_raw("message", data, 7)),
        "frame a packet, µs": _each_us(lambda: Packet(b"x" * 250).framed),
    }


def _each_us(work: Any, count: int = 20_000) -> float:
    started = time.process_time()
    for _ in range(count):
        work()
    return (time.process_time() - started) / count * 1e6


class Sender:
    """A customer that keeps `WINDOW` messages in flight, or sends when told to."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.socket: LoadSocket | None = None
        self.sent: dict[int, float] = {}
        self.rtts_s: list[float] = []
        self.delivered = 0
        self.refused = 0
        self.left = 0
        self.done = asyncio.Event()
        self._ref = 0

    async def connect(self, address: tuple[str, int]) -> None:
        path = f"/ws/v1/conversations/{self.visitor.conversation_id}"
        self.socket = await open_load_socket(address, path, self.visitor.token, self._heard)

    def start(self, count: int) -> None:
        self.left = count
        for _ in range(min(WINDOW, count)):
            self._next()

    def say(self) -> None:
        self._ref += 1
        data = {"id": uuid7(), "content": TEXT}
        self.sent[self._ref] = time.perf_counter()
        assert self.socket is not None
        self.socket.send(orjson.dumps({"event": "message", "ref": self._ref, "data": data}))

    def _next(self) -> None:
        if self.left:
            self.left -= 1
            self.say()
        elif not self.sent:
            self.done.set()

    def _heard(self, _socket: LoadSocket, payload: bytes) -> None:
        if payload.startswith(b'{"event":"delivered"'):
            self.rtts_s.append(time.perf_counter() - self.sent.pop(orjson.loads(payload)["ref"]))
            self.delivered += 1
            self._next()
        elif payload.startswith(b'{"event":"nack"'):
            self.sent.pop(orjson.loads(payload).get("ref"), None)
            self.refused += 1
            self._next()


class Listener:
    """The other side of a conversation: counts what arrives."""

    def __init__(self, expected: int = -1) -> None:
        self.messages = 0
        self.complete = asyncio.Event()
        self._expected = expected

    def heard(self, _socket: LoadSocket, payload: bytes) -> None:
        if payload.startswith(b'{"event":"message"'):
            self.messages += 1
            if self.messages == self._expected:
                self.complete.set()


async def throughput(on: Stage, *, conversations: int, messages: int) -> dict[str, float]:
    """Messages a second, each committed and fanned out to two sockets."""
    visitors, agent = await on.visitors(conversations), await on.agent_token()
    senders, listener = [Sender(visitor) for visitor in visitors], Listener()
    for sender in senders:
        await sender.connect(on.address)
    watching = [
        await open_load_socket(
            on.address, f"/ws/v1/conversations/{visitor.conversation_id}", agent, listener.heard
        )
        for visitor in visitors
    ]
    each = messages // conversations
    before, own_before, started = on.cpu_seconds(), time.process_time(), time.perf_counter()
    for sender in senders:
        sender.start(each)
    async with asyncio.timeout(300):
        await asyncio.gather(*(sender.done.wait() for sender in senders))
    took_s = time.perf_counter() - started
    own_s = time.process_time() - own_before
    after = on.cpu_seconds()
    total = sum(sender.delivered for sender in senders)
    figures: dict[str, float] = {
        "messages": total,
        "refused": sum(sender.refused for sender in senders),
        "messages/s": total / took_s,
        "fanned out": total + listener.messages,
    }
    figures |= _cpu(before, after, total)
    figures["CPU-s per 1,000 messages, load generator"] = own_s / total * 1000
    figures |= _spread("RTT under full load, ms", [rtt for one in senders for rtt in one.rtts_s])
    for socket in [*watching, *(one.socket for one in senders if one.socket)]:
        socket.close()
    return figures


async def round_trip(on: Stage, *, sockets: int, rate: int, seconds: int) -> dict[str, float]:
    """RTT at a fixed rate with many sockets open; memory and speed of the idle ones on the way."""
    visitors = await on.visitors(sockets)
    senders = [Sender(visitor) for visitor in visitors]
    rss_before, cpu_before, started = on.rss_bytes("edge"), on.cpu_seconds(), time.perf_counter()
    await _connect_all(senders, on)
    took_s = time.perf_counter() - started
    await asyncio.sleep(3)
    cpu = on.cpu_seconds()
    figures: dict[str, float] = {
        "sockets": sockets,
        "connects/s": sockets / took_s,
        "CPU-s per 1,000 connects, edge": (cpu["edge"] - cpu_before["edge"]) / sockets * 1000,
        "KiB RSS per idle socket": (on.rss_bytes("edge") - rss_before) / sockets / 1024,
    }
    # Our own collector would stall for most of a second, and be taken for the server.
    gc.collect()
    gc.disable()
    talking = senders[:: max(1, sockets // 1000)][:1000]
    before = on.cpu_seconds()
    floor = asyncio.create_task(inserts(on, count=10 * seconds, pause_s=FLOOR_PAUSE_S))
    async for number in every(1 / rate, rate * seconds):
        talking[number % len(talking)].say()
    await asyncio.sleep(2)
    figures |= _cpu(before, on.cpu_seconds(), rate * seconds)
    figures |= _spread(f"RTT at {rate}/s, ms", [rtt for sender in talking for rtt in sender.rtts_s])
    figures |= _spread("one INSERT + COMMIT meanwhile, ms", await floor)
    figures["lost"] = sum(len(sender.sent) for sender in talking)
    for sender in senders:
        if sender.socket is not None:
            sender.socket.close()
    return figures


async def _connect_all(senders: Sequence[Sender], on: Stage) -> None:
    gate = asyncio.Semaphore(CONNECT_AT_ONCE)

    async def one(sender: Sender) -> None:
        async with gate:
            await sender.connect(on.address)

    await asyncio.gather(*(one(sender) for sender in senders))


async def broadcast(on: Stage, *, readers: int, messages: int) -> dict[str, float]:
    """One conversation with many readers: CPU of the edge for one message to one reader."""
    visitor, agent = (await on.visitors(1))[0], await on.agent_token("admin")
    listener, sender = Listener(messages * readers), Sender(visitor)
    await sender.connect(on.address)
    path = f"/ws/v1/conversations/{visitor.conversation_id}"
    sockets = [
        await open_load_socket(on.address, path, agent, listener.heard) for _ in range(readers)
    ]
    before, started = on.cpu_seconds(), time.perf_counter()
    sender.start(messages)
    async with asyncio.timeout(120):
        await sender.done.wait()
        await listener.complete.wait()
    took_s, after = time.perf_counter() - started, on.cpu_seconds()
    for socket in sockets:
        socket.close()
    writes = messages * readers
    return {
        "readers": readers,
        "edge CPU per reader and message, µs": (after["edge"] - before["edge"]) / writes * 1e6,
        "writes/s": writes / took_s,
    }


async def inserts(on: Stage, *, count: int, pause_s: float = 0.0) -> list[float]:
    """Seconds for one INSERT and COMMIT each over one connection: the floor of any durable chat."""
    connection = await asyncpg.connect(on.database_url)
    try:
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS bench_floor (id uuid PRIMARY KEY, body text)"
        )
        took = []
        for _ in range(count):
            started = time.perf_counter()
            await connection.execute("INSERT INTO bench_floor VALUES ($1, $2)", uuid7(), TEXT)
            took.append(time.perf_counter() - started)
            await asyncio.sleep(pause_s)
        await connection.execute("DROP TABLE bench_floor")
    finally:
        await connection.close()
    return took


def _cpu(before: dict[str, float], after: dict[str, float], messages: int) -> dict[str, float]:
    return {
        f"CPU-s per 1,000 messages, {name}": (used - before.get(name, 0.0)) / messages * 1000
        for name, used in after.items()
    }


def _spread(name: str, values_s: Sequence[float]) -> dict[str, float]:
    if not values_s:
        return {}
    cuts = statistics.quantiles(values_s, n=100, method="inclusive")
    return {
        f"{name}: p50": cuts[49] * 1000,
        f"{name}: p95": cuts[94] * 1000,
        f"{name}: p99": cuts[98] * 1000,
        f"{name}: max": max(values_s) * 1000,
    }


async def measure(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Run the chosen parts, on an installation of their own or on one that runs."""
    found: dict[str, dict[str, float]] = {"one frame": micro()}
    if "summary" in options.parts:
        found["summary by rules"] = summaries()
    if options.parts == ["summary"]:
        return found
    with (
        running(options.data)
        if options.data
        else stage(options=("--edges", str(options.edges))) as on
    ):
        if "throughput" in options.parts:
            found["end to end"] = await throughput(
                on, conversations=options.conversations, messages=options.messages
            )
        if "broadcast" in options.parts:
            found["broadcast"] = await broadcast(on, readers=options.readers, messages=200)
        if "rtt" in options.parts:
            alone = await inserts(on, count=2_000)
            found["floor"] = _spread("one INSERT + COMMIT, alone, ms", alone)
            found["round trip"] = await round_trip(
                on, sockets=options.sockets, rate=options.rate, seconds=options.seconds
            )
        if "handoff" in options.parts:
            found["one routing decision"] = routing()
            found["handoff beside a line"] = await handoff(on, among=False)
            found["handoff in a line"] = await handoff(on, among=True)
        if "kills" in options.parts:
            found["kill -9"] = await kills(on)
    return found


def report(found: dict[str, dict[str, float]]) -> str:
    """The figures as a Markdown table with facts of the machine."""
    machine = f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total >> 30} GiB, "
    machine += f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    lines = [f"Machine: {machine}.", "", "| part | figure | value |", "|---|---|---|"]
    for part, figures in found.items():
        lines += [f"| {part} | {name} | {_number(value)} |" for name, value in figures.items()]
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "parts",
        nargs="*",
        default=["throughput", "broadcast", "rtt", "handoff", "summary", "kills"],
    )
    parser.add_argument("--data", type=Path, help="measure what `chorus up` runs there")
    parser.add_argument("--edges", type=int, default=1)
    parser.add_argument("--conversations", type=int, default=400)
    parser.add_argument("--messages", type=int, default=60_000)
    parser.add_argument("--readers", type=int, default=1_000)
    parser.add_argument("--sockets", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    options = parser.parse_args()
    found = uvloop.run(measure(options))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    sys.stdout.write(report(found) + "\n")


if __name__ == "__main__":
    main()
