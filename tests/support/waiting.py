"""Wait for a fact, not for a while."""

import asyncio
import time
from collections.abc import Awaitable, Callable

PATIENCE_S = 20.0
PAUSE_S = 0.005


def wait_until(fact: Callable[[], bool]) -> None:
    """Return as soon as `fact` holds. The patience only ends a test that has failed already."""
    end_s = time.monotonic() + PATIENCE_S
    while not fact():
        assert time.monotonic() < end_s, "it never came true"
        time.sleep(PAUSE_S)


async def until(fact: Callable[[], Awaitable[bool]], *, patience_s: float = PATIENCE_S) -> None:
    """The same for what has to be awaited, and told by nobody."""
    async with asyncio.timeout(patience_s):
        while not await fact():  # noqa: ASYNC110 (see above)
            await asyncio.sleep(PAUSE_S)
