"""Setting bots up: who they are, whether they speak, and by which table they decide."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from chat_service.administration import (
    Action,
    Author,
    Kind,
    NameTaken,
    Once,
    Revision,
    Subject,
    differences,
    keep,
    made_before,
    record,
    revising,
)
from chat_service.deeds import Commands
from chat_service.name_pages import Page, Stretch, page_of
from chat_service.store import admin_bots as store
from chat_service.store.admin_bots import BotRow
from chorus.auth import Principal
from chorus.db import Db
from chorus.errors import Conflict, NotFound
from chorus.ids import uuid7

COLUMNS: Final[Mapping[str, Any]] = {
    "persona": "",
    "instructions": "",
    "mode": "answer",
    "enabled": True,
    "settings": {},
}
"""What a bot is where nothing else is chosen."""


class BotBound(Conflict):
    """An inbox has it."""

    @property
    def slug(self) -> str:
        return "BOT_BOUND"


async def read_page(db: Db, principal: Principal, stretch: Stretch) -> Page[BotRow]:
    """Bots in order of name."""
    async with db.read(principal.tenant_id) as session:
        found = await store.page(session, principal.tenant_id, stretch)
    return page_of(found, stretch)


async def read_one(db: Db, principal: Principal, bot_id: UUID) -> BotRow:
    """Raises NotFound for what is absent or foreign."""
    async with db.read(principal.tenant_id) as session:
        found = await store.card(session, principal.tenant_id, bot_id)
    if found is None:
        raise NotFound
    return found


async def create(
    commands: Commands, author: Author, chosen: Mapping[str, Any], once: Once | None = None
) -> BotRow:
    """Make a bot; the same key makes it once.

    Raises:
        NameTaken, KeyReused.
    """
    async with revising(commands, author) as revision:
        bot_id = await made_before(revision, once)
        if bot_id is None:
            bot_id, values = uuid7(), {**COLUMNS, **chosen}
            await _check(revision, bot_id, values)
            await store.insert(revision.tx, revision.tenant_id, bot_id, values)
            await keep(revision, once, bot_id)
            await record(revision, Subject(Kind.BOT, bot_id), Action.CREATED, chosen)
        return await _found(revision, bot_id)


async def change(
    commands: Commands, author: Author, bot_id: UUID, chosen: Mapping[str, Any]
) -> BotRow:
    """Choose otherwise; what is left out stays, `settings` are replaced as a whole.

    Raises:
        NotFound: no such bot. NameTaken.
    """
    async with revising(commands, author) as revision:
        before = await _found(revision, bot_id)
        known = asdict(before)
        new = differences(known, chosen)
        if not new:
            return before
        values = {name: known[name] for name in ("name", *COLUMNS)} | dict(chosen)
        await _check(revision, bot_id, values)
        await store.update(revision.tx, revision.tenant_id, bot_id, values)
        await record(revision, Subject(Kind.BOT, bot_id), Action.CHANGED, new)
        return await _found(revision, bot_id)


async def remove(commands: Commands, author: Author, bot_id: UUID) -> None:
    """Delete a bot that no inbox has any more; what it did stays in reports.

    Raises:
        NotFound: absent, foreign, or deleted already. BotBound.
    """
    async with revising(commands, author) as revision:
        before = await _found(revision, bot_id)
        if names := await store.bound(revision.tx, revision.tenant_id, bot_id):
            raise BotBound(f"It answers in: {', '.join(names)}. Unbind it first.", inboxes=names)
        await store.archive(revision.tx, revision.tenant_id, bot_id, at=revision.now)
        await record(revision, Subject(Kind.BOT, bot_id), Action.DELETED, {"name": before.name})


async def _check(revision: Revision, bot_id: UUID, values: Mapping[str, Any]) -> None:
    taken = await store.name_taken(
        revision.tx, revision.tenant_id, values["name"], by_other_than=bot_id
    )
    if taken:
        raise NameTaken("There is a bot of this name already.", field="name")


async def _found(revision: Revision, bot_id: UUID) -> BotRow:
    found = await store.card(revision.tx, revision.tenant_id, bot_id)
    if found is None:
        raise NotFound
    return found
