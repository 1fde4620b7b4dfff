"""What the driver raises, in our words: what another try may cure, and what it may not."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy.exc import DBAPIError, EmulatedDBAPIException
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chorus.errors import Overloaded, Unavailable

_READ_ONLY = "25006"
# Failover and shutdown: read_only_sql_transaction, admin_shutdown, crash_shutdown,
# cannot_connect_now. Every connection opened before one of these leads to the wrong server.
_FAILOVER_STATES = frozenset({_READ_ONLY, "57P01", "57P02", "57P03"})
# Worth another try on the same server: query_canceled, lock_not_available, deadlock_detected,
# serialization_failure, too_many_connections.
_BUSY_STATES = frozenset({"57014", "55P03", "40P01", "40001", "53300"})
# The last is the driver's own confusion, seen when the server dies under a statement.
_LOST = (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError)
_FOREIGN = (DBAPIError, asyncpg.PostgresError, *_LOST)


@contextmanager
def translated() -> Iterator[None]:
    """Say Overloaded or Unavailable for what another try may cure; the rest is a fault of ours."""
    try:
        yield
    except PoolTimeout as error:
        raise Overloaded("The database is busy. Try again.") from error
    except _FOREIGN as error:
        # Whoever wrote in a transaction had the connection given up; who wrote in a read did not.
        reading = isinstance(error, DBAPIError) and not error.connection_invalidated
        if not (leads_nowhere(error, reading=reading) or _sqlstate(error) in _BUSY_STATES):
            raise
        raise Unavailable("The database cannot be reached. Try again.") from error


def leads_nowhere(error: BaseException | None, *, reading: bool = False) -> bool:
    """Say whether the connection, and all its age, is of no more use.

    That a server takes no writes says so, but not to somebody who is `reading`.
    """
    state = _sqlstate(error)
    if state is not None:
        refused = reading and state == _READ_ONLY
        return not refused and (state in _FAILOVER_STATES or state.startswith("08"))
    return isinstance(_origin(error), _LOST)


def _sqlstate(error: BaseException | None) -> str | None:
    state: str | None = getattr(_origin(error), "sqlstate", None)
    return state


def _origin(error: BaseException | None) -> BaseException | None:
    """What the driver raised: SQLAlchemy wraps it twice, also while it connects."""
    if isinstance(error, DBAPIError):
        error = error.orig
    return error.orig if isinstance(error, EmulatedDBAPIException) else error
