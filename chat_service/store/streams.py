"""The ingest streams as the writer sees them: read, claim, settle, bury.

All writers read as one consumer: the lease, not the name, says who may. What was delivered and
not settled is found by `claim`, whoever it was delivered to.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from redis.exceptions import ResponseError

from chorus import topics
from chorus.bus import Client
from chorus.clock import rfc3339_ms
from chorus.ingest import FIELD

_CONSUMER: Final = "writer"
_CLAIM_COUNT: Final = 500
_DEAD_MAX: Final = 10_000

# One command for a whole batch costs the writer a fifth of one PUBLISH each. The channels are no
# KEYS, because channels have no slot.
_PUBLISH_ALL: Final = """
for i = 1, #ARGV, 2 do redis.call('PUBLISH', ARGV[i], ARGV[i + 1]) end
"""
_PUBLISH_AT_ONCE: Final = 250
"""Redis serves nobody else meanwhile."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a partition as it was delivered the n-th time."""

    part: int
    id: bytes
    packed: bytes
    deliveries: int = 1


async def ensure_groups(client: Client, parts: Iterable[int]) -> None:
    """Create the consumer group (and the stream) of each partition where it is missing."""
    for part in parts:
        try:
            await client.xgroup_create(
                topics.ingest(part), topics.INGEST_GROUP, id="0", mkstream=True
            )
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise


async def read(client: Client, parts: Sequence[int], *, count: int, block_ms: int) -> list[Entry]:
    """Take new entries, oldest first in each partition; wait for the first one."""
    return _entries(await _xreadgroup(client, parts, count, block_ms), parts)


def _xreadgroup(client: Client, parts: Sequence[int], count: int, block_ms: int) -> Any:
    """Ask, or in a pipeline be about to ask, for new entries."""
    streams = {topics.ingest(part): ">" for part in parts}
    return client.xreadgroup(topics.INGEST_GROUP, _CONSUMER, streams, count=count, block=block_ms)


def _entries(answer: Any, parts: Sequence[int]) -> list[Entry]:
    part_of = {topics.ingest(part).encode(): part for part in parts}
    return [
        Entry(part_of[stream], entry_id, fields.get(FIELD, b""))
        for stream, entries in _pairs(answer)
        for entry_id, fields in entries
    ]


def _pairs(answer: Any) -> Iterable[tuple[bytes, list[Any]]]:
    """Both shapes of the client: a list of pairs, or (RESP3) a dict of nested lists."""
    if isinstance(answer, dict):
        return [(stream, lists[0]) for stream, lists in answer.items()]
    return [(stream, entries) for stream, entries in answer or ()]


async def claim(client: Client, part: int) -> list[Entry]:
    """Take over the oldest entries that were delivered and never settled; empty when none is left."""
    stream, group = topics.ingest(part), topics.INGEST_GROUP
    _, claimed, *_ = await client.xautoclaim(stream, group, _CONSUMER, 0, count=_CLAIM_COUNT)
    if not claimed:
        return []
    pending = await client.xpending_range(stream, group, "-", "+", _CLAIM_COUNT)
    deliveries = {one["message_id"]: one["times_delivered"] for one in pending}
    gone = [one["message_id"] for one in pending] if all(i is None for i, _ in claimed) else []
    if gone:
        # Deleted but still pending: only Redis 6 lists them; nothing is left to store.
        await client.xack(stream, group, *gone)
    return [
        Entry(part, entry_id, fields.get(FIELD, b""), deliveries.get(entry_id, 1))
        for entry_id, fields in claimed
        if entry_id is not None
    ]


async def strays(client: Client, parts: Sequence[int]) -> list[int]:
    """The partitions with entries that were delivered and never settled."""
    pipe = client.pipeline(transaction=False)
    for part in parts:
        pipe.xpending(topics.ingest(part), topics.INGEST_GROUP)
    answers = await pipe.execute()
    return [part for part, one in zip(parts, answers, strict=True) if one["pending"]]


async def backlog(client: Client, parts: Sequence[int]) -> int:
    """Count the entries that wait in these partitions."""
    pipe = client.pipeline(transaction=False)
    for part in parts:
        pipe.xlen(topics.ingest(part))
    return sum(await pipe.execute())


async def settle(
    client: Client, publications: Sequence[tuple[str, bytes]], entries: Sequence[Entry]
) -> None:
    """Publish, then acknowledge, then delete, in one round trip and in this order."""
    pipe = client.pipeline(transaction=False)
    _settle(pipe, publications, entries)
    if len(pipe):
        await pipe.execute()


async def settle_and_read(
    client: Client,
    publications: Sequence[tuple[str, bytes]],
    entries: Sequence[Entry],
    parts: Sequence[int],
    *,
    count: int,
    block_ms: int,
) -> list[Entry]:
    """`settle`, then `read`, in one round trip. What fails leaves open whether that was settled."""
    pipe = client.pipeline(transaction=False)
    _settle(pipe, publications, entries)
    _xreadgroup(pipe, parts, count, block_ms)
    *_, answer = await pipe.execute()
    return _entries(answer, parts)


def _settle(pipe: Any, publications: Sequence[tuple[str, bytes]], entries: Sequence[Entry]) -> None:
    for start in range(0, len(publications), _PUBLISH_AT_ONCE):
        some = publications[start : start + _PUBLISH_AT_ONCE]
        pipe.eval(_PUBLISH_ALL, 0, *chain.from_iterable(some))
    by_part: dict[int, list[bytes]] = {}
    for entry in entries:
        by_part.setdefault(entry.part, []).append(entry.id)
    for part, ids in by_part.items():
        pipe.xack(topics.ingest(part), topics.INGEST_GROUP, *ids)
        pipe.xdel(topics.ingest(part), *ids)


async def bury(client: Client, entry: Entry, packed: bytes, *, reason: str, at_ms: int) -> None:
    """Keep what could not be stored, with why, for a person to look at."""
    await client.xadd(
        topics.dead_letter(entry.part),
        {FIELD: packed, "reason": reason, "entry": entry.id, "at": rfc3339_ms(at_ms)},
        maxlen=_DEAD_MAX,
        approximate=True,
    )
