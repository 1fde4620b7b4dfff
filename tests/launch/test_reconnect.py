"""The close code decides when the next socket comes, and whether one does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorus.codes import CloseCode, Reconnect, reconnect_policy
from launch.reconnect import (
    HEALTHY_S,
    LEAST_S,
    LONGEST_S,
    SPREAD_S,
    Ended,
    Next,
    Reconnecting,
    backoff_s,
)


def steady() -> Reconnecting:
    """Jitter at its end, so that delays are their ceilings."""
    return Reconnecting(lambda: 1.0)


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_the_back_off_lies_under_a_doubling_ceiling(attempt: int, chance: float) -> None:
    ceiling_s = min(20.0, 0.5 * 2.0 ** min(attempt, 40)) + 0.1
    assert LEAST_S <= backoff_s(attempt, lambda: chance) <= ceiling_s


def test_failures_in_a_row_wait_longer_and_a_healthy_socket_forgets_them() -> None:
    after = steady()
    delays = [after.after(Ended(1006)).delay_s for _ in range(8)]
    assert delays[:3] == [0.6, 1.1, 2.1]
    assert delays[-1] == LONGEST_S + LEAST_S
    assert after.after(Ended(1006, ready_s=HEALTHY_S - 1)).delay_s == delays[-1]
    assert after.after(Ended(1006, ready_s=HEALTHY_S)).delay_s == 0.6


@pytest.mark.parametrize("code", list(CloseCode))
def test_every_code_does_what_its_range_says(code: CloseCode) -> None:
    after = steady().after(Ended(code))
    policy = reconnect_policy(code)
    assert after.stop == (policy is Reconnect.STOP)
    assert after.refresh == (policy is Reconnect.REFRESH)
    if policy is Reconnect.SPREAD:
        assert after == Next(SPREAD_S)


def test_a_refused_new_token_is_not_tried_a_third_time() -> None:
    after = steady()
    assert after.after(Ended(4301)).refresh
    assert after.after(Ended(4301)).stop


def test_a_socket_that_got_ready_proves_the_token() -> None:
    after = steady()
    assert after.after(Ended(4301)).refresh
    assert after.after(Ended(4301, ready_s=1.0)).refresh


def test_an_expired_token_is_renewed_without_a_wait() -> None:
    assert steady().after(Ended(4300, ready_s=900)) == Next(0, refresh=True)


def test_busy_servers_are_given_twice_the_time() -> None:
    assert steady().after(Ended(1013)).delay_s == 2 * steady().after(Ended(1006)).delay_s


def test_a_frame_too_big_is_dropped() -> None:
    assert steady().after(Ended(1009)).drop_largest


@pytest.mark.parametrize(
    ("reason", "least_s"),
    [
        ('{"retry_after": 7}', 7.0),
        ('{"retry_after_ms": 7500}', 7.5),
        ('{"retry_after": "soon"}', 0.6),
        ("{}", 0.6),
        ("[7]", 0.6),
        ("overloaded", 0.6),
        ("", 0.6),
    ],
)
def test_a_wait_in_the_reason_is_kept(reason: str, least_s: float) -> None:
    assert steady().after(Ended(4100, reason)).delay_s == least_s


def test_an_answer_in_http_decides_too() -> None:
    assert steady().refused(403, 0).stop
    assert steady().refused(503, 30) == Next(30)
    assert steady().refused(429, 0) == Next(0.6)
    assert steady().unreachable() == Next(0.6)
