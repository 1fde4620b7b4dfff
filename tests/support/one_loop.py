"""One event loop for all tests of a process, as every process of ours has one.

grpc.aio polls for the whole process and hands each completion to the loop that asked for it. With
a loop a test, a completion that came late met a closed loop, and the next test failed for it.
"""

import asyncio
from typing import Any


class LastingLoop(asyncio.SelectorEventLoop):
    """A loop that is as new after each test: whoever runs it believes that it is theirs to close."""

    async def shutdown_asyncgens(self) -> None:
        await super().shutdown_asyncgens()
        self._asyncgens_shutdown_called = False

    async def shutdown_default_executor(self, *arguments: Any) -> None:
        await super().shutdown_default_executor(*arguments)
        self._executor_shutdown_called, self._default_executor = False, None

    def close(self) -> None:
        """Stay open; see `end`."""

    def end(self) -> None:
        super().close()
