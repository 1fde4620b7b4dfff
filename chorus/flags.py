"""Feature flags: one adapter, answered from memory, safe when the flag server is away."""

import pkgutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Protocol


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


@asynccontextmanager
async def open_flags(url: str, *, token: str, known: Mapping[str, bool]) -> AsyncIterator[Flags]:
    """Follow the flag server at `url`; an empty `url` means the fixed flags of `known`."""
    if not url:
        yield FixedFlags(known)
        return
    follow = pkgutil.resolve_name("chorus.flags_unleash:follow")
    async with follow(url, token) as flags:
        yield flags
