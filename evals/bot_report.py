"""What the evaluations of the bot, handoffs, intents and traits found, as JSON to compare with and as tables to read."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from evals import bot, bot_score, handoff, intent, traits
from evals.report import ALL, BASELINE, HELD_OUT, PAGE, committed


class Scored(Protocol):
    """Counts over golden cases."""

    misses: list[str]

    def figures(self) -> dict[str, float]: ...


class Case(Protocol):
    @property
    def held_out(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How something is measured, and what it must reach."""

    name: str
    what: str
    read: Callable[[Path], Sequence[Any]]
    score: Callable[[Sequence[Any]], Scored]
    faults: Callable[[Mapping[str, float], Mapping[str, float]], list[str]]
    gates: Mapping[str, str]
    folder: Path
    counts: Callable[[Sequence[Any]], str] = lambda _cases: ""
    """Further tables, as Markdown."""


def _at_least(gates: Mapping[str, float]) -> dict[str, str]:
    return {name: f"≥ {least:.2f}" for name, least in gates.items()}


def _at_most(gates: Mapping[str, float]) -> dict[str, str]:
    return {name: f"≤ {most:.2f}" for name, most in gates.items()}


EVALUATIONS: Final[Mapping[str, Evaluation]] = {
    "bot": Evaluation(
        "bot",
        "first turns",
        bot.outcomes,
        bot_score.score,
        bot_score.faults,
        _at_least(bot_score.GATES) | _at_most(bot_score.MOST),
        bot.FOLDER,
        bot_score.counts,
    ),
    "handoff": Evaluation(
        "handoff",
        "conversations",
        handoff.read,
        handoff.score,
        handoff.faults,
        _at_least(handoff.GATES) | _at_most({handoff.FALSE_HANDOFFS: handoff.FALSE_MOST}),
        handoff.FOLDER,
    ),
    "intent": Evaluation(
        "intent",
        "utterances",
        intent.read,
        intent.score,
        intent.faults,
        _at_least(intent.GATES),
        intent.FOLDER,
    ),
    "traits": Evaluation(
        "traits",
        "conversations",
        traits.read,
        traits.score,
        traits.faults,
        _at_least(traits.GATES),
        traits.FOLDER,
    ),
}


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of all cases, and of those nothing was fitted to."""

    of: Evaluation
    counts: Mapping[str, int]
    parts: Mapping[str, Scored]
    more: str = ""
    """Tables below its own."""

    def figures(self) -> dict[str, dict[str, float]]:
        return {name: part.figures() for name, part in self.parts.items()}

    def faults(self, baseline: Mapping[str, Any]) -> list[str]:
        """Gates that are missed, and what fell, each with the part it concerns."""
        before = baseline.get(self.of.name, {})
        found = []
        for name, figures in self.figures().items():
            told = self.of.faults(figures, before.get(name, {}))
            found += [f"{name}: {one}" for one in told]
        return found

    def table(self) -> str:
        """The figures as Markdown, each beside its gate."""
        columns = self.figures()
        counts = ", ".join(f"{name} {count}" for name, count in self.counts.items())
        lines = [
            f"{self.of.what}: {counts}.",
            "",
            f"| measure | {' | '.join(columns)} | gate |",
            f"|---|{'---:|' * len(columns)}---|",
        ]
        for measure in columns[ALL]:
            shown = " | ".join(f"{one[measure]:.2f}" for one in columns.values())
            lines.append(f"| {measure} | {shown} | {self.of.gates.get(measure, '')} |")
        below = f"\n{self.more}" if self.more else ""
        return "\n".join(lines) + "\n" + below


def report_of(name: str, folder: Path | None = None) -> Report:
    """Measure.

    Raises:
        BadGolden: of the evaluation.
    """
    of = EVALUATIONS[name]
    cases = of.read(folder or of.folder)
    held: list[Case] = [one for one in cases if one.held_out]
    counts = {ALL: len(cases), HELD_OUT: len(held)}
    parts = {ALL: of.score(cases), HELD_OUT: of.score(held)}
    return Report(of, counts, parts, of.counts(cases))


def keep(report: Report, *, baseline: Path = BASELINE, page: Path = PAGE) -> None:
    """Write the figures as those to compare with, and their table into the page."""
    name = report.of.name
    kept = committed(baseline) | {name: report.figures()}
    baseline.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    opens, closes = f"<!-- {name} -->", f"<!-- /{name} -->"
    head, _, rest = page.read_text(encoding="utf-8").partition(opens)
    _, _, tail = rest.partition(closes)
    page.write_text(f"{head}{opens}\n{report.table()}{closes}{tail}", encoding="utf-8")
