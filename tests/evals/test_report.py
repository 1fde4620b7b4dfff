"""What `chorus eval` writes and prints."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evals import report
from evals.golden import read_summaries
from evals.summaries import Score, score
from launch.cli import app

CASES = read_summaries()[:8]


def test_figures_are_kept_beside_what_stood_there(tmp_path: Path) -> None:
    baseline, page = tmp_path / "baseline.json", tmp_path / "page.md"
    baseline.write_text('{"bot": {"f1": 1.0}}')
    page.write_text("# Before\n<!-- summaries -->\nold\n<!-- /summaries -->\nafter\n")
    parts = {"all": score(CASES)}
    report.keep(parts, baseline=baseline, page=page)
    kept = json.loads(baseline.read_text())
    assert kept["bot"] == {"f1": 1.0}
    assert kept["summaries"]["all"] == parts["all"].figures()
    written = page.read_text()
    assert "old" not in written
    assert written.startswith("# Before\n<!-- summaries -->\n`extractive-")
    assert written.endswith("<!-- /summaries -->\nafter\n")
    assert report.faults(parts, report.committed(baseline)) == []


def test_before_the_first_evaluation_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    assert report.committed(tmp_path / "none.json") == {}


def test_a_fault_names_its_part() -> None:
    worse = {"summaries": {"all": {"status": 2.0}}}
    assert report.faults({"all": Score()}, worse) == ["all: status fell from 2.00 to 1.00"]


def test_the_page_shows_the_committed_figures() -> None:
    table = report.PAGE.read_text().partition(report.MARKS[0])[2].partition(report.MARKS[1])[0]
    for name, value in report.committed()["summaries"]["all"].items():
        row = next(line for line in table.splitlines() if line.startswith(f"| {name} |"))
        assert f"{value:.2f}" in row or f" {value:.0f} " in row


BAD = "- {id: x, family: y, turns: 'c: My lamp is broken.', want: {issue: [], facts: ['order:1'], tried: [], open: [], status: open}}"


@pytest.mark.parametrize(
    ("golden", "status", "said"),
    [(BAD, 1, "fact recall is 0.00"), ("- {id: x, family: y}", 2, "en.yaml: x")],
)
def test_the_command_fails_when_a_gate_is_missed(
    tmp_path: Path, golden: str, status: int, said: str
) -> None:
    (tmp_path / "en.yaml").write_text(golden)
    done = CliRunner().invoke(app, ["eval", "summaries", "--folder", str(tmp_path), "--misses"])
    if status == 2:
        assert said in str(done.exception)
        return
    assert done.exit_code == status
    assert said in done.output
    assert "x status: ['waiting_us'] instead of ['open']" in done.output


def test_the_command_prints_json_for_programs() -> None:
    done = CliRunner().invoke(app, ["eval", "summaries", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["faults"] == []


def test_figures_are_kept_only_beside_their_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "PAGE", tmp_path / "gone.md")
    done = CliRunner().invoke(app, ["eval", "summaries", "--keep"])
    assert "source folder" in str(done.exception)
