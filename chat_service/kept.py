"""One connection of a pool, kept between transactions: the hot path pays for no checkout."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

from chorus.db import Db, begun
from chorus.db_connect import RawConnection


class Kept:
    """Whatever goes wrong inside a block ends the connection; the next one takes another."""

    __slots__ = ("_connection", "_db", "_lent")

    def __init__(self, db: Db) -> None:
        self._db = db
        self._lent = AsyncExitStack()
        self._connection: RawConnection | None = None

    @asynccontextmanager
    async def raw_transaction(self, tenant_id: UUID | None = None) -> AsyncIterator[RawConnection]:
        """Do as `Db.raw_transaction`; one at a time."""
        async with self.raw() as connection, begun(connection, tenant_id):
            yield connection

    @asynccontextmanager
    async def raw(self) -> AsyncIterator[RawConnection]:
        """Do as `Db.raw`; one at a time."""
        if self._connection is None:
            self._connection = await self._lent.enter_async_context(self._db.pinned())
        try:
            yield self._connection
        except BaseException as error:
            await self._end(error)
            raise

    async def close(self) -> None:
        """Give the connection back."""
        await self._end(None)

    async def _end(self, error: BaseException | None) -> None:
        self._connection = None
        await self._lent.__aexit__(type(error) if error else None, error, None)
