"""Contacts as agents see them, and what agents put right of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from chat_service import audit, places
from chat_service.administration import Author, differences, wrong
from chat_service.deeds import Commands
from chat_service.desk import at_work
from chat_service.inbox import Page as InboxPage
from chat_service.inbox import Wish, after_of, cursor_of
from chat_service.store import contacts as store
from chat_service.store import inbox as rows
from chat_service.store.contacts import ContactCard
from chat_service.store.inbox import Asked
from chorus.auth import Principal
from chorus.db import Db
from chorus.errors import NotFound

TRAITS: Final = ("name", "email", "phone", "locale")


@dataclass(frozen=True, slots=True)
class Page:
    items: Sequence[ContactCard]
    next_cursor: str | None


async def read_page(db: Db, principal: Principal, cursor: str | None, limit: int) -> Page:
    """Who was here last first."""
    before = None
    if cursor is not None:
        at, id_ = places.read(cursor, places.moment, places.uuid)
        before = at, id_
    async with db.read(principal.tenant_id) as session:
        found = await store.page(session, principal.tenant_id, before=before, limit=limit + 1)
    items = found[:limit]
    if len(found) <= limit:
        return Page(items, None)
    last = items[-1]
    return Page(items, places.spelled(last.last_seen_at or last.created_at, last.id))


async def read_one(db: Db, principal: Principal, contact_id: UUID) -> ContactCard:
    """Raises NotFound for who is absent or foreign."""
    async with db.read(principal.tenant_id) as session:
        found = await store.card(session, principal.tenant_id, contact_id)
    if found is None:
        raise NotFound
    return found


async def conversations(db: Db, principal: Principal, contact_id: UUID, wish: Wish) -> InboxPage:
    """The conversations of a contact, the latest first. Raises NotFound."""
    after = None if wish.cursor is None else after_of(wish.cursor)
    asked = Asked("all", contact_id=contact_id, after=after, limit=wish.limit + 1)
    async with db.read(principal.tenant_id) as session:
        if await store.card(session, principal.tenant_id, contact_id) is None:
            raise NotFound
        found = await rows.page(session, principal.tenant_id, asked)
    items = found[: wish.limit]
    more = len(found) > wish.limit
    return InboxPage(items, cursor_of(items[-1], wish.sort) if more else None)


async def change(
    commands: Commands, author: Author, contact_id: UUID, chosen: Mapping[str, Any]
) -> ContactCard:
    """Put right what is known of a contact; an attribute of None is taken away.

    Raises:
        NotFound, Forbidden. BadRequest: what the tenant's backend signed is not ours to change.
    """
    who = author.principal
    async with commands.db.transaction(who.tenant_id) as tx:
        await at_work(tx, who)
        before = await store.locked(tx, who.tenant_id, contact_id)
        if before is None:
            raise NotFound
        known = {name: getattr(before, name) for name in TRAITS}
        wanted = {name: value for name, value in chosen.items() if name in known}
        attributes = _attributes(before, chosen.get("attributes") or {})
        _check_signed(before, wanted)
        new = differences({**known, "attributes": before.attributes}, {**wanted, **attributes})
        if not new:
            return before
        await store.update(tx, who.tenant_id, contact_id, {**known, **wanted, **attributes})
        # What they are called and how they are reached is theirs: the log says only what changed.
        await audit.write(
            tx,
            who,
            "contact.changed",
            subject=f"contact:{contact_id}",
            detail={"fields": sorted(new)},
            address=author.address,
        )
        after = await store.card(tx, who.tenant_id, contact_id)
        assert after is not None
        return after


def _attributes(before: ContactCard, chosen: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    signed = before.signed.get("attributes", {})
    for name, value in chosen.items():
        if name in signed and value != signed[name]:
            raise wrong(f"attributes.{name}", "is signed by your own backend.")
    merged = {**before.attributes, **chosen}
    return {"attributes": {name: value for name, value in merged.items() if value is not None}}


def _check_signed(before: ContactCard, wanted: Mapping[str, Any]) -> None:
    for name, value in wanted.items():
        if name in before.signed and value != before.signed[name]:
            raise wrong(name, "is signed by your own backend.")
