"""Token buckets of the whole installation, in Redis, for what is asked seldom and guessed with: sign-ins, new visitors.

`limit:{name}:{digest of the key}`; each lapses when it is full again. Whoever asks keeps a bucket
of its own beside it, which decides while Redis does not answer: then limits hold per process.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from time import monotonic
from typing import Any, Final

from chorus.bus import Client, RedisFailure
from chorus.log import get_logger

log = get_logger(__name__)

_SCRIPT: Final = (Path(__file__).parent / "bucket.lua").read_text(encoding="utf-8")
PATIENCE_S: Final = 1.0
"""How long somebody who signs in may wait for Redis."""
LEFT_ALONE_S: Final = 1.0
"""So long nobody asks a Redis that has just not answered."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Whether there was a token, and how many are left."""

    granted: bool
    left: float


@dataclass(slots=True)
class SharedBuckets:
    """Takes tokens for all processes that share a Redis."""

    client: Client
    now: Callable[[], float] = monotonic
    _take: Any = None
    _asleep_until_s: float = 0.0

    async def take(self, name: str, key: str, *, per_s: float, burst: int) -> Taken | None:
        """Take a token; None where Redis does not say."""
        if self.now() < self._asleep_until_s:
            return None
        if self._take is None:
            self._take = self.client.register_script(_SCRIPT)
        try:
            async with asyncio.timeout(PATIENCE_S):
                granted, left = await self._take(keys=[_named(name, key)], args=[per_s, burst])
        except RedisFailure as error:
            self._asleep_until_s = self.now() + LEFT_ALONE_S
            log.warning("limits_per_process", limit=name, error=type(error).__name__)
            return None
        return Taken(bool(granted), float(left))


def _named(name: str, key: str) -> str:
    # Addresses and e-mail addresses of people stand in no name, which tools show and logs keep.
    return f"limit:{name}:{blake2b(key.encode(), digest_size=16).hexdigest()}"
