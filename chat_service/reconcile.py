"""Reconcilers: what an inbox row shows is compared with the messages, repaired and counted.

The acts keep both in step in one transaction, so each repair is a fault to look into.
"""

from uuid import UUID

from chat_service.emit import inbox_hint
from chat_service.intake import preview_of
from chat_service.store import reconcile as rows
from chat_service.store.reconcile import Compared
from chorus import metrics
from chorus.bus import Client, publish_all
from chorus.db import Db
from chorus.log import get_logger

log = get_logger(__name__)

START = UUID(int=0)


class Walk:
    """A walk through all open conversations, some of them at each step, over and over."""

    def __init__(self, db: Db, client: Client, limit: int) -> None:
        self._db = db
        self._client = client
        self._limit = limit
        self._after = START

    async def step(self) -> int:
        """Look at the next conversations; says how many were repaired."""
        async with self._db.raw_transaction() as connection:
            seen = await rows.compare(connection, self._after, self._limit)
        self._after = seen[-1].id if len(seen) == self._limit else START
        wrong = [row.id for row in seen if wrong_columns(row)]
        return sum([await _repair(self._db, self._client, one) for one in wrong])


def wrong_columns(row: Compared) -> list[str]:
    """Name what the inbox row shows wrongly."""
    pairs = {
        "last_seq": row.last_seq >= row.true_last_seq,
        "preview": row.preview == preview_of(row.shown or ""),
        "unread": row.unread == row.true_unread,
        "waiting_since": row.waiting_since == row.true_waiting_since,
    }
    return [name for name, right in pairs.items() if not right]


async def _repair(db: Db, client: Client, conversation_id: UUID) -> bool:
    async with db.raw_transaction() as connection:
        row = await rows.compare_locked(connection, conversation_id)
        wrong = wrong_columns(row) if row else []
        if row is None or not wrong:
            return False
        await rows.repair(connection, row, preview_of(row.shown or ""))
    log.error("inbox_row_repaired", conversation=str(conversation_id), columns=wrong)
    metrics.jobs_total.labels("reconcile_inbox", "repaired").inc()
    await publish_all(client, [inbox_hint(row.tenant_id, {row.id: row.last_seq})])
    return True
