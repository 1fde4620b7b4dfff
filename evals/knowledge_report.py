"""What the evaluation of knowledge found, as JSON to compare with and as a table to read."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ai.knowledge.embed import Embedder, HashingEmbedder
from ai.knowledge.index import space_of
from evals.knowledge import FALSE_SURE, FALSE_SURE_MOST, GATES, KnowledgeScore, below_gates
from evals.report import BASELINE, PAGE, committed

MARKS: Final = ("<!-- knowledge -->", "<!-- /knowledge -->")
Parts = Mapping[str, KnowledgeScore]


def figures_of(parts: Parts) -> dict[str, dict[str, float]]:
    return {name: part.figures() for name, part in parts.items()}


def faults(parts: Parts, baseline: Mapping[str, Any]) -> list[str]:
    """Which gates are missed and what fell, each with the part it concerns."""
    before = baseline.get("knowledge", {})
    return [
        f"{name}: {fault}"
        for name, figures in figures_of(parts).items()
        for fault in below_gates(figures, before.get(name, {}))
    ]


def keep(parts: Parts, *, baseline: Path = BASELINE, page: Path = PAGE) -> None:
    """Write the figures as those to compare with, and their table into the page."""
    kept = committed(baseline) | {"knowledge": figures_of(parts)}
    baseline.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    head, _, rest = page.read_text(encoding="utf-8").partition(MARKS[0])
    _, _, tail = rest.partition(MARKS[1])
    page.write_text(f"{head}{MARKS[0]}\n{table(parts)}{MARKS[1]}{tail}", encoding="utf-8")


def table(parts: Parts, embedder: Embedder | None = None) -> str:
    """The figures as Markdown, each beside its gate."""
    counts = ", ".join(f"{name} {part.questions}" for name, part in parts.items())
    columns = figures_of(parts)
    lines = [
        f"`{space_of(embedder or HashingEmbedder()).name}`; questions: {counts}.",
        "",
        f"| measure | {' | '.join(columns)} | gate |",
        f"|---|{'---:|' * len(columns)}---|",
    ]
    for name in next(iter(columns.values())):
        shown = " | ".join(f"{one[name]:.2f}" for one in columns.values())
        lines.append(f"| {name} | {shown} | {_gate(name)} |")
    return "\n".join(lines) + "\n"


def _gate(name: str) -> str:
    if name == FALSE_SURE:
        return f"≤ {FALSE_SURE_MOST:.2f}"
    return f"≥ {GATES[name]:.2f}" if name in GATES else ""
