"""SQL on what agents like their console to be."""

from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text

from chorus.db import Reader, Transaction

_READ: Final = text("SELECT preferences FROM agents WHERE tenant_id = :tenant AND id = :id")
_LOCK: Final = text(
    "SELECT preferences FROM agents WHERE tenant_id = :tenant AND id = :id FOR NO KEY UPDATE"
)
_WRITE: Final = text(
    "UPDATE agents SET preferences = CAST(:packed AS jsonb) WHERE tenant_id = :tenant AND id = :id"
)


async def read(session: Reader, tenant_id: UUID, agent_id: UUID) -> dict[str, Any]:
    return _json(await session.scalar(_READ, {"tenant": tenant_id, "id": agent_id}))


async def locked(tx: Transaction, tenant_id: UUID, agent_id: UUID) -> dict[str, Any]:
    """The same, and hold the agent's row until the transaction ends."""
    return _json(await tx.scalar(_LOCK, {"tenant": tenant_id, "id": agent_id}))


async def write(tx: Transaction, tenant_id: UUID, agent_id: UUID, packed: str) -> None:
    await tx.execute(_WRITE, {"tenant": tenant_id, "id": agent_id, "packed": packed})


def _json(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = value if isinstance(value, dict) else orjson.loads(value or "{}")
    return found
