"""Score what is read of customers' words: topic, mood and language of the golden conversations.

They are those of summaries and handoffs: of the first with their labels; of the second the families
say whether somebody is furious, or calm and only wants something.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID

from ai.contracts import Msg
from ai.traits.reading import Reading, fold
from evals import golden, handoff
from evals.gates import fallen, missed

FOLDER: Final = Path(__file__).parent / "golden"
GATES: Final[Mapping[str, float]] = {
    "topic": 0.90,
    "mood": 0.80,
    "language": 0.95,
    "anger recall": 0.90,
    "calm kept": 0.97,
}
"""At least this much."""
_FURIOUS: Final = frozenset({"anger", "slow_burn"})
_CALM: Final = frozenset({"explicit", "polite", "languages", "hard_negative", "known", "gap"})
_CROSS: Final = frozenset({"angry", "negative"})
Read = Callable[[Iterable[Msg]], Reading]


def _all(messages: Iterable[Msg]) -> Reading:
    return fold(Reading(), messages)


@dataclass(frozen=True, slots=True)
class Case:
    """A conversation; what is None or no part of `wanted` is not judged."""

    id: str
    held_out: bool
    messages: tuple[Msg, ...]
    wanted: Mapping[str, str]
    is_calm: bool | None = None
    """False: furious."""


@dataclass(slots=True)
class Score:
    """By measure, how many are right of how many."""

    right: dict[str, int] = field(default_factory=dict)
    judged: dict[str, int] = field(default_factory=dict)
    misses: list[str] = field(default_factory=list)

    def add(self, measure: str, case: Case, found: str, *, is_right: bool) -> None:
        self.judged[measure] = self.judged.get(measure, 0) + 1
        self.right[measure] = self.right.get(measure, 0) + is_right
        if not is_right:
            self.misses.append(f"{case.id}: {measure} is read as {found or 'nothing'}")

    def figures(self) -> dict[str, float]:
        """The measures, rounded as they are committed."""
        return {
            name: round(self.right.get(name, 0) / self.judged[name], 4)
            if name in self.judged
            else 1.0
            for name in GATES
        }


def read(folder: Path = FOLDER) -> list[Case]:
    """All conversations that say something of traits.

    Raises:
        BadGolden: of the set that cannot be read.
    """
    told = [_of_summary(one) for one in golden.read_summaries(folder / "summaries")]
    return told + [
        _of_handoff(one)
        for one in handoff.read(folder / "handoff")
        if one.family in _FURIOUS | _CALM
    ]


def _of_summary(one: golden.Golden) -> Case:
    named = {"topic": one.wanted.intent, "mood": one.wanted.mood, "language": one.language}
    wanted = {name: value for name, value in named.items() if value}
    return Case(one.id, one.held_out, one.messages, wanted)


def _of_handoff(one: handoff.Golden) -> Case:
    said = [line.text for line in one.lines if line.wanted]
    messages = tuple(
        Msg(id=UUID(int=at), seq=at, role="customer", content=text)
        for at, text in enumerate(said, 1)
    )
    return Case(one.id, one.held_out, messages, {}, one.family in _CALM)


def score(cases: Sequence[Case], reads: Read = _all) -> Score:
    """Read each conversation and compare."""
    result = Score()
    for case in cases:
        found = reads(case.messages)
        told = {"topic": found.intent, "mood": found.sentiment, "language": found.language}
        for name, wanted in case.wanted.items():
            result.add(name, case, told[name], is_right=told[name] == wanted)
        mood = found.sentiment
        if case.is_calm:
            result.add("calm kept", case, mood, is_right=mood not in _CROSS)
        elif case.is_calm is False:
            result.add("anger recall", case, mood, is_right=mood == "angry")
    return result


def faults(figures: Mapping[str, float], baseline: Mapping[str, float]) -> list[str]:
    """Gates that are missed, and what was better before."""
    return [*missed(figures, GATES), *fallen(figures, baseline)]
