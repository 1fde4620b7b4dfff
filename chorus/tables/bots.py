"""Who answers before people do: bots, each bound to the inboxes it answers in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text

from chorus.tables.columns import (
    Json,
    Row,
    created,
    json_object,
    key,
    moment,
    of_tenant,
    one_of,
    word,
)


class Bot(Row, table=True):
    """A bot of a tenant. An inbox has the bot of its `bot_id`; several inboxes may have the same.

    `settings.policy` is the table of weights, `settings.allowedHosts` where its links may lead,
    `settings.helpText` what is said by language when somebody is in danger.
    """

    __tablename__ = "bots"
    __table_args__ = (
        of_tenant(),
        UniqueConstraint("tenant_id", "id"),
        # One of a name, among those that are not deleted.
        Index(
            "bots_name_key",
            "tenant_id",
            "name",
            unique=True,
            postgresql_where=text("archived_at IS NULL"),
        ),
        one_of("mode", ("answer", "suggest")),
        one_of("state", ("enabled", "disabled")),
    )

    id: UUID = key()
    tenant_id: UUID
    name: str = word()
    persona: str = word("")
    """Who it is, in the tenant's words."""
    instructions: str = word("")
    """How it is to answer, in the tenant's words."""
    mode: str = word("answer")
    """`suggest`: it proposes answers to agents, and customers never hear it."""
    state: str = word("enabled")
    """`disabled`: whoever it would answer gets a person."""
    settings: Json = json_object()
    created_at: datetime = created()
    archived_at: datetime | None = moment()
    """A deleted bot is kept for what it did."""
