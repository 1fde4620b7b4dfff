"""A process that writes what it is given as fast as it can, and says what it was told.

`python -m tests.chat_service.racing_writer <way> <target> <folder>` reads `<folder>/batches`, an
entry of a stream a line, says that it is ready, and writes when a line comes on its standard
input. `[id, seq]` of every answer stands in `<folder>/told` when it ends with 0.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import orjson

from chat_service.intake import Stored
from chat_service.messages import ingest
from chorus.ingest import IngestItem, load_items
from chorus.rpc import open_client
from chorus.topics import Header, Kind, unpack
from chorus.wire.calls import IngestRequest
from tests.chat_service.ingest_world import system_db

AT_ONCE = 3
"""Batches of this process that race each other, too."""
READY = "ready"

Told = tuple[str, int]
"""An id and the seq that it was said to have."""
Write = Callable[[Sequence[IngestItem]], Awaitable[list[Told]]]


@asynccontextmanager
async def as_writer(database_url: str) -> AsyncIterator[Write]:
    """Write by the transaction of writers, out of a pool of this process."""
    async with system_db(database_url, AT_ONCE) as db:

        async def write(items: Sequence[IngestItem]) -> list[Told]:
            answers = (await ingest(db, items)).answers
            stored = [one for one in answers if isinstance(one, Stored)]
            assert len(stored) == len(items), answers
            return [(str(one.item.id), one.seq) for one in stored]

        yield write


@asynccontextmanager
async def as_gateway(target: str) -> AsyncIterator[Write]:
    """Ask the chat API to write, as a gateway does whose Redis is gone."""
    async with open_client(target, timeout_s=30) as calls:

        async def write(items: Sequence[IngestItem]) -> list[Told]:
            reply = await calls.ingest(IngestRequest(list(items)))
            packed = [bytes.fromhex(one.header) + one.frame.encode() for one in reply.outgoing]
            told = [one for one in (told_by(*unpack(one)) for one in packed) if one is not None]
            assert len(told) == len(items), reply
            return told

        yield write


WAYS = {"writer": as_writer, "gateway": as_gateway}


def told_by(header: Header, frame: bytes) -> Told | None:
    """What a publication says of a place: a new message to everybody, an old one to its sender."""
    envelope = orjson.loads(frame)
    data = envelope["data"]
    if header.kind == Kind.DURABLE and envelope["event"] == "message":
        return data["id"], header.seq
    if header.kind == Kind.REPLY and envelope["event"] == "delivered":
        return data["id"], data["seq"]
    return None


async def race(way: str, target: str, folder: Path) -> None:
    batches = iter([load_items(line) for line in (folder / "batches").read_bytes().splitlines()])
    told: list[Told] = []
    async with WAYS[way](target) as write:
        print(READY, flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(AT_ONCE):
                tasks.create_task(_write_all(write, batches, told))
    (folder / "told").write_bytes(orjson.dumps(told))


async def _write_all(write: Write, batches: Iterator[list[IngestItem]], told: list[Told]) -> None:
    for batch in batches:
        told.extend(await write(batch))


if __name__ == "__main__":
    asyncio.run(race(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
