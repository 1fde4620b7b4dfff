"""What agents keep at hand: drafts, macros, labels and views of the inbox."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint

from chorus.tables.columns import (
    Json,
    Row,
    count,
    created,
    json_object,
    json_value,
    key,
    of_tenant,
    one_of,
    within_tenant,
    word,
)

DRAFT_MODES = ("reply", "note")


class Draft(Row, table=True):
    """What an agent has begun to write in a conversation, and not sent.

    A message of theirs of this mode past `seq` is this draft, sent: the row then counts for
    nothing. So the path of messages need not know of drafts.
    """

    __tablename__ = "drafts"
    __table_args__ = (
        within_tenant("conversation_id", "conversations", ondelete="CASCADE"),
        within_tenant("agent_id", "agents", ondelete="CASCADE"),
        one_of("mode", DRAFT_MODES),
        CheckConstraint("version >= 1", name="version"),
    )

    conversation_id: UUID = key()
    agent_id: UUID = key()
    mode: str = word(primary_key=True)
    tenant_id: UUID
    content: str = word()
    details: Json = json_object()
    """`mentions`, `reply_to` and `attachments`, as a message carries them."""
    seq: int = count(0)
    """The last event that its writer had seen."""
    version: int = count(1)
    updated_at: datetime = created()


class Macro(Row, table=True):
    """Acts on a conversation under one name; `agent_id` NULL shares it with the tenant."""

    __tablename__ = "macros"
    __table_args__ = (
        of_tenant(),
        within_tenant("agent_id", "agents", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "agent_id", "name", postgresql_nulls_not_distinct=True),
    )

    id: UUID = key()
    tenant_id: UUID
    agent_id: UUID | None = None
    name: str = word()
    actions: Json | None = json_value()
    """A list of {do, …}, in the order in which they are done."""
    created_at: datetime = created()
    updated_at: datetime = created()


class Label(Row, table=True):
    """A tag that conversations may carry, as it is offered and drawn."""

    __tablename__ = "labels"
    __table_args__ = (of_tenant(),)

    tenant_id: UUID = key()
    name: str = word(primary_key=True)
    color: str = word("grey")
    created_at: datetime = created()


class SavedView(Row, table=True):
    """A view of the inbox under a name; `agent_id` NULL shares it with the tenant."""

    __tablename__ = "saved_views"
    __table_args__ = (
        of_tenant(),
        within_tenant("agent_id", "agents", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "agent_id", "name", postgresql_nulls_not_distinct=True),
    )

    id: UUID = key()
    tenant_id: UUID
    agent_id: UUID | None = None
    name: str = word()
    filter: Json = json_object()
    """`view` and what narrows it, as `inbox.open` takes it."""
    sort: str = word("latest")
    created_at: datetime = created()
    updated_at: datetime = created()
