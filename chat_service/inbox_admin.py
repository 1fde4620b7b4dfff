"""What an inbox means for routing: how much one of its conversations weighs, and where they go."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from chat_service.administration import (
    Action,
    Author,
    Kind,
    Revision,
    Subject,
    differences,
    record,
    revising,
    wrong,
)
from chat_service.deeds import Commands
from chat_service.name_pages import Page, Stretch, page_of
from chat_service.store import admin_inboxes as store
from chat_service.store import admin_people
from chat_service.store.admin_inboxes import InboxCard
from chat_service.store.admin_people import Group
from chorus.auth import Principal
from chorus.db import Db
from chorus.errors import NotFound


async def read_page(db: Db, principal: Principal, stretch: Stretch) -> Page[InboxCard]:
    """Inboxes in order of name."""
    async with db.read(principal.tenant_id) as session:
        found = await store.page(session, principal.tenant_id, stretch)
    return page_of(found, stretch)


async def change(
    commands: Commands, author: Author, inbox_id: UUID, chosen: Mapping[str, Any]
) -> InboxCard:
    """Choose otherwise how conversations of an inbox are routed.

    Raises:
        NotFound: no such inbox. BadRequest: no such queue.
    """
    async with revising(commands, author) as revision:
        before = await _found(revision, inbox_id)
        known = {"weight": before.weight, "queue_id": before.queue_id}
        new = differences(known, chosen)
        if not new:
            return before
        wanted = {**known, **chosen}
        await _check(revision, wanted["queue_id"])
        await store.update(
            revision.tx,
            revision.tenant_id,
            inbox_id,
            weight=wanted["weight"],
            queue_id=wanted["queue_id"],
        )
        await record(revision, Subject(Kind.INBOX, inbox_id), Action.CHANGED, new)
        return await _found(revision, inbox_id)


async def _check(revision: Revision, queue_id: UUID | None) -> None:
    tx, tenant_id = revision.tx, revision.tenant_id
    if queue_id and not await admin_people.group_name(tx, tenant_id, Group.QUEUE, queue_id):
        raise wrong("queueId", "names a queue that is not there.")


async def _found(revision: Revision, inbox_id: UUID) -> InboxCard:
    found = await store.card(revision.tx, revision.tenant_id, inbox_id)
    if found is None:
        raise NotFound
    return found
