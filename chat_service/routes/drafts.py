"""Drafts over REST: everybody has their own, one to answer with and one for a note."""

from typing import Annotated, Any

from fastapi import Path, Response

from chat_service import drafts
from chat_service.drafts import Written
from chat_service.routes.desk_parts import READ, WRITE, ConversationId
from chat_service.routes.draft_shapes import DraftBody, DraftList, Mode, SavedDraft
from chat_service.routes.guard import Route, Who, With
from chat_service.store.drafts import DraftRow
from chorus.clock import rfc3339
from chorus.web import json_response

OfMode = Annotated[Mode, Path()]


async def all_drafts(resources: With, who: Who) -> Response:
    """What you have begun and not sent, the latest first, at most 200."""
    found = await drafts.read_all(resources.db, who)
    return json_response({"items": [_shown(one) for one in found]})


async def drafts_here(conversation_id: ConversationId, resources: With, who: Who) -> Response:
    """What you have begun to write here. A draft goes when it is sent: nothing needs to delete it."""
    found = await drafts.read(resources.db, who, conversation_id)
    return json_response({"items": [_shown(one) for one in found]})


async def draft_saved(
    conversation_id: ConversationId, mode: OfMode, body: DraftBody, resources: With, who: Who
) -> Response:
    """The last writer wins; `overwrote` says that another window of yours had written meanwhile."""
    details = body.model_dump(
        mode="json", include={"mentions", "reply_to", "attachments"}, exclude_defaults=True
    )
    written = Written(body.content, details, body.version, body.seq)
    saved = await drafts.save(resources.commands, who, conversation_id, mode, written=written)
    return json_response(_shown(saved.draft) | {"overwrote": saved.overwrote})


async def draft_discarded(
    conversation_id: ConversationId, mode: OfMode, resources: With, who: Who
) -> Response:
    """Throw it away; where there is none nothing happens."""
    await drafts.discard(resources.commands, who, conversation_id, mode)
    return Response(status_code=204)


def _shown(row: DraftRow) -> dict[str, Any]:
    return {
        "conversationId": row.conversation_id,
        "mode": row.mode,
        "content": row.content,
        "mentions": row.details.get("mentions", []),
        "replyTo": row.details.get("reply_to"),
        "attachments": row.details.get("attachments", []),
        "version": row.version,
        "updatedAt": rfc3339(row.updated_at),
    }


_HERE = "/livechat/conversations/{conversationId}/drafts"
_ONE = f"{_HERE}/{{mode}}"

ROUTES = (
    Route("GET", "/livechat/drafts", all_drafts, READ, "Your drafts", DraftList),
    Route("GET", _HERE, drafts_here, READ, "Your drafts in a conversation", DraftList),
    Route("PUT", _ONE, draft_saved, WRITE, "Keep a draft", SavedDraft),
    Route("DELETE", _ONE, draft_discarded, WRITE, "Throw a draft away", status=204),
)
