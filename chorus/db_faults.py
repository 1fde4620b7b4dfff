"""What the driver raises, in our words: what another try may cure, and what it may not."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chorus.errors import Overloaded, Unavailable

# Failover and shutdown: read_only_sql_transaction, admin_shutdown, crash_shutdown,
# cannot_connect_now. Every connection opened before one of these leads to the wrong server.
_FAILOVER_STATES = frozenset({"25006", "57P01", "57P02", "57P03"})
# Worth another try on the same server: query_canceled, lock_not_available, deadlock_detected,
# serialization_failure, too_many_connections.
_BUSY_STATES = frozenset({"57014", "55P03", "40P01", "40001", "53300"})
_FOREIGN = (
    DBAPIError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # The driver's own confusion, seen when the server dies under a statement.
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)


@contextmanager
def translated() -> Iterator[None]:
    """Say Overloaded or Unavailable for what another try may cure; the rest is a fault of ours."""
    try:
        yield
    except PoolTimeout as error:
        raise Overloaded("The database is busy. Try again.") from error
    except _FOREIGN as error:
        if not (leads_nowhere(error) or _sqlstate(error) in _BUSY_STATES):
            raise
        raise Unavailable("The database cannot be reached. Try again.") from error


def leads_nowhere(error: BaseException | None) -> bool:
    """Say whether the connection, and all its age, is of no more use."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated
    state = _sqlstate(error)
    if state is not None:
        return state in _FAILOVER_STATES or state.startswith("08")
    lost = OSError | TimeoutError | asyncpg.InterfaceError | asyncpg.InternalClientError
    return isinstance(error, lost)


def _sqlstate(error: BaseException | None) -> str | None:
    origin = error.orig if isinstance(error, DBAPIError) else error
    state: str | None = getattr(origin, "sqlstate", None)
    return state
