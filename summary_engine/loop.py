"""One event loop for a process of threads.

Clients of models keep connections that belong to a loop: with a loop for each task, every second
call fails after it was sent and billed. So all of them run on this one.
"""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


class Loop:
    """Runs coroutines for other threads, which wait for them."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start it; the caller owns what it gives."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, T], *, timeout_s: float | None) -> T:
        """Wait for it, for ever with None. Raises TimeoutError; then it is cancelled."""
        future = self.submit(work)
        try:
            return future.result(timeout_s)
        except TimeoutError:
            future.cancel()
            raise

    def _turn(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    @contextmanager
    def turning(self) -> Iterator[None]:
        """Let it turn in a thread of its own while the block runs."""
        thread = threading.Thread(target=self._turn, name="loop", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            self._loop.close()
