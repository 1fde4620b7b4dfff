"""What a report on handoff says: days, sums, shares, and what of it meets its target. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chorus.errors import BadRequest

DAYS_MAX: Final = 92
DAYS_DEFAULT: Final = 30
_YEARS: Final = range(2000, 3000)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole days in a time zone, the first and the last among them."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def days(self) -> list[date]:
        count = (self.last - self.first).days + 1
        return [self.first + timedelta(days=place) for place in range(count)]

    @property
    def starts(self) -> list[datetime]:
        """When each day begins; a day with a change of clocks has 23 or 25 hours."""
        return [_midnight(day, self.zone) for day in self.days]

    @property
    def until(self) -> datetime:
        return _midnight(self.last + timedelta(days=1), self.zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def read_span(first: date | None, last: date | None, zone: str, *, now: datetime) -> Span:
    """The days that are asked for; by default the last 30, today among them.

    Raises:
        BadRequest: says what is wrong with them.
    """
    place = _zone(zone)
    last = last or now.astimezone(place).date()
    first = first or last - timedelta(days=DAYS_DEFAULT - 1)
    if first > last:
        raise BadRequest("`from` is not after `to`.")
    if (last - first).days >= DAYS_MAX:
        raise BadRequest(f"A report has at most {DAYS_MAX} days.")
    if first.year not in _YEARS or last.year not in _YEARS:
        raise BadRequest("`from` and `to` lie between 2000 and 2999.")
    return Span(first, last, place)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadRequest("`tz` is the name of a time zone, like Europe/Vienna.") from error


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds; None where there was nothing to measure."""

    p50_s: float | None = None
    p90_s: float | None = None


@dataclass(frozen=True, slots=True)
class Sums:
    """What was counted of some sessions; `requested` and what follows from it leaves apart those
    that customers cancelled before anybody came, and those that agents took unasked.
    """

    requested: int = 0
    queued: int = 0
    offered: int = 0
    accepted: int = 0
    resolved: int = 0
    rated: int = 0
    cancelled: int = 0
    unasked: int = 0
    deferred: int = 0
    abandoned: int = 0
    failed: int = 0
    returned_to_bot: int = 0
    waiting: int = 0
    due: int = 0
    """Those whose promised time to an answer is over, or who were answered."""
    in_time: int = 0
    wait_max_s: float | None = None
    promised: int = 0
    promised_mean_s: float | None = None
    actual_mean_s: float | None = None
    ratings: int = 0
    rating_mean: float | None = None
    wait: Spread = Spread()
    handle: Spread = Spread()
    late: Spread = Spread()
    """How much later than promised somebody came; below zero is earlier."""

    @property
    def success_rate(self) -> float | None:
        # Who still waits, or was put off until somebody comes, has neither succeeded nor failed.
        return share(self.accepted, self.requested - self.waiting)

    @property
    def abandon_rate(self) -> float | None:
        return share(self.abandoned, self.requested)

    @property
    def service_level(self) -> float | None:
        return share(self.in_time, self.due)


@dataclass(frozen=True, slots=True)
class Offers:
    """What became of offers; `made` has those that are open among them."""

    made: int = 0
    accepted: int = 0
    declined: int = 0
    expired: int = 0
    rescinded: int = 0


def share(part: int, whole: int) -> float | None:
    """A share from 0 to 1, to four digits; None of nothing."""
    return round(part / whole, 4) if whole else None


@dataclass(frozen=True, slots=True)
class Targets:
    """The service level objectives of handoff."""

    success_rate_min: float
    handle_time_p90_s_max: float
    csat_mean_min: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """A figure beside its target; `met` is None where nothing was measured."""

    figure: str
    bound: Literal["min", "max"]
    target: float
    value: float | None

    @property
    def met(self) -> bool | None:
        if self.value is None:
            return None
        return self.value >= self.target if self.bound == "min" else self.value <= self.target


def judged(total: Sums, targets: Targets) -> Sequence[Verdict]:
    """Hold the sums of a report against what was promised."""
    return (
        Verdict("successRate", "min", targets.success_rate_min, total.success_rate),
        Verdict("handleSeconds.p90", "max", targets.handle_time_p90_s_max, total.handle.p90_s),
        Verdict("csat.mean", "min", targets.csat_mean_min, total.rating_mean),
    )
