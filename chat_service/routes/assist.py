"""Help for agents over REST: asked for, shown to them alone, and never sent by itself."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Response

from chat_service import assist, proposals
from chat_service.routes.assist_shapes import ProposedReplies, TakenBody, TakenReply
from chat_service.routes.desk_parts import WRITE, ConversationId
from chat_service.routes.guard import AGENTS, Needs, Route, Who, With
from chorus.web import json_response
from chorus.wire.asks import Answer, Proposal


async def replies_proposed(conversation_id: ConversationId, resources: With, who: Who) -> Response:
    """Answers to what the customer said last, from what the tenant knows, each with its sources.
    503 `UNAVAILABLE` with a sentence when nobody who has the knowledge answers in time.
    """
    found = await assist.replies(resources.commands, resources.asking, who, conversation_id)
    items = [*map(_shown, found.answer.proposals)]
    return json_response({"id": found.id, "items": items, "basis": _basis(found.answer)})


async def reply_taken(
    conversation_id: ConversationId,
    proposal_id: Annotated[UUID, Path(alias="proposalId")],
    body: TakenBody,
    resources: With,
    who: Who,
) -> Response:
    """Tell which message of yours a proposed reply went into. `proposalId` is the `id` of what was
    proposed, or of a bot's message of type `suggestion`. The first message stands.
    """
    settled = await proposals.take(
        resources.commands,
        who,
        conversation_id,
        proposal_id,
        message_id=body.message,
        text=body.text,
    )
    return json_response(
        {"outcome": settled.outcome, "message": settled.message_id, "dup": settled.dup}
    )


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
    Route(
        "PUT",
        "/livechat/conversations/{conversationId}/assist/replies/{proposalId}/taken",
        reply_taken,
        WRITE,
        "Tell that a proposed answer was sent",
        TakenReply,
    ),
)
