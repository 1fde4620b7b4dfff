"""`python -m load.bench_bot`: when a customer sees the first sentence of a bot that asks a model.

A whole installation, and a provider on loopback whose first word takes 0.4 s. Times begin when the
bot may: after the pause in which it waits for the rest of what the customer says.
"""

import asyncio
import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

import asyncpg
import orjson

from bot.settings import BotSettings
from chorus.ids import uuid7
from launch.rest_client import open_rest
from load.budgets import CPU, Figure
from load.hold import Bench, alone
from load.load_socket import LoadSocket, open_load_socket
from load.stage import Stage, stage
from tests.support.model_stub import Asked, model_stub
from tests.support.waiting import until

QUESTION = "How many days does standard delivery take?"
MODEL = "slow@0.4"
TIERS = ("free", "starter", "pro", "enterprise")
CONVERSATIONS = 20
AT_ONCE = 4
PATIENCE_S = 60.0
PARTS = ("bot", "edge", "writer", "postgres", "redis", "chroma")
PAUSE_S = BotSettings.model_fields["bot_debounce_ms"].default / 1000


@dataclass(slots=True)
class Turn:
    """What one customer sees, in seconds since they asked."""

    asked_s: float = 0.0
    first_s: float | None = None
    by: str = ""
    done: asyncio.Future[float] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def heard(self, _socket: LoadSocket, payload: bytes) -> None:
        frame, passed_s = orjson.loads(payload), perf_counter() - self.asked_s
        if frame["event"] == "bot.delta" and frame["data"].get("text") and self.first_s is None:
            self.first_s = passed_s
        elif frame["event"] == "message" and frame["data"]["role"] == "bot":
            self.by = frame["data"].get("meta", {}).get("bot", {}).get("by", "")
            if not self.done.done():
                self.done.set_result(passed_s)


def told(asked: Asked) -> dict[str, Any]:
    """A model that says the first sentence of what fits best, and finds no harm in anything."""
    given = json.loads(asked.texts[-1])
    if "passages" not in given:
        return {"harms": []}
    passage = given["passages"][0]
    sentence = passage["text"].partition(". ")[0].rstrip(".") + "."
    return {"answerable": True, "sentences": [{"text": sentence, "passages": [passage["number"]]}]}


def plan_at(url: str, *purposes: str) -> str:
    """For these everybody asks one model; JSON is YAML."""
    choices = [{"spec": f"openai:{MODEL}", "base_url": url, "price_in": 1, "price_out": 2}]
    terms = {"budget_usd": 1_000, "models": dict.fromkeys(purposes, choices)}
    return json.dumps({"tiers": dict.fromkeys(TIERS, terms)})


@dataclass(frozen=True, slots=True)
class Seen:
    """Seconds after the pause until customers saw something that a model said, and CPU for one turn."""

    name: str
    took_s: list[float]
    asked: int
    cpu_s: float

    def row(self) -> str:
        share = f"{self.name}, {len(self.took_s)} of {self.asked} by the model"
        if not self.may_be_cut:
            return f"| {share} | – | – | – |"
        cuts = quantiles(self.took_s, n=20, method="inclusive")
        times = (f"{1000 * one:,.0f} ms" for one in (cuts[9], cuts[18], max(self.took_s)))
        return f"| {share} | {' | '.join(times)} |"

    def figure(self) -> Figure:
        measures = {CPU: 1000 * self.cpu_s, "by_model": len(self.took_s)}
        if self.may_be_cut:
            cuts = quantiles(self.took_s, n=20, method="inclusive")
            measures = {"p95_ms": 1000 * cuts[18]} | measures
        return Figure(self.name, measures)

    @property
    def may_be_cut(self) -> bool:
        """One turn has no percentiles."""
        return len(self.took_s) > 1


@dataclass(frozen=True, slots=True)
class Turns:
    """Some customers, and CPU-seconds of all that served them."""

    done: list[Turn]
    cpu_s: float

    def seen(self, name: str) -> list[Seen]:
        """The first sentence and the whole answer, of those whom a model answered."""
        asked, each_s = len(self.done), self.cpu_s / len(self.done)
        told = [one for one in self.done if one.by == "model" and one.first_s is not None]
        firsts = [one.first_s - PAUSE_S for one in told if one.first_s is not None]
        whole = [one.done.result() - PAUSE_S for one in told]
        return [
            Seen(f"first sentence{name}", firsts, asked, each_s),
            Seen(f"the whole answer in the books{name}", whole, asked, each_s),
        ]


async def turns(on: Stage) -> Turns:
    """Ask in conversations of their own, a few at once."""
    await _indexed(on)
    gate = asyncio.Semaphore(AT_ONCE)
    await _turn(on, gate)  # what the first one makes is there for the others
    before = on.cpu_seconds()
    done = await asyncio.gather(*(_turn(on, gate) for _ in range(CONVERSATIONS)))
    after = on.cpu_seconds()
    return Turns(done, sum(after[part] - before[part] for part in PARTS))


async def _turn(on: Stage, gate: asyncio.Semaphore) -> Turn:
    async with gate, open_rest(on.base) as rest:
        visitor = await rest.visitor(on.run["bot_inbox_key"], name="Nora")
        path, turn = f"/ws/v1/conversations/{visitor.conversation_id}", Turn()
        socket = await open_load_socket(on.address, path, visitor.token, turn.heard)
        data = {"id": uuid7(), "content": QUESTION}
        turn.asked_s = perf_counter()
        socket.send(orjson.dumps({"event": "message", "ref": 1, "data": data}))
        async with asyncio.timeout(PATIENCE_S):
            await turn.done
        socket.close()
        return turn


async def _indexed(on: Stage) -> None:
    """Wait for the articles of the demo shop, which are indexed beside the start."""
    connection = await asyncpg.connect(on.database_url)

    async def is_ready() -> bool:
        states = "SELECT bool_and(state = 'ready') FROM knowledge_sources"
        return bool(await connection.fetchval(states))

    try:
        await until(is_ready, patience_s=PATIENCE_S)
    finally:
        await connection.close()


def measured(*purposes: str) -> Turns:
    """Turns of an installation whose plan names a model for these."""
    with model_stub() as stub, tempfile.TemporaryDirectory() as folder:
        stub.answer = told
        plan = Path(folder) / "models.yaml"
        plan.write_text(plan_at(stub.url, *purposes))
        with stage(environment={"CHORUS_MODELS": str(plan)}) as on:
            return asyncio.run(turns(on))


def figures() -> list[Figure]:
    print("| after the pause | median | p95 | longest |\n| --- | --- | --- | --- |")
    found = []
    for name, purposes in (("", ("bot",)), (" with a moderator", ("bot", "moderate"))):
        seen = measured(*purposes).seen(name)
        print("\n".join(one.row() for one in seen), flush=True)
        found += [one.figure() for one in seen]
    return found


BENCH = Bench("bot", figures)

if __name__ == "__main__":
    alone(BENCH)
