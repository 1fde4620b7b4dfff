"""Live-chat sessions (a request for a person and what became of it) and their offers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text

from chorus.tables.columns import (
    Json,
    Row,
    created,
    json_value,
    key,
    moment,
    number,
    one_of,
    uuids,
    within_tenant,
    word,
    words,
)
from chorus.wire.common import SessionState

FINAL_STATES = (SessionState.ENDED, SessionState.CANCELLED, SessionState.FAILED)
SESSION_SOURCES = ("widget", "agent", "bot", "rule", "api")
OFFER_STATES = ("open", "accepted", "declined", "expired", "rescinded")
_FINAL = ", ".join(f"'{state}'" for state in FINAL_STATES)


class LiveChatSession(Row, table=True):
    """One handoff, from the request to the end. A conversation has at most one open."""

    __tablename__ = "live_chat_sessions"
    __table_args__ = (
        within_tenant("conversation_id", "conversations"),
        within_tenant("agent_id", "agents"),
        within_tenant("leaving_agent_id", "agents"),
        within_tenant("queue_id", "queues"),
        UniqueConstraint("tenant_id", "id"),
        one_of("status", SessionState),
        one_of("source", SESSION_SOURCES),
        CheckConstraint(f"(status IN ({_FINAL})) = (ended_at IS NOT NULL)", name="ended_at"),
        CheckConstraint(
            "status NOT IN ('active', 'wrap_up') OR agent_id IS NOT NULL",
            name="agent_id",
        ),
        CheckConstraint("promised_eta_s >= 0", name="promised_eta_s"),
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
        Index(
            "live_chat_sessions_one_open_key",
            "conversation_id",
            unique=True,
            postgresql_where=text(f"status NOT IN ({_FINAL})"),
        ),
        Index("live_chat_sessions_conversation_idx", "conversation_id", "requested_at"),
        Index(
            "live_chat_sessions_waiting_idx",
            "tenant_id",
            "queue_id",
            text("priority DESC"),
            "requested_at",
            postgresql_where=text("status IN ('requested', 'queued', 'offered')"),
        ),
        Index(
            "live_chat_sessions_load_idx",
            "tenant_id",
            "agent_id",
            postgresql_where=text("status IN ('active', 'wrap_up')"),
        ),
        Index("live_chat_sessions_requested_idx", "tenant_id", "requested_at"),
        Index(
            "live_chat_sessions_deferred_idx",
            "tenant_id",
            "queue_id",
            "requested_at",
            "id",
            postgresql_where=text("status = 'deferred'"),
        ),
    )

    id: UUID = key()
    tenant_id: UUID
    conversation_id: UUID
    status: str = word(SessionState.REQUESTED)
    user_socket_id: str | None = word()
    """Where they asked from, as `agent_socket_id` where it was taken: for support, never for routing."""
    agent_socket_id: str | None = word()
    agent_id: UUID | None = None
    leaving_agent_id: UUID | None = None
    """The other side of a warm transfer, until the new agent has spoken."""
    queue_id: UUID | None = None
    reason: str | None = word()
    source: str = word("widget")
    requested_by: UUID | None = None
    priority: int = number(0)
    skills: list[str] = words()
    excluded_agent_ids: list[UUID] = uuids()
    """Agents who declined, let an offer pass or were lost: not asked again in this session."""
    options: Json | None = json_value()
    """What a deferred customer was offered and chose (message, e-mail, callback)."""
    sla_due_at: datetime | None = moment()
    requested_at: datetime = created()
    queued_at: datetime | None = moment()
    offered_at: datetime | None = moment()
    accepted_at: datetime | None = moment()
    started_at: datetime | None = moment()
    given_at: datetime | None = moment()
    """Since when `agent_id` has it; None: since before this was noted."""
    wrap_up_until: datetime | None = moment()
    ended_at: datetime | None = moment()
    end_reason: str | None = word()
    idle_asked_at: datetime | None = moment()
    """When the customer was last asked whether they are still there."""
    promised_eta_s: int | None = number()
    """How long whoever asked was told to wait; None: nothing was promised."""
    deferred_at: datetime | None = moment()
    """When nobody could come, the first time."""
    rating: int | None = number()
    """What the customer gave this session, of 5."""


class SessionOffer(Row, table=True):
    """A session held out to one agent until `deadline_at`."""

    __tablename__ = "session_offers"
    __table_args__ = (
        within_tenant("session_id", "live_chat_sessions"),
        within_tenant("agent_id", "agents"),
        one_of("state", OFFER_STATES),
        CheckConstraint("(state = 'open') = (settled_at IS NULL)", name="settled_at"),
        Index(
            "session_offers_one_open_key",
            "session_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index("session_offers_session_idx", "session_id"),
        Index("session_offers_offered_idx", "tenant_id", "offered_at"),
        Index(
            "session_offers_agent_idx",
            "tenant_id",
            "agent_id",
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: UUID = key()
    tenant_id: UUID
    session_id: UUID
    conversation_id: UUID
    agent_id: UUID
    state: str = word("open")
    offered_at: datetime = created()
    deadline_at: datetime = moment()
    settled_at: datetime | None = moment()
    reason: str | None = word()
