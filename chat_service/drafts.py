"""What an agent has begun to write: kept per conversation and mode, so that no window loses it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from chat_service import conversations
from chat_service.deeds import Commands
from chat_service.desk import at_work
from chat_service.store import drafts as store
from chat_service.store.drafts import DraftRow, Place
from chorus.auth import Principal
from chorus.db import Db

LIST_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Written:
    """A draft as it comes from a window. `details`: mentions, reply_to, attachments."""

    content: str
    details: Mapping[str, Any]
    version: int | None = None
    """The version that this window knew, 0 for none; None does not say."""
    seq: int | None = None
    """The last event that this window has seen; None: the head."""


@dataclass(frozen=True, slots=True)
class Saved:
    draft: DraftRow
    overwrote: bool
    """Another version stood there than the window knew."""


async def read_all(db: Db, principal: Principal) -> list[DraftRow]:
    """All that this agent has not sent, the latest first, at most `LIST_MAX`."""
    async with db.read(principal.tenant_id) as session:
        return await store.page(
            session,
            principal.tenant_id,
            principal.user_id,
            conversation_id=None,
            limit=LIST_MAX,
        )


async def read(db: Db, principal: Principal, conversation_id: UUID) -> list[DraftRow]:
    """Raises NotFound: no such conversation."""
    async with db.read(principal.tenant_id) as session:
        await conversations.enter(session, principal, conversation_id)
        return await store.page(
            session,
            principal.tenant_id,
            principal.user_id,
            conversation_id=conversation_id,
            limit=len(("reply", "note")),
        )


async def save(
    commands: Commands, principal: Principal, conversation_id: UUID, mode: str, *, written: Written
) -> Saved:
    """Keep a draft; the last writer wins, and learns whether that was over somebody's head.

    Raises:
        NotFound: no such conversation. Forbidden: no agent who may work.
    """
    place = Place(principal.tenant_id, principal.user_id, conversation_id, mode)
    async with commands.db.transaction(principal.tenant_id) as tx:
        await at_work(tx, principal)
        found = await conversations.enter(tx, principal, conversation_id)
        before = await store.version(tx, place)
        seq = found.last_seq if written.seq is None else min(written.seq, found.last_seq)
        draft = await store.save(
            tx,
            place,
            content=written.content,
            details=written.details,
            seq=seq,
            at=commands.clock.now(),
        )
    return Saved(draft, written.version is not None and written.version != before)


async def discard(
    commands: Commands, principal: Principal, conversation_id: UUID, mode: str
) -> None:
    """Throw a draft away; where there is none nothing happens. Raises NotFound as `save`."""
    place = Place(principal.tenant_id, principal.user_id, conversation_id, mode)
    async with commands.db.transaction(principal.tenant_id) as tx:
        await conversations.enter(tx, principal, conversation_id)
        await store.delete(tx, place)
