"""Help for agents over REST: asked for, shown to them alone, and never sent by itself."""

from typing import Any

from fastapi import Response

from chat_service import assist
from chat_service.routes.assist_shapes import ProposedReplies
from chat_service.routes.desk_parts import ConversationId
from chat_service.routes.guard import AGENTS, Needs, Route, Who, With
from chorus.web import json_response
from chorus.wire.asks import Answer, Proposal


async def replies_proposed(conversation_id: ConversationId, resources: With, who: Who) -> Response:
    """Answers to what the customer said last, from what the tenant knows, each with its sources.
    503 `UNAVAILABLE` with a sentence when nobody who has the knowledge answers in time.
    """
    found = await assist.replies(resources.db, resources.asking, who, conversation_id)
    return json_response({"items": [*map(_shown, found.proposals)], "basis": _basis(found)})


def _basis(found: Answer) -> dict[str, Any] | None:
    if found.upto_seq is None:
        return None
    return {"uptoSeq": found.upto_seq, "confidence": found.confidence}


def _shown(one: Proposal) -> dict[str, Any]:
    return {
        "text": one.text,
        "kind": one.kind,
        "citations": [
            {"title": piece.title, "source": piece.source_id, "chunk": piece.id}
            for piece in one.rests_on
        ],
    }


ROUTES = (
    Route(
        "POST",
        "/livechat/conversations/{conversationId}/assist/replies",
        replies_proposed,
        Needs("chat:read", AGENTS, "command"),
        "Propose answers",
        ProposedReplies,
    ),
)
