"""Time: who needs it takes a `Clock`, so that a test owns it; how the wire spells it."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time for what people read, monotonic seconds for every duration."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


def rfc3339(at: datetime) -> str:
    """Spell an aware datetime as RFC 3339 UTC with milliseconds: `2026-11-20T09:30:00.123Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def rfc3339_ms(unix_ms: int) -> str:
    """Spell Unix milliseconds the same way."""
    return rfc3339(datetime.fromtimestamp(unix_ms / 1000, UTC))


def unix_ms(at: datetime) -> int:
    """Milliseconds since the epoch, rounded down."""
    return int(at.timestamp() * 1000)
