"""Connections that die: what was done stays done, what was not is Unavailable, the next one works."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chorus.db import Db, open_db
from chorus.errors import NotFound, Unavailable
from tests.support.blackhole import listening
from tests.support.breaking import Breaking, Way

pytestmark = pytest.mark.anyio

WHO = text("SELECT pg_backend_pid()")
OPENING_PIECES = 12
"""More than a connection takes to open."""


@asynccontextmanager
async def proxied(database_url: str) -> AsyncIterator[tuple[Breaking, Db]]:
    """A pool of one connection, and the proxy it goes through."""
    server = urlsplit(database_url)
    assert server.hostname is not None
    assert server.port is not None
    async with listening(Breaking((server.hostname, server.port))) as proxy:
        through = database_url.replace(f":{server.port}/", f":{proxy.port}/")
        async with open_db(
            through, role="chorus_system", pool_size=1, application_name="test"
        ) as db:
            yield proxy, db


async def end(database_url: str, pid: int) -> None:
    connection = await asyncpg.connect(database_url, timeout=10)
    try:
        assert await connection.fetchval("SELECT pg_terminate_backend($1, 5000)", pid)
    finally:
        await connection.close(timeout=10)


async def is_alive(db: Db) -> bool:
    async with db.read(None) as read:
        return await read.scalar(WHO) is not None


async def test_what_was_read_is_good_though_the_connection_died_since(
    single: Db, database_url: str
) -> None:
    async with single.read(None) as read:
        pid = await read.scalar(WHO)
        await end(database_url, pid)
    assert await is_alive(single)


async def test_a_refusal_stays_what_it_was_though_nothing_can_be_rolled_back(
    single: Db, database_url: str
) -> None:
    async def refuse() -> None:
        async with single.transaction(None) as tx:
            await end(database_url, await tx.scalar(WHO))
            raise NotFound

    with pytest.raises(NotFound):
        await refuse()
    assert await is_alive(single)


@pytest.mark.parametrize("kind", ["read", "transaction"])
async def test_a_statement_on_a_connection_that_the_server_ended_is_unavailable(
    single: Db, database_url: str, kind: str
) -> None:
    async def ask_twice() -> None:
        async with single.read(None) if kind == "read" else single.transaction(None) as here:
            await end(database_url, await here.scalar(WHO))
            await here.scalar(WHO)

    with pytest.raises(Unavailable):
        await ask_twice()
    assert await is_alive(single)


async def test_what_cannot_be_committed_is_unavailable(single: Db, database_url: str) -> None:
    with pytest.raises(Unavailable):
        async with single.transaction(None) as tx:
            await end(database_url, await tx.scalar(WHO))
    assert await is_alive(single)


@pytest.mark.parametrize("way", list(Way))
async def test_a_connection_that_dies_while_it_opens_is_unavailable(
    single: Db, database_url: str, way: Way
) -> None:
    server = urlsplit(database_url)
    assert server.hostname is not None
    assert server.port is not None
    failed = 0
    async with listening(Breaking((server.hostname, server.port))) as proxy:
        through = database_url.replace(f":{server.port}/", f":{proxy.port}/")
        for piece in range(1, OPENING_PIECES):
            proxy.arm(piece, way)
            try:
                async with open_db(
                    through, role="chorus_system", pool_size=1, application_name="test"
                ):
                    pass
            except Unavailable:
                failed += 1
    assert failed >= 3


@pytest.mark.parametrize("is_cut", [False, True])
@pytest.mark.parametrize("way", list(Way))
@pytest.mark.parametrize("how", ["read", "transaction"])
async def test_whoever_is_cancelled_while_a_block_ends_has_given_its_connection_back(
    database_url: str, how: str, way: Way, is_cut: bool
) -> None:
    async with proxied(database_url) as (proxy, db):
        for piece in (1, 2):
            blocked = asyncio.Event()

            async def ask(blocked: asyncio.Event) -> None:
                async with getattr(db, how)(None) as asked:
                    await asked.scalar(WHO)
                    blocked.set()
                    await asyncio.sleep(0)

            asking = asyncio.create_task(ask(blocked))

            async def cancel(asking: asyncio.Task[None] = asking) -> bool:
                asking.cancel()
                await asyncio.sleep(0.01)
                return not is_cut

            await blocked.wait()
            proxy.arm(piece, way, cancel)
            [told] = await asyncio.gather(asking, return_exceptions=True)
            proxy.disarm()
            assert told is None or isinstance(told, asyncio.CancelledError), repr(told)
            assert db.pool_in_use == 0
            assert await is_alive(db)


async def test_a_value_that_cannot_be_sent_is_a_fault_of_ours(single: Db) -> None:
    with pytest.raises(asyncpg.DataError):
        async with single.raw() as raw:
            await raw.fetchval("SELECT $1::int", "many")
    with pytest.raises(DBAPIError):
        async with single.read(None) as read:
            await read.scalar(text("SELECT CAST(:n AS int)"), {"n": 2**70})
    assert await is_alive(single)
