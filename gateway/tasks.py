"""The owner of the gateway's short tasks: a failure is logged and ends nothing else."""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

from chorus.log import get_logger
from chorus.tasks import end

log = get_logger(__name__)


class Tasks:
    """An async context; leaving it ends what still runs."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        while self._running:
            await end(self._running)

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run `work`; it is owned here until it ends."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error(
                "task_failed", task=task.get_name(), error=type(error).__name__, exc_info=error
            )
