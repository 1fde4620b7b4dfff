"""What drafts look like over REST."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from chat_service.routes.admin_shapes import Setting
from chat_service.routes.shapes import Shape
from chorus.wire.common import MAX_ATTACHMENTS, MAX_MENTIONS, Said


class DraftBody(Setting):
    """What an agent has written so far: what a message carries, and what the window knew."""

    content: Said
    """Empty only beside `attachments`."""
    mentions: Annotated[list[UUID], Field(max_length=MAX_MENTIONS)] = []
    reply_to: UUID | None = None
    attachments: Annotated[list[UUID], Field(max_length=MAX_ATTACHMENTS)] = []
    version: Annotated[int, Field(strict=True, ge=0, le=2**53)] | None = None
    """The version this window knew, 0 for none: then `overwrote` says whether another stood there."""
    seq: Annotated[int, Field(strict=True, ge=0, le=2**53)] | None = None
    """The last event this window has seen. A message of yours past it is taken for this draft, sent;
    left out: the head."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.content and not self.attachments:
            raise ValueError("content or attachments must be there")
        return self


class Draft(Shape):
    conversation_id: UUID
    mode: str
    content: str
    mentions: list[UUID]
    reply_to: UUID | None
    attachments: list[UUID]
    version: int
    updated_at: str


class SavedDraft(Draft):
    overwrote: bool
    """It took the place of another version than the one you named."""


class DraftList(Shape):
    items: list[Draft]


def _mode(value: str) -> str:
    if value not in ("reply", "note"):
        msg = "reply or note"
        raise ValueError(msg)
    return value


Mode = Annotated[str, AfterValidator(_mode)]
