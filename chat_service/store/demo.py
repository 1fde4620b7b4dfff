"""SQL of the demo shop, on a developer's own machine."""

from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from chorus.db import Transaction

_SET_HOURS = text("""
UPDATE queues SET hours = CAST(:hours AS jsonb) WHERE tenant_id = :tenant AND id = :queue
""")


async def set_hours(tx: Transaction, tenant_id: UUID, queue_id: UUID, hours: Any) -> None:
    """Replace the opening hours of a queue; None is always open."""
    written = None if hours is None else orjson.dumps(hours).decode()
    await tx.execute(_SET_HOURS, {"tenant": tenant_id, "queue": queue_id, "hours": written})
