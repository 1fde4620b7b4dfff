"""What calls of models cost: no words of anybody, and no key."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text

from chorus.tables.columns import Row, count, created, key, moment, number, of_tenant, one_of, word

USAGE_RESULTS = ("reserved", "answered", "unfit", "failed", "refused", "timeout", "lost")


class ModelMonth(Row, table=True):
    """What a tenant has spent in a calendar month (UTC), and what is set aside for calls in flight."""

    __tablename__ = "llm_months"
    __table_args__ = (
        of_tenant(),
        CheckConstraint("micros >= 0", name="micros"),
        {"postgresql_with": {"fillfactor": 80}},
    )

    tenant_id: UUID = key()
    month: date = key()
    """Its first day."""
    micros: int = count(0)
    """Millionths of a dollar."""
    calls: int = count(0)
    budget_micros: int | None = count()
    """What the plan allowed at the last call, refused or not."""
    refused_micros: int | None = count()
    """What the last call would have set aside, if it was refused; free ones do not count."""


class ModelUsage(Row, table=True):
    """One call of a model, written before it is made. One that nobody settles is lost, and stays spent."""

    __tablename__ = "llm_usage"
    __table_args__ = (
        of_tenant(),
        UniqueConstraint("task", "attempt"),
        one_of("result", USAGE_RESULTS),
        Index("llm_usage_tenant_id_at_idx", "tenant_id", "at"),
        Index("llm_usage_reserved_idx", "at", postgresql_where=text("result = 'reserved'")),
    )

    id: UUID = key()
    tenant_id: UUID
    conversation_id: UUID | None = None
    purpose: str = word()
    spec: str = word()
    prompt: str = word()
    """Id, version and the beginning of its digest."""
    plan: str = word()
    """The version of the operator's plan."""
    task: str = word()
    attempt: int = number(1)
    month: date
    result: str = word("reserved")
    tokens_in: int = number(0)
    tokens_out: int = number(0)
    micros: int = count(0)
    """Set aside, and then what it took; millionths of a dollar."""
    ms: int = number(0)
    at: datetime = created()
    settled_at: datetime | None = moment()
