"""What a list of conversations can be asked for."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from chat_service.routes.shapes import Shape
from chorus.wire.common import MAX_TAGS, InboxSort, InboxView

_FILTERS = {
    "status",
    "queue",
    "assignee",
    "priority",
    "inbox",
    "channel",
    "unread",
    "intent",
    "sentiment",
    "language",
}


class ListQuery(Shape):
    view: InboxView = InboxView.ALL
    sort: InboxSort = InboxSort.LATEST
    """`waiting`: who has waited longest; `priority`: highest first."""
    status: Annotated[str | None, Field(max_length=20)] = None
    queue: Annotated[str | None, Field(max_length=80)] = None
    """A name or an id."""
    assignee: Annotated[str | None, Field(max_length=40)] = None
    """An id, `me`, or `none`."""
    tags: Annotated[str | None, Field(max_length=500)] = None
    """With commas between; a conversation must have all of them."""
    priority: Annotated[int | None, Field(ge=0, le=100)] = None
    """At least so high."""
    inbox: UUID | None = None
    channel: Annotated[str | None, Field(max_length=20)] = None
    unread: bool | None = None
    intent: Annotated[str | None, Field(max_length=20)] = None
    """What the customer's words are about, by rules: `refund`, `delivery`, …"""
    sentiment: Annotated[str | None, Field(max_length=20)] = None
    """How they sound: `positive`, `neutral`, `negative` or `angry`."""
    language: Annotated[str | None, Field(max_length=3)] = None
    cursor: Annotated[str | None, Field(max_length=500)] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50

    def filters(self) -> dict[str, Any]:
        """What narrows the view, as `inbox.open` spells it."""
        named = [one for one in (self.tags or "").split(",") if one][: MAX_TAGS + 1]
        return {**self.model_dump(include=_FILTERS), "tags": named or None}
