"""Wait for a fact, not for a while."""

import time
from collections.abc import Callable

PATIENCE_S = 20.0


def wait_until(fact: Callable[[], bool]) -> None:
    """Return as soon as `fact` holds. The patience only ends a test that has failed already."""
    end_s = time.monotonic() + PATIENCE_S
    while not fact():
        assert time.monotonic() < end_s, "it never came true"
        time.sleep(0.005)
