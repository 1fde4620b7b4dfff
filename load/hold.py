"""Runs benches one after another and holds what they measure against their budgets.

What took too long while it cost no more CPU than it may is measured once again before it counts:
these machines are shared.
"""

import os
import resource
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Self

import psutil

from load.budgets import (
    Budgets,
    Fault,
    Figure,
    allowed,
    budgets_of,
    faults,
    is_worth_again,
    measured,
    standing,
)


@dataclass(frozen=True, slots=True)
class Bench:
    """What can be measured; `figures` prints its own table on the way. `name`: as in `load/slo.json`."""

    name: str
    figures: Callable[[], Sequence[Figure]]


@dataclass(frozen=True, slots=True)
class Machine:
    """What a machine has done so far, and what of it was for us."""

    at_s: float
    load: float
    busy_s: float
    ours_s: float

    @classmethod
    def now(cls) -> Self:
        cpu = psutil.cpu_times()
        used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        ours_s = sum(one.ru_utime + one.ru_stime for one in used)
        return cls(perf_counter(), os.getloadavg()[0], cpu.user + cpu.nice + cpu.system, ours_s)

    def since(self, before: Self) -> str:
        """What it did in between, in words."""
        return (
            f"{self.at_s - before.at_s:.0f} s, load average {before.load:.1f} before and {self.load:.1f} after, "
            f"{self.busy_s - before.busy_s:.0f} CPU-seconds on {os.cpu_count()} cores,"
            f" {self.ours_s - before.ours_s:.0f} of them ours"
        )


@dataclass(frozen=True, slots=True)
class Run:
    """One time that a bench ran."""

    figures: Sequence[Figure]
    faults: Sequence[Fault]
    machine: str


@dataclass(frozen=True, slots=True)
class Held:
    """A bench that ran, once or twice, and what stands against it."""

    bench: str
    budgets: Budgets
    runs: Sequence[Run]
    faults: Sequence[Fault]

    def rows(self) -> list[str]:
        """The figures of its last run beside their budgets, as Markdown."""
        over = {one.figure for one in self.faults}
        return [
            f"| {self.bench} | {one.name} | {measured(one)} | {allowed(self.budgets.get(one.row, {}))}"
            f"{' **over**' if one.name in over else ''} |"
            for one in self.runs[-1].figures
        ]

    def story(self) -> list[str]:
        """How it ran, and what was over, as Markdown."""
        over = {one.figure for one in self.faults}
        once = [one for run in self.runs for one in run.faults if one.figure not in over]
        return [
            f"- {self.bench}: {' Once again: '.join(f'{one.machine}.' for one in self.runs)}",
            *(f"  - over in one run of two, with its CPU within budget: {one}" for one in once),
            *(f"  - **over budget**: {one}{_twice(one)}" for one in self.faults),
        ]


def hold(benches: Iterable[Bench]) -> list[Held]:
    """Run all of them; say of each what is over its budget."""
    tables = [(bench, budgets_of(bench.name)) for bench in benches]
    return [_held(bench, budgets) for bench, budgets in tables]


def report(held: Sequence[Held]) -> str:
    """All figures beside their budgets, and what is over, as Markdown."""
    head = ["| bench | figure | measured | budget |", "| --- | --- | --- | --- |"]
    rows = [row for one in held for row in one.rows()]
    return "\n".join([*head, *rows, "", *(line for one in held for line in one.story())])


def exit_code(held: Iterable[Held]) -> int:
    return int(any(one.faults for one in held))


def alone(bench: Bench) -> None:
    """Be the program of one bench."""
    held = hold([bench])
    print("\n" + report(held))
    sys.exit(exit_code(held))


def _twice(fault: Fault) -> str:
    return "; twice, and its CPU is within budget" if fault.may_be_the_machine else ""


def _held(bench: Bench, budgets: Budgets) -> Held:
    first = _run(bench, budgets)
    if not is_worth_again(first.faults):
        return Held(bench.name, budgets, [first], first.faults)
    over = "; ".join(map(str, first.faults))
    print(f"\n{bench.name} once again, for its CPU is within budget: {over}\n", flush=True)
    second = _run(bench, budgets)
    return Held(bench.name, budgets, [first, second], standing(first.faults, second.faults))


def _run(bench: Bench, budgets: Budgets) -> Run:
    before = Machine.now()
    print(f"\n## {bench.name}, load average {before.load:.1f}\n", flush=True)
    try:
        figures = bench.figures()
    except Exception as error:  # noqa: BLE001 (the others are measured all the same)
        traceback.print_exc()
        broken = Fault("all of it", "", f"not measured: {type(error).__name__}: {error}")
        return Run([], [broken], Machine.now().since(before))
    return Run(figures, faults(figures, budgets), Machine.now().since(before))
