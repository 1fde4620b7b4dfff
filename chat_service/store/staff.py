"""SQL on who works here: making agents, their invitations, and what they leave behind."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from chat_service.store.rows import every, first, one_id
from chorus.db import Reader, Transaction

# Whoever has this address, in whatever tenant: signing in names none.
_INSERT: Final = text(
    "INSERT INTO agents (id, tenant_id, email, name, role, capacity, skills, languages)"
    " VALUES (:id, :tenant, :email, :name, :role, :capacity, CAST(:skills AS text[]),"
    " CAST(:languages AS text[])) ON CONFLICT DO NOTHING RETURNING id"
)
_ENABLE: Final = text(
    "UPDATE agents SET disabled_at = NULL WHERE tenant_id = :tenant AND id = :id"
    " AND disabled_at IS NOT NULL RETURNING id"
)
_ADMINS: Final = text(
    "SELECT count(*) FROM agents WHERE tenant_id = :tenant AND role = 'admin'"
    " AND disabled_at IS NULL AND id <> :id"
)
_HELD: Final = text("""
SELECT conversation_id FROM session_offers
WHERE tenant_id = :tenant AND agent_id = :id AND state = 'open'
UNION SELECT conversation_id FROM live_chat_sessions
WHERE tenant_id = :tenant AND (agent_id = :id AND status = 'active'
    OR leaving_agent_id = :id AND status IN ('requested', 'queued', 'offered', 'active'))
""")


async def insert(
    tx: Transaction, tenant_id: UUID, agent_id: UUID, values: Mapping[str, Any]
) -> bool:
    """Make an agent without a password; False where the address is somebody's."""
    given = {"id": agent_id, "tenant": tenant_id, **values}
    return await tx.scalar(_INSERT, given) is not None


async def enable(tx: Transaction, tenant_id: UUID, agent_id: UUID) -> bool:
    """Let somebody work again; False when they may, or are none of this tenant."""
    return await tx.scalar(_ENABLE, {"tenant": tenant_id, "id": agent_id}) is not None


async def other_admins(session: Reader, tenant_id: UUID, agent_id: UUID) -> int:
    """How many admins there are besides this agent."""
    return int(await session.scalar(_ADMINS, {"tenant": tenant_id, "id": agent_id}))


async def held_by(session: Reader, tenant_id: UUID, agent_id: UUID) -> list[UUID]:
    """The conversations in which this agent is asked or answers."""
    found = await every(session, _HELD, {"tenant": tenant_id, "id": agent_id})
    return [row[0] for row in found]


@dataclass(frozen=True, slots=True)
class Invite:
    id: UUID
    agent_id: UUID
    expires_at: datetime
    used_at: datetime | None


_INVITE: Final = text(
    "INSERT INTO agent_invites (id, tenant_id, agent_id, token_hash, expires_at)"
    " VALUES (:id, :tenant, :agent, :hash, :expires)"
)
_SPENT: Final = text(
    "UPDATE agent_invites SET used_at = :at"
    " WHERE tenant_id = :tenant AND agent_id = :agent AND used_at IS NULL"
)
_TENANT_OF: Final = text("SELECT chorus_invite(:hash)")
_LOCK: Final = text(
    "SELECT id, agent_id, expires_at, used_at FROM agent_invites"
    " WHERE tenant_id = :tenant AND token_hash = :hash FOR UPDATE"
)


async def invite(
    tx: Transaction,
    tenant_id: UUID,
    agent_id: UUID,
    *,
    id_: UUID,
    token_hash: bytes,
    expires_at: datetime,
) -> None:
    """Keep an invitation; those before it are spent by `spend`."""
    given = {"id": id_, "tenant": tenant_id, "agent": agent_id, "hash": token_hash}
    await tx.execute(_INVITE, given | {"expires": expires_at})


async def spend(tx: Transaction, tenant_id: UUID, agent_id: UUID, *, at: datetime) -> None:
    """Let no invitation of this agent be used any more."""
    await tx.execute(_SPENT, {"tenant": tenant_id, "agent": agent_id, "at": at})


async def tenant_of_invite(session: Reader, token_hash: bytes) -> UUID | None:
    return await one_id(session, _TENANT_OF, {"hash": token_hash})


async def lock_invite(tx: Transaction, tenant_id: UUID, token_hash: bytes) -> Invite | None:
    found = await first(tx, _LOCK, {"tenant": tenant_id, "hash": token_hash})
    return None if found is None else Invite(*found)
