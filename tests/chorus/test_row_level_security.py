"""The database itself refuses a forgotten WHERE (promise R17)."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from chorus.db import open_db
from chorus.ids import uuid7
from chorus.tables.catalogue import GLOBAL_TABLES, TENANT_TABLES, metadata
from tests.support.databases import fresh_database, run_apart
from tests.support.rows import insert_of, tenant_rows

pytestmark = pytest.mark.anyio

OURS, THEIRS = uuid7(), uuid7()
TABLES = sorted(TENANT_TABLES)
OWN_TENANT = "= (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)"


@pytest.fixture(scope="module")
def populated_url(migrated_server: str) -> Iterator[str]:
    """Two tenants with one row in every table; tests roll back what they do to them."""
    with fresh_database(migrated_server) as url:
        run_apart(populate(url))
        yield url


async def populate(url: str) -> None:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        for tenant_id in (OURS, THEIRS):
            for table, row in tenant_rows(tenant_id).items():
                await insert_row(connection, table, row)
    finally:
        await connection.close(timeout=10)


async def insert_row(connection: Any, table: str, row: dict[str, Any]) -> None:
    statement, names = insert_of(table)
    await connection.execute(statement, *(row[name] for name in names), timeout=10)


@asynccontextmanager
async def acting(url: str, role: str, tenant_id: UUID | None = None) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(url, timeout=10, command_timeout=10)
    try:
        await connection.transaction().start()
        await connection.execute(f"SET LOCAL ROLE {role}")
        if tenant_id is not None:
            await connection.execute("SELECT set_config('app.tenant_id', $1, true)", str(tenant_id))
        yield connection
    finally:
        await connection.close(timeout=10)


async def touched(connection: Any, statement: str) -> int:
    """Run a statement and count its rows; a refusal touches none."""
    try:
        async with connection.transaction():
            return int((await connection.execute(statement)).split()[-1])
    except asyncpg.InsufficientPrivilegeError:
        return 0


def tenant_column(table: str) -> str:
    return "id" if table == "tenants" else "tenant_id"


@pytest.mark.parametrize("table", TABLES)
async def test_without_a_tenant_no_statement_reaches_a_row(populated_url: str, table: str) -> None:
    column = tenant_column(table)
    async with acting(populated_url, "chorus_app") as connection:
        assert await connection.fetch(f"SELECT * FROM {table}") == []
        assert await touched(connection, f"UPDATE {table} SET {column} = {column}") == 0
        assert await touched(connection, f"DELETE FROM {table}") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await insert_row(connection, table, tenant_rows(OURS)[table])


@pytest.mark.parametrize("table", TABLES)
async def test_a_tenant_reaches_its_own_rows_only(populated_url: str, table: str) -> None:
    column = tenant_column(table)
    async with acting(populated_url, "chorus_app", OURS) as connection:
        seen = await connection.fetch(f"SELECT {column} AS tenant FROM {table}")
        assert [row["tenant"] for row in seen] == [OURS]
        assert await touched(connection, f"UPDATE {table} SET {column} = {column}") <= 1
        for statement in (
            f"UPDATE {table} SET {column} = {column} WHERE {column} = '{THEIRS}'",
            f"DELETE FROM {table} WHERE {column} = '{THEIRS}'",
        ):
            assert await touched(connection, statement) == 0


@pytest.mark.parametrize("table", TABLES)
async def test_a_tenant_cannot_write_for_another(populated_url: str, table: str) -> None:
    column = tenant_column(table)
    async with acting(populated_url, "chorus_app", OURS) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with connection.transaction():
                await insert_row(connection, table, tenant_rows(THEIRS)[table])
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"UPDATE {table} SET {column} = '{THEIRS}'")


@pytest.mark.parametrize("table", TABLES)
async def test_the_processes_see_every_tenant(populated_url: str, table: str) -> None:
    async with acting(populated_url, "chorus_system") as connection:
        seen = await connection.fetch(f"SELECT {tenant_column(table)} AS tenant FROM {table}")

    assert {row["tenant"] for row in seen} == {OURS, THEIRS}


async def test_a_finished_transaction_leaves_no_tenant_behind(populated_url: str) -> None:
    async with open_db(
        populated_url, role="chorus_app", pool_size=1, application_name="test"
    ) as db:
        count = text("SELECT count(*) FROM conversations")
        async with db.transaction(OURS) as transaction:
            assert await transaction.scalar(count) == 1
        async with db.transaction(None) as transaction:
            assert await transaction.scalar(count) == 0


@pytest.mark.parametrize("table", sorted(GLOBAL_TABLES))
async def test_the_api_cannot_change_what_belongs_to_the_installation(
    populated_url: str, table: str
) -> None:
    async with acting(populated_url, "chorus_app", OURS) as connection:
        for statement in (f"DELETE FROM {table}", f"INSERT INTO {table} DEFAULT VALUES"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with connection.transaction():
                    await connection.execute(statement)


async def test_every_table_is_either_guarded_or_known_to_be_global(populated_url: str) -> None:
    async with acting(populated_url, "chorus_owner") as connection:
        rows = await connection.fetch(
            """
            SELECT relname, relrowsecurity AND relforcerowsecurity AS guarded,
                   pg_get_userbyid(relowner) AS owner
            FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
            """
        )
    guarded = {row["relname"] for row in rows if row["guarded"]}

    assert guarded == TENANT_TABLES
    assert {row["relname"] for row in rows} - guarded == GLOBAL_TABLES | {"alembic_version"}
    assert {row["owner"] for row in rows} == {"chorus_owner"}


async def test_every_guarded_table_has_the_same_two_policies(populated_url: str) -> None:
    async with acting(populated_url, "chorus_owner") as connection:
        rows = await connection.fetch(
            "SELECT tablename, policyname, permissive, roles::text[], cmd, qual, with_check "
            "FROM pg_policies WHERE policyname <> 'of_lookup'"
        )
    policies = {(row["tablename"], row["policyname"]): tuple(row)[2:] for row in rows}
    own = {table: f"({tenant_column(table)} {OWN_TENANT}" for table in TABLES}

    assert policies == {
        (table, "of_tenant"): ("PERMISSIVE", ["chorus_app"], "ALL", own[table], own[table])
        for table in TABLES
    } | {
        (table, "of_system"): ("PERMISSIVE", ["chorus_system"], "ALL", "true", "true")
        for table in TABLES
    }


async def test_no_role_of_ours_can_log_in_or_pass_by_the_policies(populated_url: str) -> None:
    async with acting(populated_url, "chorus_owner") as connection:
        rows = await connection.fetch(
            "SELECT rolname, rolsuper OR rolbypassrls OR rolcanlogin OR rolcreaterole AS strong "
            "FROM pg_roles WHERE rolname LIKE 'chorus\\_%'"
        )

    assert {row["rolname"]: row["strong"] for row in rows} == {
        "chorus_owner": False,
        "chorus_app": False,
        "chorus_system": False,
        "chorus_lookup": False,
    }


async def test_nothing_is_granted_to_everybody(populated_url: str) -> None:
    async with acting(populated_url, "chorus_owner") as connection:
        tables = await connection.fetch(
            "SELECT relname FROM pg_class, aclexplode(relacl) AS acl "
            "WHERE relnamespace = 'public'::regnamespace AND acl.grantee = 0"
        )
        functions = await connection.fetch(
            "SELECT proname FROM pg_proc "
            "WHERE pronamespace = 'public'::regnamespace "
            "AND (proacl IS NULL OR EXISTS (SELECT FROM aclexplode(proacl) WHERE grantee = 0))"
        )

    assert [row["relname"] for row in tables] == ["alembic_version"]
    assert functions == []


async def test_the_audit_log_cannot_be_rewritten(populated_url: str) -> None:
    for role in ("chorus_app", "chorus_system"):
        async with acting(populated_url, role, OURS) as connection:
            for statement in ("UPDATE audit_log SET action = 'x'", "DELETE FROM audit_log"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    async with connection.transaction():
                        await connection.execute(statement)


def test_no_foreign_key_can_cross_tenants() -> None:
    loose = [
        f"{table.name}.{key.column_keys}"
        for table in metadata.sorted_tables
        for key in table.foreign_key_constraints
        if "tenant_id" not in key.column_keys
    ]

    assert loose == []


async def test_lookups_find_the_tenant_and_tell_nothing_else(populated_url: str) -> None:
    async with acting(populated_url, "chorus_system") as system:
        slug = await system.fetchval("SELECT slug FROM tenants WHERE id = $1", THEIRS)
        key = await system.fetchrow(
            "SELECT id, public_key FROM inboxes WHERE tenant_id = $1", THEIRS
        )
        agent = await system.fetchrow("SELECT id, email FROM agents WHERE tenant_id = $1", THEIRS)
        token = await system.fetchval(
            "SELECT token_hash FROM refresh_tokens WHERE tenant_id = $1", THEIRS
        )
        service = await system.fetchrow(
            "SELECT id, secret_hash FROM api_keys WHERE tenant_id = $1", THEIRS
        )
        invite = await system.fetchval(
            "SELECT token_hash FROM agent_invites WHERE tenant_id = $1", THEIRS
        )
    async with acting(populated_url, "chorus_app") as app:
        assert await app.fetchval("SELECT chorus_tenant($1)", slug) == THEIRS
        inbox = await app.fetchrow("SELECT * FROM chorus_inbox($1)", key["public_key"])
        login = await app.fetchrow("SELECT * FROM chorus_login($1)", agent["email"].upper())
        assert dict(inbox) == {"tenant_id": THEIRS, "inbox_id": key["id"]}
        assert dict(login) == {"tenant_id": THEIRS, "agent_id": agent["id"]}
        assert await app.fetchval("SELECT chorus_refresh($1)", token) == THEIRS
        found = await app.fetchrow("SELECT * FROM chorus_api_key($1)", service["secret_hash"])
        assert dict(found) == {"tenant_id": THEIRS, "api_key_id": service["id"]}
        assert await app.fetchval("SELECT chorus_invite($1)", invite) == THEIRS
        assert await app.fetch("SELECT * FROM chorus_login('nobody@example.test')") == []


@pytest.mark.parametrize(
    ("column", "table"),
    [
        ("password_hash", "agents"),
        ("name", "contacts"),
        ("email", "contacts"),
        ("content", "messages"),
        ("preview", "conversations"),
    ],
)
async def test_the_lookups_may_not_read_what_people_say_and_are_called(
    populated_url: str, column: str, table: str
) -> None:
    async with acting(populated_url, "chorus_lookup") as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"SELECT {column} FROM {table}")
