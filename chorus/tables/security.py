"""What proves who someone is, what no longer does, and what they did."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, UniqueConstraint
from sqlmodel import Field

from chorus.tables.columns import (
    Json,
    Row,
    created,
    json_object,
    key,
    moment,
    octets,
    of_tenant,
    one_of,
    within_tenant,
    word,
    words,
)

AUDIENCES = ("chorus-visitor", "chorus-agent", "chorus-server")
REVOCATION_KINDS = ("token", "family", "user", "tenant")


class RefreshToken(Row, table=True):
    """One link of a chain of rotating refresh tokens; a used one that returns ends the chain."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        of_tenant(),
        UniqueConstraint("token_hash"),
        one_of("audience", AUDIENCES),
        Index("refresh_tokens_family_idx", "family"),
        Index("refresh_tokens_user_id_idx", "user_id"),
        Index("refresh_tokens_expires_at_idx", "expires_at"),
    )

    id: UUID = key()
    tenant_id: UUID
    family: UUID
    token_hash: bytes = octets()
    """SHA-256; the token itself is never stored."""
    user_id: UUID
    audience: str = word()
    conversation_id: UUID | None = None
    created_at: datetime = created()
    expires_at: datetime = moment()
    used_at: datetime | None = moment()
    revoked_at: datetime | None = moment()


class Revocation(Row, table=True):
    """Something that must not be believed any more until `expires_at`.

    `seq` is given at insert, not at commit: who follows it reads a little behind its mark.
    """

    __tablename__ = "revocations"
    __table_args__ = (
        of_tenant(),
        one_of("kind", REVOCATION_KINDS),
        Index("revocations_expires_at_idx", "expires_at"),
    )

    seq: int = Field(
        default=None,
        sa_type=BigInteger,
        primary_key=True,
        sa_column_args=[Identity(always=True)],
    )
    tenant_id: UUID
    kind: str = word()
    subject: str = word()
    """The jti, family, user id or tenant id."""
    created_at: datetime = created()
    expires_at: datetime = moment()


class ApiKey(Row, table=True):
    """A service's secret: `Authorization: Token <secret>.<tenant>`."""

    __tablename__ = "api_keys"
    __table_args__ = (of_tenant(), UniqueConstraint("secret_hash"))

    id: UUID = key()
    tenant_id: UUID
    name: str = word()
    secret_hash: bytes = octets()
    """SHA-256 of 256 random bits; nothing slower is needed."""
    scopes: list[str] = words()
    created_by: UUID | None = None
    created_at: datetime = created()
    last_used_at: datetime | None = moment()
    expires_at: datetime | None = moment()
    revoked_at: datetime | None = moment()


class AgentInvite(Row, table=True):
    """Lets whoever has its secret choose an agent's password, once."""

    __tablename__ = "agent_invites"
    __table_args__ = (
        of_tenant(),
        within_tenant("agent_id", "agents", ondelete="CASCADE"),
        UniqueConstraint("token_hash"),
        Index("agent_invites_agent_idx", "agent_id"),
    )

    id: UUID = key()
    tenant_id: UUID
    agent_id: UUID
    token_hash: bytes = octets()
    """SHA-256 of 256 random bits."""
    created_at: datetime = created()
    expires_at: datetime = moment()
    used_at: datetime | None = moment()


class AgentIdentity(Row, table=True):
    """An account at an identity provider that an agent signs in by."""

    __tablename__ = "agent_identities"
    __table_args__ = (
        of_tenant(),
        within_tenant("agent_id", "agents", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "issuer", "subject"),
        UniqueConstraint("tenant_id", "agent_id"),
    )

    id: UUID = key()
    tenant_id: UUID
    agent_id: UUID
    issuer: str = word()
    subject: str = word()
    created_at: datetime = created()


class AuditEntry(Row, table=True):
    """Who did what to what. No role may change or delete one."""

    __tablename__ = "audit_log"
    __table_args__ = (
        of_tenant(),
        Index("audit_log_tenant_id_at_idx", "tenant_id", "at"),
    )

    id: UUID = key()
    tenant_id: UUID
    at: datetime = created()
    actor_id: UUID | None = None
    actor_role: str = word()
    action: str = word()
    subject: str = word()
    """What it was done to, as `kind:id`."""
    detail: Json = json_object()
    address: str | None = word()
