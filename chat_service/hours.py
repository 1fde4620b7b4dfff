"""When a queue is open: business hours in its own time zone (DESIGN §6).

Pure. Hours are judged by the clock on the wall there: an hour that is skipped in spring is
nobody's, one that comes twice in autumn is open twice. The JSON, null being always open:

    {"timezone": "Europe/Vienna",
     "week": {"mon": [["08:00", "12:00"], ["13:00", "17:00"]], "fri": [["22:00", "02:00"]]},
     "holidays": {"2026-12-25": [], "2026-12-24": [["08:00", "12:00"]]}}

An interval that ends at or before its start runs over midnight and belongs to the day it starts
on; a holiday replaces the intervals that start on its date. `24:00` is the end of a day.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chorus.errors import BadRequest

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_S: Final = 24 * 3600
HORIZON_DAYS: Final = 400
"""A year with all its holidays, and some."""
INTERVALS_MAX: Final = 24
HOLIDAYS_MAX: Final = 400
_CHUNK_DAYS: Final = 7
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Interval:
    """Seconds of the wall clock since midnight; `until_s` over a day is the next morning."""

    from_s: int
    until_s: int


Intervals = tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class Hours:
    """The opening hours of a queue."""

    zone: ZoneInfo
    week: tuple[Intervals, ...]
    """Seven days, Monday first."""
    holidays: Mapping[date, Intervals]

    def is_open(self, at: datetime) -> bool:
        wall = at.astimezone(self.zone)
        today, since_midnight_s = wall.date(), _seconds_of(wall.time())
        if any(one.from_s <= since_midnight_s < one.until_s for one in self.starting_on(today)):
            return True
        since_yesterday_s = since_midnight_s + DAY_S
        return any(
            since_yesterday_s < one.until_s for one in self.starting_on(today - timedelta(days=1))
        )

    def next_open(self, at: datetime) -> datetime | None:
        """The first moment from `at` on that is open; None: not within `HORIZON_DAYS`."""
        if self.is_open(at):
            return at
        today = at.astimezone(self.zone).date()
        for day in range(0, HORIZON_DAYS, _CHUNK_DAYS):
            first = today + timedelta(days=day - 1)
            openings = (one for one in self._changes(first) if one > at and self.is_open(one))
            if opening := min(openings, default=None):
                return opening
        return None

    def starting_on(self, day: date) -> Intervals:
        return self.holidays.get(day, self.week[day.weekday()])

    def _changes(self, first: date) -> Iterator[datetime]:
        """Every moment at which it may open in the days from `first` on, and some more."""
        days = [first + timedelta(days=day) for day in range(_CHUNK_DAYS + 2)]
        for day in days:
            for interval in self.starting_on(day):
                start = datetime.combine(day, time()) + timedelta(seconds=interval.from_s)
                yield from (self._instant(start, fold) for fold in (0, 1))
        yield from self._clock_changes(days[0], days[-1])

    def _clock_changes(self, first: date, last: date) -> Iterator[datetime]:
        """The moments at which the wall clock is put forward or back."""
        for day in range((last - first).days + 1):
            low = self._instant(datetime.combine(first, time()), 0) + timedelta(days=day)
            high = low + timedelta(days=1)
            if self._offset(low) != self._offset(high):
                yield self._change_between(low, high)

    def _change_between(self, low: datetime, high: datetime) -> datetime:
        before = self._offset(low)
        while high - low > timedelta(seconds=1):
            middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
            low, high = (middle, high) if self._offset(middle) == before else (low, middle)
        return high

    def _instant(self, wall: datetime, fold: int) -> datetime:
        return wall.replace(tzinfo=self.zone, fold=fold).astimezone(UTC)

    def _offset(self, at: datetime) -> timedelta | None:
        return at.astimezone(self.zone).utcoffset()


def is_open(hours: Hours | None, at: datetime) -> bool:
    """Say whether a queue is open; one without hours always is."""
    return hours is None or hours.is_open(at)


def next_open(hours: Hours | None, at: datetime) -> datetime | None:
    """The first open moment from `at` on; None: none within `HORIZON_DAYS`."""
    return at if hours is None else hours.next_open(at)


def read_hours(given: Any) -> Hours | None:
    """Read the JSON of a queue's hours; None is always open.

    Raises:
        BadRequest: something is wrong; the sentence and the extra `field` name it.
    """
    if given is None:
        return None
    fields = _object(given, "hours")
    for name in fields:
        if name not in ("timezone", "week", "holidays"):
            raise _wrong(f"hours.{name}", "is not known here.")
    week = _object(fields.get("week", {}), "hours.week")
    for name in week:
        if name not in DAYS:
            raise _wrong(f"hours.week.{name}", f"is none of {', '.join(DAYS)}.")
    return Hours(
        _zone(fields.get("timezone")),
        tuple(_intervals(week.get(day, []), f"hours.week.{day}") for day in DAYS),
        _holidays(_object(fields.get("holidays", {}), "hours.holidays")),
    )


def _zone(given: Any) -> ZoneInfo:
    field = "hours.timezone"
    if not isinstance(given, str) or not given:
        raise _wrong(field, "is the name of a time zone, like Europe/Vienna.")
    try:
        return ZoneInfo(given)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise _wrong(field, "is no time zone we know.") from error


def _holidays(given: Mapping[str, Any]) -> dict[date, Intervals]:
    if len(given) > HOLIDAYS_MAX:
        raise _wrong("hours.holidays", f"has more than {HOLIDAYS_MAX} dates.")
    return {_date(day): _intervals(some, f"hours.holidays.{day}") for day, some in given.items()}


def _date(given: str) -> date:
    wrong = _wrong(f"hours.holidays.{given}", "is no date like 2026-12-25.")
    if not _DATE.fullmatch(given):
        raise wrong
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        raise wrong from error


def _intervals(given: Any, field: str) -> Intervals:
    if not isinstance(given, list) or len(given) > INTERVALS_MAX:
        raise _wrong(field, f'is a list of at most {INTERVALS_MAX} pairs like ["08:00", "12:00"].')
    some = sorted(
        (_interval(pair, f"{field}[{place}]") for place, pair in enumerate(given)),
        key=lambda one: one.from_s,
    )
    for earlier, later in pairwise(some):
        if later.from_s < earlier.until_s:
            raise _wrong(field, "has intervals that overlap.")
    return tuple(some)


def _interval(given: Any, field: str) -> Interval:
    if not isinstance(given, list) or len(given) != 2:
        raise _wrong(field, 'is a pair like ["08:00", "12:00"].')
    from_s, until_s = (_clock(one, f"{field}[{place}]") for place, one in enumerate(given))
    if from_s == until_s:
        raise _wrong(field, 'starts when it ends; a whole day is ["00:00", "24:00"].')
    if from_s == DAY_S:
        raise _wrong(f"{field}[0]", "starts at 00:00 of the next day.")
    return Interval(from_s, until_s if from_s < until_s else until_s + DAY_S)


def _clock(given: Any, field: str) -> int:
    if not isinstance(given, str) or not _TIME.fullmatch(given):
        raise _wrong(field, "is a time like 08:00, up to 24:00.")
    hours, minutes = given.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def _object(given: Any, field: str) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise _wrong(field, "is an object.")
    return given


def _wrong(field: str, what: str) -> BadRequest:
    return BadRequest(f"`{field[:80]}` {what}", field=field[:80])


def _seconds_of(clock: time) -> int:
    return clock.hour * 3600 + clock.minute * 60 + clock.second
