"""The flag server's client. Apart, because loading it takes longer than all else of a process.

UnleashClient blocks and keeps its own threads; it is started and stopped in a thread, and
`enabled` only reads what it last heard.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from UnleashClient import UnleashClient  # type: ignore[attr-defined]

from chorus.log import get_logger

log = get_logger(__name__)
START_TIMEOUT_S: Final = 5


class UnleashFlags:
    """Flags of a flag server, as last heard from it."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def enabled(self, name: str, *, default: bool = False) -> bool:
        return bool(self._client.is_enabled(name, fallback_function=lambda *_: default))


@asynccontextmanager
async def follow(url: str, token: str) -> AsyncIterator[UnleashFlags]:
    """Follow the flag server at `url` while the context is open."""
    client = UnleashClient(
        url, "chorus", custom_headers={"Authorization": token}, disable_metrics=True
    )
    try:
        await asyncio.wait_for(asyncio.to_thread(client.initialize_client), START_TIMEOUT_S)
    except TimeoutError:
        log.warning("flag_server_slow", timeout_s=START_TIMEOUT_S)
    try:
        yield UnleashFlags(client)
    finally:
        await asyncio.to_thread(client.destroy)
