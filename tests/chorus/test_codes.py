"""The range of a close code is the reconnect policy; a nack code has one rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorus.codes import (
    CLOSE_MEANING,
    NACK_RULES,
    CloseCode,
    NackCode,
    Reconnect,
    reconnect_policy,
)


@given(st.integers(4000, 4099))
def test_4000_to_4099_stop(code: int) -> None:
    assert reconnect_policy(code) is Reconnect.STOP


@given(st.integers(4100, 4199))
def test_4100_to_4199_back_off(code: int) -> None:
    assert reconnect_policy(code) is Reconnect.BACKOFF


@given(st.integers(4200, 4299))
def test_4200_to_4299_reconnect_now(code: int) -> None:
    assert reconnect_policy(code) is Reconnect.SPREAD


@given(st.integers(4300, 4399))
def test_4300_to_4399_get_a_new_credential(code: int) -> None:
    assert reconnect_policy(code) is Reconnect.REFRESH


@pytest.mark.parametrize(
    ("code", "policy"),
    [
        (1000, Reconnect.STOP),
        (1001, Reconnect.BACKOFF),
        (1003, Reconnect.STOP),
        (1006, Reconnect.BACKOFF),
        (1007, Reconnect.STOP),
        (1008, Reconnect.STOP),
        (1009, Reconnect.DROP_MESSAGE),
        (1011, Reconnect.BACKOFF),
        (1012, Reconnect.BACKOFF),
        (1013, Reconnect.BACKOFF_DOUBLE),
    ],
)
def test_standard_codes_have_their_own_rule(code: int, policy: Reconnect) -> None:
    assert reconnect_policy(code) is policy


@given(st.integers(0, 2**31).filter(lambda code: code not in range(1000, 4400)))
def test_an_unknown_code_backs_off(code: int) -> None:
    assert reconnect_policy(code) is Reconnect.BACKOFF


def test_every_close_code_says_what_it_means() -> None:
    assert set(CLOSE_MEANING) == set(CloseCode)


def test_a_close_reason_fits_into_a_close_frame() -> None:
    assert all(len(meaning.encode()) <= 123 for meaning in CLOSE_MEANING.values())


def test_every_nack_code_has_a_rule_with_a_sentence() -> None:
    assert set(NACK_RULES) == set(NackCode)
    assert all(rule.reason.endswith(".") for rule in NACK_RULES.values())


def test_what_may_be_stored_may_be_sent_again() -> None:
    assert all(rule.retryable for rule in NACK_RULES.values() if rule.ambiguous)


def test_an_outage_is_no_abuse() -> None:
    counting = {code for code, rule in NACK_RULES.items() if rule.counts_as_abuse}
    assert counting == {
        NackCode.BAD_FRAME,
        NackCode.UNKNOWN_EVENT,
        NackCode.TOO_LARGE,
        NackCode.INVALID,
        NackCode.FORBIDDEN,
        NackCode.NOT_FOUND,
        NackCode.RATE_LIMITED,
    }
