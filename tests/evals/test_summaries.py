"""The golden conversations hold their gates, and the scorer notices when they do not."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from ai.contracts import ConversationSummary, Fact, Msg
from ai.extract.summary import full
from evals.golden import SUMMARIES, BadGolden, Golden, read_summaries
from evals.summaries import CLAIMS, GATES, Score, below, score

CASES = read_summaries()
HELD_OUT = [one for one in CASES if one.held_out]


def test_there_are_enough_conversations_in_enough_languages() -> None:
    assert len(CASES) >= 60
    assert len({one.id for one in CASES}) == len(CASES)
    assert {one.language for one in CASES} >= {"en", "de", "fr", "es", "it", "pt", "pl", "ar", "ja"}
    assert len(HELD_OUT) >= 0.2 * len(CASES)


@pytest.mark.parametrize("cases", [CASES, HELD_OUT], ids=["all", "held out"])
def test_the_gates_hold(cases: list[Golden]) -> None:
    found = score(cases)
    assert below(found.figures(), {}) == [], found.misses


def test_nothing_is_worse_than_what_was_committed() -> None:
    committed = json.loads((SUMMARIES.parent.parent / "baseline.json").read_text())
    assert below(score(CASES).figures(), committed["summaries"]["all"]) == []
    assert below(score(HELD_OUT).figures(), committed["summaries"]["held out"]) == []


def silent(_messages: Iterable[Msg]) -> ConversationSummary:
    return ConversationSummary()


def inventive(messages: Iterable[Msg]) -> ConversationSummary:
    told = list(messages)
    found = full(told)
    if not told:
        return found
    made_up = Fact(
        kind="amount",
        value="€1,000,000",
        source="customer",
        message_ids=(told[0].id,),
        seqs=(told[0].seq,),
    )
    return found.model_copy(update={"facts": (*found.facts, made_up)})


def test_who_says_nothing_misses_every_gate_but_precision() -> None:
    faults = below(score(CASES, silent).figures(), {})
    assert len(faults) == len(GATES) - 1
    assert not any(one.startswith("fact precision") for one in faults)


def test_who_makes_something_up_is_caught_twice() -> None:
    result = score(CASES, inventive)
    faults = below(result.figures(), {})
    assert any(one.startswith("fact precision") for one in faults)
    assert any("stand in no message" in one for one in faults)
    assert result.figures()[CLAIMS] >= len(CASES) - 1


def test_a_figure_that_falls_is_named() -> None:
    figures = score(CASES).figures()
    before = figures | {"intent": figures["intent"] + 0.05}
    assert [one.split(" fell")[0] for one in below(figures, before)] == ["intent"]


def test_without_conversations_nothing_is_wrong() -> None:
    assert below(Score().figures(), {}) == []


def test_a_conversation_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "en.yaml").write_text("- id: odd\n  family: x\n  turns: 'z: hm'\n  want: {}\n")
    with pytest.raises(BadGolden, match=r"en\.yaml: odd"):
        read_summaries(tmp_path)
