"""SQL on what the team keeps of a conversation: priority, tags, and whether it counts as unread."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text

from chat_service.store.rows import first
from chorus.db import Transaction


@dataclass(frozen=True, slots=True)
class Properties:
    priority: int
    tags: list[str]


_READ: Final = text(
    "SELECT priority, tags FROM conversations WHERE tenant_id = :tenant AND id = :id"
)
_WRITE: Final = text(
    "UPDATE conversations SET priority = :priority, tags = CAST(:tags AS text[])"
    " WHERE tenant_id = :tenant AND id = :id"
)
_KNOW: Final = text(
    "INSERT INTO labels (tenant_id, name) SELECT :tenant, n.name"
    " FROM unnest(CAST(:names AS text[])) AS n (name) ORDER BY n.name ON CONFLICT DO NOTHING"
)
_SETTLE: Final = text("""
INSERT INTO conversation_traits AS t (conversation_id, tenant_id, settled)
VALUES (:id, :tenant, CAST(:names AS text[]))
ON CONFLICT (conversation_id) DO UPDATE
    SET settled = ARRAY(SELECT DISTINCT unnest(t.settled || excluded.settled))
""")
_MARK_UNREAD: Final = text(
    "UPDATE conversations SET marked_unread = true WHERE tenant_id = :tenant AND id = :id"
)
# The messages may still be unread by anybody: only receipts say so of each.
_MARK_READ: Final = text(
    "UPDATE conversations SET marked_unread = false WHERE tenant_id = :tenant AND id = :id"
)


async def read(tx: Transaction, tenant_id: UUID, conversation_id: UUID) -> Properties:
    """What a held conversation has."""
    found = await first(tx, _READ, {"tenant": tenant_id, "id": conversation_id})
    assert found is not None
    return Properties(found[0], found[1])


async def write(
    tx: Transaction, tenant_id: UUID, conversation_id: UUID, wanted: Properties
) -> None:
    given = {"tenant": tenant_id, "id": conversation_id, "tags": wanted.tags}
    await tx.execute(_WRITE, given | {"priority": wanted.priority})


async def know_labels(tx: Transaction, tenant_id: UUID, names: Sequence[str]) -> None:
    """Offer from now on what was used once."""
    await tx.execute(_KNOW, {"tenant": tenant_id, "names": sorted(names)})


async def settle(
    tx: Transaction, tenant_id: UUID, conversation_id: UUID, names: Sequence[str]
) -> None:
    """Let no rule put these tags on a held conversation again: a person took them away."""
    given = {"tenant": tenant_id, "id": conversation_id, "names": sorted(names)}
    await tx.execute(_SETTLE, given)


async def mark(tx: Transaction, tenant_id: UUID, conversation_id: UUID, *, unread: bool) -> None:
    statement = _MARK_UNREAD if unread else _MARK_READ
    await tx.execute(statement, {"tenant": tenant_id, "id": conversation_id})
