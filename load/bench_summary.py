"""`python -m load.bench_summary`: what a summary by rules costs.

CPU for a conversation of each length, and for each further message.
"""

import time
from collections.abc import Callable
from functools import partial
from uuid import UUID

from ai.contracts import Msg, Role
from ai.extract.fold import fold
from ai.extract.state import State
from ai.extract.summary import full, summarise
from load.budgets import CPU, Figure
from load.hold import Bench, alone

LENGTHS = (10, 50, 200, 1_000)
ROUNDS = 7
RATIO = "a message of 1,000 to one of 50"
TALK: tuple[tuple[Role, str], ...] = (
    ("customer", "Hello, my order 48213 from 12 November 2026 has not arrived. When will it come?"),
    ("bot", "I am sorry to hear that. Please check the tracking link in your e-mail."),
    ("customer", "I already did, it still says pending. I paid €49.90 and nobody answers!!"),
    ("agent", "Let me look into that. Which address did you use?"),
    ("customer", "kim.miller@example.com, and my phone is +49 170 1234567."),
    ("agent", "Thank you. The parcel is in Leipzig. I'll send a new one by Monday."),
    ("customer", "ok thanks"),
    ("customer", "One more thing: does the lamp work with 110 volts?"),
)


def talk(length: int) -> list[Msg]:
    return [
        Msg(id=UUID(int=seq), seq=seq, role=role, content=content)
        for seq in range(1, length + 1)
        for role, content in (TALK[seq % len(TALK)],)
    ]


def summaries() -> dict[str, float]:
    """Milliseconds of CPU, the best of some rounds; and how much more the longest costs a message."""
    costs = _costs_ms()
    return {f"{name}, ms CPU": ms for name, ms in costs.items()} | {
        f"{RATIO}, ratio": _ratio(costs)
    }


def figures() -> list[Figure]:
    """The same, to be held against budgets."""
    costs = _costs_ms()
    return [
        *(Figure(name, {CPU: ms}) for name, ms in costs.items()),
        Figure(RATIO, {"ratio": _ratio(costs)}),
    ]


def _costs_ms() -> dict[str, float]:
    costs = {}
    for length in LENGTHS:
        costs[f"summary of {length:,} messages"] = _best_ms(partial(full, talk(length)))
    told = talk(LENGTHS[-1])
    known = fold(State(), told[:-1])
    costs["one more message after 999"] = _best_ms(lambda: summarise(fold(known, told[-1:])))
    huge = [Msg(id=UUID(int=1), seq=1, role="customer", content=TALK[0][1] * 2_500)]
    costs["a message of 200 KB"] = _best_ms(lambda: full(huge))
    return costs


def _ratio(costs: dict[str, float]) -> float:
    longest, short = (costs[f"summary of {one:,} messages"] for one in (1_000, 50))
    return longest / 1_000 / (short / 50)


def _best_ms(work: Callable[[], object]) -> float:
    best_s = float("inf")
    for _ in range(ROUNDS):
        began_s = time.process_time()
        work()
        best_s = min(best_s, time.process_time() - began_s)
    return best_s * 1000


BENCH = Bench("summary", figures)

if __name__ == "__main__":
    alone(BENCH)
