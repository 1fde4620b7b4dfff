"""Conversations, their messages in order, and how far each side has read."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text

from chorus.tables.columns import (
    Json,
    Row,
    count,
    created,
    flag,
    json_object,
    key,
    meta,
    moment,
    number,
    octets,
    one_of,
    within_tenant,
    word,
    words,
)
from chorus.wire.common import ConversationStatus, Floor, Role, Visibility

_NOT_CLOSED = text("status <> 'closed'")


class Conversation(Row, table=True):
    """A dialogue with one contact, its head, its floor, and what an inbox row shows of it.

    Every message updates this row. It stays a HOT update (no index touched) as long as no
    index names `last_seq`, `last_ts`, `preview`, `unread` or `waiting_since`; free space on
    the page is kept for it. So open conversations are sorted when read, and closed ones by
    `closed_at`, which no longer moves.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        within_tenant("inbox_id", "inboxes"),
        within_tenant("contact_id", "contacts"),
        within_tenant("queue_id", "queues"),
        within_tenant("assignee_id", "agents"),
        within_tenant("team_id", "teams"),
        UniqueConstraint("tenant_id", "id"),
        one_of("status", ConversationStatus),
        one_of("floor_holder", Floor),
        CheckConstraint("first_seq >= 1 AND last_seq >= first_seq - 1", name="seq"),
        CheckConstraint("unread >= 0", name="unread"),
        CheckConstraint("(status = 'snoozed') = (snoozed_until IS NOT NULL)", name="snoozed"),
        CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        CheckConstraint("csat_score BETWEEN 1 AND 5", name="csat_score"),
        Index(
            "conversations_open_idx",
            "tenant_id",
            "status",
            postgresql_where=_NOT_CLOSED,
        ),
        Index(
            "conversations_queue_idx",
            "tenant_id",
            "queue_id",
            postgresql_where=_NOT_CLOSED,
        ),
        Index(
            "conversations_closed_idx",
            "tenant_id",
            text("closed_at DESC"),
            text("id DESC"),
            postgresql_where=text("status = 'closed'"),
        ),
        Index(
            "conversations_assignee_idx",
            "tenant_id",
            "assignee_id",
            "status",
            text("closed_at DESC"),
            postgresql_where=text("assignee_id IS NOT NULL"),
        ),
        Index(
            "conversations_bot_idx",
            "inbox_id",
            postgresql_where=text("status = 'open' AND floor_holder = 'bot'"),
        ),
        Index("conversations_contact_idx", "contact_id", "id"),
        Index("conversations_created_idx", "tenant_id", "created_at"),
        {"postgresql_with": {"fillfactor": 70, "autovacuum_vacuum_scale_factor": 0.05}},
    )

    id: UUID = key()
    tenant_id: UUID
    inbox_id: UUID
    contact_id: UUID
    status: str = word(ConversationStatus.OPEN)
    snoozed_until: datetime | None = moment()
    closed_at: datetime | None = moment()
    first_seq: int = count(1)
    """The lowest seq still kept; retention raises it."""
    last_seq: int = count(0)
    """The head; `head_seq` on the wire."""
    floor_holder: str = word(Floor.NONE)
    floor_epoch: int = count(0)
    queue_id: UUID | None = None
    assignee_id: UUID | None = None
    team_id: UUID | None = None
    priority: int = number(0)
    """Higher is sooner; 0 is normal."""
    tags: list[str] = words()
    attributes: Json = json_object()
    meta: Json = meta()
    """The column `metadata`: `summary`, the one thing summary_engine writes; `summary_rev`, how often
    people wrote it; `edits`, how often what was said has changed."""
    preview: str = word("")
    """The start of the last public message."""
    unread: int = number(0)
    """Public messages of the customer past what any agent has read."""
    marked_unread: bool = flag(default=False)
    """An agent put it back among the unread ones; who reads on takes it out."""
    waiting_since: datetime | None = moment()
    """The first customer message nobody has answered yet."""
    last_ts: datetime | None = moment()
    csat_score: int | None = number()
    csat_comment: str | None = word()
    created_at: datetime = created()


class Message(Row, table=True):
    """A durable event: what somebody said, or (`message_type` event) what happened.

    `payload` holds reply_to, attachments, mentions and meta of a message, `event` and `data`
    of an event. No foreign key: the ingest statement joins the conversation and holds its
    lock, and a trigger per row would be paid on the hottest path there is.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "id"),
        one_of("role", Role),
        one_of("visibility", Visibility),
        CheckConstraint("seq >= 1", name="seq"),
        # Few messages name anybody, so most inserts never touch it.
        Index(
            "messages_mentions_idx",
            "tenant_id",
            "conversation_id",
            postgresql_where=text("payload ? 'mentions'"),
        ),
        # By what reports on bots are summed up.
        Index(
            "messages_bot_idx",
            "tenant_id",
            "created_at",
            postgresql_where=text("role = 'bot' AND message_type <> 'event'"),
        ),
        # Receipts and edits update rows in place.
        {"postgresql_with": {"fillfactor": 90}},
    )

    conversation_id: UUID = key()
    seq: int = count(primary_key=True)
    id: UUID
    tenant_id: UUID
    role: str = word()
    sender_id: UUID | None = None
    """Contact or agent; NULL for the bot and the system."""
    message_type: str = word("text")
    visibility: str = word(Visibility.PUBLIC)
    content: str = word("")
    payload: Json = json_object()
    body_hash: bytes | None = octets()
    """Of the frame as sent (DESIGN G3); NULL on events."""
    created_at: datetime = created()
    delivered_at: datetime | None = moment()
    """First receipt of the other side, like `read_at`."""
    read_at: datetime | None = moment()
    edited_at: datetime | None = moment()
    deleted_at: datetime | None = moment()


class ConversationRead(Row, table=True):
    """How far one person has received and read: cumulative watermarks that only rise."""

    __tablename__ = "conversation_reads"
    __table_args__ = (
        one_of("role", ("customer", "agent")),
        CheckConstraint("delivered_seq >= read_seq", name="delivered_seq"),
        {"postgresql_with": {"fillfactor": 70}},
    )

    conversation_id: UUID = key()
    user_id: UUID = key()
    tenant_id: UUID
    role: str = word()
    delivered_seq: int = count(0)
    read_seq: int = count(0)
    updated_at: datetime = created()
