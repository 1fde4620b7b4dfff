"""When a client opens its next socket: the close code decides (PROTOCOL §5). Pure."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from chorus.codes import CloseCode, Reconnect, reconnect_policy

LONGEST_S: Final = 20.0
FIRST_S: Final = 0.5
LEAST_S: Final = 0.1
HEALTHY_S: Final = 10.0
SPREAD_S: Final = 1.0
MAX_TOKENS_REFUSED: Final = 1

Jitter = Callable[[], float]
"""Uniform in [0, 1)."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a socket ended; `ready_s` is 0 where it never got ready."""

    code: int
    reason: str = ""
    ready_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Next:
    """What comes after: wait `delay_s`, maybe with a new token; or nothing, for good."""

    delay_s: float
    stop: bool = False
    refresh: bool = False
    drop_largest: bool = False


def backoff_s(attempt: int, jitter: Jitter) -> float:
    """Full jitter below a ceiling that doubles."""
    ceiling_s = min(LONGEST_S, FIRST_S * float(2 ** min(attempt, 16)))
    return jitter() * ceiling_s + LEAST_S


class Reconnecting:
    """Counts what failed in a row."""

    def __init__(self, jitter: Jitter) -> None:
        self._jitter = jitter
        self._failures = 0
        self._tokens_refused = 0

    def after(self, ended: Ended) -> Next:
        """A socket closed."""
        if ended.ready_s > 0:
            self._tokens_refused = 0
        if ended.ready_s >= HEALTHY_S:
            self._failures = 0
        policy = reconnect_policy(ended.code)
        if policy is Reconnect.STOP:
            return Next(0, stop=True)
        if policy is Reconnect.REFRESH:
            return self._after_a_bad_token(ended)
        if policy is Reconnect.SPREAD:
            return Next(self._jitter() * SPREAD_S)
        factor = 2 if policy is Reconnect.BACKOFF_DOUBLE else 1
        delay_s = max(self._backoff_s() * factor, _asked_s(ended.reason))
        return Next(delay_s, drop_largest=policy is Reconnect.DROP_MESSAGE)

    def refused(self, status: int, retry_after_s: float) -> Next:
        """The upgrade got an HTTP answer instead."""
        if 400 <= status < 500 and status != 429:
            return Next(0, stop=True)
        return Next(max(self._backoff_s(), retry_after_s))

    def unreachable(self) -> Next:
        """No connection, or none that speaks WebSocket."""
        return Next(self._backoff_s())

    def _after_a_bad_token(self, ended: Ended) -> Next:
        if ended.code == CloseCode.EXPIRED:
            return Next(0, refresh=True)
        self._tokens_refused += 1
        if ended.code == CloseCode.INVALID_TOKEN and self._tokens_refused > MAX_TOKENS_REFUSED:
            return Next(0, stop=True)
        return Next(self._backoff_s(), refresh=True)

    def _backoff_s(self) -> float:
        delay_s = backoff_s(self._failures, self._jitter)
        self._failures += 1
        return delay_s


def _asked_s(reason: str) -> float:
    """The wait a close reason asks for: `{"retry_after": seconds}` or `{"retry_after_ms": …}`."""
    try:
        asked = json.loads(reason)
        return float(asked.get("retry_after", asked.get("retry_after_ms", 0) / 1000))
    except (ValueError, AttributeError, TypeError):
        return 0.0
