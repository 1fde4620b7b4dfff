"""Looking for words in what was said, and for people and conversations by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from chat_service import inbox, places
from chat_service.inbox import Wish, asked_of
from chat_service.search_words import Wanted, wanted
from chat_service.store import contacts as people
from chat_service.store import inbox as rows
from chat_service.store import search as store
from chat_service.store.contacts import ContactCard
from chat_service.store.search import FoundMessage
from chorus.auth import Principal
from chorus.db import Db
from chorus.errors import BadRequest

CONTACTS_MAX: Final = 200
"""By so many people conversations are looked for."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked for, and from which place on."""

    q: str
    cursor: str | None
    limit: int

    def wanted(self) -> Wanted:
        """Raises BadRequest where there is nothing to look for."""
        found = wanted(self.q)
        if found is None:
            raise BadRequest("There is no word in this to look for.", field="q")
        return found


@dataclass(frozen=True, slots=True)
class FoundMessages:
    items: Sequence[FoundMessage]
    shown: tuple[str, ...]
    """The words to mark."""
    next_cursor: str | None


async def messages(
    db: Db, principal: Principal, look: Look, filters: Mapping[str, Any]
) -> FoundMessages:
    """What was said with all of these words, notes too, the latest first."""
    asked = look.wanted()
    before = None
    if look.cursor is not None:
        at, id_, seq = places.read(look.cursor, places.moment, places.uuid, places.seq)
        before = at, id_, seq
    async with db.read(principal.tenant_id) as session:
        found = await store.messages(
            session,
            principal.tenant_id,
            asked.query,
            filters=filters,
            before=before,
            limit=look.limit + 1,
        )
    items, more = found[: look.limit], len(found) > look.limit
    last = items[-1] if more else None
    cursor = None if last is None else places.spelled(last.at, last.conversation_id, last.seq)
    return FoundMessages(items, asked.shown, cursor)


@dataclass(frozen=True, slots=True)
class FoundContacts:
    items: Sequence[ContactCard]
    next_cursor: str | None


async def contacts(db: Db, principal: Principal, look: Look) -> FoundContacts:
    """Who is called so, or has such an address or number; who was here last first."""
    asked = look.wanted()
    before = None
    if look.cursor is not None:
        at, id_ = places.read(look.cursor, places.moment, places.uuid)
        before = at, id_
    async with db.read(principal.tenant_id) as session:
        found = await store.contacts(session, asked.query, before=before, limit=look.limit + 1)
        ids = [one for one, _ in found[: look.limit]]
        cards = await people.cards(session, principal.tenant_id, ids)
    last = found[look.limit - 1] if len(found) > look.limit else None
    return FoundContacts(cards, None if last is None else places.spelled(last[1], last[0]))


async def conversations(
    db: Db, principal: Principal, look: Look, filters: Mapping[str, Any]
) -> inbox.Page:
    """Of people who are called so, with a tag of this name, or of this id; the latest first."""
    asked, written = wanted(look.q), look.q.strip()
    ids: tuple[UUID, ...] = ()
    async with db.read(principal.tenant_id) as session:
        if asked is not None:
            found = await store.contacts(session, asked.query, before=None, limit=CONTACTS_MAX)
            ids = tuple(one for one, _ in found)
        wish = Wish("all", cursor=look.cursor, limit=look.limit + 1)
        narrowed = asked_of(wish, filters, agent_id=principal.user_id)
        among = rows.Among(ids, written, _uuid(written))
        page = await rows.page(session, principal.tenant_id, narrowed, among)
    items = page[: look.limit]
    more = len(page) > look.limit
    return inbox.Page(items, inbox.cursor_of(items[-1], narrowed.sort) if more else None)


def _uuid(written: str) -> UUID | None:
    try:
        return UUID(written)
    except ValueError:
        return None
