"""What inboxes look like to those who set them up."""

import re
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field

from chat_service.routes.admin_shapes import Absent, Name, Setting
from chat_service.routes.shapes import Shape
from chat_service.routes.widget_shapes import Strict, WidgetSettings

_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:(\d{1,5}|\*))?")


def _origin(value: str) -> str:
    if not _ORIGIN.fullmatch(value):
        msg = "an origin looks like https://shop.example, without a path; `:*` is any port"
        raise ValueError(msg)
    return value


def _once_each(value: list[str]) -> list[str]:
    return list(dict.fromkeys(value))


Origin = Annotated[str, Field(max_length=255), AfterValidator(_origin)]


class InboxChange(Setting):
    """What of an inbox is to be otherwise."""

    name: Name = Absent
    enabled: Strict = Absent
    """A disabled one takes no new visitors; who is there stays."""
    allowed_origins: Annotated[list[Origin], Field(max_length=100), AfterValidator(_once_each)] = (
        Absent
    )
    """Pages that may use it, exact; none: no page may."""
    widget: WidgetSettings = Absent
    """Replaced as a whole."""
    bot: Strict = Absent
    """Whether new conversations begin with the bot."""
    bot_id: UUID | None = Absent
    """The bot of ours that answers or suggests in it; null: none, or one that comes by the API."""
    weight: Annotated[int, Field(strict=True, ge=0, le=100)] = Absent
    """How much of a capacity one of its conversations takes."""
    queue_id: UUID | None = Absent
    """Where its requests go; null: to the default queue."""


class NewInbox(InboxChange):
    name: Name


class InboxAnswer(Shape):
    id: UUID
    name: str
    channel: str
    enabled: bool
    weight: int
    queue_id: UUID | None
    public_key: str
    allowed_origins: list[str]
    widget: dict[str, Any]
    bot: bool
    bot_id: UUID | None
    snippet: str
    """The tag that a page needs."""


class InboxList(Shape):
    items: list[InboxAnswer]
    next_cursor: str | None
