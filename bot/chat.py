"""The chat service as the bot reaches it: by gRPC, as one of our own services, for one tenant at a time."""

from dataclasses import dataclass
from time import time
from typing import Any, Final
from uuid import UUID

import orjson

from bot.ports import BotCard, Brief, Talk, Where
from bot.talk import talk_of
from chorus.auth import AUD_INTERNAL, Principal
from chorus.codes import NackCode
from chorus.errors import BY_NACK, NotFound, Unavailable
from chorus.rpc import ChatRpc
from chorus.wire.calls import ActRequest, ResumeRequest

LAST_EVENTS: Final = 200
"""So far back a bot reads."""
LIVES_S: Final = 60
NOBODY: Final = UUID(int=0)
"""As whom we ask where no bot is concerned."""


@dataclass(frozen=True, slots=True)
class GrpcChat:
    """Implements `bot.ports.Chat`."""

    calls: ChatRpc

    async def which(self, tenant_id: UUID, conversations: list[UUID]) -> set[UUID]:
        asked = {"conv": [str(one) for one in conversations]}
        who = principal_of(tenant_id, NOBODY)
        told = await self._act(ActRequest(who, None, "", "bot.which", asked))
        return {UUID(one) for one in _data(told)["conv"]}

    async def standing(self, tenant_id: UUID, passages: list[str]) -> set[str]:
        who = principal_of(tenant_id, NOBODY)
        asked = {"passages": passages}
        told = await self._act(ActRequest(who, None, "", "bot.standing", asked))
        return set(_data(told)["passages"])

    async def brief(self, where: Where) -> Brief:
        who = principal_of(where.tenant_id, NOBODY)
        order = ActRequest(who, where.conversation_id, "", "bot.brief", {})
        told = _data(await self._act(order))
        card = told["bot"]
        bot = None if card is None else BotCard(**card | {"id": UUID(card["id"])})
        return Brief(
            status=told["status"],
            head_seq=told["head_seq"],
            session=told["session"],
            tenant_slug=told["tenant"]["slug"],
            tenant_tier=told["tenant"]["tier"],
            bot=bot,
        )

    async def talk(self, where: Where, head_seq: int) -> Talk:
        after = max(0, head_seq - LAST_EVENTS)
        asked = ResumeRequest(where.tenant_id, where.conversation_id, after)
        return talk_of(await self.calls.resume(asked))

    async def holds(self, where: Where, talk: Talk) -> bool:
        asked = ResumeRequest(where.tenant_id, where.conversation_id, talk.head_seq)
        found = await self.calls.resume(asked)
        return (found.floor_holder, found.floor_epoch) == (talk.floor_holder, talk.floor_epoch)

    async def say(self, where: Where, bot: BotCard, data: dict[str, Any]) -> str | None:
        return await self._told(where, bot, "message", data)

    async def hand_over(self, where: Where, bot: BotCard, data: dict[str, Any]) -> str | None:
        return await self._told(where, bot, "bot.handoff", data)

    async def _told(
        self, where: Where, bot: BotCard, event: str, data: dict[str, Any]
    ) -> str | None:
        who = principal_of(where.tenant_id, bot.id)
        frame = await self._act(ActRequest(who, where.conversation_id, "", event, data))
        return None if frame["event"] == "delivered" else str(frame["data"]["code"])

    async def _act(self, order: ActRequest) -> dict[str, Any]:
        frames = (await self.calls.act(order)).frames
        if not frames:
            raise Unavailable
        told: dict[str, Any] = orjson.loads(frames[0])
        return told


def _data(frame: dict[str, Any]) -> dict[str, Any]:
    """What was answered. Raises what was refused."""
    data: dict[str, Any] = frame["data"]
    if frame["event"] == "nack":
        raise BY_NACK.get(NackCode(data["code"]), NotFound)
    return data


def principal_of(tenant_id: UUID, user_id: UUID) -> Principal:
    """One of our own services, as of now: what was revoked before does not concern it."""
    now = int(time())
    return Principal(
        tenant_id, user_id, "internal", AUD_INTERNAL, frozenset(), now + LIVES_S, issued_at=now
    )
