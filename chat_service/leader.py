"""One leader at a time, by an advisory lock that ends with its connection."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

import asyncpg

from chorus.db import Db
from chorus.db_connect import RawConnection
from chorus.errors import ChorusError
from chorus.log import get_logger
from chorus.tasks import beside

log = get_logger(__name__)

# Any constant will do, as long as no one else locks it.
_LOCK_KEY: Final = int.from_bytes(b"conduct")
HEARTBEAT_S: Final = 1.0
ASK_AGAIN_S: Final = 0.5


async def lead(db: Db, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run `act` for ever while this process is the leader; wait for ever while it is not.

    `act` is cancelled the moment the connection that holds the lock is gone. Under a network
    that swallows everything this may be seconds late: every act is safe under two leaders.
    """
    while True:
        try:
            async with db.pinned() as connection:
                await _wait_for_lock(connection)
                log.info("leading")
                await _act_while_connected(connection, act)
                log.warning("leadership_lost")
        except ChorusError as error:
            log.warning("leadership_unreachable", error=type(error).__name__)
        await asyncio.sleep(ASK_AGAIN_S)


async def _wait_for_lock(connection: RawConnection) -> None:
    # Asking again, and not waiting in PostgreSQL, keeps under the statement timeout.
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK_KEY):  # noqa: ASYNC110
        await asyncio.sleep(ASK_AGAIN_S)


async def _act_while_connected(
    connection: RawConnection, act: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    async with beside(act()):
        await _watch(connection)


async def _watch(connection: RawConnection) -> None:
    """Return as soon as the connection is gone."""
    gone = asyncio.Event()
    connection.add_termination_listener(lambda _: gone.set())
    while not gone.is_set():
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                await gone.wait()
        except TimeoutError:
            if not await _alive(connection):
                return


async def _alive(connection: RawConnection) -> bool:
    try:
        await connection.execute("SELECT 1")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        return False
    return True
