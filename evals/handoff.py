"""When a bot hands over, against golden conversations: each turn has what should come of it.

A turn's confidence is the set's, not a knowledge base's: what is judged is the decision. Every
fifth and second of five conversations of a family is held out and never looked at while tuning.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import yaml

from ai.contracts import Msg
from bot.features import features_of_turn, turns_of
from bot.policy import Action, Policy, decide
from evals.gates import exceeded, fallen, missed

FOLDER: Final = Path(__file__).parent / "golden" / "handoff"
HELD_OUT: Final = frozenset({1, 4})
_OF: Final = 5
_ANY: Final = "either"
_BOTS: Final[Mapping[str, frozenset[str]]] = {
    "answer": frozenset({"answer", "smalltalk"}),
    "clarify": frozenset({"clarify"}),
    "offer": frozenset({"offer"}),
    "handoff": frozenset({"handoff"}),
}
_ASKED: Final = frozenset({"explicit", "polite", "languages"})
_GRAVE: Final = frozenset({"policy"})
GATES: Final[Mapping[str, float]] = {
    "explicit recall": 0.97,
    "explicit precision": 0.97,
    "handoff F1 (k=1)": 0.80,
    "safety and legal": 1.00,
}
"""At least this much."""
FALSE_HANDOFFS: Final = "false handoffs"
FALSE_MOST: Final = 0.05
"""At most this share of turns that need no person."""


class BadGolden(Exception):
    """A golden conversation cannot be read."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a conversation; `wanted` of the customer's alone."""

    role: str
    text: str
    action: str = ""
    wanted: frozenset[str] = frozenset()
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Golden:
    id: str
    family: str
    held_out: bool
    lines: tuple[Line, ...]


@dataclass(slots=True)
class Score:
    """Counts over conversations."""

    conversations: int = 0
    turns: int = 0
    right: int = 0
    asked: list[bool] = field(default_factory=list)
    """Of turns that ask for a person: whether one came."""
    asked_in_vain: int = 0
    """Turns that do not, and were taken for it."""
    transfers: dict[int, list[int]] = field(default_factory=dict)
    """By tolerance: right, made up, missed."""
    calm: int = 0
    false: int = 0
    grave: list[bool] = field(default_factory=list)
    misses: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        """The measures, rounded as they are committed."""
        hits = sum(self.asked)
        found = {
            "turns as wanted": _share(self.right, self.turns),
            "explicit recall": _share(hits, len(self.asked)),
            "explicit precision": _share(hits, hits + self.asked_in_vain),
            **{f"handoff F1 (k={k})": _f1(*self.transfers.get(k, [0, 0, 0])) for k in (0, 1, 2)},
            "safety and legal": _share(sum(self.grave), len(self.grave)),
            FALSE_HANDOFFS: self.false / self.calm if self.calm else 0.0,
        }
        return {name: round(value, 4) for name, value in found.items()}


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def _f1(right: int, made_up: int, missed: int) -> float:
    both = 2 * right + made_up + missed
    return 2 * right / both if both else 1.0


def read(folder: Path = FOLDER) -> list[Golden]:
    """All conversations by family and place.

    Raises:
        BadGolden: with the file and the place.
    """
    return [one for path in sorted(folder.glob("*.yaml")) for one in _read(path)]


def _read(path: Path) -> Iterator[Golden]:
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    for at, case in enumerate(found["cases"]):
        try:
            lines = tuple(_line(one, found["confidence"]) for one in case.strip().splitlines())
        except (KeyError, ValueError) as error:
            raise BadGolden(f"{path.name}: {at}: {error!r}") from error
        yield Golden(f"{path.stem}-{at + 1}", path.stem, at % _OF in HELD_OUT, lines)


def _line(spelled: str, confidence: float) -> Line:
    who, _, text = spelled.partition(": ")
    if who.startswith("b "):
        return Line("bot", text, action=who[2:])
    if who != "c":
        raise ValueError(who)
    said, _, wanted = text.rpartition(" => ")
    labels, _, sure = wanted.partition(" @")
    return Line("customer", said, "", _wanted(labels), float(sure) if sure else confidence)


def _wanted(labels: str) -> frozenset[str]:
    if labels == _ANY:
        return frozenset()
    return frozenset().union(*(_BOTS[one] for one in labels.split("|")))


def score(cases: Sequence[Golden], policy: Policy | None = None) -> Score:
    """Decide each turn as a bot would that had said what stands there."""
    result, table = Score(), policy or Policy()
    for case in cases:
        _judge(result, case, [*_decided(case, table)])
    return result


def _decided(case: Golden, policy: Policy) -> Iterator[tuple[Line, Action, bool]]:
    talk: list[Msg] = []
    actions: dict[int, str] = {}
    for seq, line in enumerate(case.lines, 1):
        role: Any = line.role
        talk.append(Msg(id=UUID(int=seq), seq=seq, role=role, content=line.text))
        if line.role == "bot":
            actions[seq] = line.action
            continue
        features = features_of_turn(turns_of(talk, actions))
        decision = decide(replace(features, confidence=line.confidence), policy)
        yield line, decision.action, features.asked


def _judge(result: Score, case: Golden, decided: list[tuple[Line, Action, bool]]) -> None:
    result.conversations += 1
    for at, (line, action, asked) in enumerate(decided, 1):
        result.turns += 1
        fits = not line.wanted or action.value in line.wanted
        result.right += fits
        if not fits:
            wanted = "|".join(sorted(line.wanted))
            result.misses.append(f"{case.id} turn {at}: {action.value} instead of {wanted}")
        if case.family in _ASKED:
            result.asked.append(action is Action.HANDOFF)
        else:
            result.asked_in_vain += asked and bool(line.wanted) and "handoff" not in line.wanted
        if line.wanted and "handoff" not in line.wanted and "offer" not in line.wanted:
            result.calm += 1
            result.false += action is Action.HANDOFF
        if case.family in _GRAVE and line.wanted == {"handoff"}:
            result.grave.append(action is Action.HANDOFF)
    _transfers(result, decided)


def _transfers(result: Score, decided: list[tuple[Line, Action, bool]]) -> None:
    """Whether the first handoff came, within some turns of where it should."""
    strict = [at for at, (line, _, _) in enumerate(decided) if line.wanted == {"handoff"}]
    soft = [at for at, (line, _, _) in enumerate(decided) if "handoff" in line.wanted]
    made = [at for at, (_, action, _) in enumerate(decided) if action is Action.HANDOFF]
    for k in (0, 1, 2):
        tally = result.transfers.setdefault(k, [0, 0, 0])
        near = bool(made and soft) and abs(made[0] - soft[0]) <= k
        tally[0] += near
        tally[1] += bool(made) and not near
        tally[2] += bool(strict) and not near


def faults(figures: Mapping[str, float], baseline: Mapping[str, float]) -> list[str]:
    """Gates that are missed, and what was better before."""
    found = missed(figures, GATES) + exceeded(figures, {FALSE_HANDOFFS: FALSE_MOST})
    return [*found, *fallen(figures, baseline, apart_from=(FALSE_HANDOFFS,))]
