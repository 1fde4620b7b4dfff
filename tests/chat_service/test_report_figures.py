"""Days of a report, shares, and targets."""

from datetime import UTC, date, datetime, timedelta

import pytest

from chat_service.report_figures import Spread, Sums, Targets, judged, read_span, share
from chorus.errors import BadRequest

NOW = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)
TARGETS = Targets(success_rate_min=0.95, handle_time_p90_s_max=900, csat_mean_min=4.5)


def test_the_last_thirty_days_end_with_today_where_the_reader_is() -> None:
    span = read_span(None, None, "Europe/Vienna", now=NOW)
    assert (span.first, span.last) == (date(2026, 3, 3), date(2026, 4, 1))
    assert len(span.days) == 30


def test_a_day_has_as_many_hours_as_its_clocks_show() -> None:
    span = read_span(date(2026, 3, 28), date(2026, 3, 30), "Europe/Vienna", now=NOW)
    ends = [*span.starts[1:], span.until]
    hours = [
        (end - start) // timedelta(hours=1) for start, end in zip(span.starts, ends, strict=True)
    ]
    assert hours == [24, 23, 24]
    assert span.starts[0] == datetime(2026, 3, 27, 23, tzinfo=UTC)


def test_ninety_two_days_are_the_most() -> None:
    last = date(2026, 3, 31)
    assert len(read_span(last - timedelta(days=91), last, "UTC", now=NOW).days) == 92
    with pytest.raises(BadRequest, match="at most 92 days"):
        read_span(last - timedelta(days=92), last, "UTC", now=NOW)


@pytest.mark.parametrize(
    ("first", "last", "zone"),
    [
        (date(2026, 3, 2), date(2026, 3, 1), "UTC"),
        (date(1, 1, 1), date(1, 1, 2), "UTC"),
        (date(9999, 12, 31), date(9999, 12, 31), "UTC"),
        (None, None, "Mars/Olympus"),
        (None, None, "../etc/passwd"),
        (None, None, ""),
    ],
)
def test_days_that_cannot_be_are_refused(first: date | None, last: date | None, zone: str) -> None:
    with pytest.raises(BadRequest):
        read_span(first, last, zone, now=NOW)


def test_nothing_has_no_share() -> None:
    nothing = Sums()
    assert (nothing.success_rate, nothing.abandon_rate, nothing.service_level) == (None, None, None)
    assert (share(0, 0), share(1, 3), share(3, 3)) == (None, 0.3333, 1.0)


def test_shares_are_of_those_who_asked() -> None:
    sums = Sums(requested=20, accepted=19, abandoned=1, due=10, in_time=9, cancelled=5)
    assert (sums.success_rate, sums.abandon_rate, sums.service_level) == (0.95, 0.05, 0.9)


def test_a_target_is_met_missed_or_not_measured() -> None:
    met = Sums(requested=20, accepted=19, rating_mean=4.5, handle=Spread(300, 900))
    missed = Sums(requested=20, accepted=18, rating_mean=4.4, handle=Spread(300, 901))
    assert [one.met for one in judged(met, TARGETS)] == [True, True, True]
    assert [one.met for one in judged(missed, TARGETS)] == [False, False, False]
    assert [one.met for one in judged(Sums(), TARGETS)] == [None, None, None]


def test_a_wish_that_is_still_open_is_neither_success_nor_failure() -> None:
    assert Sums(requested=10, accepted=6, waiting=3, deferred=4).success_rate == 0.8571
    assert Sums(requested=2, waiting=2, deferred=2).success_rate is None
