"""What a summary by rules costs: CPU for a conversation of each length, and each further message."""

import time
from collections.abc import Callable
from uuid import UUID

from ai.contracts import Msg, Role
from ai.extract.fold import fold
from ai.extract.state import State
from ai.extract.summary import full, summarise

LENGTHS = (10, 50, 200, 1_000)
ROUNDS = 7
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
    figures = {}
    for length in LENGTHS:
        told = talk(length)
        figures[f"summary of {length:,} messages, ms CPU"] = _best_ms(lambda told=told: full(told))
    told = talk(LENGTHS[-1])
    known = fold(State(), told[:-1])
    figures["one more message after 999, ms CPU"] = _best_ms(
        lambda: summarise(fold(known, told[-1:]))
    )
    huge = [Msg(id=UUID(int=1), seq=1, role="customer", content=TALK[0][1] * 2_500)]
    figures["a message of 200 KB, ms CPU"] = _best_ms(lambda: full(huge))
    longest, short = (figures[f"summary of {one:,} messages, ms CPU"] for one in (1_000, 50))
    figures["a message of 1,000 to one of 50, ratio"] = longest / 1_000 / (short / 50)
    return figures


def _best_ms(work: Callable[[], object]) -> float:
    best_s = float("inf")
    for _ in range(ROUNDS):
        began_s = time.process_time()
        work()
        best_s = min(best_s, time.process_time() - began_s)
    return best_s * 1000
