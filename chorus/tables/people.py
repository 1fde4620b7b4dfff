"""Agents and their teams; contacts and the names the outside world has for them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlmodel import Field

from chorus.tables.columns import (
    Json,
    Row,
    count,
    created,
    flag,
    json_object,
    key,
    moment,
    number,
    of_tenant,
    one_of,
    within_tenant,
    word,
    words,
)

AGENT_ROLES = ("admin", "supervisor", "agent")
AGENT_STATUSES = ("online", "away", "busy", "offline")


class Agent(Row, table=True):
    """A person who answers. `status` is what they chose; presence decides reachability."""

    __tablename__ = "agents"
    __table_args__ = (
        of_tenant(),
        UniqueConstraint("tenant_id", "id"),
        # Across all tenants: signing in names no tenant.
        Index("agents_email_key", text("lower(email)"), unique=True),
        one_of("role", AGENT_ROLES),
        one_of("status", AGENT_STATUSES),
        CheckConstraint("capacity BETWEEN 0 AND 1000", name="capacity"),
    )

    id: UUID = key()
    tenant_id: UUID
    email: str = word()
    name: str = word()
    role: str = word("agent")
    languages: list[str] = words()
    skills: list[str] = words()
    capacity: int = number(5)
    status: str = word("offline")
    status_at: datetime | None = moment()
    """When `status` was chosen; the burst limit after a login counts from here."""
    idle_since: datetime | None = moment()
    """When the last session ended: `longest_idle` orders by it, NULL first."""
    password_hash: str | None = word()
    """argon2id; NULL: signs in by OIDC only."""
    token_epoch: int = count(0)
    """Tokens issued under a lower epoch are void."""
    disabled_at: datetime | None = moment()
    preferences: Json = json_object()
    """What they like their console to be; nothing on the server reads it."""
    created_at: datetime = created()


class Team(Row, table=True):
    __tablename__ = "teams"
    __table_args__ = (
        of_tenant(),
        UniqueConstraint("tenant_id", "id"),
        Index(
            "teams_name_key",
            "tenant_id",
            "name",
            unique=True,
            postgresql_where=text("archived_at IS NULL"),
        ),
    )

    id: UUID = key()
    tenant_id: UUID
    name: str = word()
    created_at: datetime = created()
    archived_at: datetime | None = moment()
    """A deleted team is kept for what it was asked."""


class TeamMember(Row, table=True):
    __tablename__ = "team_members"
    __table_args__ = (
        within_tenant("team_id", "teams", ondelete="CASCADE"),
        within_tenant("agent_id", "agents", ondelete="CASCADE"),
        Index("team_members_agent_id_idx", "agent_id"),
    )

    team_id: UUID = key()
    agent_id: UUID = key()
    tenant_id: UUID


class Contact(Row, table=True):
    """A customer: the *author* of the source documents."""

    __tablename__ = "contacts"
    __table_args__ = (
        of_tenant(),
        UniqueConstraint("tenant_id", "id"),
        Index("contacts_tenant_id_email_idx", "tenant_id", text("lower(email)")),
        Index(
            "contacts_seen_idx",
            "tenant_id",
            text("coalesce(last_seen_at, created_at) DESC"),
            text("id DESC"),
        ),
        Index("contacts_words_idx", "words", postgresql_using="gin"),
        Index("contacts_wordless_idx", "id", postgresql_where=text("words IS NULL")),
    )

    id: UUID = key()
    tenant_id: UUID
    name: str | None = word()
    email: str | None = word()
    phone: str | None = word()
    locale: str | None = word()
    attributes: Json = json_object()
    signed: Json = json_object()
    """Of all of this, what the tenant's own backend vouched for: nobody types over it."""
    verified: bool = flag(default=False)
    """True only when the tenant's own backend vouched for the identity."""
    last_seen_at: datetime | None = moment()
    created_at: datetime = created()
    words: Any = Field(default=None, sa_type=TSVECTOR, nullable=True)
    """What it is found by; NULL: to be made anew, because what it is made of has changed."""


class ContactIdentity(Row, table=True):
    """What an issuer outside calls a contact: a token's `sub`, a phone number, a PSID."""

    __tablename__ = "contact_identities"
    __table_args__ = (
        within_tenant("contact_id", "contacts", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "issuer", "subject"),
        Index("contact_identities_contact_id_idx", "contact_id"),
    )

    id: UUID = key()
    tenant_id: UUID
    contact_id: UUID
    issuer: str = word()
    subject: str = word()
    created_at: datetime = created()
