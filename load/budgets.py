"""The one place where what benches measure is held against the budgets of `load/slo.json`.

A limit is the name of a measure with `_max` or `_min`. A row without limits says why (`none_because`).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

Budget = Mapping[str, float | str]
Budgets = Mapping[str, Budget]

SLO: Final = Path(__file__).with_name("slo.json")
CPU: Final = "cpu_ms"
"""CPU for one of what is counted: the same on a busy machine as on a quiet one, or nearly."""
NONE: Final = "none_because"
WORDS: Final = {
    CPU: "{} ms of CPU each",
    "p95_ms": "{} ms at p95",
    "settled": "{} settled",
    "by_model": "{} by the model",
    "ratio": "{} times as much",
}
KINDS: Final = {"max": "at most", "min": "at least"}


@dataclass(frozen=True, slots=True)
class Limit:
    """How much, or how little, one measure may be."""

    measure: str
    kind: str
    value: float

    @classmethod
    def read(cls, name: str, value: float) -> Self:
        """Raises ValueError: nothing is called so."""
        measure, _, kind = name.rpartition("_")
        if measure not in WORDS or kind not in KINDS:
            raise ValueError(f"{name} is no limit")
        return cls(measure, kind, value)

    def allows(self, value: float) -> bool:
        return value <= self.value if self.kind == "max" else value >= self.value

    def __str__(self) -> str:
        return f"{KINDS[self.kind]} {said(self.measure, self.value)}"


@dataclass(frozen=True, slots=True)
class Figure:
    """What a bench measured of one thing; `under`: the row of the table, where its name is none."""

    name: str
    measures: Mapping[str, float]
    under: str = ""

    @property
    def row(self) -> str:
        return self.under or self.name


@dataclass(frozen=True, slots=True)
class Fault:
    """A figure that is over its budget, or that nobody can judge."""

    figure: str
    measure: str
    words: str
    may_be_the_machine: bool = False
    """It took longer than it may, and no more CPU than it may."""

    def __str__(self) -> str:
        return f"{self.figure}: {self.words}"


def budgets_of(bench: str, slo: Path = SLO) -> Budgets:
    """The table of a bench.

    Raises:
        ValueError: a row is neither limits nor a reason.
    """
    budgets: Budgets = json.loads(slo.read_text())["budgets"][bench]
    for name, row in budgets.items():
        if bool(_limits(row)) == (NONE in row):
            raise ValueError(f"{bench}, {name}: limits, or a reason for having none")
    return budgets


def faults(figures: Sequence[Figure], budgets: Budgets) -> list[Fault]:
    """What is over its budget or has none and no reason, and rows of which nothing was measured."""
    found = [fault for one in figures for fault in _faults_of(one, budgets.get(one.row))]
    rows = {one.row for one in figures}
    return found + [Fault(name, "", "was not measured") for name in budgets if name not in rows]


def is_worth_again(first: Sequence[Fault]) -> bool:
    """Whether a busy machine may have caused all of these, so that the bench should run once again."""
    return bool(first) and all(one.may_be_the_machine for one in first)


def standing(first: Sequence[Fault], second: Sequence[Fault]) -> list[Fault]:
    """What is held against the product: what a machine may have caused only of a figure that was over twice."""
    before = {one.figure for one in first}
    return [one for one in second if not one.may_be_the_machine or one.figure in before]


def measured(figure: Figure) -> str:
    """All that was measured of it, in words."""
    return ", ".join(said(name, value) for name, value in figure.measures.items())


def allowed(budget: Budget) -> str:
    """A row of the table in words: its limits, or why there are none."""
    if NONE in budget:
        return f"none: {budget[NONE]}"
    return ", ".join(map(str, _limits(budget)))


def said(measure: str, value: float) -> str:
    """A measure with its unit."""
    number = f"{value:.2g}" if 0 < value < 1 else f"{value:,.1f}".removesuffix(".0")
    return WORDS[measure].format(number)


def _faults_of(figure: Figure, budget: Budget | None) -> Iterator[Fault]:
    if not budget:
        yield Fault(figure.name, "", "has no budget and no reason for having none")
        return
    over = [one for one in _limits(budget) if _is_over(figure, one)]
    # Without a budget of its own for CPU nothing says that it was the machine.
    is_cheap = any(one.measure == CPU for one in _limits(budget) if one not in over)
    for limit in over:
        may_be = is_cheap and limit.measure in figure.measures
        yield Fault(figure.name, limit.measure, _words(figure, limit), may_be)


def _is_over(figure: Figure, limit: Limit) -> bool:
    value = figure.measures.get(limit.measure)
    return value is None or not limit.allows(value)


def _words(figure: Figure, limit: Limit) -> str:
    value = figure.measures.get(limit.measure)
    was = "not measured" if value is None else said(limit.measure, value)
    return f"{was}, {limit} is wanted"


def _limits(budget: Budget) -> list[Limit]:
    return [Limit.read(name, float(value)) for name, value in budget.items() if name != NONE]
