"""Search over REST: what was said, who it was, which conversation."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Query, Response

from chat_service import search
from chat_service.routes import render
from chat_service.routes.admin_parts import READ
from chat_service.routes.contact_shapes import Found, SearchQuery
from chat_service.routes.contacts import shown
from chat_service.routes.guard import Route, Who, With
from chat_service.search import Look
from chat_service.search_words import snippet
from chat_service.store.search import FoundMessage
from chorus.auth import Principal
from chorus.clock import rfc3339
from chorus.web import json_response


async def found(asked: Annotated[SearchQuery, Query()], resources: With, who: Who) -> Response:
    """Messages (notes too), contacts or conversations, the latest first; filters narrow the first
    and the last. What was said a second ago may be missing yet.
    """
    look = Look(asked.q, asked.cursor, asked.limit)
    if asked.kind == "contacts":
        people = await search.contacts(resources.db, who, look)
        return _answer(asked, [shown(one) for one in people.items], people.next_cursor)
    if asked.kind == "conversations":
        narrowed = {
            "status": asked.status,
            "assignee": asked.assignee and str(asked.assignee),
            "inbox": asked.inbox and str(asked.inbox),
            "tags": [asked.tag] if asked.tag else None,
        }
        page = await search.conversations(resources.db, who, look, narrowed)
        rows = [render.list_item(one, who) for one in page.items]
        return _answer(asked, rows, page.next_cursor)
    said = await search.messages(resources.db, who, look, _filters(asked, who))
    items = [_message(one, said.shown) for one in said.items]
    return _answer(asked, items, said.next_cursor)


def _answer(asked: SearchQuery, items: list[Any], cursor: str | None) -> Response:
    return json_response({"kind": asked.kind, "items": items, "nextCursor": cursor})


def _filters(asked: SearchQuery, who: Principal) -> dict[str, Any]:
    names = {"role", "notes", "sender", "since", "until", "conversation", "contact", "inbox"}
    given = asked.model_dump(mode="json", include=names | {"status", "tag"})
    assignee = who.user_id if asked.assignee == "me" else asked.assignee
    return {**given, "assignee": None if assignee is None else str(assignee)}


def _message(one: FoundMessage, words: tuple[str, ...]) -> dict[str, Any]:
    return {
        "conversationId": one.conversation_id,
        "seq": one.seq,
        "id": one.id,
        "role": one.role,
        "userId": one.sender_id,
        "visibility": one.visibility,
        "createdAt": rfc3339(one.at),
        "snippet": [asdict(piece) for piece in snippet(one.content, words)],
        "status": one.status,
        "contact": {"id": one.contact_id, "name": one.contact_name},
    }


ROUTES = (Route("GET", "/livechat/search", found, READ, "Search", Found),)
