"""What a message is about, against golden utterances of several languages."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, get_args

import yaml

from ai.contracts import Intent
from ai.intent.classify import intent_of
from evals.gates import fallen, missed

FOLDER: Final = Path(__file__).parent / "golden" / "intent"
HELD_OUT: Final = frozenset({1, 4})
_OF: Final = 5
ABSTAINS: Final = "other"
GATES: Final[Mapping[str, float]] = {
    "accuracy": 0.80,
    "macro F1": 0.78,
    "precision of topics": 0.85,
}
"""At least this much."""


class BadGolden(Exception):
    """A golden utterance cannot be read."""


@dataclass(frozen=True, slots=True)
class Golden:
    text: str
    intent: str
    language: str
    held_out: bool


@dataclass(slots=True)
class Score:
    """Counts over utterances."""

    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By what was wanted and what was found."""
    misses: list[str] = field(default_factory=list)

    @property
    def conversations(self) -> int:
        return self.pairs.total()

    def figures(self) -> dict[str, float]:
        """The measures, rounded as they are committed."""
        right = sum(count for (wanted, found), count in self.pairs.items() if wanted == found)
        topics = [(w, f, n) for (w, f), n in self.pairs.items() if f != ABSTAINS]
        sure = sum(count for _, _, count in topics)
        names = sorted({wanted for wanted, _ in self.pairs})
        found = {
            "accuracy": right / self.conversations if self.conversations else 1.0,
            "macro F1": sum(self._f1(one) for one in names) / len(names) if names else 1.0,
            "precision of topics": sum(n for w, f, n in topics if w == f) / sure if sure else 1.0,
        }
        return {name: round(value, 4) for name, value in found.items()}

    def _f1(self, name: str) -> float:
        hit = self.pairs[name, name]
        wrong = sum(n for (w, f), n in self.pairs.items() if (w == name) != (f == name))
        return 2 * hit / (2 * hit + wrong) if hit or wrong else 1.0


def read(folder: Path = FOLDER) -> list[Golden]:
    """All utterances by file, intent and place.

    Raises:
        BadGolden: with the file.
    """
    return [one for path in sorted(folder.glob("*.yaml")) for one in _read(path)]


def _read(path: Path) -> Iterator[Golden]:
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(found, dict) or not set(found) <= set(get_args(Intent)):
        raise BadGolden(f"{path.name}: intents and their utterances are wanted")
    for intent, texts in found.items():
        for at, text in enumerate(texts):
            yield Golden(text, intent, path.stem, at % _OF in HELD_OUT)


def score(
    cases: Sequence[Golden], classify: Callable[[str], str] = lambda text: intent_of(text).intent
) -> Score:
    """Classify each utterance and compare."""
    result = Score()
    for case in cases:
        found = classify(case.text)
        result.pairs[case.intent, found] += 1
        if found != case.intent:
            result.misses.append(f"{case.text!r}: {found} instead of {case.intent}")
    return result


def faults(figures: Mapping[str, float], baseline: Mapping[str, float]) -> list[str]:
    """Gates that are missed, and what was better before."""
    return [*missed(figures, GATES), *fallen(figures, baseline)]
