"""The migrations and the table classes describe the same database."""

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from chorus.tables.catalogue import metadata
from tests.support.databases import fresh_database

pytestmark = pytest.mark.anyio

COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       a.attidentity::text, pg_get_expr(d.adbin, d.adrelid)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
    AND NOT a.attisdropped
"""
CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
"""
INDEXES = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
STORAGE = """
SELECT relname, option FROM pg_class, unnest(reloptions) AS option
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
"""


async def facts(url: str, query: str) -> set[tuple[object, ...]]:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        rows = await connection.fetch(query, timeout=10)
    finally:
        await connection.close(timeout=10)
    return {tuple(row) for row in rows if row[0] != "alembic_version"}


async def make_all(url: str) -> None:
    engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:", 1))
    try:
        async with engine.begin() as connection:
            await connection.run_sync(metadata.create_all)
    finally:
        await engine.dispose()


@pytest.mark.parametrize("query", [COLUMNS, CONSTRAINTS, INDEXES, STORAGE])
async def test_migrated_and_declared_tables_are_equal(
    database_url: str, postgres_url: str, query: str
) -> None:
    with fresh_database(postgres_url, template="template1") as declared_url:
        await make_all(declared_url)

        migrated, declared = await facts(database_url, query), await facts(declared_url, query)

    assert declared
    assert migrated == declared


async def test_autogenerate_finds_nothing_to_do(database_url: str) -> None:
    def compare(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return list(compare_metadata(context, metadata))

    engine = create_async_engine(database_url.replace("postgresql:", "postgresql+asyncpg:", 1))
    try:
        async with engine.connect() as connection:
            assert await connection.run_sync(compare) == []
    finally:
        await engine.dispose()
