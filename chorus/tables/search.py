"""What can be found of what was said."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlmodel import Field

from chorus.tables.columns import Row, count, created, key, number, word


class FoundMessage(Row, table=True):
    """The words of a message; made a moment after it, so that the path of messages waits for none."""

    __tablename__ = "message_search"
    __table_args__ = (
        CheckConstraint("seq >= 1", name="seq"),
        Index("message_search_words_idx", "words", postgresql_using="gin"),
        # Also for reports: what was said in some days.
        Index("message_search_at_idx", "tenant_id", "at"),
    )

    conversation_id: UUID = key()
    seq: int = count(primary_key=True)
    tenant_id: UUID
    at: datetime = created()
    role: str = word()
    visibility: str = word()
    sender_id: UUID | None = None
    rev: int = number(0)
    """How often the message was changed when its words were read."""
    words: Any = Field(sa_type=TSVECTOR, nullable=False)
