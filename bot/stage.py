"""What customers see of an answer before it is there: straight to the sockets, stored nowhere."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from bot.ports import BotCard, Where
from chorus import topics
from chorus.bus import Client, publish_all
from chorus.topics import Audience, Header, Kind
from chorus.wire.envelope import encode_raw

TYPING_TTL_MS: Final = 8_000
TIMEOUT_S: Final = 0.3


@dataclass(frozen=True, slots=True)
class FanStage:
    """Implements `bot.ports.Stage`."""

    client: Client

    async def typing(self, where: Where, bot: BotCard, *, on: bool) -> None:
        state = "start" if on else "stop"
        data = {"role": "bot", "state": state, "userId": str(bot.id), "ttl_ms": TYPING_TTL_MS}
        await self._publish(where.conversation_id, "typing", data)

    async def delta(self, where: Where, bot: BotCard, data: dict[str, Any]) -> None:
        await self._publish(where.conversation_id, "bot.delta", data)

    async def _publish(self, conversation: UUID, event: str, data: dict[str, Any]) -> None:
        header = Header(
            Kind.EPHEMERAL,
            Audience.EVERYONE,
            conversation,
            0,
            0,
            topics.NO_CONN,
            0,
            0,
            topics.author_key(None),
        )
        packed = header.pack() + encode_raw(event, data)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await publish_all(self.client, [(topics.fan(conversation), packed)])
        except TimeoutError:
            return
