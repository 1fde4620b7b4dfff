"""A kept connection: the same one for every transaction, another one after a fault."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from chat_service.kept import Kept
from chorus.db import Db, open_db
from chorus.errors import Unavailable
from chorus.ids import uuid7

pytestmark = pytest.mark.anyio


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Db]:
    async with open_db(
        database_url,
        role="chorus_system",
        pool_size=2,
        application_name="test",
        settings={"plan_cache_mode": "force_generic_plan"},
    ) as opened:
        yield opened


@pytest.fixture
async def kept(db: Db) -> AsyncIterator[Kept]:
    one = Kept(db)
    yield one
    await one.close()


async def backend_of(kept: Kept) -> int:
    async with kept.raw_transaction() as connection:
        return int(await connection.fetchval("SELECT pg_backend_pid()"))


async def insert_and_fail(kept: Kept) -> None:
    async with kept.raw_transaction() as connection:
        await connection.execute(
            "INSERT INTO tenants (id, slug, name) VALUES ($1, 'a', 'A')", uuid7()
        )
        await connection.execute("SELECT 1/0")


async def test_every_transaction_has_the_same_connection(db: Db, kept: Kept) -> None:
    assert await backend_of(kept) == await backend_of(kept)
    assert db.pool_in_use == 1
    await kept.close()
    assert db.pool_in_use == 0


async def test_it_has_the_settings_and_the_role_of_its_pool(kept: Kept) -> None:
    async with kept.raw_transaction() as connection:
        told = await connection.fetchrow("SELECT current_user, current_setting('plan_cache_mode')")
    assert tuple(told) == ("chorus_system", "force_generic_plan")


async def test_a_transaction_commits_and_knows_its_tenant(db: Db, kept: Kept) -> None:
    tenant_id = uuid7()
    async with kept.raw_transaction(tenant_id) as connection:
        await connection.execute(
            "INSERT INTO tenants (id, slug, name) VALUES ($1, 'a', 'A')", tenant_id
        )
        assert await connection.fetchval("SELECT current_setting('app.tenant_id')") == str(
            tenant_id
        )
    async with kept.raw_transaction() as connection:
        assert await connection.fetchval("SELECT current_setting('app.tenant_id', true)") == ""
    async with db.raw_transaction() as connection:
        assert await connection.fetchval("SELECT count(*) FROM tenants") == 1


async def test_what_raises_inside_is_rolled_back_and_ends_the_connection(kept: Kept) -> None:
    first = await backend_of(kept)
    with pytest.raises(asyncpg.DivisionByZeroError):
        await insert_and_fail(kept)
    async with kept.raw_transaction() as connection:
        assert await connection.fetchval("SELECT count(*) FROM tenants") == 0
    assert await backend_of(kept) != first


async def test_a_connection_that_was_cut_is_unavailable_once(db: Db, kept: Kept) -> None:
    victim = await backend_of(kept)
    async with db.raw_transaction() as other:
        await other.execute("RESET ROLE; SET LOCAL ROLE none")
        await other.execute("SELECT pg_terminate_backend($1)", victim)
    with pytest.raises(Unavailable):
        await backend_of(kept)
    assert await backend_of(kept) != victim
