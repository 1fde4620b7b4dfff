"""Which pages a browser may call us from: the allowed origins of all enabled inboxes."""

from collections.abc import Iterable
from time import monotonic
from typing import Final
from urllib.parse import urlsplit

from chat_service.store import people
from chorus.db import Db

FRESH_S: Final = 60.0
ASK_AGAIN_S: Final = 2.0


class OriginBook:
    """Remembers the origins; a strange one is looked up again, but not more than every 2 s.

    This opens no door: credentials are never sent by a browser on its own, and a visitor session
    is checked against its own inbox. It says which pages may read an answer.
    """

    def __init__(self, system: Db) -> None:
        self._system = system
        self._patterns: list[str] = []
        self._read_at = float("-inf")

    async def knows(self, origin: str) -> bool:
        age_s = monotonic() - self._read_at
        if age_s < FRESH_S and origin_allowed(origin, self._patterns):
            return True
        if age_s >= ASK_AGAIN_S:
            self._read_at = monotonic()
            async with self._system.read(None) as session:
                self._patterns = await people.all_origins(session)
        return origin_allowed(origin, self._patterns)


def origin_allowed(origin: str, allowed: Iterable[str]) -> bool:
    """Compare an Origin header with an inbox's list: whole and exact, any port where it says `:*`."""
    return any(origin == one or _same_host(origin, one) for one in allowed)


def _same_host(origin: str, pattern: str) -> bool:
    if not pattern.endswith(":*"):
        return False
    try:
        parts = urlsplit(origin)
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        return False
    # Spelled again from its parts, so nothing rides along behind the port.
    spelled = f"{parts.scheme}://{_bracketed(parts.hostname or '')}"
    return origin == spelled + port and spelled == pattern.removesuffix(":*")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
