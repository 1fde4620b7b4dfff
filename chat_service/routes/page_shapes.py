"""What the widget learns before anybody has said a word, and what the demo shop's page asks."""

from typing import Any

from chat_service.routes.shapes import Shape


class WidgetInbox(Shape):
    name: str
    channel: str


class WidgetAvailability(Shape):
    """By the hours of the queue that the inbox leads to, and by who is there."""

    open: bool
    opens_at: str | None
    """When it opens next; null while it is open, or when that is not in sight."""
    staffed: bool | None
    """Whether somebody of the queue is online now, a few seconds old; null where that is not known."""


class WidgetFiles(Shape):
    """What customers may attach."""

    enabled: bool
    max_bytes: int
    types: list[str]
    """MIME types, as the server recognises them."""


class WidgetConfig(Shape):
    inbox: WidgetInbox
    tenant: str
    bot: str | None
    """What the bot that answers first is called; null where none of ours does."""
    api_base: str
    ws_base: str
    settings: dict[str, Any]
    """What the tenant set for the widget: texts, colours, languages."""
    availability: WidgetAvailability
    files: WidgetFiles


class DemoFacts(Shape):
    inbox_key: str
    bot_inbox_key: str | None
    """Of the inbox where a bot answers first."""
    closed: bool
    """Whether the demo page has closed its line."""


class DemoHours(Shape):
    closed: bool


class DemoUser(Shape):
    token: str
    """Of the shop's own issuer; it says who this is."""
    name: str
    email: str
