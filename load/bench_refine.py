"""`python -m load.bench_refine`: how long a refinement takes, twenty at once, whatever a provider does.

A provider on loopback behaves as its name says; the ladder, its deadline of 2 s, the extractor and the
checks are the product's. What it takes to read and keep a conversation is in docs/performance.md beside.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass
from statistics import quantiles
from time import monotonic
from uuid import UUID

from ai.extract.summary import full
from ai.models.question import For
from ai.summarise.llm import LlmSummariser, prompt_for
from ai.summarise.request import Request
from chorus import log
from load.bench_summary import talk
from summary_engine.refine import BUDGET_S
from tests.ai.models.asking import access_for, plan_for
from tests.support.model_stub import ModelStub, model_stub

AT_ONCE = 20
MESSAGES = 50
BEHAVIOURS = (
    "ok", "slow@0.4", "slow@3", "hang", "trickle", "429@2", "500", "401", "html", "malformed", "empty",
    "wrongschema", "badargs", "fence", "no_usage", "wrong_numbers", "obeys_injection",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """Milliseconds from the wish to a summary, and who made them."""

    median: float
    p95: float
    longest: float
    by: Counter[str]


async def refined(stub: ModelStub, behaviour: str) -> Figure:
    """Twenty conversations at once by a model that behaves so, and one that is well as its second."""
    access = access_for(plan_for(stub, behaviour, "ok", budget=1_000))
    access.warm_up([prompt_for("fast")])
    summariser, messages = LlmSummariser(access), tuple(talk(MESSAGES))
    floor = full(messages)

    async def one(number: int) -> tuple[float, str]:
        began_s = monotonic()
        whom = For(UUID(int=1), "acme", "pro", UUID(int=number))
        until_s = began_s + BUDGET_S["fast"]
        made = await summariser.ainvoke(
            Request(whom, messages, floor, kind="fast", task=f"t{number}", until_s=until_s)
        )
        return (
            monotonic() - began_s
        ) * 1_000, made.source if made.source != "model" else made.model

    done = await asyncio.gather(*(one(number) for number in range(AT_ONCE)))
    took = sorted(ms for ms, _ in done)
    return Figure(
        took[len(took) // 2], quantiles(took, n=20)[-1], took[-1], Counter(by for _, by in done)
    )


async def main() -> None:
    log.setup(process="bench", level="CRITICAL", form="console")
    with model_stub() as stub:
        await refined(stub, "ok")  # imports and connections
        print(
            "| a provider that … | median | p95 | longest | made by |\n| --- | --- | --- | --- | --- |"
        )
        for behaviour in BEHAVIOURS:
            found = await refined(stub, behaviour)
            by = ", ".join(f"{count} × {name}" for name, count in found.by.most_common())
            times = " | ".join(f"{ms:,.0f} ms" for ms in (found.median, found.p95, found.longest))
            print(f"| `{behaviour}` | {times} | {by} |", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
