"""Files that people attach: what stands here is about them; their bytes stand beside the database."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, text

from chorus.tables.columns import (
    Row,
    count,
    created,
    number,
    octets,
    of_tenant,
    one_of,
    within_tenant,
    word,
)

STATES: Final = ("ready", "sent", "gone")


class Attachment(Row, table=True):
    """A file that was looked at and kept. `ready`: no message carries it yet; `gone`: nobody may
    read it any more, and its bytes wait for the broom. No row without bytes, but bytes may be
    left without a row: those are swept too.
    """

    __tablename__ = "attachments"
    __table_args__ = (
        PrimaryKeyConstraint("tenant_id", "id"),
        of_tenant(),
        within_tenant("conversation_id", "conversations"),
        one_of("state", STATES),
        CheckConstraint("size > 0", name="size"),
        CheckConstraint("state <> 'sent' OR message_id IS NOT NULL", name="message_id"),
        Index("attachments_conversation_idx", "conversation_id", "seq"),
        Index("attachments_uploader_idx", "tenant_id", "uploader_id", "created_at"),
        Index("attachments_size_idx", "tenant_id", "size"),
        Index(
            "attachments_unsent_idx",
            "created_at",
            postgresql_where=text("state IN ('ready', 'gone')"),
        ),
    )

    id: UUID
    """Made by the client; the name of its bytes, too."""
    tenant_id: UUID
    conversation_id: UUID
    uploader_id: UUID
    """Contact, agent or API key."""
    name: str = word()
    """As cleaned, with the ending of what it is."""
    mime: str = word()
    """As recognised, never as claimed."""
    size: int = count()
    """Bytes as they are kept; a picture is drawn anew."""
    width: int | None = number()
    height: int | None = number()
    digest: bytes = octets()
    """SHA-256 of the bytes as they came: a repeat is known by it."""
    state: str = word("ready")
    message_id: UUID | None = None
    seq: int | None = count()
    """Of that message."""
    created_at: datetime = created()
