"""A simulated day: what holds whatever the dice say. The figures of its table are not pinned."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_service.routing import Policy
from load.simulate_day import HEAD, SHIFT_H, Day, Outcome, gini, table


def assert_everybody_is_served(day: Outcome) -> None:
    assert day.over_capacity == 0
    assert day.unended == 0
    assert day.unanswered == 0, "who did not leave was answered"
    assert day.recorded == day.transitions
    assert len(day.waits_s) + day.abandoned + day.deferred == day.asked
    assert day.overdue == 0, "nobody stays in a line for longer than it allows"


@pytest.mark.parametrize("policy", list(Policy))
@pytest.mark.parametrize("seed", [1, 2])
def test_nobody_is_lost_in_a_busy_day(policy: Policy, seed: int) -> None:
    assert_everybody_is_served(Day(policy, seed=seed, agents=10, escalations=500).run())


@pytest.mark.parametrize("policy", list(Policy))
def test_nobody_is_lost_when_far_too_few_agents_serve(policy: Policy) -> None:
    day = Day(policy, agents=4, escalations=300).run()
    assert_everybody_is_served(day)
    assert day.abandoned > 0
    assert day.deferred > 0


@pytest.mark.long
def test_nobody_is_lost_in_the_whole_day() -> None:
    day = Day(Policy.LONGEST_IDLE).run()
    assert (day.asked, len(day.handled)) == (2_000, 35)
    assert_everybody_is_served(day)


def test_the_same_seed_gives_the_same_day() -> None:
    first, second = (Day(Policy.LEAST_LOADED, agents=6, escalations=100).run() for _ in range(2))
    assert first == second
    other = Day(Policy.LEAST_LOADED, seed=2, agents=6, escalations=100).run()
    assert other.waits_s != first.waits_s


def test_the_table_has_a_row_for_each_policy() -> None:
    outcomes = [Day(policy, agents=6, escalations=60).run() for policy in Policy]
    lines = table(outcomes).splitlines()
    assert "\n".join(lines[:2]) == HEAD
    assert [line.split(" | ")[0] for line in lines[2:]] == [f"| {policy}" for policy in Policy]
    assert {line.count("|") for line in lines} == {10}


def test_inequality_is_nothing_among_equals_and_grows_towards_one() -> None:
    assert gini([5, 5, 5]) == pytest.approx(0)
    assert gini([]) == gini([0, 0]) == 0
    assert gini([0] * 99 + [1]) == pytest.approx(0.99)


@given(st.lists(st.integers(0, 100), min_size=1))
def test_inequality_lies_between_nothing_and_one(amounts: list[int]) -> None:
    assert -1e-9 <= gini(amounts) < 1


def test_a_shift_ends_before_midnight() -> None:
    day = Day(Policy.MANUAL, agents=6, escalations=0)
    assert all(desk.shift_h + SHIFT_H <= 24 for desk in day.desks.values())
