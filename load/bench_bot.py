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


async def turns(on: Stage) -> list[Turn]:
    """Ask in conversations of their own, a few at once."""
    await _indexed(on)
    gate = asyncio.Semaphore(AT_ONCE)
    await _turn(on, gate)  # what the first one makes is there for the others
    return await asyncio.gather(*(_turn(on, gate) for _ in range(CONVERSATIONS)))


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


def row(name: str, took_s: list[float]) -> str:
    """Milliseconds after the pause."""
    cuts = quantiles([took - PAUSE_S for took in took_s], n=20, method="inclusive")
    longest = max(took_s) - PAUSE_S
    values = " | ".join(f"{1000 * value:,.0f} ms" for value in (cuts[9], cuts[18], longest))
    return f"| {name} | {values} |"


def measured(*purposes: str) -> list[Turn]:
    """Turns of an installation whose plan names a model for these."""
    with model_stub() as stub, tempfile.TemporaryDirectory() as folder:
        stub.answer = told
        plan = Path(folder) / "models.yaml"
        plan.write_text(plan_at(stub.url, *purposes))
        with stage(environment={"CHORUS_MODELS": str(plan)}) as on:
            return asyncio.run(turns(on))


def show(name: str, done: list[Turn]) -> None:
    by_model = [one for one in done if one.by == "model" and one.first_s is not None]
    share = f"{len(by_model)} of {len(done)} by the model"
    firsts = [one.first_s for one in by_model if one.first_s is not None]
    print(row(f"first sentence{name}, {share}", firsts))
    print(row(f"the whole answer in the books{name}", [one.done.result() for one in by_model]))


def main() -> None:
    print("| after the pause | median | p95 | longest |\n| --- | --- | --- | --- |")
    show("", measured("bot"))
    show(" with a moderator", measured("bot", "moderate"))


if __name__ == "__main__":
    main()
