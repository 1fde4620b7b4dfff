"""Contacts over REST: who they are, who says so, and what was said before."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Response

from chat_service import contacts, search
from chat_service.contacts import TRAITS
from chat_service.inbox import Wish
from chat_service.routes import render
from chat_service.routes.admin_parts import READ, By
from chat_service.routes.contact_shapes import (
    Contact,
    ContactChange,
    ContactList,
    ContactQuery,
    PageQuery,
)
from chat_service.routes.desk_parts import WRITE
from chat_service.routes.guard import Route, Who, With
from chat_service.routes.shapes import ConversationList
from chat_service.search import Look
from chat_service.store.contacts import ContactCard
from chorus.clock import rfc3339
from chorus.web import json_response

ContactId = Annotated[UUID, Path(alias="contactId")]


async def listed_contacts(
    asked: Annotated[ContactQuery, Query()], resources: With, who: Who
) -> Response:
    """Who was here last first; with `q` those who are called so."""
    if asked.q is None or not asked.q.strip():
        page = await contacts.read_page(resources.db, who, asked.cursor, asked.limit)
        return json_response(
            {"items": [shown(one) for one in page.items], "nextCursor": page.next_cursor}
        )
    look = Look(asked.q, asked.cursor, asked.limit)
    found = await search.contacts(resources.db, who, look)
    return json_response(
        {"items": [shown(one) for one in found.items], "nextCursor": found.next_cursor}
    )


async def contact_shown(contact_id: ContactId, resources: With, who: Who) -> Response:
    return json_response(shown(await contacts.read_one(resources.db, who, contact_id)))


async def contact_changed(
    contact_id: ContactId, body: ContactChange, resources: With, by: By
) -> Response:
    """What is left out stays; null takes it away. What your backend signed cannot be changed here."""
    chosen = body.model_dump(exclude_unset=True)
    return json_response(shown(await contacts.change(resources.commands, by, contact_id, chosen)))


async def contact_conversations(
    contact_id: ContactId, asked: Annotated[PageQuery, Query()], resources: With, who: Who
) -> Response:
    """All conversations of a contact, closed ones too, the latest first."""
    wish = Wish("all", cursor=asked.cursor, limit=asked.limit)
    page = await contacts.conversations(resources.db, who, contact_id, wish)
    rows = [render.list_item(one, who) for one in page.items]
    return json_response({"items": rows, "nextCursor": page.next_cursor})


def shown(card: ContactCard) -> dict[str, Any]:
    """A contact, with who says what of it."""
    signed = card.signed.get("attributes", {})
    return {
        "id": card.id,
        "name": card.name,
        "email": card.email,
        "phone": card.phone,
        "locale": card.locale,
        "verified": card.verified,
        "signed": [one for one in TRAITS if one in card.signed],
        "attributes": [
            {"name": name, "value": value, "signed": name in signed}
            for name, value in sorted(card.attributes.items())
        ],
        "lastSeenAt": card.last_seen_at and rfc3339(card.last_seen_at),
        "createdAt": rfc3339(card.created_at),
        "conversations": card.conversations,
    }


_ALL, _ONE = "/livechat/contacts", "/livechat/contacts/{contactId}"

ROUTES = (
    Route("GET", _ALL, listed_contacts, READ, "List contacts", ContactList),
    Route("GET", _ONE, contact_shown, READ, "A contact", Contact),
    Route("PATCH", _ONE, contact_changed, WRITE, "Put a contact right", Contact),
    Route(
        "GET",
        f"{_ONE}/conversations",
        contact_conversations,
        READ,
        "What was said with a contact before",
        ConversationList,
    ),
)
