"""Counts what came of the turns of `evals.bot`: who is answered rightly, wrongly, not at all, and who is heard."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.policy import Action
from evals.bot import Came, Kind, Outcome
from evals.gates import exceeded, fallen, missed, risen

CONTAINED: Final = "containment"
WRONG: Final = "answered from a wrong article"
MADE_UP: Final = "out of domain answered"
FALSE_HANDOFFS: Final = "false handoffs"
FAILED: Final = "failed turns"
GATES: Final[Mapping[str, float]] = {
    CONTAINED: 0.45,
    "right of answered": 0.85,
    "explicit recall": 1.00,
    "explicit precision": 0.97,
}
"""At least this much."""
MOST: Final[Mapping[str, float]] = {
    WRONG: 0.08,
    MADE_UP: 0.05,
    FALSE_HANDOFFS: 0.05,
    FAILED: 0.0,
}
"""At most this much."""


@dataclass(slots=True)
class Score:
    """Counts over turns."""

    came: Counter[tuple[Kind, Came]] = field(default_factory=Counter)
    contained: int = 0
    heard: Counter[Kind] = field(default_factory=Counter)
    """Turns that called a person because one was asked for."""
    called: Counter[Kind] = field(default_factory=Counter)
    """Turns that called a person, whatever for."""
    misses: list[str] = field(default_factory=list)

    def of(self, kind: Kind) -> int:
        return sum(count for (one, _), count in self.came.items() if one is kind)

    @property
    def without_a_wish(self) -> int:
        return self.came.total() - self.of(Kind.WISH)

    @property
    def misheard(self) -> int:
        """Turns without a wish that were taken for one."""
        return self.heard.total() - self.heard[Kind.WISH]

    def figures(self) -> dict[str, float]:
        """The measures, rounded as they are committed."""
        known, right = self.of(Kind.KNOWN), self.came[Kind.KNOWN, Came.RIGHT]
        wrong = self.came[Kind.KNOWN, Came.WRONG]
        failed = sum(count for (_, came), count in self.came.items() if came is Came.FAILED)
        found = {
            CONTAINED: share(self.contained, known),
            "right of answered": share(right, right + wrong),
            WRONG: share(wrong, known, of_none=0.0),
            MADE_UP: share(self.came[Kind.UNKNOWN, Came.WRONG], self.of(Kind.UNKNOWN), of_none=0.0),
            "explicit recall": share(self.heard[Kind.WISH], self.of(Kind.WISH)),
            "explicit precision": share(self.heard[Kind.WISH], self.heard.total()),
            FALSE_HANDOFFS: share(
                self.called.total() - self.called[Kind.WISH], self.without_a_wish, of_none=0.0
            ),
            FAILED: share(failed, self.came.total(), of_none=0.0),
        }
        return {name: round(value, 4) for name, value in found.items()}


def share(part: int, whole: int, *, of_none: float = 1.0) -> float:
    return part / whole if whole else of_none


def score(outcomes: Sequence[Outcome]) -> Score:
    """Count, and name each turn that is not as wanted."""
    result = Score()
    for one in outcomes:
        result.came[one.case.kind, one.came] += 1
        result.contained += one.contained
        result.heard[one.case.kind] += one.heard_a_wish
        result.called[one.case.kind] += one.action == Action.HANDOFF
        if not _is_as_wanted(one):
            why = f" ({one.cited or ', '.join(one.reasons)})" if one.cited or one.reasons else ""
            result.misses.append(f"{one.case.name}: {one.case.text!r}: {one.came.value}{why}")
    return result


def _is_as_wanted(one: Outcome) -> bool:
    match one.case.kind:
        case Kind.KNOWN:
            return one.contained
        case Kind.UNKNOWN:
            return one.came in (Came.ASKED_BACK, Came.PERSON)
        case Kind.WISH:
            return one.heard_a_wish
        case _:
            return not one.heard_a_wish


def faults(figures: Mapping[str, float], baseline: Mapping[str, float]) -> list[str]:
    """Gates that are missed, and what was better before."""
    gates = missed(figures, GATES) + exceeded(figures, MOST)
    return [*gates, *fallen(figures, baseline, apart_from=MOST), *risen(figures, baseline, MOST)]


def counts(outcomes: Sequence[Outcome]) -> str:
    """All counts as Markdown: of each half, and of each language for what is in one."""
    halves = {
        "all": outcomes,
        "dev": [one for one in outcomes if not one.held_out],
        "held out": [one for one in outcomes if one.held_out],
    }
    spoken = Counter(one.case.language for one in outcomes if one.case.language)
    languages = {
        f"`{name}`": [one for one in outcomes if one.case.language == name]
        for name, _ in spoken.most_common()
    }
    asked = [_asked(name, score(some)) for name, some in (halves | languages).items()]
    wished = [_wished(name, score(some)) for name, some in halves.items()]
    return "\n".join([*_head(_ASKED), *asked, "", *_head(_WISHED), *wished]) + "\n"


_COMES: Final = (Came.RIGHT, Came.WRONG, Came.ASKED_BACK, Came.PERSON, Came.TALK)
_ASKED: Final = ("questions", "in domain", *_COMES, "out of domain", "answered", "person")
_WISHED: Final = ("wishes", "for a person", "missed", "other turns", "taken for a wish")


def _head(names: Sequence[str]) -> list[str]:
    return [f"| {' | '.join(names)} |", f"|---|{'---:|' * (len(names) - 1)}"]


def _asked(name: str, told: Score) -> str:
    comes = [told.came[Kind.KNOWN, one] for one in _COMES]
    outside = [told.came[Kind.UNKNOWN, one] for one in (Came.WRONG, Came.PERSON)]
    return _row(name, told.of(Kind.KNOWN), *comes, told.of(Kind.UNKNOWN), *outside)


def _wished(name: str, told: Score) -> str:
    wishes = told.of(Kind.WISH)
    return _row(name, wishes, wishes - told.heard[Kind.WISH], told.without_a_wish, told.misheard)


def _row(name: str, *values: int) -> str:
    return f"| {name} | {' | '.join(map(str, values))} |"
