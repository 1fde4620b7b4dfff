"""Holding figures against their gates and against what was reached before."""

from collections.abc import Collection, Mapping
from typing import Final

TOLERANCE: Final = 0.02
"""So much may fall without being worse."""

Figures = Mapping[str, float]


def missed(figures: Figures, gates: Figures) -> list[str]:
    """The gates that these figures miss, a sentence each."""
    return [
        f"{name} is {figures[name]:.2f}, at least {least:.2f} is wanted"
        for name, least in gates.items()
        if figures[name] < least
    ]


def exceeded(figures: Figures, gates: Figures) -> list[str]:
    """The gates of what should be rare that these figures miss, a sentence each."""
    return [
        f"{name} is {figures[name]:.2f}, at most {most:.2f}"
        for name, most in gates.items()
        if figures[name] > most
    ]


def fallen(figures: Figures, baseline: Figures, *, apart_from: Collection[str] = ()) -> list[str]:
    """What was better before, a sentence each; `apart_from`: where less is better."""
    return [
        f"{name} fell from {before:.2f} to {figures.get(name, 0.0):.2f}"
        for name, before in baseline.items()
        if name not in apart_from and figures.get(name, 0.0) < before - TOLERANCE
    ]


def risen(figures: Figures, baseline: Figures, names: Collection[str]) -> list[str]:
    """What should be rare and was rarer before, a sentence each."""
    return [
        f"{name} rose from {baseline[name]:.2f} to {figures[name]:.2f}"
        for name in names
        if name in baseline and figures[name] > baseline[name] + TOLERANCE
    ]
