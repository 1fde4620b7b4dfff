"""Setting inboxes up: where they may be used, what their widget shows, how they are routed."""

import secrets
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
    wrong,
)
from chat_service.deeds import Commands
from chat_service.name_pages import Page, Stretch, page_of
from chat_service.store import admin_bots, admin_people
from chat_service.store import admin_inboxes as store
from chat_service.store.admin_inboxes import InboxCard
from chat_service.store.admin_people import Group
from chorus.auth import Principal
from chorus.db import Db
from chorus.errors import NotFound
from chorus.ids import uuid7

COLUMNS: Final[Mapping[str, Any]] = {
    "enabled": True,
    "allowed_origins": [],
    "queue_id": None,
    "bot_id": None,
}
"""What an inbox is where nothing else is chosen; its settings are as for an inbox of any kind."""


async def read_page(db: Db, principal: Principal, stretch: Stretch) -> Page[InboxCard]:
    """Inboxes in order of name."""
    async with db.read(principal.tenant_id) as session:
        found = await store.page(session, principal.tenant_id, stretch)
    return page_of(found, stretch)


async def read_one(db: Db, principal: Principal, inbox_id: UUID) -> InboxCard:
    """Raises NotFound for what is absent or foreign."""
    async with db.read(principal.tenant_id) as session:
        found = await store.card(session, principal.tenant_id, inbox_id)
    if found is None:
        raise NotFound
    return found


async def create(
    commands: Commands, author: Author, chosen: Mapping[str, Any], once: Once | None = None
) -> InboxCard:
    """Make an inbox for web pages; the same key makes it once.

    Raises:
        BadRequest: no such queue. NameTaken, KeyReused.
    """
    async with revising(commands, author) as revision:
        inbox_id = await made_before(revision, once)
        if inbox_id is None:
            inbox_id, values = uuid7(), {**COLUMNS, **chosen}
            await _check(revision, inbox_id, values)
            key = f"pk_{secrets.token_urlsafe(18)}"
            await store.insert(revision.tx, revision.tenant_id, inbox_id, key=key, values=values)
            await keep(revision, once, inbox_id)
            await record(revision, Subject(Kind.INBOX, inbox_id), Action.CREATED, chosen)
        return await _found(revision, inbox_id)


async def change(
    commands: Commands, author: Author, inbox_id: UUID, chosen: Mapping[str, Any]
) -> InboxCard:
    """Choose otherwise; what is left out stays, `widget` is replaced as a whole.

    Raises:
        NotFound: no such inbox. BadRequest: no such queue. NameTaken.
    """
    async with revising(commands, author) as revision:
        before = await _found(revision, inbox_id)
        known = asdict(before)
        chosen = _without_bot(known, chosen)
        new = differences(known, chosen)
        if not new:
            return before
        kept = {name: known[name] for name in ("name", *COLUMNS)}
        values = {**kept, **{name: chosen[name] for name in new}}
        await _check(revision, inbox_id, values)
        await store.update(revision.tx, revision.tenant_id, inbox_id, values)
        await record(revision, Subject(Kind.INBOX, inbox_id), Action.CHANGED, new)
        return await _found(revision, inbox_id)


def _without_bot(known: Mapping[str, Any], chosen: Mapping[str, Any]) -> Mapping[str, Any]:
    """Who takes our bot away and says no more means no bot, and not one that comes by the API."""
    goes = known["bot_id"] is not None and chosen.get("bot_id", known["bot_id"]) is None
    return {"bot": False, **chosen} if goes else chosen


async def _check(revision: Revision, inbox_id: UUID, values: Mapping[str, Any]) -> None:
    tx, tenant_id, queue_id = revision.tx, revision.tenant_id, values["queue_id"]
    if queue_id and not await admin_people.group_name(tx, tenant_id, Group.QUEUE, queue_id):
        raise wrong("queueId", "names a queue that is not there.")
    bot_id = values["bot_id"]
    if bot_id and await admin_bots.card(tx, tenant_id, bot_id) is None:
        raise wrong("botId", "names a bot that is not there.")
    if await store.name_taken(tx, tenant_id, values["name"], by_other_than=inbox_id):
        raise NameTaken("There is an inbox of this name already.", field="name")


async def _found(revision: Revision, inbox_id: UUID) -> InboxCard:
    found = await store.card(revision.tx, revision.tenant_id, inbox_id)
    if found is None:
        raise NotFound
    return found
