"""SQL on what inboxes mean for routing."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text

from chat_service.name_pages import AFTER, Stretch
from chat_service.store.routing import WEIGHT
from chat_service.store.rows import every, first
from chorus.db import Reader, Transaction


@dataclass(frozen=True, slots=True)
class InboxCard:
    """An inbox; `weight` is how much of a capacity one of its conversations takes."""

    id: UUID
    name: str
    channel: str
    enabled: bool
    weight: int
    queue_id: UUID | None


_COLUMNS: Final = f"""
SELECT b.id, b.name, b.channel, b.state = 'enabled', {WEIGHT}, b.queue_id
FROM inboxes b WHERE b.tenant_id = :tenant
"""  # noqa: S608 - our own constant
_PAGE = text(f"{_COLUMNS} AND {AFTER.format('b')}")
_ONE = text(f"{_COLUMNS} AND b.id = :id")
_UPDATE = text(
    "UPDATE inboxes SET queue_id = :queue,"
    " settings = settings || jsonb_build_object('weight', CAST(:weight AS integer))"
    " WHERE tenant_id = :tenant AND id = :id"
)


async def page(session: Reader, tenant_id: UUID, stretch: Stretch) -> list[InboxCard]:
    """Inboxes in order of name."""
    given = {"tenant": tenant_id} | stretch.given()
    return [InboxCard(*row) for row in await every(session, _PAGE, given)]


async def card(session: Reader, tenant_id: UUID, inbox_id: UUID) -> InboxCard | None:
    found = await first(session, _ONE, {"tenant": tenant_id, "id": inbox_id})
    return None if found is None else InboxCard(*found)


async def update(
    tx: Transaction, tenant_id: UUID, inbox_id: UUID, *, weight: int, queue_id: UUID | None
) -> None:
    given = {"tenant": tenant_id, "id": inbox_id, "weight": weight, "queue": queue_id}
    await tx.execute(_UPDATE, given)
