"""What files look like in REST."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from chat_service.routes.shapes import Shape, Uuid7


class UploadQuery(Shape):
    """What is attached, where; the body holds nothing but its bytes."""

    id: Uuid7
    """Made by the client: the same id and bytes are the same file."""
    conversation_id: UUID
    name: Annotated[str, Field(min_length=1, max_length=500)]
    """As the person's computer calls it; the server cleans it."""


class FileAnswer(Shape):
    """A file, and a link to its bytes."""

    id: UUID
    name: str
    mime: str
    """As recognised, not as claimed."""
    size: int
    width: int | None = None
    height: int | None = None
    url: str
    """Good without a token till `expiresAt`; always answered as a download that can run nothing."""
    expires_at: str
    """RFC 3339."""


class FileLimits(Shape):
    max_bytes: int
    types: list[str]
    """MIME types, as the server recognises them."""
