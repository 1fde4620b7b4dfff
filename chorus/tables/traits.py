"""What a customer's words say of their conversation."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index

from chorus.tables.columns import Json, Row, count, created, json_object, key, word, words


class ConversationTraits(Row, table=True):
    """Topic, mood, language and tags, as rules read them a moment after the message.

    Apart from the conversation, whose row every message locks; no foreign key for the same reason.
    """

    __tablename__ = "conversation_traits"
    __table_args__ = (
        Index("conversation_traits_intent_idx", "tenant_id", "intent"),
        Index("conversation_traits_sentiment_idx", "tenant_id", "sentiment"),
        {"postgresql_with": {"fillfactor": 80}},
    )

    conversation_id: UUID = key()
    tenant_id: UUID
    upto_seq: int = count(0)
    """The last message of the customer that was read."""
    edits: int = count(0)
    """What `metadata.edits` of the conversation said then: words that changed are read anew."""
    reading: Json = json_object()
    """What the rules go on from."""
    intent: str = word("other")
    sentiment: str = word("neutral")
    language: str = word("")
    tags: list[str] = words()
    """What the words have borne out."""
    settled: list[str] = words()
    """Tags that no rule puts any more: it has put them once, or a person took them away."""
    updated_at: datetime = created()
