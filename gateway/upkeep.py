"""What a gateway does by the clock: timers of sockets, overdue answers, heads, health, drain."""

import asyncio
import random
from collections.abc import Callable
from time import monotonic, time
from uuid import UUID

import orjson

from chorus import bus, metrics, topics
from chorus.auth import TOKEN_TTL_S
from chorus.codes import CloseCode, NackCode
from chorus.errors import ChorusError
from chorus.log import get_logger
from chorus.topics import NO_AUTHOR, NO_CONN, Audience, Header, Kind
from chorus.wire.calls import HeadsRequest
from chorus.wire.envelope import encode_raw, nack
from gateway.effects import Close, Send
from gateway.hub import Connection
from gateway.resources import Resources
from gateway.room import Packet

log = get_logger(__name__)
TICK_S = 1.0
SLICE = 100
OVERDUE_S = 0.2
STALLS = 3
CANARIES = 3
HEALTH_S = 1.0
STORE_ANSWERS_S = 1.0
FIRST_ANSWER_S = 0.1
DRAIN_SLICES = 50
NO_CONVERSATION = UUID(int=0)


async def _in_slices(
    resources: Resources, period_s: float, look: Callable[[Connection], None]
) -> None:
    """Look at every connection once a period, for ever, a slice at a time: none waits for all the others.

    While it sleeps it holds their numbers only: who has gone is freed.
    """
    connections = resources.hub.connections
    while True:
        waiting = list(connections)
        starts = range(0, max(1, len(waiting)), SLICE)
        for start in starts:
            await asyncio.sleep(period_s / len(starts))
            for number in waiting[start : start + SLICE]:
                if number in connections and not connections[number].closed:
                    look(connections[number])


async def tick_for_ever(resources: Resources) -> None:
    """Once a second: the timers of every socket."""
    await _in_slices(resources, TICK_S, _tick)


async def nack_for_ever(resources: Resources) -> None:
    """Look for overdue answers, oldest first."""
    while True:
        await asyncio.sleep(OVERDUE_S)
        nack_overdue(resources, monotonic())


def _tick(connection: Connection) -> None:
    for effect in connection.peer.tick(monotonic(), time()):
        if isinstance(effect, Send):
            connection.send(Packet(effect.payload))
        elif isinstance(effect, Close):
            connection.closed = True
            connection.sink.close(effect.code, effect.reason)


def nack_overdue(resources: Resources, now: float) -> None:
    """Messages without an answer in time: they may be stored, so say so."""
    for pending in resources.outstanding.take_overdue(now - resources.settings.ack_ms / 1000):
        metrics.nacks_total.labels(NackCode.UNAVAILABLE).inc()
        connection = resources.hub.connections.get(pending.item.conn)
        if connection is None:
            continue
        item = pending.item
        connection.peer.refused_later(item.conversation_id, item.id, NackCode.UNAVAILABLE, now)
        frame = encode_raw("nack", nack(NackCode.UNAVAILABLE, id=item.id))
        resources.hub.answer(connection, frame, pending.ref, item.conversation_id)


async def watch_writes(resources: Resources) -> None:
    """Close sockets that took no byte for three periods in a row (4106)."""
    period_s = resources.settings.write_timeout_ms / 1000
    await _in_slices(resources, period_s, _watch_write)


def _watch_write(connection: Connection) -> None:
    waiting = connection.sink.buffered_bytes
    taken = connection.written_bytes - waiting
    stalled = waiting > 0 and taken <= connection.taken_bytes
    connection.stalls = connection.stalls + 1 if stalled else 0
    connection.taken_bytes = taken
    if connection.stalls >= STALLS:
        connection.close(CloseCode.WRITE_TIMEOUT)


async def compare_heads(resources: Resources) -> None:
    """Compare local heads with PostgreSQL: often while Redis is away, else every 10 s."""
    while True:
        away = resources.forwarder.bypassing
        pause_s = HEALTH_S if away else resources.settings.heads_every_ms / 1000
        await asyncio.sleep(pause_s * random.uniform(0.8, 1.2))  # noqa: S311 (spreads load)
        try:
            await resources.repairer.compare_heads()
            await resources.choices.compare(resources.inboxes.offers)
        except ChorusError as error:
            log.info("heads_unknown", error=type(error).__name__)
        resources.revocations.forget(time() - TOKEN_TTL_S * 96)


async def watch_redis(resources: Resources) -> None:
    """Every second: does Redis answer, and how much waits for the writer?"""
    while True:
        try:
            await _look_at_redis(resources)
        except bus.RedisFailure:
            resources.forwarder.redis_away = True
            resources.health.note("realtime", lost=True)
        await asyncio.sleep(HEALTH_S)


async def _look_at_redis(resources: Resources) -> None:
    pipe = resources.redis.pipeline(transaction=False)
    for part in range(topics.PARTITIONS):
        pipe.xlen(topics.ingest(part))
    backlog = sum(await pipe.execute())
    metrics.ingest_backlog.set(backlog)
    resources.overloaded = backlog > resources.settings.max_backlog
    resources.answered["redis"] = True
    resources.forwarder.redis_away = False
    resources.health.note("realtime", lost=resources.forwarder.bypassing)


async def sing(resources: Resources) -> None:
    """A canary to ourselves: a deaf listener is found by its silence."""
    header = Header(
        Kind.CANARY, Audience.EVERYONE, NO_CONVERSATION, 0, resources.node, NO_CONN, 0, 0, NO_AUTHOR
    )
    while True:
        await asyncio.sleep(resources.settings.deaf_ms / 1000 / CANARIES)
        channel = topics.gateway(resources.node)
        await bus.publish_all(resources.redis, [(channel, header.pack())])


async def watch_store(resources: Resources) -> None:
    """Every second: does the store answer, and what was revoked?

    Both are promised in seconds, also by an idle gateway that Redis tells nothing. Readiness waits
    for the first answer, so that is asked for more often.
    """
    while True:
        try:
            async with asyncio.timeout(STORE_ANSWERS_S):
                reply = await resources.rpc.heads(HeadsRequest([]))
        except (ChorusError, TimeoutError):
            resources.health.note("store", lost=True)
        else:
            resources.answered["chat"] = True
            resources.health.note("store", lost=False)
            for revocation in reply.revocations:
                resources.revocations.add(revocation)
        await asyncio.sleep(HEALTH_S if resources.answered["chat"] else FIRST_ANSWER_S)


async def drain(resources: Resources, *, over_s: float) -> None:
    """Move all sockets: `drain` in slices, answers out, then close the rest with 4200."""
    resources.draining = resources.admission.draining = True
    ends = monotonic() + over_s
    waiting = list(resources.hub.connections.values())
    slice_size = max(1, -(-len(waiting) // DRAIN_SLICES))
    for start in range(0, len(waiting), slice_size):
        left_ms = max(1_000, int((ends - monotonic()) * 1000))
        for connection in waiting[start : start + slice_size]:
            _ask_to_move(connection, left_ms)
        await asyncio.sleep(
            min(over_s / DRAIN_SLICES, 0.05 if len(waiting) < DRAIN_SLICES else over_s)
        )
    while monotonic() < ends and resources.hub.connections:
        await asyncio.sleep(0.05)
        if not any(not connection.closed for connection in resources.hub.connections.values()):
            break
    for connection in list(resources.hub.connections.values()):
        connection.close(CloseCode.DRAIN, orjson.dumps({"retry_after_ms": [0, 1000]}).decode())


def _ask_to_move(connection: Connection, left_ms: int) -> None:
    data = {
        "reason": "restart",
        "reconnect_in_ms": [0, min(3_000, left_ms // 2)],
        "deadline_ms": left_ms,
    }
    connection.peer.drained = True
    connection.send(Packet(encode_raw("drain", data)))
