"""How measured figures are held against budgets. Nothing is measured here."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from load.bench_budgets import BENCHES
from load.budgets import CPU, SLO, Figure, allowed, budgets_of, faults, is_worth_again, standing
from load.hold import Bench, exit_code, hold, report

ROW = "first sentence"
TABLE = {ROW: {"p95_ms_max": 1_000, "cpu_ms_max": 100, "by_model_min": 19}}
WITHIN: dict[str, float] = {"p95_ms": 1_000, CPU: 100, "by_model": 19}
LATE: dict[str, float] = {"p95_ms": 1_001}
DEAR: dict[str, float] = {CPU: 1_000}
BY_RULES: dict[str, float] = {"by_model": 18}


def figure(changed: dict[str, float] | None = None, name: str = ROW) -> Figure:
    return Figure(name, WITHIN | (changed or {}))


def bench_that_measures(*runs: Sequence[Figure]) -> Bench:
    """Each time it runs the next; all that the bot's table asks for."""
    turns = iter(runs)
    others = [Figure(name, {}) for name in budgets_of("bot") if name != ROW]
    return Bench("bot", lambda: [*next(turns), *others])


def test_what_is_just_at_its_budget_is_within() -> None:
    assert faults([figure()], TABLE) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (LATE, "1,001 ms at p95, at most 1,000 ms at p95 is wanted"),
        (DEAR, "1,000 ms of CPU each, at most 100 ms of CPU each is wanted"),
        (BY_RULES, "18 by the model, at least 19 by the model is wanted"),
    ],
)
def test_what_is_over_is_said_in_words(changed: dict[str, float], words: str) -> None:
    (fault,) = faults([figure(changed)], TABLE)
    assert str(fault) == f"{ROW}: {words}"


@pytest.mark.parametrize("measure", [*WITHIN])
def test_what_is_no_number_is_over(measure: str) -> None:
    assert [one.measure for one in faults([figure({measure: math.nan})], TABLE)] == [measure]


@pytest.mark.parametrize("left_out", [*WITHIN])
def test_what_was_not_measured_is_over_and_no_machine_is_to_blame(left_out: str) -> None:
    some = {name: value for name, value in WITHIN.items() if name != left_out}
    (fault,) = faults([Figure(ROW, some)], TABLE)
    assert (fault.measure, fault.may_be_the_machine) == (left_out, False)
    assert fault.words.startswith("not measured, ")


def test_a_figure_without_a_budget_needs_a_reason() -> None:
    unknown = figure(name="second sentence")
    (fault,) = faults([figure(), unknown], TABLE)
    assert str(fault) == "second sentence: has no budget and no reason for having none"
    explained = TABLE | {"second sentence": {"none_because": "nobody waits for it"}}
    assert faults([figure(), unknown], explained) == []
    assert allowed(explained["second sentence"]) == "none: nobody waits for it"


def test_a_row_of_which_nothing_was_measured_is_a_fault() -> None:
    (fault,) = faults([], TABLE)
    assert str(fault) == f"{ROW}: was not measured"
    assert not fault.may_be_the_machine


def test_several_figures_may_be_under_one_row() -> None:
    found = faults([Figure("a", WITHIN, ROW), Figure("b", WITHIN | LATE, ROW)], TABLE)
    assert [one.figure for one in found] == ["b"]


@pytest.mark.parametrize("over", [LATE, BY_RULES, LATE | BY_RULES])
def test_only_what_cost_no_more_cpu_than_it_may_can_be_the_machine(over: dict[str, float]) -> None:
    assert is_worth_again(faults([figure(over)], TABLE))
    assert not is_worth_again(faults([figure(over | DEAR)], TABLE))
    no_cpu = {ROW: {name: most for name, most in TABLE[ROW].items() if name != f"{CPU}_max"}}
    assert not is_worth_again(faults([figure(over)], no_cpu))
    both = [figure(over), Figure("another", WITHIN | DEAR, ROW)]
    assert not is_worth_again(faults(both, TABLE))


def test_nothing_over_is_not_measured_again() -> None:
    assert not is_worth_again([])


def test_a_time_stands_when_it_was_over_twice_and_cpu_when_it_was_once() -> None:
    late, dear, by_rules = (faults([figure(one)], TABLE) for one in (LATE, DEAR, BY_RULES))
    assert standing(late, late) == late
    assert standing(late, by_rules) == by_rules
    assert standing(late, []) == []
    assert standing(late, dear) == dear
    another = [Figure("another", WITHIN | LATE, ROW)]
    assert standing(late, faults(another, TABLE)) == []
    missing = faults([], TABLE)
    assert standing(late, missing) == missing


def test_a_bench_over_its_budget_fails_after_it_was_so_twice() -> None:
    held = hold([bench_that_measures([figure(LATE)], [figure({"p95_ms": 1_002})])])
    assert exit_code(held) == 1
    told = report(held)
    assert "Once again: " in told
    assert "  - **over budget**: first sentence: 1,002 ms at p95" in told
    assert "; twice, and its CPU is within budget" in told
    assert told.count("**over** |") == 1


def test_a_bench_that_is_within_its_budget_at_the_second_time_passes_and_says_so() -> None:
    held = hold([bench_that_measures([figure(LATE)], [figure()])])
    assert exit_code(held) == 0
    assert "Once again: " in report(held)
    said = "  - over in one run of two, with its CPU within budget: first sentence: 1,001 ms at p95"
    assert said in report(held)
    assert "**over" not in report(held)


def test_a_bench_whose_cpu_is_over_is_not_run_again() -> None:
    held = hold([bench_that_measures([figure(LATE | DEAR)])])
    assert exit_code(held) == 1
    assert len(held[0].runs) == 1
    assert "twice" not in report(held)


def test_a_bench_that_breaks_fails_and_stops_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    def breaks() -> list[Figure]:
        raise TimeoutError("nobody answers")

    held = hold([Bench("refine", breaks), bench_that_measures([figure()])])
    assert [bool(one.faults) for one in held] == [True, False]
    assert exit_code(held) == 1
    assert "all of it: not measured: TimeoutError: nobody answers" in report(held)
    assert "Traceback" in capsys.readouterr().err


def test_every_bench_has_a_table_and_every_table_a_bench() -> None:
    assert BENCHES.keys() == json.loads(SLO.read_text())["budgets"].keys()
    for name in BENCHES:
        assert budgets_of(name)


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"p95_ms_most": 1},
        {"p99_ms_max": 1},
        {"p95_ms_max": 1, "none_because": "it is late"},
    ],
)
def test_a_row_that_is_neither_limits_nor_a_reason_is_refused(
    tmp_path: Path, row: dict[str, float | str]
) -> None:
    slo = tmp_path / "slo.json"
    slo.write_text(json.dumps({"budgets": {"bot": {ROW: row}}}))
    with pytest.raises(ValueError, match="limit"):
        budgets_of("bot", slo)
