"""`python -m load.bench_refine`: how long a refinement takes, twenty at once, whatever a provider does.

A whole installation, and a provider on loopback that behaves as its model is named: an agent opens
twenty conversations, the conductor asks, the worker hears it by Redis, the model is asked over HTTP,
and PostgreSQL keeps what stands it. Each behaviour has a tenant of its own, whose plan names a model
that is well as its second. Times begin when the agent asks.
"""

import asyncio
import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

import asyncpg
import httpx

from chat_service import refining
from chorus import topics
from chorus.auth import AUD_AGENT, TokenMaker
from chorus.bus import open_redis
from chorus.jobs import JobKind
from load.bench_summary_read import say
from load.budgets import CPU, Figure
from load.hold import Bench, alone
from load.stage import Stage, stage
from summary_engine.refine import BUDGET_S
from tests.chat_service.ingest_world import World, make_world
from tests.support.model_stub import ModelStub, model_stub
from tests.support.waiting import until

AT_ONCE = 20
MESSAGES = 50
LOOK_S = 0.02
PATIENCE_S = 60.0
SETTLE_S = 6.0
"""Who is not settled by then was never asked for."""
WARM_UP = "bench-warm-up"
BEHAVIOURS = (
    "ok", "slow@0.4", "slow@3", "hang", "trickle", "429@2", "500", "401", "html", "malformed", "empty",
    "wrongschema", "badargs", "fence", "no_usage", "wrong_numbers", "obeys_injection",
)  # fmt: skip
WELL = ("ok", "slow@0.4")


@dataclass(frozen=True, slots=True)
class Refined:
    """Twenty at once: ms until it is settled who made each summary, by whom, and ms of both reads."""

    behaviour: str
    settled_ms: Sequence[float]
    by: Counter[str]
    first_ms: Sequence[float]
    again_ms: Sequence[float]
    """Reads in the meantime."""
    floors: int
    """How many of those were answered by rules."""
    worker_cpu_s: float

    def row(self) -> str:
        cuts = self._cuts()
        within = sum(ms <= 1000 * BUDGET_S["fast"] for ms in self.settled_ms)
        by = ", ".join(f"{count} × {name}" for name, count in self.by.most_common())
        reads = quantiles(self.again_ms, n=20, method="inclusive")[18]
        times = " | ".join(f"{ms:,.0f} ms" for ms in (cuts[9], cuts[18], max(self._all_ms())))
        floors = f"{reads:,.0f} ms, {self.floors} by rules"
        cpu = f"{1000 * self.worker_cpu_s / AT_ONCE:.0f} ms"
        return f"| `{self.behaviour}` | {times} | {within} of {AT_ONCE} | {by} | {floors} | {cpu} |"

    def figure(self) -> Figure:
        measures = {
            "p95_ms": self._cuts()[18],
            CPU: 1000 * self.worker_cpu_s / AT_ONCE,
            "settled": len(self.settled_ms),
            "by_model": sum(count for name, count in self.by.items() if name.startswith("openai:")),
        }
        under = "a provider that is well" if self.behaviour in WELL else "any other provider"
        return Figure(f"`{self.behaviour}`", measures, under)

    def _cuts(self) -> list[float]:
        return quantiles(self._all_ms(), n=20, method="inclusive")

    def _all_ms(self) -> list[float]:
        """Who was never settled was waited for until the end."""
        missing = AT_ONCE - len(self.settled_ms)
        return [*self.settled_ms, *[1000 * SETTLE_S] * missing]


def slug(number: int) -> str:
    return f"bench-{number}"


def plan_at(url: str) -> str:
    """Who is in the tenant of a behaviour asks a model that behaves so, then one that is well."""
    tenants = {}
    named = {slug(number): behaviour for number, behaviour in enumerate(BEHAVIOURS)}
    for name, behaviour in ({WARM_UP: "ok"} | named).items():
        choices = [
            {"spec": f"openai:{one}", "base_url": url, "price_in": 1, "price_out": 2}
            for one in (behaviour, "ok")
        ]
        tenants[name] = {"budget_usd": 1_000, "models": {"summary_fast": choices}}
    return json.dumps({"tenants": tenants})


class Tenant:
    """An agent of a tenant whose models behave in one way."""

    def __init__(
        self, on: Stage, database: asyncpg.Connection, world: World, behaviour: str
    ) -> None:
        self._on, self._database, self._behaviour = on, database, behaviour
        self._ids = [one.id for one in world.conversations]
        token, _ = TokenMaker(on.data / "keys").make(
            tenant_id=world.tenant_id, user_id=world.agents[0], role="agent", audience=AUD_AGENT
        )
        headers = {"Authorization": f"Bearer {token}", "Origin": on.base}
        self._api = httpx.AsyncClient(
            base_url=on.base, headers=headers, timeout=30, trust_env=False
        )

    async def opened(self) -> Refined:
        """Open all conversations at once, and once more before models can have answered."""
        before, began_s = self._on.cpu_seconds(), perf_counter()
        async with self._api:
            first = await asyncio.gather(*(self._read(one) for one in self._ids))
            again = await asyncio.gather(*(self._read(one) for one in self._ids))
            settled_ms = await self._settled(began_s)
        worker_cpu_s = self._on.cpu_seconds()["worker"] - before["worker"]
        by = Counter([str(one["by"]) for one in await self._made()])
        floors = sum(source == "extractive" for _, source in again)
        return Refined(
            self._behaviour,
            settled_ms,
            by,
            [ms for ms, _ in first],
            [ms for ms, _ in again],
            floors,
            worker_cpu_s,
        )

    async def _read(self, conversation: Any) -> tuple[float, str]:
        began_s = perf_counter()
        answer = await self._api.get(f"/livechat/summary/{conversation}")
        answer.raise_for_status()
        return 1000 * (perf_counter() - began_s), str(answer.json()["source"])

    async def _settled(self, began_s: float) -> list[float]:
        """When each job was seen to be done, whatever came of it."""
        settled: dict[str, float] = {}
        while len(settled) < len(self._ids) and perf_counter() - began_s < SETTLE_S:
            done = await self._database.fetch(
                "SELECT key FROM jobs WHERE kind = $1 AND key = ANY($2::text[])"
                " AND state NOT IN ('pending', 'running')",
                JobKind.REFINE_SUMMARY.value,
                [str(one) for one in self._ids],
            )
            now_ms = 1000 * (perf_counter() - began_s)
            settled |= {one["key"]: settled.get(one["key"], now_ms) for one in done}
            await asyncio.sleep(LOOK_S)
        return list(settled.values())

    async def _made(self) -> list[asyncpg.Record]:
        return list(
            await self._database.fetch(
                "SELECT metadata->'summary'->>'model' AS by FROM conversations"
                " WHERE id = ANY($1::uuid[])",
                self._ids,
            )
        )


async def measured(on: Stage, stub: ModelStub) -> list[Figure]:
    """Print a row for each behaviour, and keep its figure."""
    figures = []
    database = await asyncpg.connect(on.database_url)
    try:
        await _worker_is_warm(on)
        warm_up = await _tenant(on, database, WARM_UP, "ok")
        await warm_up.opened()
        for number, behaviour in enumerate(BEHAVIOURS):
            tenant = await _tenant(on, database, slug(number), behaviour)
            refined = await tenant.opened()
            print(refined.row(), flush=True)
            figures.append(refined.figure())
            stub.reset()
    finally:
        await database.close()
    return figures


async def _tenant(on: Stage, database: asyncpg.Connection, name: str, behaviour: str) -> Tenant:
    world = await make_world(on.database_url, AT_ONCE)
    await database.execute(
        "UPDATE tenants SET slug = $2, tier = 'pro' WHERE id = $1", world.tenant_id, name
    )
    conversations = [str(one.id) for one in world.conversations]
    await say(database, conversations, MESSAGES)
    await database.execute("ANALYZE messages, conversations")
    return Tenant(on, database, world, behaviour)


async def _worker_is_warm(on: Stage) -> None:
    async with open_redis(on.redis_url) as client:

        async def is_warm() -> bool:
            return bool(await client.get(topics.WORKER_READY))

        await until(is_warm, patience_s=PATIENCE_S)
    # The conductor believes for so long that nobody is there.
    await asyncio.sleep(refining.LOOK_S)


def figures() -> list[Figure]:
    with model_stub() as stub, tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / "models.yaml"
        plan.write_text(plan_at(stub.url))
        with stage(environment={"CHORUS_MODELS": str(plan)}) as on:
            print(
                "| a provider that is | median | p95 | longest | within 2 s | made by"
                " | reads in the meantime, p95 | worker's CPU each |\n| --- | --- | --- | --- | --- | --- | --- | --- |"
            )
            return asyncio.run(measured(on, stub))


BENCH = Bench("refine", figures)

if __name__ == "__main__":
    alone(BENCH)
