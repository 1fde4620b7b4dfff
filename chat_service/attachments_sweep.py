"""The broom of files: what was never sent, what may not be read any more, and bytes nobody knows.

Bytes go first and the row last, so whatever is interrupted is begun again.
"""

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from chat_service.attachments_disk import Disk, Kept
from chat_service.attachments_refusals import StorageAway
from chat_service.jobs import Tools
from chat_service.store import attachments as rows
from chorus import metrics
from chorus.db import Db
from chorus.log import get_logger

log = get_logger(__name__)
UNSENT_H: Final = 24
DRAFTS_S: Final = 3600.0
UNKNOWN_S: Final = 24 * 3600.0
"""Bytes without a row are left alone for so long: their upload may just be ending."""
AT_ONCE: Final = 200


class Broom:
    """Sweeps the files of all tenants."""

    def __init__(self, tools: Tools) -> None:
        self._db = tools.db
        self._disk = Disk(tools.settings.files_dir)

    async def sweep(self) -> None:
        """Give up what was not sent within a day, and remove everything that may go.

        Raises:
            Unavailable, Overloaded: the rest is swept next time.
        """
        await asyncio.to_thread(self._disk.forget_drafts, older_s=DRAFTS_S)
        async with self._db.raw_transaction() as connection:
            await rows.give_up(connection, after_h=UNSENT_H)
        stuck = 0
        while (left := await self._remove_some(after=stuck)) is not None:
            stuck += left

    async def _remove_some(self, *, after: int) -> int | None:
        """Remove the next ones behind those that could not be; how many of them cannot. None: the end."""
        async with self._db.raw_transaction() as connection:
            gone = await rows.gone(connection, AT_ONCE, after=after)
        removed = [one for one in gone if await self._drop(*one)]
        async with self._db.raw_transaction() as connection:
            await rows.forget(connection, removed)
        metrics.uploads_total.labels("removed").inc(len(removed))
        # Where none can be removed, it is not the files.
        return len(gone) - len(removed) if removed and len(gone) == AT_ONCE else None

    async def _drop(self, tenant_id: UUID, file_id: UUID) -> bool:
        """Whether it could be removed: one that cannot hinders no other."""
        try:
            await self._disk.drop(tenant_id, file_id)
        except StorageAway as error:
            told = {"tenant": str(tenant_id), "file": str(file_id), "error": repr(error.__cause__)}
            log.error("file_not_removed", **told)  # noqa: TRY400 (no traceback)
            return False
        return True

    async def sweep_unknown(self) -> None:
        """Remove bytes that no row knows: of cut uploads, and of tenants and people erased by hand."""
        shelves = self._disk.kept(older_s=UNKNOWN_S)
        while (shelf := await asyncio.to_thread(next, shelves, None)) is not None:
            if shelf:
                await self._drop_unknown(shelf[0].tenant_id, shelf)

    async def _drop_unknown(self, tenant_id: UUID, shelf: Sequence[Kept]) -> None:
        known = await _known(self._db, tenant_id, [one.file_id for one in shelf])
        for one in shelf:
            if one.file_id not in known and await self._drop(tenant_id, one.file_id):
                log.warning("unknown_bytes_removed", tenant=str(tenant_id), file=str(one.file_id))
                metrics.uploads_total.labels("unknown").inc()


async def _known(db: Db, tenant_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    async with db.raw_transaction() as connection:
        return await rows.known(connection, tenant_id, ids)
