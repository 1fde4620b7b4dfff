"""Business hours, also where the clock is put forward and back."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_service.hours import DAYS, HORIZON_DAYS, Hours, is_open, next_open, read_hours
from chorus.errors import BadRequest
from tests.support.examples import examples

OFFICE = {day: [["08:00", "12:00"], ["13:00", "17:00"]] for day in DAYS[:5]}
ALL_DAY = {day: [["00:00", "24:00"]] for day in DAYS}
MINUTE = timedelta(minutes=1)


def hours(
    week: Any, *, timezone: str = "Europe/Vienna", holidays: dict[str, Any] | None = None
) -> Hours:
    read = read_hours({"timezone": timezone, "week": week, "holidays": holidays or {}})
    assert read is not None
    return read


def vienna(text: str, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Vienna"), fold=fold)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-02T07:59:59", False),
        ("2026-03-02T08:00:00", True),
        ("2026-03-02T11:59:59", True),
        ("2026-03-02T12:00:00", False),
        ("2026-03-02T13:00:00", True),
        ("2026-03-02T17:00:00", False),
        ("2026-03-07T10:00:00", False),
    ],
)
def test_a_day_has_several_intervals_with_open_ends(at: str, expected: bool) -> None:
    assert hours(OFFICE).is_open(vienna(at)) == expected


def test_the_time_zone_decides_and_not_the_one_of_the_caller() -> None:
    assert hours(OFFICE).is_open(utc("2026-03-02T07:00:00"))
    assert not hours(OFFICE, timezone="America/New_York").is_open(utc("2026-03-02T07:00:00"))


def test_an_interval_over_midnight_belongs_to_the_day_it_starts_on() -> None:
    night = hours({"fri": [["22:00", "02:00"]]})
    assert night.is_open(vienna("2026-03-06T22:00:00"))
    assert night.is_open(vienna("2026-03-07T01:59:59"))
    assert not night.is_open(vienna("2026-03-07T02:00:00"))
    assert not night.is_open(vienna("2026-03-06T01:00:00"))
    saturday_closed = hours({"fri": [["22:00", "02:00"]]}, holidays={"2026-03-07": []})
    assert saturday_closed.is_open(vienna("2026-03-07T01:00:00"))
    friday_closed = hours({"fri": [["22:00", "02:00"]]}, holidays={"2026-03-06": []})
    assert not friday_closed.is_open(vienna("2026-03-07T01:00:00"))


def test_a_holiday_replaces_the_hours_of_its_date() -> None:
    special = hours(
        OFFICE, holidays={"2026-12-24": [["09:00", "11:00"]], "2026-12-25": [], "2026-12-26": []}
    )
    assert not special.is_open(vienna("2026-12-24T08:30:00"))
    assert special.is_open(vienna("2026-12-24T10:59:00"))
    assert special.next_open(vienna("2026-12-24T11:00:00")) == vienna("2026-12-28T08:00:00")


def test_next_open_is_now_while_open_and_else_the_next_start() -> None:
    office = hours(OFFICE)
    now = vienna("2026-03-02T09:30:00")
    assert office.next_open(now) == now
    assert office.next_open(vienna("2026-03-02T12:00:00")) == vienna("2026-03-02T13:00:00")
    assert office.next_open(vienna("2026-03-06T17:00:00")) == vienna("2026-03-09T08:00:00")


def test_a_far_holiday_opening_is_found_and_none_beyond_the_horizon() -> None:
    once = hours({}, holidays={"2026-12-24": [["09:00", "11:00"]]})
    assert once.next_open(vienna("2026-01-02T00:00:00")) == vienna("2026-12-24T09:00:00")
    assert once.next_open(vienna("2026-12-24T11:00:00")) is None
    assert hours({}).next_open(vienna("2026-01-02T00:00:00")) is None


def test_a_queue_without_hours_is_always_open() -> None:
    now = vienna("2026-03-01T03:00:00")
    assert read_hours(None) is None
    assert is_open(None, now)
    assert next_open(None, now) == now
    assert not is_open(hours(OFFICE), now)
    assert next_open(hours(OFFICE), now) == vienna("2026-03-02T08:00:00")


def test_an_opening_inside_the_skipped_hour_is_when_the_hour_is_over() -> None:
    # Vienna, 29 March 2026: 02:00 is followed by 03:00.
    early = hours({"sun": [["02:30", "04:00"]]})
    opened = early.next_open(vienna("2026-03-29T01:00:00"))
    assert opened == utc("2026-03-29T01:00:00")
    assert early.is_open(vienna("2026-03-29T03:10:00"))
    skipped = hours({"sun": [["02:15", "02:45"]]})
    assert skipped.next_open(vienna("2026-03-29T00:00:00")) == vienna("2026-04-05T02:15:00")


def test_the_hour_that_comes_twice_is_open_twice() -> None:
    # Vienna, 25 October 2026: 03:00 is followed by 02:00.
    night = hours({"sun": [["02:15", "02:45"]]})
    for fold in (0, 1):
        assert not night.is_open(vienna("2026-10-25T02:10:00", fold=fold))
        assert night.is_open(vienna("2026-10-25T02:15:00", fold=fold))
        assert not night.is_open(vienna("2026-10-25T02:45:00", fold=fold))
    again = night.next_open(vienna("2026-10-25T02:50:00", fold=0))
    assert again == utc("2026-10-25T01:15:00")


def test_setting_the_clock_back_may_open_again() -> None:
    until_half_past = hours({"sun": [["01:00", "02:30"]]})
    again = until_half_past.next_open(vienna("2026-10-25T02:40:00", fold=0))
    assert again == utc("2026-10-25T01:00:00")


def test_a_zone_that_changes_at_midnight_opens_when_the_day_begins() -> None:
    # Santiago, 6 September 2026: 00:00 is followed by 01:00.
    chile = hours(ALL_DAY, timezone="America/Santiago", holidays={"2026-09-05": []})
    assert chile.next_open(utc("2026-09-05T12:00:00")) == utc("2026-09-06T04:00:00")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ([], "hours"),
        ({}, "hours.timezone"),
        ({"timezone": 5}, "hours.timezone"),
        ({"timezone": "Mars/Olympus"}, "hours.timezone"),
        ({"timezone": "../../etc/passwd"}, "hours.timezone"),
        ({"timezone": "Europe"}, "hours.timezone"),
        ({"timezone": "x" * 5_000}, "hours.timezone"),
        ({"timezone": "UTC", "weeks": {}}, "hours.weeks"),
        ({"timezone": "UTC", "week": []}, "hours.week"),
        ({"timezone": "UTC", "week": {"monday": []}}, "hours.week.monday"),
        ({"timezone": "UTC", "week": {"mon": {}}}, "hours.week.mon"),
        ({"timezone": "UTC", "week": {"mon": [["08:00", "09:00"]] * 25}}, "hours.week.mon"),
        ({"timezone": "UTC", "week": {"mon": ["08:00"]}}, "hours.week.mon[0]"),
        ({"timezone": "UTC", "week": {"mon": [["08:00"]]}}, "hours.week.mon[0]"),
        ({"timezone": "UTC", "week": {"mon": [["8:00", "09:00"]]}}, "hours.week.mon[0][0]"),
        ({"timezone": "UTC", "week": {"mon": [["08:00", "24:01"]]}}, "hours.week.mon[0][1]"),
        ({"timezone": "UTC", "week": {"mon": [["08:00", 9]]}}, "hours.week.mon[0][1]"),
        ({"timezone": "UTC", "week": {"mon": [["24:00", "09:00"]]}}, "hours.week.mon[0][0]"),
        ({"timezone": "UTC", "week": {"mon": [["08:00", "08:00"]]}}, "hours.week.mon[0]"),
        (
            {"timezone": "UTC", "week": {"mon": [["10:00", "12:00"], ["08:00", "10:01"]]}},
            "hours.week.mon",
        ),
        ({"timezone": "UTC", "holidays": []}, "hours.holidays"),
        ({"timezone": "UTC", "holidays": {"2026-02-30": []}}, "hours.holidays.2026-02-30"),
        ({"timezone": "UTC", "holidays": {"2026-W52-5": []}}, "hours.holidays.2026-W52-5"),
        ({"timezone": "UTC", "holidays": {"2026-12-25": None}}, "hours.holidays.2026-12-25"),
        (
            {"timezone": "UTC", "holidays": {f"{year}-01-01": [] for year in range(1900, 2301)}},
            "hours.holidays",
        ),
    ],
)
def test_hours_that_cannot_be_read_name_the_field(given: Any, field: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read_hours(given)
    assert refused.value.extra["field"] == field
    assert refused.value.detail.startswith(f"`{field}`")


QUARTERS = st.integers(0, 95).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")
ZONES = st.sampled_from(
    [
        "Europe/Vienna",
        "America/New_York",
        "America/Santiago",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "Asia/Beirut",
        "Asia/Kolkata",
        "UTC",
    ]
)
# Around the days on which clocks change in spring and in autumn, in both hemispheres.
MOMENTS = st.builds(
    lambda start, minutes: utc(start) + minutes * MINUTE,
    st.sampled_from(["2026-03-07", "2026-03-28", "2026-04-04", "2026-09-05", "2026-10-24"]),
    st.integers(0, 3 * 24 * 60),
)
ONE_INTERVAL = st.tuples(QUARTERS, QUARTERS).filter(lambda pair: pair[0] != pair[1])
WEEKS = st.dictionaries(
    st.sampled_from(DAYS), ONE_INTERVAL.map(lambda pair: [list(pair)]), min_size=1
)


@settings(max_examples=examples(200), deadline=None)
@given(WEEKS, ZONES, MOMENTS)
def test_next_open_is_the_first_open_minute(week: Any, timezone: str, at: datetime) -> None:
    some = hours(week, timezone=timezone)
    opened = some.next_open(at)
    assert opened is not None, "each week has an interval"
    assert some.is_open(opened)
    assert opened >= at
    minutes = min((opened - at) // MINUTE, 4 * 24 * 60)
    assert not any(some.is_open(at + minute * MINUTE) for minute in range(minutes))
    if opened > at:
        assert not some.is_open(opened - timedelta(seconds=1))


@settings(max_examples=examples(200), deadline=None)
@given(WEEKS, ZONES, MOMENTS)
def test_what_is_open_is_what_the_wall_clock_says(week: Any, timezone: str, at: datetime) -> None:
    wall = at.astimezone(ZoneInfo(timezone))
    clock, today = wall.strftime("%H:%M"), DAYS[wall.weekday()]
    yesterday = DAYS[wall.weekday() - 1]
    expected = any(
        start <= clock < end or (end < start <= clock) for start, end in week.get(today, [])
    ) or any(end < start and clock < end for start, end in week.get(yesterday, []))
    assert hours(week, timezone=timezone).is_open(at) == expected


@settings(max_examples=examples(50), deadline=None)
@given(ZONES, MOMENTS)
def test_all_days_is_always(timezone: str, at: datetime) -> None:
    assert hours(ALL_DAY, timezone=timezone).next_open(at) == at
    closed = [(at + timedelta(days=day)).date() for day in range(-2, HORIZON_DAYS - 5)]
    holidays: dict[str, Any] = {day.isoformat(): [] for day in closed}
    assert not hours(ALL_DAY, timezone=timezone, holidays=holidays).is_open(at)
