"""Writers in processes of their own race for the same messages: one order, and one answer for all."""

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path

import orjson
import pytest

from chorus import topics
from chorus.bus import open_redis
from chorus.ingest import IngestItem, dump_items
from tests.chat_service.api_world import open_api
from tests.chat_service.ingest_world import make_world, not_gapless, rows_of, said
from tests.chat_service.racing_writer import READY, Told, told_by
from tests.chat_service.writer_world import (
    feed,
    listening,
    settings_for,
    settled,
    spawn_writer,
    until,
)

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
WRITES = 10_000 if os.environ.get("CHORUS_LONG") else 2_000
CONVERSATIONS = 7
BATCH_MOST = 25
WAYS = ("writer", "writer", "writer", "gateway")
SHARE = 0.5
"""What each process sends of all there is: most messages are sent by several."""
PATIENCE_S = 120.0


class Racer:
    """A racing process: it is ready when made, and writes from `go` on."""

    def __init__(self, way: str, target: str, folder: Path, items: list[list[IngestItem]]) -> None:
        folder.mkdir()
        (folder / "batches").write_bytes(b"\n".join(map(dump_items, items)))
        self._told = folder / "told"
        command = [sys.executable, "-m", "tests.chat_service.racing_writer"]
        self.process = subprocess.Popen(
            [*command, way, target, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait_ready(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == READY

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.close()

    def told(self) -> list[Told]:
        """Wait for its end; answers what it was told."""
        assert self.process.wait(PATIENCE_S) == 0
        return [(id, seq) for id, seq in orjson.loads(self._told.read_bytes())]


@contextmanager
def racing(
    targets: Sequence[tuple[str, str]], folder: Path, shares: list[list[list[IngestItem]]]
) -> Iterator[list[Racer]]:
    """Racers who are all ready; whoever still runs in the end is killed."""
    with ExitStack() as stack:
        racers = []
        for number, ((way, target), share) in enumerate(zip(targets, shares, strict=True)):
            racer = Racer(way, target, folder / str(number), share)
            stack.enter_context(racer.process)
            stack.callback(racer.process.kill)
            racers.append(racer)
        for racer in racers:
            racer.wait_ready()
        yield racers


def batched(items: list[IngestItem], dice: random.Random) -> Iterator[list[IngestItem]]:
    start = 0
    while start < len(items):
        size = dice.randint(1, BATCH_MOST)
        yield items[start : start + size]
        start += size


async def race(
    targets: Sequence[tuple[str, str]], folder: Path, items: list[IngestItem], redis_url: str
) -> list[list[Told]]:
    """Let them race, each with its share, and a writer that gets all there is by the stream.

    Answers what each was told; the last are the answers of the stream.
    """
    dice = random.Random(len(items))
    share = int(len(items) * SHARE)
    shares = [list(batched(dice.sample(items, share), dice)) for _ in targets]
    gateway = topics.gateway(items[0].node)
    async with open_redis(redis_url) as client, listening(redis_url, gateway) as heard:
        with racing(targets, folder, shares) as racers:
            for racer in racers:
                racer.go()
            await feed(client, items[::2], per_entry=5)
            told = [await asyncio.to_thread(racer.told) for racer in racers]
        assert [len(one) for one in told] == [share] * len(targets)
        # These the others have stored for the most part: the writer has to find out.
        await feed(client, items[1::2], per_entry=5)
        await until(lambda: settled(client))

        def answers() -> list[Told]:
            found = (told_by(header, frame) for _, header, frame in heard.frames)
            return [one for one in found if one is not None]

        async def everything_is_answered() -> bool:
            return {id for id, _ in answers()} == {str(item.id) for item in items}

        await until(everything_is_answered)
        return [*told, answers()]


@contextmanager
def a_writer(database_url: str, redis_url: str) -> Iterator[None]:
    process = spawn_writer(settings_for(database_url, redis_url))
    try:
        yield
    finally:
        process.kill()
        process.wait()


@pytest.mark.timeout(240)
async def test_processes_that_race_for_the_same_ids_agree_on_one_order(
    database_url: str, redis_db: str, tmp_path: Path
) -> None:
    world, dice = await make_world(database_url, CONVERSATIONS), random.Random(20261121)
    items = [said(world, dice.choice(world.conversations), f"{n}") for n in range(WRITES)]
    with a_writer(database_url, redis_db):
        async with open_api(database_url, redis_db) as api:
            goals = {"writer": database_url, "gateway": api.resources.settings.rpc_target}
            told = await race([(way, goals[way]) for way in WAYS], tmp_path, items, redis_db)
    seqs: dict[str, set[int]] = {}
    for id, seq in chain.from_iterable(told):
        seqs.setdefault(id, set()).add(seq)
    assert await not_gapless(database_url) == []
    rows = [row for one in world.conversations for row in await rows_of(database_url, one.id)]
    assert sorted(row["content"] for row in rows) == sorted(item.content for item in items)
    assert seqs == {str(row["id"]): {row["seq"]} for row in rows}
