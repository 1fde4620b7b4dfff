"""How a customer sounds: of one text, and of all of them so far."""

import re
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from ai.contracts import Mood, Msg
from ai.extract.features import features_of

KEEP: Final = 0.4
"""How much of the mood before stays with each turn of the customer."""
_NOBODY: Final = UUID(int=0)
_CLAUSE: Final = re.compile(r"[,;:]\s+|[、，،]\s*")
_ANGRY: Final = (-0.55, -0.25)
_NEGATIVE: Final = (-0.25, -0.1)
_POSITIVE: Final = (0.25, 0.15)
"""Where a mood begins, and how far it has to move back until it is over."""


def mood_of(text: str, language: str = "") -> float:
    """From -1 to 1; by clauses: "it didn't help, annoying" is no word of praise."""
    parted = _CLAUSE.sub(".\n", text)
    return features_of(Msg(id=_NOBODY, seq=0, role="customer", content=parted), language).mood


def moved(mean: float | None, mood: float) -> float:
    """The mean after one more turn; None: it is the first."""
    return mood if mean is None else KEEP * mean + (1 - KEEP) * mood


def mean_of(moods: Iterable[float]) -> float:
    """What of the moods of some turns has stayed, the last one above all."""
    mean: float | None = None
    for one in moods:
        mean = moved(mean, one)
    return mean or 0.0


def labelled(before: Mood, mean: float) -> Mood:
    """A mood by its name; who has one keeps it until they have clearly left it."""
    if mean <= _ANGRY[before == "angry"]:
        return "angry"
    if mean <= _NEGATIVE[before in ("negative", "angry")]:
        return "negative"
    return "positive" if mean >= _POSITIVE[before == "positive"] else "neutral"
