"""Feature flags: one adapter, answered from memory, safe when the flag server is away.

UnleashClient blocks and keeps its own threads; it is started and stopped in a thread, and
`enabled` only reads what it last heard.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol

from UnleashClient import UnleashClient  # type: ignore[attr-defined]

from chorus.log import get_logger

log = get_logger(__name__)
START_TIMEOUT_S = 5


class Flags(Protocol):
    """Says whether a feature is on."""

    def enabled(self, name: str, *, default: bool = False) -> bool:
        """Answer at once; `default` where nothing is known of that name."""
        ...


class FixedFlags:
    """Flags that a setting names; used without a flag server."""

    def __init__(self, known: Mapping[str, bool]) -> None:
        self._known = dict(known)

    def enabled(self, name: str, *, default: bool = False) -> bool:
        return self._known.get(name, default)


class UnleashFlags:
    """Flags of a flag server, as last heard from it."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def enabled(self, name: str, *, default: bool = False) -> bool:
        return bool(self._client.is_enabled(name, fallback_function=lambda *_: default))


@asynccontextmanager
async def open_flags(url: str, *, token: str, known: Mapping[str, bool]) -> AsyncIterator[Flags]:
    """Follow the flag server at `url`; an empty `url` means the fixed flags of `known`."""
    if not url:
        yield FixedFlags(known)
        return
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
