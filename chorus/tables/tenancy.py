"""Who runs a chat: the installation, its tenants, and the inboxes customers arrive at."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint

from chorus.tables.columns import (
    Json,
    Row,
    created,
    json_object,
    key,
    number,
    of_tenant,
    one_of,
    within_tenant,
    word,
    words,
)


class Installation(Row, table=True):
    """The single row whose `epoch` changes when a backup is restored or a standby promoted.

    A client that remembers another epoch forgets its seqs (DESIGN §5).
    """

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", name="id"),)

    id: int = key()
    epoch: str = word()
    created_at: datetime = created()


class Tenant(Row, table=True):
    __tablename__ = "tenants"
    __table_args__ = (
        UniqueConstraint("slug"),
        one_of("state", ("active", "disabled")),
        CheckConstraint("retention_days BETWEEN 1 AND 2555", name="retention_days"),
    )

    id: UUID = key()
    slug: str = word()
    name: str = word()
    tier: str = word("free")
    state: str = word("active")
    settings: Json = json_object()
    retention_days: int | None = number()
    """NULL: the default of the installation."""
    created_at: datetime = created()


class Inbox(Row, table=True):
    """Where conversations come from: the *origin* of the source documents.

    `settings.bot.enabled` decides whether a new conversation starts with the bot;
    `settings.weight` (1 when left out) how much of an agent's capacity one of them takes.
    """

    __tablename__ = "inboxes"
    __table_args__ = (
        of_tenant(),
        within_tenant("queue_id", "queues"),
        within_tenant("bot_id", "bots"),
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("public_key"),
        one_of("channel", ("web", "email", "sms", "whatsapp", "messenger")),
        one_of("state", ("enabled", "disabled")),
    )

    id: UUID = key()
    tenant_id: UUID
    channel: str = word("web")
    name: str = word()
    public_key: str = word()
    allowed_origins: list[str] = words()
    """Exact origins; `http://localhost:*` and its like allow any port."""
    state: str = word("enabled")
    queue_id: UUID | None = None
    """Where its escalations go; NULL: the tenant's default queue."""
    bot_id: UUID | None = None
    """Who answers or suggests in it; NULL: no bot of ours."""
    settings: Json = json_object()
    created_at: datetime = created()
