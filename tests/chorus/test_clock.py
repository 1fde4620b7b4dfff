"""How time is spelled on the wire."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from chorus.clock import SystemClock, rfc3339, rfc3339_ms, unix_ms


def test_a_time_is_spelled_in_utc_with_milliseconds() -> None:
    istanbul = timezone(timedelta(hours=3))
    at = datetime(2026, 11, 20, 12, 30, 0, 123_999, tzinfo=istanbul)
    assert rfc3339(at) == "2026-11-20T09:30:00.123Z"


def test_a_whole_second_keeps_its_zeros() -> None:
    assert rfc3339(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000Z"


@given(st.integers(0, 4_102_444_800))
def test_milliseconds_and_text_name_the_same_instant(at_s: int) -> None:
    spelled = rfc3339_ms(at_s * 1000)
    assert unix_ms(datetime.fromisoformat(spelled)) == at_s * 1000


def test_the_clock_of_this_machine_knows_its_zone_and_never_runs_back() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() <= clock.monotonic()
