"""Work that must happen once: events to relay, jobs with leases, and answers already given."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text

from chorus.tables.columns import (
    Json,
    Row,
    count,
    created,
    json_object,
    key,
    moment,
    number,
    octets,
    one_of,
    word,
)

JOB_STATES = ("pending", "running", "done", "dead", "cancelled")


class OutboxEvent(Row, table=True):
    """A domain event, written by the act and relayed after its commit. Ids, never contents."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("outbox_unsent_idx", "id", postgresql_where=text("sent_at IS NULL")),
        Index("outbox_sent_idx", "sent_at", postgresql_where=text("sent_at IS NOT NULL")),
        Index(
            "outbox_unsearched_idx",
            "id",
            postgresql_where=text(
                "searched_at IS NULL AND event IN ('message.created', 'message.changed')"
            ),
        ),
        {"postgresql_with": {"fillfactor": 80, "autovacuum_vacuum_scale_factor": 0.02}},
    )

    id: UUID = key()
    tenant_id: UUID
    issuer: str = word()
    event: str = word()
    data: Json = json_object()
    created_at: datetime = created()
    sent_at: datetime | None = moment()
    searched_at: datetime | None = moment()
    """When the words of these messages were made findable."""


class Job(Row, table=True):
    """Work to be done once after `due_at`; durable timers are jobs too.

    Whoever runs it holds `lease_until` and repeats `fence` in its last statement: a worker
    that slept through its lease finds another fence and changes nothing.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("tenant_id", "kind", "key"),
        one_of("state", JOB_STATES),
        CheckConstraint("(state = 'running') = (lease_until IS NOT NULL)", name="lease_until"),
        Index("jobs_due_idx", "due_at", postgresql_where=text("state = 'pending'")),
        Index("jobs_lease_idx", "lease_until", postgresql_where=text("state = 'running'")),
        Index(
            "jobs_finished_idx",
            "finished_at",
            postgresql_where=text("finished_at IS NOT NULL"),
        ),
        {"postgresql_with": {"fillfactor": 80, "autovacuum_vacuum_scale_factor": 0.02}},
    )

    id: UUID = key()
    tenant_id: UUID
    kind: str = word()
    key: str = word()
    """The idempotency key: a second job of the same kind and key is the same job."""
    payload: Json = json_object()
    state: str = word("pending")
    due_at: datetime = created()
    lease_until: datetime | None = moment()
    fence: int = count(0)
    attempts: int = number(0)
    last_error: str | None = word()
    created_at: datetime = created()
    finished_at: datetime | None = moment()


class IngestPartition(Row, table=True):
    """Which writer reads which ingest stream. The row count is the partition count."""

    __tablename__ = "ingest_partitions"
    __table_args__ = (
        CheckConstraint("(owner IS NULL) = (lease_until IS NULL)", name="owner"),
        {"postgresql_with": {"fillfactor": 50}},
    )

    part: int = key()
    owner: str | None = word()
    fence: int = count(0)
    lease_until: datetime | None = moment()


class CommandResult(Row, table=True):
    """The answer a command got; its repeat within 24 h gets the same one."""

    __tablename__ = "command_results"
    __table_args__ = (Index("command_results_created_at_idx", "created_at"),)

    tenant_id: UUID = key()
    user_id: UUID = key()
    command_id: UUID = key()
    body_hash: bytes = octets()
    answer: Json = json_object()
    created_at: datetime = created()
