"""Handoffs and intents hold their gates, and the scorers notice when they do not."""

from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pytest

from ai.contracts import Intent
from ai.traits.reading import Reading
from bot.policy import Policy
from evals import bot_report, handoff, intent, traits
from evals.bot_report import EVALUATIONS, report_of
from evals.report import ALL, HELD_OUT, committed

CONVERSATIONS, UTTERANCES = handoff.read(), intent.read()
READINGS = traits.read()


def test_there_are_enough_of_each() -> None:
    families: dict[str, int] = {}
    for one in CONVERSATIONS:
        families[one.family] = families.get(one.family, 0) + 1
    assert len(CONVERSATIONS) >= 261
    assert min(families.values()) == 20 and len(families) == 12
    assert len(UTTERANCES) >= 300
    assert len({one.text for one in UTTERANCES}) == len(UTTERANCES)
    held = sum(one.held_out for one in CONVERSATIONS)
    assert held == 104


@pytest.mark.parametrize("name", EVALUATIONS)
def test_the_gates_hold_and_nothing_is_worse_than_committed(name: str) -> None:
    report = report_of(name)
    assert report.faults(committed()) == [], report.parts[ALL].misses
    assert set(committed()[name]) == {ALL, HELD_OUT}


def test_a_bot_that_never_hands_over_is_noticed() -> None:
    never = Policy(handoff_at=100, offer_at=100, clarifications_max=100)
    found = handoff.score(CONVERSATIONS, never).figures()
    assert found["handoff F1 (k=1)"] < handoff.score(CONVERSATIONS).figures()["handoff F1 (k=1)"]
    assert any("F1" in one for one in handoff.faults(found, {"handoff F1 (k=1)": 0.98}))


def test_a_bot_that_always_hands_over_is_noticed() -> None:
    always = Policy(handoff_at=0)
    found = handoff.score(CONVERSATIONS, always).figures()
    assert found[handoff.FALSE_HANDOFFS] > 0.9
    assert any(handoff.FALSE_HANDOFFS in one for one in handoff.faults(found, {}))


def test_who_always_says_the_same_is_noticed() -> None:
    found = intent.score(UTTERANCES, lambda _text: "delivery").figures()
    assert intent.faults(found, {}) != []
    silent = intent.score(UTTERANCES, lambda _text: intent.ABSTAINS).figures()
    assert silent["precision of topics"] == 1.0
    assert silent["accuracy"] < 0.2


def test_who_reads_everybody_alike_is_noticed() -> None:
    furious = traits.score(READINGS, lambda _messages: Reading(sentiment="angry")).figures()
    assert (furious["anger recall"], furious["calm kept"]) == (1.0, 0.0)
    calm = traits.score(READINGS, lambda _messages: Reading())
    assert calm.figures()["anger recall"] == 0.0 and len(calm.misses) > 100
    missed = traits.faults(furious, {"topic": 1.0})
    assert any("calm kept" in one for one in missed) and any("fell" in one for one in missed)


def test_what_falls_is_noticed() -> None:
    figures: Mapping[str, float] = report_of("intent").figures()[ALL]
    assert intent.faults(figures, {"accuracy": 1.1}) == [
        f"accuracy fell from 1.10 to {figures['accuracy']:.2f}"
    ]


@pytest.mark.parametrize("text", ["x: y\n", "confidence: 0.5\ncases: ['d: what']\n"])
def test_a_bad_conversation_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.yaml").write_text(text)
    with pytest.raises((handoff.BadGolden, KeyError)):
        handoff.read(tmp_path)


def test_a_bad_utterance_is_named(tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_text("weather: [hot]\n")
    with pytest.raises(intent.BadGolden, match="odd"):
        intent.read(tmp_path)


def test_figures_are_kept_where_they_belong(tmp_path: Path) -> None:
    page, baseline = tmp_path / "page.md", tmp_path / "baseline.json"
    page.write_text("before\n<!-- intent -->\nold\n<!-- /intent -->\nafter\n")
    report = report_of("intent")
    bot_report.keep(report, baseline=baseline, page=page)
    text = page.read_text()
    assert text.startswith("before") and text.endswith("after\n") and "old" not in text
    assert report.table() in text
    assert committed(baseline)["intent"] == report.figures()
    assert len(get_args(Intent)) == 11
