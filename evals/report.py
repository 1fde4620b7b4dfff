"""What an evaluation found, as JSON to compare with and as a table to read."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ai.extract.summary import EXTRACTOR
from evals.golden import Golden
from evals.summaries import CLAIMS, GATES, Score, below, score

BASELINE: Final = Path(__file__).parent / "baseline.json"
PAGE: Final = Path(__file__).parents[1] / "docs" / "evaluation.md"
MARKS: Final = ("<!-- summaries -->", "<!-- /summaries -->")
ALL: Final = "all"
HELD_OUT: Final = "held out"

Parts = Mapping[str, Score]


def of_summaries(cases: Sequence[Golden]) -> dict[str, Score]:
    """Score all conversations, and apart from them those the rules were not fitted to."""
    return {ALL: score(cases), HELD_OUT: score([one for one in cases if one.held_out])}


def committed(path: Path = BASELINE) -> dict[str, Any]:
    """The figures this evaluation is compared with; none before the first."""
    if not path.exists():
        return {}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def faults(parts: Parts, baseline: Mapping[str, Any]) -> list[str]:
    """Which gates are missed and what fell, each with the part it concerns."""
    before = baseline.get("summaries", {})
    return [
        f"{name}: {fault}"
        for name, part in parts.items()
        for fault in below(part.figures(), before.get(name, {}))
    ]


def keep(parts: Parts, *, baseline: Path = BASELINE, page: Path = PAGE) -> None:
    """Write the figures as those to compare with, and their table into the page."""
    figures = {name: part.figures() for name, part in parts.items()}
    kept = committed(baseline) | {"summaries": figures}
    baseline.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    text = page.read_text(encoding="utf-8")
    head, _, rest = text.partition(MARKS[0])
    _, _, tail = rest.partition(MARKS[1])
    page.write_text(f"{head}{MARKS[0]}\n{table(parts)}{MARKS[1]}{tail}", encoding="utf-8")


def table(parts: Parts) -> str:
    """The figures as Markdown, each beside its gate."""
    counts = ", ".join(f"{name} {part.conversations}" for name, part in parts.items())
    columns = {name: part.figures() for name, part in parts.items()}
    lines = [
        f"`{EXTRACTOR}`; conversations: {counts}.",
        "",
        f"| measure | {' | '.join(columns)} | gate |",
        f"|---|{'---:|' * len(columns)}---|",
    ]
    for name in next(iter(columns.values())):
        shown = " | ".join(_shown(name, one[name]) for one in columns.values())
        lines.append(f"| {name} | {shown} | {_gate(name)} |")
    return "\n".join(lines) + "\n"


def _shown(name: str, value: float) -> str:
    return f"{value:.0f}" if name == CLAIMS else f"{value:.2f}"


def _gate(name: str) -> str:
    if name == CLAIMS:
        return "0"
    return f"≥ {GATES[name]:.2f}" if name in GATES else ""
