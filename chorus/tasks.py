"""Tasks that run beside a block of code, and end with it for certain.

One `cancel()` is not enough. On Python 3.11 `asyncio.wait_for`, and with it a write of redis-py,
keeps a cancellation for itself when its own future is done at that moment (about every second
time); and a `TaskGroup` that is ending already passes no further cancellation on.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Any, Final

from chorus.log import get_logger

log = get_logger(__name__)
CANCEL_AGAIN_S: Final = 0.2


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel until every task has ended. What became of them is for their owner to ask.

    A cancellation of the caller waits until then: leaving earlier would leave tasks behind.
    """
    owned, cancelled = list(tasks), None
    while pending := [task for task in owned if not task.done()]:
        for task in pending:
            task.cancel()
        try:
            await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled


async def to_its_end(work: Coroutine[Any, Any, None], *, within_s: float) -> None:
    """Await `work`; a caller that is cancelled waits that long for it, and leaves it running then."""
    task = asyncio.create_task(work)  # noqa: TID251 - awaited in place
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        until_s = monotonic() + within_s
        while not task.done() and monotonic() < until_s:
            with suppress(asyncio.CancelledError):
                await asyncio.wait({task}, timeout=until_s - monotonic())
        raise


@asynccontextmanager
async def beside(*work: Coroutine[Any, Any, object]) -> AsyncIterator[list[asyncio.Task[object]]]:
    """Run `work` while the block runs. One that fails ends the block and the others."""
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(one) for one in work]
        try:
            yield running
        finally:
            await end(running)


@asynccontextmanager
async def vital(*work: Coroutine[Any, Any, object]) -> AsyncIterator[None]:
    """Run `work` beside the block of a server, which would serve on half dead without it.

    One that fails ends the process as SIGTERM does, with a drain in which the others go on; the
    block then raises what failed. Where no drain is waiting for SIGTERM, it is `beside`.
    """
    failures: list[Exception] = []

    async def watched(one: Coroutine[Any, Any, object]) -> None:
        try:
            await one
        except Exception as error:
            if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
                raise
            log.exception("vital_task_died")
            failures.append(error)
            if len(failures) == 1:
                # A second signal would cut the drain short.
                signal.raise_signal(signal.SIGTERM)

    async with beside(*map(watched, work)):
        yield
    if failures:
        raise failures[0]
