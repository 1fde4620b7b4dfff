"""Hears at once what moves sessions: acts ring on `control` after their commit.

A hint, like all that is published: the outbox says the same a little later. A canary to ourselves
keeps the line from looking dead while nothing happens.
"""

import asyncio
from collections.abc import Callable, Coroutine
from secrets import randbits
from typing import Any, Final
from uuid import UUID

import orjson

from chorus import topics
from chorus.bus import Client, Listener, publish_all

CANARY_S: Final = 5.0


class Bell:
    """Calls `on_handoff` with the tenant whose sessions moved, the others with who reads a summary.

    `on_summary` is told the tenant and the conversation of a summary that a model may say better, and
    the Unix time in ms at which somebody asked for it (0: an edge of before does not say); `on_glance`
    those of a conversation of which somebody was shown a part.
    """

    def __init__(
        self,
        redis_url: str,
        client: Client,
        *,
        on_handoff: Callable[[UUID], None],
        on_summary: Callable[[UUID, UUID, int], None],
        on_glance: Callable[[UUID, UUID], None],
    ) -> None:
        self._client = client
        self._on_handoff, self._on_summary = on_handoff, on_summary
        self._on_glance = on_glance
        self._own = topics.gateway(randbits(63) | 1)
        self._listener = Listener(
            redis_url,
            channels=[topics.CONTROL, self._own],
            on_message=self._heard,
            on_gap=_outbox_tells,
        )

    def tasks(self) -> list[Coroutine[Any, Any, None]]:
        """What has to run beside."""
        return [self._listener.run(), self._sing()]

    def _heard(self, channel: str, packed: bytes) -> None:
        if channel != topics.CONTROL:
            return
        word = orjson.loads(packed)
        if "handoff" in word:
            self._on_handoff(UUID(word["handoff"]))
        elif "summary" in word:
            tenant_id, conversation_id = map(UUID, word["summary"])
            self._on_summary(tenant_id, conversation_id, int(word.get("asked_ms", 0)))
        elif "glance" in word:
            self._on_glance(*map(UUID, word["glance"]))

    async def _sing(self) -> None:
        while True:
            await asyncio.sleep(CANARY_S)
            await publish_all(self._client, [(self._own, b"")])


def _outbox_tells() -> None:
    """What was missed comes with the relay."""
