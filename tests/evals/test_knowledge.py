"""The evaluation of knowledge: what it measures, and when it says no."""

import json
from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner

from evals import knowledge_report, report
from evals.golden import BadGolden
from evals.knowledge import (
    FALSE_SURE,
    FAMILIES,
    GATES,
    KnowledgeScore,
    KnowledgeSet,
    below_gates,
    read_knowledge,
    score_knowledge,
)
from launch.cli import app

CASES = read_knowledge()
ONE = "- {id: a, title: Socks, text: Warm socks are blue., near: [warm socks, socks], para: [x, y], typos: [soks, x]}"


def test_the_set_has_what_was_promised() -> None:
    inside = [one for one in CASES.asked if one.wanted is not None]
    outside = [one for one in CASES.asked if one.wanted is None]
    assert len(CASES.shelves) >= 40
    assert len(outside) == 80
    for shelf in CASES.shelves:
        own = [one.family for one in inside if one.wanted == shelf.id]
        assert sorted(own) == sorted(2 * FAMILIES)
    assert len({one.question for one in CASES.asked}) == len(CASES.asked)
    held_out = sum(one.held_out for one in CASES.asked)
    assert 0.35 < held_out / len(CASES.asked) < 0.5
    assert len({shelf.language for shelf in CASES.shelves}) >= 9


def test_a_right_answer_counts_where_it_stands_and_a_sure_wrong_one_is_told() -> None:
    shelves = CASES.shelves[:3]
    asked = [one for one in CASES.asked if one.wanted == shelves[0].id and one.family == "near"]
    stranger = next(one for one in CASES.asked if one.wanted is None)
    lost = type(stranger)("How long does delivery take?", "near", UUID(int=99), True, "lost")
    sure = type(stranger)("How long does delivery take?", stranger.family, None, False, "sure")
    cases = KnowledgeSet(shelves, (*asked, stranger, lost, sure))
    parts = score_knowledge(cases)
    figures = parts["all"].figures()
    assert figures["R@3 near"] == pytest.approx(2 / 3, abs=1e-4)
    assert figures[FALSE_SURE] == 0.5
    assert 0 < figures["out of domain AUC"] < 1
    assert [one.split(":")[0] for one in parts["all"].misses] == ["lost near", "sure"]
    assert parts["held out"].questions == sum(one.held_out for one in cases.asked)


def test_gates_and_falls_are_told_and_noise_is_not() -> None:
    good = dict.fromkeys(GATES, 1.0) | {FALSE_SURE: 0.0, "R@1": 0.70}
    assert below_gates(good, good) == []
    assert below_gates(good, {**good, "R@1": 0.715}) == []
    assert below_gates(good, {**good, "R@1": 0.8}) == ["R@1 fell from 0.80 to 0.70"]
    assert below_gates({**good, FALSE_SURE: 0.2}, {})[0].startswith("sure of nothing is 0.20")
    assert below_gates({**good, "R@3 para": 0.1}, {})[0].startswith("R@3 para is 0.10")


def test_of_nothing_every_figure_can_be_told() -> None:
    assert set(KnowledgeScore().figures()) > set(GATES)


def test_figures_are_kept_beside_those_of_others(tmp_path: Path) -> None:
    baseline, page = tmp_path / "baseline.json", tmp_path / "page.md"
    baseline.write_text('{"summaries": {}}')
    page.write_text("a\n<!-- knowledge -->\nold\n<!-- /knowledge -->\nb\n")
    parts = {"all": KnowledgeScore()}
    knowledge_report.keep(parts, baseline=baseline, page=page)
    assert set(json.loads(baseline.read_text())) == {"summaries", "knowledge"}
    assert page.read_text().startswith("a\n<!-- knowledge -->\n`kb.hashing-v")
    assert page.read_text().endswith("<!-- /knowledge -->\nb\n")
    assert "old" not in page.read_text()


def test_the_page_shows_the_committed_figures() -> None:
    marks = knowledge_report.MARKS
    table = report.PAGE.read_text().partition(marks[0])[2].partition(marks[1])[0]
    for name, value in report.committed()["knowledge"]["all"].items():
        row = next(line for line in table.splitlines() if line.startswith(f"| {name} |"))
        assert f"{value:.2f}" in row


def test_the_command_holds_the_golden_set_against_gates_and_baseline() -> None:
    done = CliRunner().invoke(app, ["eval", "knowledge", "--json"])
    assert (done.exit_code, json.loads(done.output)["faults"]) == (0, [])


def test_the_command_shows_another_set_and_names_what_is_missed(tmp_path: Path) -> None:
    (tmp_path / "en.yaml").write_text(ONE)
    done = CliRunner().invoke(app, ["eval", "knowledge", "--folder", str(tmp_path), "--misses"])
    assert done.exit_code == 0
    assert "| R@3 near | 1.00 | 1.00 |" in done.output


def test_a_set_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "en.yaml").write_text("- {id: a, title: b}")
    with pytest.raises(BadGolden, match=r"en\.yaml"):
        read_knowledge(tmp_path)
