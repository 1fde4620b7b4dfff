"""What a bot may do besides speaking: read what it has to know, and call a person.

Both come by gRPC `Act` from our own process only. A person is called under the floor's epoch, as
everything a bot says is: whoever took over meanwhile has taken over from all of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field

from chat_service import escalate
from chat_service.deeds import Commands, Deed, Effects
from chat_service.escalate import Prospect, Wish
from chat_service.store import bots as store
from chat_service.store import knowledge
from chat_service.store.bots import Brief
from chat_service.store.conversations import Locked
from chorus.auth import Principal
from chorus.clock import rfc3339
from chorus.db import Db
from chorus.errors import BadRequest, Forbidden, NotFound, StaleFloor
from chorus.wire.common import Count, Floor, Inbound, Name, ShortText, Uuid7

OURS: Final = "internal"
BRIEF: Final = "bot.brief"
"""Asked by bots only: whose bot this is, and how the conversation stands."""
WHICH: Final = "bot.which"
"""Asked by bots only: which of these conversations have a bot of ours."""
WHICH_MAX: Final = 1_000
STANDING: Final = "bot.standing"
"""Asked by bots only: which of these passages its tenant still has, before any of them is said."""
STANDING_MAX: Final = 20
PRIORITY_MAX: Final = 2


class HandOver(Inbound):
    """The bot calls a person."""

    event = "bot.handoff"
    id: Uuid7
    floor_epoch: Count
    reason: ShortText
    reasons: Annotated[list[Name], Field(max_length=20)] = []
    score: Annotated[int, Field(strict=True, ge=0, le=100)] = 0
    policy: Name = ""
    priority: Annotated[int, Field(strict=True, ge=0, le=PRIORITY_MAX)] = 0


FRAMES: Final[Mapping[str, type[Inbound]]] = {HandOver.event: HandOver}
"""Frames that no socket may say."""


async def brief(db: Db, principal: Principal, conversation_id: UUID) -> dict[str, Any]:
    """What its bot has to know of a conversation.

    Raises:
        Forbidden: not one of our own services. NotFound.
    """
    if principal.role != OURS:
        raise Forbidden
    async with db.read(principal.tenant_id) as session:
        found = await store.brief(session, principal.tenant_id, conversation_id)
    if found is None:
        raise NotFound
    return _shown(found)


async def which(db: Db, principal: Principal, ids: Sequence[UUID]) -> dict[str, Any]:
    """Those of these conversations whose inbox has a bot.

    Raises:
        Forbidden: not one of our own services.
    """
    if principal.role != OURS:
        raise Forbidden
    async with db.read(principal.tenant_id) as session:
        found = await store.which(session, principal.tenant_id, ids[:WHICH_MAX])
    return {"conv": [str(one) for one in found]}


async def standing(db: Db, principal: Principal, ids: Sequence[str]) -> dict[str, Any]:
    """Those of these passages (`source:version:place`) that were neither taken away nor replaced.

    Raises:
        Forbidden: not one of our own services. BadRequest: no such ids.
    """
    if principal.role != OURS:
        raise Forbidden
    asked = [_place(one) for one in ids[:STANDING_MAX]]
    async with db.read(principal.tenant_id) as session:
        found = await knowledge.passages(session, principal.tenant_id, asked)
    return {"passages": [f"{source}:{version}:{place}" for source, version, place in found]}


def _place(id_: str) -> tuple[UUID, int, int]:
    try:
        source, version, place = id_.split(":")
        return UUID(source), int(version), int(place)
    except ValueError as error:
        raise BadRequest("`passages` is a list of ids of passages.") from error


def _shown(found: Brief) -> dict[str, Any]:
    bot = None if found.bot is None else asdict(found.bot) | {"id": str(found.bot.id)}
    return {
        "status": found.status,
        "head_seq": found.head_seq,
        "session": found.session,
        "tenant": {"slug": found.tenant_slug, "tier": found.tenant_tier},
        "bot": bot,
    }


async def prepare(
    commands: Commands, principal: Principal, conversation_id: UUID | None, frame: HandOver
) -> tuple[HandOver, Prospect]:
    """Look what the queues can do, as for anybody who asks for a person."""
    wish = Wish(reason=frame.reason, priority=frame.priority)
    return frame, await escalate.prepare(commands, principal, conversation_id, wish)


async def hand_over(deed: Deed, where: Locked, wish: tuple[HandOver, Prospect]) -> Effects:
    """Begin a session for the bot that has the floor, and keep why.

    Raises:
        Forbidden: not one of our own services. StaleFloor: somebody has taken over meanwhile.
    """
    frame, prospect = wish
    if deed.principal.role != OURS:
        raise Forbidden
    if where.floor_holder != Floor.BOT or where.floor_epoch != frame.floor_epoch:
        raise StaleFloor
    await store.note(deed.tx, deed.tenant_id, where.id, _noted(frame, deed.now))
    return await escalate.escalate(deed, where, prospect)


def _noted(frame: HandOver, now: datetime) -> dict[str, Any]:
    return {
        "reasons": frame.reasons,
        "score": frame.score,
        "policy": frame.policy,
        "at": rfc3339(now),
    }
