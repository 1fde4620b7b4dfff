"""Whoever is cancelled leaves nothing behind: what comes next over the same connection is stored."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial
from typing import Any, Final

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chat_service.kept import Kept
from chorus.db import Db, SwallowedError
from chorus.db_connect import IDLE_IN_TRANSACTION_S
from chorus.errors import NotFound
from tests.chat_service.ingest_world import superuser
from tests.support.waiting import until

pytestmark = pytest.mark.anyio

MOST_STEPS: Final = 20_000
"""Turns of the loop: far more than a transaction takes that nobody hinders."""
MADE = "CREATE TABLE said (n int); GRANT ALL ON said TO PUBLIC"
HELD = """
SELECT count(*) FROM pg_stat_activity
WHERE application_name = 'test' AND state LIKE 'idle in transaction%'
"""

PATIENCE_S: Final = IDLE_IN_TRANSACTION_S / 2
"""PostgreSQL ends those who keep theirs for longer, in the end."""

Saying = Callable[[int], AbstractAsyncContextManager[None]]
"""Stores a number; what is done in the block is done before the commit, where there is one."""


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    async with superuser(database_url) as connection:
        await connection.execute(MADE)
        yield connection


def ways(db: Db) -> dict[str, Saying]:
    @asynccontextmanager
    async def session(number: int) -> AsyncIterator[None]:
        async with db.transaction(None) as tx:
            await tx.execute(text("INSERT INTO said VALUES (:n)"), {"n": number})
            yield

    def on(lend: Callable[[], AbstractAsyncContextManager[Any]]) -> Saying:
        @asynccontextmanager
        async def driver(number: int) -> AsyncIterator[None]:
            async with lend() as connection:
                await connection.execute("INSERT INTO said VALUES ($1)", number)
                yield

        return driver

    @asynccontextmanager
    async def kept() -> AsyncIterator[Any]:
        line = Kept(db)
        try:
            async with line.raw_transaction() as connection:
                yield connection
        finally:
            await line.close()

    return {
        "transaction": session,
        "raw_transaction": on(db.raw_transaction),
        "raw": on(db.raw),
        "kept": on(kept),
    }


async def nobody_holds_a_lock(owner: asyncpg.Connection) -> bool:
    return bool(await owner.fetchval(HELD) == 0)


async def said(saying: Saying, number: int) -> None:
    async with saying(number):
        pass


async def is_given_up(saying: Saying, *, after_steps: int) -> bool:
    """Say something and think better of it; False: it was said before."""
    task = asyncio.create_task(said(saying, -1))
    for _ in range(after_steps):
        await asyncio.sleep(0)
    under_way = not task.done()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return under_way


@pytest.mark.parametrize("then", ["transaction", "raw_transaction", "raw"])
@pytest.mark.parametrize("first", ["transaction", "raw_transaction", "raw", "kept"])
async def test_what_is_said_after_somebody_was_cancelled_is_stored(
    single: Db, owner: asyncpg.Connection, first: str, then: str
) -> None:
    chosen, given_up, step = ways(single), True, 0
    while given_up and step < MOST_STEPS:
        # Each turn at first, where most ends; a new connection takes hundreds.
        step += 1 + step // 20
        given_up = await is_given_up(chosen[first], after_steps=step)
        await said(chosen[then], step)
        assert await owner.fetchval("SELECT count(*) FROM said WHERE n = $1", step) == 1, step
        await until(partial(nobody_holds_a_lock, owner), patience_s=PATIENCE_S)
    assert not given_up, "it was never let to its end: this proves too little"


async def test_a_connection_that_was_left_in_a_transaction_is_lent_to_nobody(
    single: Db, owner: asyncpg.Connection
) -> None:
    async with single.raw() as connection:
        await connection.execute("BEGIN")
    await said(ways(single)["raw"], 1)
    assert await owner.fetchval("SELECT count(*) FROM said") == 1


async def test_a_refusal_of_ours_costs_no_connection(single: Db) -> None:
    async def pid() -> int:
        async with single.raw() as connection:
            return int(await connection.fetchval("SELECT pg_backend_pid()"))

    before = await pid()
    with pytest.raises(NotFound):
        async with single.raw_transaction():
            raise NotFound
    assert await pid() == before


async def test_a_statement_that_failed_unheard_is_no_commit(
    single: Db, owner: asyncpg.Connection
) -> None:
    async def speak() -> None:
        async with single.raw_transaction() as connection:
            await connection.execute("INSERT INTO said VALUES (1)")
            with suppress(asyncpg.DivisionByZeroError):
                await connection.execute("SELECT 1 / 0")

    with pytest.raises(SwallowedError):
        await speak()
    assert await owner.fetchval("SELECT count(*) FROM said") == 0


async def test_an_undone_block_does_not_hide_that_something_had_failed_before(
    single: Db, owner: asyncpg.Connection
) -> None:
    async def speak() -> None:
        async with single.transaction(None) as tx:
            await tx.execute(text("INSERT INTO said VALUES (1)"))
            with suppress(DBAPIError):
                await tx.execute(text("SELECT 1 / 0"))
            with suppress(DBAPIError):
                async with tx.savepoint():
                    await tx.execute(text("INSERT INTO said VALUES (2)"))

    with pytest.raises(SwallowedError):
        await speak()
    assert await owner.fetchval("SELECT count(*) FROM said") == 0
