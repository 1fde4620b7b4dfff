"""SQL on the labels that are offered."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text

from chat_service.store.rows import every
from chorus.db import Reader, Transaction


@dataclass(frozen=True, slots=True)
class LabelRow:
    name: str
    color: str
    conversations: int


_LIST: Final = text("""
SELECT l.name, l.color, coalesce(used.number, 0)
FROM labels l LEFT JOIN (
    SELECT t.name, count(*) AS number FROM conversations c CROSS JOIN LATERAL unnest(c.tags) AS t (name)
    WHERE c.tenant_id = :tenant AND c.status <> 'closed' GROUP BY 1
) used ON used.name = l.name
WHERE l.tenant_id = :tenant ORDER BY l.name LIMIT 1000
""")
_PUT: Final = text(
    "INSERT INTO labels (tenant_id, name, color) VALUES (:tenant, :name, :color)"
    " ON CONFLICT (tenant_id, name) DO UPDATE SET color = excluded.color"
    " WHERE labels.color <> excluded.color RETURNING name"
)
_DELETE: Final = text(
    "DELETE FROM labels WHERE tenant_id = :tenant AND name = :name RETURNING name"
)


async def offered(session: Reader, tenant_id: UUID) -> list[LabelRow]:
    """In order of name, at most 1,000."""
    return [LabelRow(*row) for row in await every(session, _LIST, {"tenant": tenant_id})]


async def put(tx: Transaction, tenant_id: UUID, name: str, *, color: str) -> bool:
    """Offer a label in a colour; False when it is so already."""
    given = {"tenant": tenant_id, "name": name, "color": color}
    return await tx.scalar(_PUT, given) is not None


async def delete(tx: Transaction, tenant_id: UUID, name: str) -> bool:
    """Offer a label no more; conversations keep it. False when there is none."""
    return await tx.scalar(_DELETE, {"tenant": tenant_id, "name": name}) is not None
