"""Queues, who serves them, and why each session went where it went."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text

from chorus.tables.columns import (
    Json,
    Row,
    created,
    flag,
    json_object,
    json_value,
    key,
    moment,
    number,
    of_tenant,
    one_of,
    within_tenant,
    word,
    words,
)

QUEUE_POLICIES = ("longest_idle", "least_loaded", "round_robin", "manual")
QUEUE_IDLE_ENDS = ("end", "bot")
QUEUE_LONG_WAITS = ("ask", "defer")
QUEUE_VISIBILITIES = ("public", "internal")


class Queue(Row, table=True):
    """A line of waiting sessions and the rule that picks an agent."""

    __tablename__ = "queues"
    __table_args__ = (
        of_tenant(),
        within_tenant("overflow_queue_id", "queues"),
        UniqueConstraint("tenant_id", "id"),
        one_of("policy", QUEUE_POLICIES),
        one_of("visibility", QUEUE_VISIBILITIES),
        CheckConstraint("max_wait_s > 0", name="max_wait_s"),
        CheckConstraint("sla_s > 0", name="sla_s"),
        CheckConstraint("offer_s > 0", name="offer_s"),
        CheckConstraint("wrap_up_s >= 0", name="wrap_up_s"),
        CheckConstraint("idle_asked_after_s > 0", name="idle_asked_after_s"),
        CheckConstraint("idle_ends_after_s > idle_asked_after_s", name="idle_ends_after_s"),
        one_of("idle_then", QUEUE_IDLE_ENDS),
        CheckConstraint("asked_again_after_s > 0", name="asked_again_after_s"),
        one_of("max_wait_then", QUEUE_LONG_WAITS),
        CheckConstraint("team_wait_s > 0", name="team_wait_s"),
        CheckConstraint("overflow_queue_id <> id", name="overflow_queue_id"),
        CheckConstraint("archived_at IS NULL OR NOT is_default", name="archived_at"),
        Index(
            "queues_name_key",
            "tenant_id",
            "name",
            unique=True,
            postgresql_where=text("archived_at IS NULL"),
        ),
        Index(
            "queues_one_default_key",
            "tenant_id",
            unique=True,
            postgresql_where=text("is_default"),
        ),
    )

    id: UUID = key()
    tenant_id: UUID
    name: str = word()
    policy: str = word("longest_idle")
    priority: int = number(0)
    skills: list[str] = words()
    """Asked of every agent who serves this queue."""
    intent_skills: Json = json_object()
    """By topic, the skills that are wished for of who answers it."""
    conditions: Json = json_object()
    """Which escalations come here by themselves; {} takes none."""
    hours: Json | None = json_value()
    """Opening hours; NULL is always open."""
    is_default: bool = flag(default=False)
    visibility: str = word("public")
    """`public`: a customer may name it."""
    max_wait_s: int | None = number()
    overflow_queue_id: UUID | None = None
    sla_s: int | None = number()
    """Promised seconds until a person accepts."""
    offer_s: int = number(30)
    wrap_up_s: int = number(0)
    idle_asked_after_s: int = number(300)
    """A customer who is silent for so long is asked whether they are still there."""
    idle_ends_after_s: int = number(900)
    """And after so long, or when they left the line so long ago, their session ends."""
    idle_then: str = word("end")
    """`end` closes the conversation, `bot` gives it back to the bot."""
    relaxations: Json | None = json_value()
    """Which wishes are given up when, as a list of {after_s, demand}; NULL: as the router does."""
    asked_again_after_s: int | None = number(120)
    """So long is who refused a session left in peace with it; NULL: for good."""
    texts: Json = json_object()
    """What its customers read, where that is not ours: by language, then by sentence."""
    max_wait_then: str = word("ask")
    """After `max_wait_s` without an overflow queue: `ask` the customer what they would like, or
    `defer` them."""
    team_wait_s: int | None = number(120)
    """So long is a team alone asked for what is handed to it; NULL: as long as it takes."""
    created_at: datetime = created()
    archived_at: datetime | None = moment()
    """A deleted queue is kept for what happened in it."""


class QueueMember(Row, table=True):
    __tablename__ = "queue_members"
    __table_args__ = (
        within_tenant("queue_id", "queues", ondelete="CASCADE"),
        within_tenant("agent_id", "agents", ondelete="CASCADE"),
        Index("queue_members_agent_idx", "agent_id"),
    )

    queue_id: UUID = key()
    agent_id: UUID = key()
    tenant_id: UUID
    last_offered_at: datetime | None = moment()
    """`round_robin` asks whoever was asked longest ago."""


class QueueTeam(Row, table=True):
    """A team that sees a queue. Without any all agents see it; its own members always do."""

    __tablename__ = "queue_teams"
    __table_args__ = (
        within_tenant("queue_id", "queues", ondelete="CASCADE"),
        within_tenant("team_id", "teams", ondelete="CASCADE"),
        Index("queue_teams_team_idx", "team_id"),
    )

    queue_id: UUID = key()
    team_id: UUID = key()
    tenant_id: UUID


class RoutingDecision(Row, table=True):
    """Every candidate the router looked at, and why all but one were passed over."""

    __tablename__ = "routing_decisions"
    __table_args__ = (
        within_tenant("session_id", "live_chat_sessions"),
        Index("routing_decisions_session_idx", "session_id", "at"),
    )

    id: UUID = key()
    tenant_id: UUID
    session_id: UUID
    at: datetime = created()
    candidates: Json = json_object()
    """Agent id → {eligible, refused?, score}."""
    chosen: UUID | None = None
    why: str = word("")
