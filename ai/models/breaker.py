"""Whether a provider is worth another call. Pure: who asks says what time it is."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final, Literal

OPEN_AFTER: Final = 5
"""Failures in a row."""
SHARE: Final = 0.3
WINDOW: Final = 20
"""Calls that a share is told of."""
WINDOW_S: Final = 30.0
REST_S: Final = 15.0
Standing = Literal["closed", "open", "half_open"]


@dataclass(slots=True)
class Breaker:
    """Of one model behind one key: rests after failures, then lets one call through."""

    _calls: deque[tuple[float, bool]] = field(default_factory=lambda: deque(maxlen=WINDOW))
    _failed_in_a_row: int = 0
    _opened_at_s: float | None = None
    _trying: bool = False

    def standing(self, now_s: float) -> Standing:
        if self._opened_at_s is None:
            return "closed"
        return "half_open" if now_s - self._opened_at_s >= REST_S else "open"

    def allows(self, now_s: float) -> bool:
        """Whether to call now. In `half_open` the first who asks may; he reports what became of it."""
        standing = self.standing(now_s)
        if standing == "closed":
            return True
        if standing == "open" or self._trying:
            return False
        self._trying = True
        return True

    def worked(self, now_s: float) -> None:
        self._opened_at_s, self._trying, self._failed_in_a_row = None, False, 0
        self._calls.append((now_s, True))

    def failed(self, now_s: float, *, for_good: bool = False) -> bool:
        """Note a failure; says whether it has opened by this one.

        `for_good`: the key is refused, so the next call fails as well.
        """
        self._calls.append((now_s, False))
        self._failed_in_a_row += 1
        was_open = self._opened_at_s is not None and not self._trying
        if self._trying or for_good or self._is_too_much(now_s):
            self._opened_at_s, self._trying = now_s, False
        return self._opened_at_s is not None and not was_open

    def gave_up(self) -> None:
        """The call was not made after all."""
        self._trying = False

    def _is_too_much(self, now_s: float) -> bool:
        if self._failed_in_a_row >= OPEN_AFTER:
            return True
        lately = [worked for at_s, worked in self._calls if now_s - at_s <= WINDOW_S]
        return len(lately) >= WINDOW and lately.count(False) >= SHARE * len(lately)
