"""Texts around a conversation: canned replies and summaries."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, UniqueConstraint, text
from sqlmodel import Field

from chorus.tables.columns import (
    Json,
    Row,
    count,
    created,
    json_object,
    json_value,
    key,
    number,
    of_tenant,
    one_of,
    within_tenant,
    word,
)

_ZERO = text("0")


class CannedReply(Row, table=True):
    """A prepared answer; `agent_id` NULL shares it with the tenant."""

    __tablename__ = "canned_replies"
    __table_args__ = (
        of_tenant(),
        within_tenant("agent_id", "agents"),
        UniqueConstraint(
            "tenant_id",
            "agent_id",
            "shortcut",
            "language",
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: UUID = key()
    tenant_id: UUID
    agent_id: UUID | None = None
    shortcut: str = word()
    title: str = word()
    body: str = word()
    """With `{{contact.first_name}}` and its like."""
    language: str = word("en")
    created_at: datetime = created()
    updated_at: datetime = created()


class Summary(Row, table=True):
    """What a conversation was about up to `upto_seq`, and what it cost to say so."""

    __tablename__ = "summaries"
    __table_args__ = (
        within_tenant("conversation_id", "conversations"),
        within_tenant("author_id", "agents"),
        one_of("source", ("model", "extractive", "human")),
        CheckConstraint("upto_seq >= 1", name="upto_seq"),
        Index("summaries_conversation_idx", "conversation_id", "upto_seq"),
    )

    id: UUID = key()
    tenant_id: UUID
    conversation_id: UUID
    upto_seq: int = count()
    source: str = word("extractive")
    model: str = word()
    tier: str = word("free")
    body: Json = json_object()
    text: str = word()
    tokens: int = number(0)
    cost: Decimal = Field(
        default=Decimal(0),
        sa_type=Numeric(18, 9),
        sa_column_kwargs={"server_default": _ZERO},
    )
    """US dollars."""
    ms: int = number(0)
    edits: int = count(0)
    """What `metadata.edits` of the conversation said when its messages were read."""
    state: Json | None = json_value()
    """What the extractor goes on from; only with the latest."""
    author_id: UUID | None = None
    """Whose words these are."""
    created_at: datetime = created()
