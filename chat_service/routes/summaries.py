"""Summaries over REST: what a conversation is about, for agents only."""

from typing import Annotated, Any

from fastapi import Query, Response

from chat_service import summaries
from chat_service.routes.desk_parts import WRITE, ConversationId
from chat_service.routes.guard import AGENTS_AND_SERVICES, Needs, Route, Who, With
from chat_service.routes.summary_shapes import SummaryBody, SummaryView, summary_card
from chat_service.summaries import View
from chorus.web import json_response

Rev = Annotated[int | None, Query(ge=0, le=2**53)]


async def summary_read(conversation_id: ConversationId, resources: With, who: Who) -> Response:
    """What it is about, at once: `behind` says how many messages came since what is shown, `fresh`
    whether it covers them all. What a person wrote (`source` human) stays until a person changes it.
    """
    return _shown(await summaries.read(resources.commands, who, conversation_id))


async def summary_written(
    conversation_id: ConversationId, body: SummaryBody, resources: With, who: Who
) -> Response:
    """Say it in your own words. 409 `STALE_VIEW` when a colleague has written since `rev`."""
    written = await summaries.write(
        resources.commands, who, conversation_id, body.text, rev=body.rev
    )
    return _shown(written)


async def summary_let_go(
    conversation_id: ConversationId, resources: With, who: Who, *, rev: Rev = None
) -> Response:
    """Give up what a person wrote: the next reader gets one made from the messages again. With
    `rev`: 409 `STALE_VIEW` when a colleague has written since.
    """
    await summaries.let_go(resources.commands, who, conversation_id, rev=rev)
    return Response(status_code=204)


def _shown(view: View) -> Response:
    shown: dict[str, Any] = {"conversationId": view.conversation_id, **summary_card(view.summary)}
    shown |= {"behind": view.behind, "fresh": view.fresh, "changed": view.changed, "rev": view.rev}
    return json_response(shown)


_ONE = "/livechat/summary/{conversationId}"

ROUTES = (
    Route(
        "GET",
        _ONE,
        summary_read,
        Needs("summary:read", AGENTS_AND_SERVICES),
        "What a conversation is about",
        SummaryView,
    ),
    Route("PUT", _ONE, summary_written, WRITE, "Write the summary yourself", SummaryView),
    Route("DELETE", _ONE, summary_let_go, WRITE, "Give up what was written", status=204),
)
