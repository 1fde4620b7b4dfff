"""What a tenant knows: sources as they were brought, and the chunks that are found."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)

from chorus.tables.columns import (
    Row,
    count,
    created,
    moment,
    number,
    of_tenant,
    one_of,
    word,
    words,
)

KINDS: Final = ("qa", "markdown", "text")
TRUSTS: Final = ("editor", "imported", "web")
STATES: Final = ("queued", "indexing", "ready", "failed", "deleted")


class KnowledgeSource(Row, table=True):
    """Something a tenant brought to answer from. It is its own queue: whoever indexes it holds
    `lease_until` and repeats `fence`; a change raises both `version` and `fence`.
    """

    __tablename__ = "knowledge_sources"
    __table_args__ = (
        PrimaryKeyConstraint("id"),
        of_tenant(),
        UniqueConstraint("tenant_id", "id"),
        one_of("kind", KINDS),
        one_of("trust", TRUSTS),
        one_of("state", STATES),
        CheckConstraint("(state = 'indexing') = (lease_until IS NOT NULL)", name="lease_until"),
        # One of a name, among those that are not deleted.
        Index(
            "knowledge_sources_name_idx",
            "tenant_id",
            "name",
            unique=True,
            postgresql_where=text("state <> 'deleted'"),
        ),
        Index(
            "knowledge_sources_due_idx",
            "due_at",
            postgresql_where=text("state IN ('queued', 'indexing', 'deleted')"),
        ),
    )

    id: UUID
    tenant_id: UUID
    name: str = word()
    kind: str = word("markdown")
    trust: str = word("editor")
    language: str = word("")
    """ISO 639-1; empty: unknown."""
    content: str = word()
    """As it was brought; pairs as JSON."""
    state: str = word("queued")
    """`deleted`: its chunks are gone, the index has not heard yet."""
    note: str = word("")
    """Why it failed or waits, or what was taken out of it: a sentence for people."""
    version: int = number(1)
    chunks: int = number(0)
    held_back: int = number(0)
    """Chunks that are not found because they look like orders to a model."""
    indexed_as: str = word("")
    """The space its vectors stand in; empty: in none yet."""
    attempts: int = number(0)
    due_at: datetime = created()
    lease_until: datetime | None = moment()
    fence: int = count(0)
    created_at: datetime = created()
    updated_at: datetime = created()
    indexed_at: datetime | None = moment()


class KnowledgeChunk(Row, table=True):
    """A piece of a source, cleaned: the truth that every index is made from."""

    __tablename__ = "kb_chunks"
    __table_args__ = (
        PrimaryKeyConstraint("source_id", "version", "place"),
        ForeignKeyConstraint(
            ["tenant_id", "source_id"],
            ["knowledge_sources.tenant_id", "knowledge_sources.id"],
            ondelete="CASCADE",
        ),
        Index("kb_chunks_terms_idx", "terms", postgresql_using="gin"),
        Index("kb_chunks_tenant_idx", "tenant_id", "source_id"),
    )

    source_id: UUID
    tenant_id: UUID
    version: int = number()
    place: int = number()
    title: str = word()
    text: str = word()
    held_back: str = word("")
    """Why it is not found; empty: it is."""
    terms: Any = words()
    """What it is looked for by where no index answers."""
