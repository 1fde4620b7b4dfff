"""`python -m load.bench_summary_read`: how long a reader of a summary waits, over HTTP, on a whole installation.

One request after the other by an agent. `cold` reads a conversation that nobody has summarised: its
rows were put straight into PostgreSQL, and a long one is shown by its ends. Where customers said it over their sockets, the conductor has
folded all but its end by then.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles
from time import perf_counter

import asyncpg
import httpx
import orjson

from chat_service.ahead import EVERY
from chorus.ids import uuid7
from load.bench_summary import TALK, talk
from load.budgets import CPU, Figure
from load.hold import Bench, alone
from load.load_socket import LoadSocket, open_load_socket
from load.stage import Stage, Visitor, stage
from tests.support.waiting import until

SHORT, USUAL, LONG = 20, 200, 1_000
COLD = {SHORT: 100, USUAL: 100, LONG: 30}
"""How many conversations of each length."""
AGAIN = 200
"""Reads of what is kept."""
NEW = 100
"""Reads with a message that came since."""
SAID = 240
TELLERS = 30
"""Customers who say so much each, over their sockets."""
PATIENCE_S = 60.0
PARTS = ("edge", "postgres")


@dataclass(frozen=True, slots=True)
class Reads:
    """What some requests took: milliseconds, and CPU-seconds by process."""

    name: str
    took_ms: Sequence[float]
    cpu_s: dict[str, float]

    def row(self) -> str:
        cuts = quantiles(self.took_ms, n=20, method="inclusive")
        values = (cuts[9], cuts[18], max(self.took_ms))
        spent = (f"{1000 * self.cpu_s[one] / len(self.took_ms):.1f}" for one in PARTS)
        count = len(self.took_ms)
        cells = (self.name, str(count), *(f"{ms:.1f} ms" for ms in values), ", ".join(spent))
        return f"| {' | '.join(cells)} |"

    def figure(self) -> Figure:
        p95_ms = quantiles(self.took_ms, n=20, method="inclusive")[18]
        each_ms = 1000 * sum(self.cpu_s.values()) / len(self.took_ms)
        return Figure(self.name, {"p95_ms": p95_ms, CPU: each_ms})


class Reader:
    """An agent who reads summaries."""

    def __init__(self, on: Stage, api: httpx.AsyncClient, database: asyncpg.Connection) -> None:
        self._on, self._api, self._database = on, api, database

    async def read(self, name: str, conversations: Sequence[str]) -> Reads:
        before = self._on.cpu_seconds()
        took = [await self._one(one) for one in conversations]
        return Reads(name, took, self._spent_since(before))

    async def read_after_more(
        self, name: str, conversation: str, count: int, after_seq: int
    ) -> Reads:
        """Each time somebody has said something more."""
        before, took = self._on.cpu_seconds(), []
        for number in range(1, count + 1):
            await say(self._database, [conversation], after_seq + number, since=after_seq + number)
            took.append(await self._one(conversation))
        return Reads(name, took, self._spent_since(before))

    def _spent_since(self, before: dict[str, float]) -> dict[str, float]:
        after = self._on.cpu_seconds()
        return {part: after[part] - before[part] for part in PARTS}

    async def _one(self, conversation: str) -> float:
        began_s = perf_counter()
        answer = await self._api.get(f"/livechat/summary/{conversation}")
        passed_ms = 1000 * (perf_counter() - began_s)
        answer.raise_for_status()
        if not answer.json()["body"]["facts"]:
            raise RuntimeError("a summary of nothing")
        return passed_ms


async def say(
    database: asyncpg.Connection, conversations: Sequence[str], upto: int, *, since: int = 1
) -> None:
    """Let the messages from `since` to `upto` stand in each of these conversations."""
    told = talk(upto)[since - 1 :]
    rows = [
        (one, said.seq, uuid7(), said.role, said.content) for one in conversations for said in told
    ]
    await database.executemany(
        "INSERT INTO messages (conversation_id, seq, id, tenant_id, role, content, body_hash)"
        " SELECT c.id, $2, $3, c.tenant_id, $4, $5, '' FROM conversations c WHERE c.id = $1",
        rows,
    )
    await database.execute(
        "UPDATE conversations SET last_seq = $2 WHERE id = ANY($1::uuid[])", conversations, upto
    )


async def measured(on: Stage) -> list[Reads]:
    """Each kind of read."""
    connection = await asyncpg.connect(on.database_url)
    headers = {"Authorization": f"Bearer {await on.agent_token()}", "Origin": on.base}
    async with httpx.AsyncClient(
        base_url=on.base, headers=headers, timeout=30, trust_env=False
    ) as api:
        try:
            return await _all(on, Reader(on, api, connection), connection)
        finally:
            await connection.close()


async def want_summaries(on: Stage, database: asyncpg.Connection) -> None:
    """The inbox of load makes none by itself otherwise."""
    await database.execute(
        'UPDATE inboxes SET settings = settings || \'{"summaries": {"enabled": true}}\''
        " WHERE public_key = $1",
        on.run["load_inbox_key"],
    )


async def _said(on: Stage, database: asyncpg.Connection) -> list[str]:
    """Conversations that came by sockets, once the conductor is done with them."""
    visitors = await on.visitors(TELLERS, first=50_000)
    await asyncio.gather(*(_say_all(on, one) for one in visitors))
    conversations = [one.conversation_id for one in visitors]

    async def is_folded() -> bool:
        states = (
            "SELECT count(*) FROM summaries WHERE state IS NOT NULL AND upto_seq >= $2"
            " AND conversation_id = ANY($1::uuid[])"
        )
        return bool(await database.fetchval(states, conversations, SAID - EVERY) == TELLERS)

    await until(is_folded, patience_s=PATIENCE_S)
    return conversations


async def _say_all(on: Stage, visitor: Visitor) -> None:
    delivered = asyncio.Semaphore(0)

    def heard(_socket: LoadSocket, payload: bytes) -> None:
        if payload.startswith(b'{"event":"delivered"'):
            delivered.release()

    path = f"/ws/v1/conversations/{visitor.conversation_id}"
    socket = await open_load_socket(on.address, path, visitor.token, heard)
    async with asyncio.timeout(PATIENCE_S):
        for number in range(SAID):
            data = {"id": uuid7(), "content": TALK[number % len(TALK)][1]}
            socket.send(orjson.dumps({"event": "message", "ref": 1, "data": data}))
            await delivered.acquire()
    socket.close()


async def _all(on: Stage, reader: Reader, database: asyncpg.Connection) -> list[Reads]:
    await want_summaries(on, database)
    told = {length: await _told(on, database, length) for length in COLD}
    warm_up = await on.visitors(1, first=10_000)
    await say(database, [warm_up[0].conversation_id], SHORT)
    await database.execute("ANALYZE messages, conversations")
    await reader.read("warm-up", [warm_up[0].conversation_id])
    cold = [
        await reader.read(f"{length:,} messages, cold", conversations)
        for length, conversations in told.items()
    ]
    said, kept = await _said(on, database), told[USUAL][0]
    more = f"{USUAL:,} messages and more, each time one came since"
    return [
        *cold,
        await reader.read(f"{SAID} messages that were said, first read", said),
        await reader.read(f"{USUAL:,} messages, kept", [kept] * AGAIN),
        await reader.read_after_more(more, kept, NEW, USUAL),
    ]


async def _told(on: Stage, database: asyncpg.Connection, length: int) -> list[str]:
    made: list[Visitor] = await on.visitors(COLD[length], first=length * 1_000)
    conversations = [one.conversation_id for one in made]
    await say(database, conversations, length)
    return conversations


def figures() -> list[Figure]:
    with stage() as on:
        reads = asyncio.run(measured(on))
    print(f"| read | requests | p50 | p95 | longest | CPU-s per 1,000: {', '.join(PARTS)} |")
    print("| --- | --- | --- | --- | --- | --- |")
    print("\n".join(one.row() for one in reads), flush=True)
    return [one.figure() for one in reads]


BENCH = Bench("summary_read", figures)

if __name__ == "__main__":
    alone(BENCH)
