"""Writer rows/s: the act alone, and a writer process fed through Redis, on servers of their own.

    python -m load.bench_writer [--messages 20000]

PostgreSQL runs with fsync. Compare CPU-seconds per 1,000 messages: rates depend on the neighbours.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import psutil
import uvloop

from chat_service.messages import ingest, publications
from chat_service.migrate import upgrade
from chorus import topics
from chorus.bus import Client, open_redis
from chorus.db import open_db
from chorus.ids import uuid7
from chorus.ingest import IngestItem, dump_items, load_items
from gateway.forward import append_entries
from tests.support.servers import start_postgres, start_redis

CONVERSATIONS = 500
TEXT = "Where is my order 1234? It should have been here yesterday."
SIZES = (1, 50, 500)
PER_ENTRY = (1, 10)
PATIENCE_S = 120


async def make_conversations(database_url: str) -> tuple[UUID, list[tuple[UUID, UUID]]]:
    """A tenant and its conversations, each with its contact."""
    tenant, inbox = uuid7(), uuid7()
    pairs = [(uuid7(), uuid7()) for _ in range(CONVERSATIONS)]
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "INSERT INTO tenants (id, slug, name) VALUES ($1, $2, 'Bench')", tenant, str(tenant)
    )
    await connection.execute(
        "INSERT INTO inboxes (id, tenant_id, name, public_key) VALUES ($1, $2, 'web', $3)",
        inbox,
        tenant,
        str(inbox),
    )
    await connection.executemany(
        "INSERT INTO contacts (id, tenant_id) VALUES ($1, $2)", [(b, tenant) for _, b in pairs]
    )
    await connection.executemany(
        "INSERT INTO conversations (id, tenant_id, inbox_id, contact_id) VALUES ($1, $2, $3, $4)",
        [(a, tenant, inbox, b) for a, b in pairs],
    )
    await connection.close()
    return tenant, pairs


def messages(tenant: UUID, pairs: Sequence[tuple[UUID, UUID]], count: int) -> Iterator[IngestItem]:
    """Messages spread over the conversations in turn."""
    for number in range(count):
        conversation, contact = pairs[number % len(pairs)]
        yield IngestItem(
            tenant_id=tenant,
            conversation_id=conversation,
            id=uuid7(),
            sender_id=contact,
            sender_role="visitor",
            role="customer",
            type="text",
            visibility="public",
            content=f"{TEXT} {number}",
            body_hash=f"{number:032x}",
            sent_ms=0,
            node=1,
            conn=1,
            slot=number,
        )


async def bench_act(database_url: str, count: int) -> None:
    """Unpack, store and spell in this process, one batch after the other."""
    tenant, pairs = await make_conversations(database_url)
    async with open_db(
        database_url, role="chorus_system", pool_size=1, application_name="bench"
    ) as db:
        for size in SIZES:
            total = min(count, size * 200)
            items = list(messages(tenant, pairs, total))
            packed = [dump_items(items[n : n + size]) for n in range(0, total, size)]
            wall_s, cpu_s = time.perf_counter(), time.process_time()
            for one in packed:
                publications(await ingest(db, load_items(one)), claimed=False)
            _print(
                f"act, {size} a batch",
                total,
                time.perf_counter() - wall_s,
                time.process_time() - cpu_s,
            )


async def bench_writer(database_url: str, redis_url: str, count: int) -> None:
    """A writer process; this process appends as fast as Redis takes it."""
    environ = os.environ | {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
    environ["CHORUS_LOG_LEVEL"] = "ERROR"
    tenant, pairs = await make_conversations(database_url)
    process = await asyncio.to_thread(
        subprocess.Popen, [sys.executable, "-m", "chat_service.writer"], env=environ
    )
    try:
        async with open_redis(redis_url, timeout_s=30) as client:
            await _stored(client, database_url, tenant, pairs[:1], per_entry=1, count=1)
            for per_entry in PER_ENTRY:
                cpu_s = _cpu_s(process.pid)
                wall_s = await _stored(
                    client, database_url, tenant, pairs, per_entry=per_entry, count=count
                )
                spent_s = _cpu_s(process.pid) - cpu_s
                _print(f"writer, {per_entry} an entry", count, wall_s, spent_s)
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 30)


async def _stored(
    client: Client,
    database_url: str,
    tenant: UUID,
    pairs: Sequence[tuple[UUID, UUID]],
    *,
    per_entry: int,
    count: int,
) -> float:
    """Append everything, wait until the last stream is empty; answers the seconds it took."""
    by_part: dict[int, list[IngestItem]] = {}
    for item in messages(tenant, pairs, count):
        by_part.setdefault(topics.partition_of(item.conversation_id), []).append(item)
    entries = [
        (part, dump_items(items[n : n + per_entry]))
        for part, items in by_part.items()
        for n in range(0, len(items), per_entry)
    ]
    started_s = time.perf_counter()
    for start in range(0, len(entries), 250):
        await append_entries(client, entries[start : start + 250])
    async with asyncio.timeout(PATIENCE_S):
        while await _waiting(client):  # noqa: ASYNC110 (Redis tells nobody)
            await asyncio.sleep(0.01)
    return time.perf_counter() - started_s


async def _waiting(client: Client) -> bool:
    pipe = client.pipeline(transaction=False)
    for part in range(topics.PARTITIONS):
        pipe.xlen(topics.ingest(part))
    return any(await pipe.execute())


def _cpu_s(pid: int) -> float:
    times: Any = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _print(what: str, count: int, wall_s: float, cpu_s: float) -> None:
    rate, per_thousand = count / wall_s, 1000 * cpu_s / count
    print(f"| {what} | {rate:,.0f} rows/s | {per_thousand:.4f} CPU-s per 1,000 |", flush=True)


async def main(count: int) -> None:
    """Run both on fresh servers."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        with start_postgres(data / "postgres", options=()) as postgres:
            with start_redis(data / "redis") as redis:
                await upgrade(postgres.url)
                await bench_act(postgres.url, count)
                await bench_writer(postgres.url, redis.url, count)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    uvloop.run(main(parser.parse_args().messages))
