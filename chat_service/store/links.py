"""SQL on agents who sign in by an identity provider: which subject there is which agent here."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text

from chat_service.store.rows import every, first, one_id
from chorus.db import Reader, Transaction


@dataclass(frozen=True, slots=True)
class Known:
    """An agent of a tenant."""

    id: UUID
    role: str
    disabled: bool


_LINKED: Final = text("""
SELECT a.id, a.role, a.disabled_at IS NOT NULL FROM agent_identities i
JOIN agents a ON a.tenant_id = i.tenant_id AND a.id = i.agent_id
WHERE i.tenant_id = :tenant AND i.issuer = :issuer AND i.subject = :subject
""")
_ADDRESSED: Final = text(
    "SELECT id, role, disabled_at IS NOT NULL FROM agents"
    " WHERE tenant_id = :tenant AND lower(email) = lower(:email)"
)
# Neither two agents of one subject nor two accounts of one agent, whoever comes first.
_LINK: Final = text(
    "INSERT INTO agent_identities (id, tenant_id, agent_id, issuer, subject)"
    " VALUES (:id, :tenant, :agent, :issuer, :subject) ON CONFLICT DO NOTHING RETURNING id"
)
_UNLINK: Final = text(
    "DELETE FROM agent_identities WHERE tenant_id = :tenant AND agent_id = :agent RETURNING id"
)


async def linked(session: Reader, tenant_id: UUID, *, issuer: str, subject: str) -> Known | None:
    """The agent whom a provider calls so."""
    given = {"tenant": tenant_id, "issuer": issuer, "subject": subject}
    found = await first(session, _LINKED, given)
    return None if found is None else Known(*found)


async def addressed(session: Reader, tenant_id: UUID, email: str) -> Known | None:
    """The agent of this tenant who has an address."""
    found = await first(session, _ADDRESSED, {"tenant": tenant_id, "email": email})
    return None if found is None else Known(*found)


@dataclass(frozen=True, slots=True)
class NewLink:
    id: UUID
    agent_id: UUID
    issuer: str
    subject: str


async def link(tx: Transaction, tenant_id: UUID, new: NewLink) -> bool:
    """Remember it; False where the subject, or the agent, is linked already."""
    given = {"id": new.id, "tenant": tenant_id, "agent": new.agent_id}
    account = {"issuer": new.issuer, "subject": new.subject}
    return await one_id(tx, _LINK, given | account) is not None


async def unlink(tx: Transaction, tenant_id: UUID, agent_id: UUID) -> int:
    """Forget by which accounts an agent signs in; answers how many there were."""
    return len(await every(tx, _UNLINK, {"tenant": tenant_id, "agent": agent_id}))
