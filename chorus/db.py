"""PostgreSQL: one pool per role, and transactions that know their tenant.

Only `Db.transaction` and `Db.raw_transaction` commit. Frames go out after the commit, by
`Transaction.after_commit`; outbox rows go inside it.
"""

from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from time import monotonic, perf_counter
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Executable, ScalarResult, event, text
from sqlalchemy.engine import ExceptionContext, Result
from sqlalchemy.exc import DisconnectionError, InvalidatePoolError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    create_async_engine,
)

from chorus.db_connect import DbRole, RawConnection, connect
from chorus.db_faults import leads_nowhere, translated
from chorus.errors import ChorusError, Unavailable
from chorus.log import get_logger
from chorus.tasks import to_its_end

log = get_logger(__name__)

Params = Mapping[str, Any] | Sequence[Mapping[str, Any]]
AfterCommit = Callable[[], Awaitable[None]]
_END_S = 1.0
"""A pool closes once its connections are back in it, unless the server answers nothing any more."""
_SET_TENANT = text("SELECT set_config('app.tenant_id', :tenant_id, true)")


class SwallowedError(Exception):
    """A statement failed, its error was caught outside of a savepoint: nothing was committed."""


class ReadSession:
    """Reads of one moment: every statement sees the same snapshot, none may write."""

    __slots__ = ("_session", "failed")

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self.failed = False
        """A statement failed: PostgreSQL answers COMMIT with ROLLBACK, and no error."""

    async def execute(self, statement: Executable, params: Params | None = None) -> Result[Any]:
        with self._watched():
            return await self._session.execute(statement, params)

    async def scalar(self, statement: Executable, params: Params | None = None) -> Any:
        """Return the first column of the first row, None without rows."""
        with self._watched():
            return await self._session.scalar(statement, params)

    async def scalars(
        self, statement: Executable, params: Params | None = None
    ) -> ScalarResult[Any]:
        with self._watched():
            return await self._session.scalars(statement, params)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            with translated():
                yield
        except BaseException:
            self.failed = True
            raise


class Transaction:
    """Reads and writes that become visible together, and what to do once they are."""

    __slots__ = ("_callbacks", "_reads", "_session")

    def __init__(self, session: AsyncSession, callbacks: list[AfterCommit]) -> None:
        self._session = session
        self._reads = ReadSession(session)
        self._callbacks = callbacks

    async def execute(self, statement: Executable, params: Params | None = None) -> Result[Any]:
        return await self._reads.execute(statement, params)

    async def scalar(self, statement: Executable, params: Params | None = None) -> Any:
        return await self._reads.scalar(statement, params)

    async def scalars(
        self, statement: Executable, params: Params | None = None
    ) -> ScalarResult[Any]:
        return await self._reads.scalars(statement, params)

    def add(self, row: object) -> None:
        self._session.add(row)

    def add_all(self, rows: Iterable[object]) -> None:
        self._session.add_all(rows)

    async def flush(self) -> None:
        """Send what was added, to have its constraints checked here and not at the end."""
        with translated():
            await self._session.flush()

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo only this block when it raises, so that the caller may catch and go on."""
        failed = self._reads.failed
        try:
            async with self._session.begin_nested():
                yield
        except BaseException:
            self._reads.failed = failed
            raise

    async def commit_whole(self) -> None:
        """Commit for `Db.transaction`, unless a failed statement made that a rollback."""
        if self._reads.failed:
            raise SwallowedError
        with translated():
            await self._session.commit()

    def after_commit(self, callback: AfterCommit) -> None:
        """Await `callback` once the commit stands and the connection is given back.

        Callbacks run in the order they were added. One that fails is logged and hinders
        neither the others nor the act: the commit is a fact, and readers repair themselves.
        """
        self._callbacks.append(callback)


Reader = ReadSession | Transaction
"""What a function takes that only reads."""


class Db:
    """A pool of connections under one role."""

    __slots__ = ("_engine", "_on_wait_s", "_stale_before")

    def __init__(self, engine: AsyncEngine, on_wait_s: Callable[[float], None] | None) -> None:
        self._engine = engine
        self._on_wait_s = on_wait_s
        self._stale_before = 0.0
        pool = engine.sync_engine.pool
        event.listen(pool, "connect", _remember_opening)
        event.listen(pool, "checkout", self._refuse_unfit)
        event.listen(engine.sync_engine, "handle_error", _expire_on_failover)

    @property
    def pool_size(self) -> int:
        return int(self._engine.sync_engine.pool.size())  # type: ignore[attr-defined]

    @property
    def pool_in_use(self) -> int:
        return int(self._engine.sync_engine.pool.checkedout())  # type: ignore[attr-defined]

    @asynccontextmanager
    async def transaction(self, tenant_id: UUID | None) -> AsyncIterator[Transaction]:
        """Open a transaction that commits when the block ends and rolls back when it raises.

        Under chorus_app `tenant_id` decides which rows exist; None sees none of them.
        """
        callbacks: list[AfterCommit] = []
        async with self._session() as session:
            await _enter(session, tenant_id)
            transaction = Transaction(session, callbacks)
            yield transaction
            await transaction.commit_whole()
        for callback in callbacks:
            await _run_after_commit(callback)

    @asynccontextmanager
    async def read(self, tenant_id: UUID | None) -> AsyncIterator[ReadSession]:
        """Open a read-only transaction; all its statements see one snapshot."""
        async with self._session(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        ) as session:
            await _enter(session, tenant_id)
            yield ReadSession(session)

    @asynccontextmanager
    async def raw_transaction(self, tenant_id: UUID | None = None) -> AsyncIterator[RawConnection]:
        """Lend the driver's connection inside BEGIN and COMMIT: the hot path.

        A statement that fails ends the block: caught inside, nothing is committed and SwallowedError raised.
        """
        async with self.raw() as driver, begun(driver, tenant_id):
            yield driver

    def raw(self) -> AbstractAsyncContextManager[RawConnection]:
        """Lend the driver's connection: each statement is a transaction, unless `begun`.

        The block is for this connection only: its network errors are taken for the database's, and
        whatever cuts it short, but a refusal of ours, ends the connection, too.
        """
        return self._lent(ends=False)

    def pinned(self) -> AbstractAsyncContextManager[RawConnection]:
        """Lend a connection outside of any transaction and close it afterwards.

        For session-level advisory locks and LISTEN, which end with the connection.
        """
        return self._lent(ends=True)

    async def ping(self) -> None:
        """Do one round trip. Raises Unavailable or Overloaded."""
        async with self.raw() as driver:
            await driver.execute("SELECT 1")

    @asynccontextmanager
    async def _session(self, **options: Any) -> AsyncIterator[AsyncSession]:
        connection = await self._connected()
        session = AsyncSession(connection, expire_on_commit=False)
        try:
            connection = await connection.execution_options(**options)
            yield session
        finally:
            await to_its_end(_given_back(connection, session), within_s=_END_S)

    @asynccontextmanager
    async def _lent(self, *, ends: bool) -> AsyncIterator[RawConnection]:
        connection = await self._connected()
        try:
            with translated():
                try:
                    yield (await connection.get_raw_connection()).driver_connection
                except BaseException as error:
                    # Cancelled in its BEGIN, it would have the next writer write into a
                    # transaction that is nobody's, and that nobody commits.
                    ends = ends or not isinstance(error, ChorusError)
                    raise
        except Unavailable as error:
            # SQLAlchemy does not see what the driver raises here, so the pool is told by hand.
            if leads_nowhere(error.__cause__):
                self._stale_before = monotonic()
            raise
        finally:
            await to_its_end(_given_back(connection, ends=ends), within_s=_END_S)

    async def _connected(self) -> AsyncConnection:
        asked_at = perf_counter()
        with translated():
            connection = await self._engine.connect()
        if self._on_wait_s is not None:
            self._on_wait_s(perf_counter() - asked_at)
        return connection

    def _refuse_unfit(self, driver: Any, record: Any, _proxy: object) -> None:
        if record.info["opened_at_s"] <= self._stale_before:
            raise InvalidatePoolError
        if driver.driver_connection.is_in_transaction():
            # Left behind by somebody: what is written in it would never be committed.
            log.error("connection_in_transaction")
            raise DisconnectionError


@asynccontextmanager
async def open_db(  # noqa: PLR0913 (each is one fact of a pool)
    url: str,
    *,
    role: DbRole,
    pool_size: int,
    application_name: str,
    pool_timeout_s: float = 0.5,
    on_wait_s: Callable[[float], None] | None = None,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Db]:
    """Open a pool whose every connection runs as `role`, and close it at the end.

    `settings` are PostgreSQL's own, for each session of the pool.

    A transaction that finds no free connection for `pool_timeout_s` raises Overloaded;
    `on_wait_s` is told how long each one waited. Raises RoleRefused or Unavailable at once
    when the first connection cannot be had.
    """

    async def opened() -> RawConnection:
        return await connect(url, role, application_name, settings or {})

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=opened,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=pool_timeout_s,
        pool_use_lifo=True,
        json_serializer=_json,
        json_deserializer=orjson.loads,
    )
    try:
        db = Db(engine, on_wait_s)
        await db.ping()
        yield db
    finally:
        await engine.dispose()


async def _given_back(
    connection: AsyncConnection, session: AsyncSession | None = None, *, ends: bool = False
) -> None:
    """Return a connection to the pool, which opens another for one that `ends` or died meanwhile."""
    # Rolling back what is lost anyway is no one's news.
    if session is not None:
        await _quietly(session.close())
    if ends:
        await _quietly(connection.invalidate())
    if not await _quietly(connection.close()):
        await _quietly(connection.invalidate())
        await _quietly(connection.close())


async def _quietly(ending: Awaitable[None]) -> bool:
    try:
        with translated():
            await ending
    except Unavailable:
        return False
    return True


async def _enter(session: AsyncSession, tenant_id: UUID | None) -> None:
    if tenant_id is None:
        return
    with translated():
        await session.execute(_SET_TENANT, {"tenant_id": str(tenant_id)})


@asynccontextmanager
async def begun(driver: RawConnection, tenant_id: UUID | None) -> AsyncIterator[None]:
    """BEGIN and COMMIT on a connection that was lent."""
    await driver.execute("BEGIN")
    try:
        if tenant_id is not None:
            await driver.execute("SELECT set_config('app.tenant_id', $1, true)", str(tenant_id))
        yield
    except BaseException:
        await driver.execute("ROLLBACK")
        raise
    if await driver.execute("COMMIT") != "COMMIT":
        raise SwallowedError


async def _run_after_commit(callback: AfterCommit) -> None:
    try:
        await callback()
    except Exception:
        log.exception("after_commit_failed")


def _json(value: object) -> str:
    return orjson.dumps(value, default=_plain).decode()


def _plain(value: object) -> str:
    # The driver's ids are a subclass of UUID, which orjson does not take for one.
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


def _remember_opening(_driver: object, record: Any) -> None:
    record.info["opened_at_s"] = monotonic()


def _expire_on_failover(context: ExceptionContext) -> None:
    options = context.connection.get_execution_options() if context.connection else {}
    # A write inside `Db.read` is a fault of ours and says nothing about the server.
    reading = options.get("postgresql_readonly", False)
    if leads_nowhere(context.original_exception, reading=reading):
        context.is_disconnect = True
