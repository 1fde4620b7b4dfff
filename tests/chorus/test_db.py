"""What a pool promises: its role, its tenant, its commits, and coming back after an outage."""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from chat_service.migrate import upgrade
from chorus.db import Db, SwallowedError, open_db
from chorus.db_connect import DbRole, RoleRefused
from chorus.errors import Overloaded, Unavailable
from chorus.ids import uuid7
from chorus.tables.conversations import Conversation, Message
from chorus.tables.tenancy import Tenant
from tests.support.databases import run_apart
from tests.support.rows import insert_of, tenant_rows
from tests.support.servers import RunningServer, start_postgres

pytestmark = pytest.mark.anyio


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RunningServer]:
    with start_postgres(tmp_path) as server:
        run_apart(upgrade(server.url))
        yield server


@pytest.fixture
async def system(database_url: str) -> AsyncIterator[Db]:
    async with open_db(
        database_url, role="chorus_system", pool_size=2, application_name="test"
    ) as db:
        yield db


def a_tenant(slug: str = "acme") -> Tenant:
    return Tenant(id=uuid7(), slug=slug, name="Acme")


async def a_conversation(db: Db) -> tuple[UUID, UUID]:
    tenant_id = uuid7()
    rows = tenant_rows(tenant_id)
    async with db.raw_transaction() as connection:
        await connection.execute("RESET ROLE; SET LOCAL ROLE none")
        for table in ("tenants", "inboxes", "contacts", "conversations"):
            statement, names = insert_of(table)
            await connection.execute(statement, *(rows[table][name] for name in names))
    return tenant_id, rows["conversations"]["id"]


@pytest.mark.parametrize("role", ["chorus_app", "chorus_system"])
async def test_every_pool_runs_under_its_role(database_url: str, role: DbRole) -> None:
    async with (
        open_db(database_url, role=role, pool_size=1, application_name="test") as db,
        db.raw_transaction() as connection,
    ):
        row = await connection.fetchrow(
            "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        )

    assert tuple(row) == (role, False, False)


async def test_reset_role_does_not_give_the_login_back(system: Db) -> None:
    async with system.raw_transaction() as connection:
        await connection.execute("RESET ROLE; RESET ALL")

        assert await connection.fetchval("SELECT current_user") == "chorus_system"
        assert await connection.fetchval("SHOW statement_timeout") == "2s"


async def test_commits_wait_for_the_disk_and_statements_end(system: Db) -> None:
    async with system.raw_transaction() as connection:
        shown = [
            await connection.fetchval(f"SHOW {name}")
            for name in (
                "synchronous_commit",
                "statement_timeout",
                "idle_in_transaction_session_timeout",
            )
        ]

    assert shown == ["on", "2s", "5s"]


async def test_a_pool_of_a_superuser_does_not_open(own_server: RunningServer) -> None:
    connection = await asyncpg.connect(own_server.url, timeout=10)
    await connection.execute("ALTER ROLE chorus_app SUPERUSER")
    await connection.close(timeout=10)

    with pytest.raises(RoleRefused, match="superuser"):
        async with open_db(own_server.url, role="chorus_app", pool_size=1, application_name="test"):
            pass


async def test_a_pool_without_its_role_says_how_to_get_one(tmp_path: Path) -> None:
    with (
        start_postgres(tmp_path) as server,
        pytest.raises(RoleRefused, match="chorus migrate"),
    ):
        async with open_db(server.url, role="chorus_app", pool_size=1, application_name="test"):
            pass


async def test_what_a_block_raises_is_rolled_back(system: Db) -> None:
    async def fail_halfway() -> None:
        async with system.transaction(None) as transaction:
            transaction.add(a_tenant())
            await transaction.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_halfway()

    async with system.read(None) as read:
        assert await read.scalar(select(Tenant)) is None


async def test_callbacks_run_in_order_after_the_commit_and_without_a_connection(
    system: Db,
) -> None:
    seen: list[tuple[str, int, bool]] = []

    async def note(name: str) -> None:
        in_use = system.pool_in_use
        async with system.read(None) as read:
            seen.append((name, in_use, await read.scalar(select(Tenant)) is not None))

    async with system.transaction(None) as transaction:
        transaction.add(a_tenant())
        transaction.after_commit(lambda: note("first"))
        transaction.after_commit(lambda: note("second"))
        assert seen == []

    assert seen == [("first", 0, True), ("second", 0, True)]


async def test_nothing_is_announced_that_was_not_committed(system: Db) -> None:
    announced: list[str] = []

    async def announce() -> None:
        announced.append("tenant")

    async def write_twice() -> None:
        async with system.transaction(None) as transaction:
            transaction.after_commit(announce)
            transaction.add_all([a_tenant("same"), a_tenant("same")])

    with pytest.raises(IntegrityError):
        await write_twice()

    assert announced == []


async def test_a_failing_callback_hinders_neither_the_others_nor_the_act(system: Db) -> None:
    announced: list[str] = []

    async def fail() -> None:
        raise ConnectionError

    async def announce() -> None:
        announced.append("tenant")

    async with system.transaction(None) as transaction:
        transaction.after_commit(fail)
        transaction.after_commit(announce)

    assert announced == ["tenant"]


async def test_a_read_cannot_write_and_says_so_as_a_fault_of_ours(system: Db) -> None:
    async with system.read(None) as read:
        with pytest.raises(DBAPIError, match="read-only"):
            await read.execute(text("UPDATE tenants SET name = 'x'"))


async def test_a_read_sees_one_moment(system: Db) -> None:
    async with system.read(None) as read:
        assert await read.scalar(select(Tenant)) is None
        async with system.transaction(None) as transaction:
            transaction.add(a_tenant())
        assert await read.scalar(select(Tenant)) is None


async def test_the_next_transaction_may_write_again_after_a_read(database_url: str) -> None:
    async with open_db(
        database_url, role="chorus_system", pool_size=1, application_name="test"
    ) as db:
        async with db.read(None) as read:
            await read.scalar(select(Tenant))
        async with db.transaction(None) as transaction:
            transaction.add(a_tenant())
        async with db.raw_transaction() as connection:
            level = await connection.fetchval("SHOW transaction_isolation")

    assert level == "read committed"


async def test_a_full_pool_is_overloaded_and_counts_itself(database_url: str) -> None:
    waits_s: list[float] = []
    async with open_db(
        database_url,
        role="chorus_system",
        pool_size=1,
        application_name="test",
        pool_timeout_s=0.01,
        on_wait_s=waits_s.append,
    ) as db:
        async with db.raw_transaction():
            assert (db.pool_in_use, db.pool_size) == (1, 1)
            with pytest.raises(Overloaded):
                async with db.transaction(None):
                    pass
        assert db.pool_in_use == 0

    assert len(waits_s) == 2  # the check at the start and the one that got a connection


async def test_a_statement_that_takes_too_long_may_be_tried_again(system: Db) -> None:
    async with system.read(None) as read:
        await read.execute(text("SET LOCAL statement_timeout = '10ms'"))
        with pytest.raises(Unavailable):
            await read.execute(text("SELECT pg_sleep(10)"))


async def test_a_swallowed_error_is_no_commit(system: Db) -> None:
    announced: list[str] = []

    async def announce() -> None:
        announced.append("tenant")

    async def swallow() -> None:
        async with system.transaction(None) as transaction:
            transaction.after_commit(announce)
            with suppress(DBAPIError):
                await transaction.execute(text("SELECT 1/0"))

    with pytest.raises(SwallowedError):
        await swallow()
    assert announced == []


async def test_a_savepoint_undoes_its_own_block_only(system: Db) -> None:
    async with system.transaction(None) as transaction:
        transaction.add(a_tenant("kept"))
        await transaction.flush()
        with suppress(DBAPIError):
            async with transaction.savepoint():
                await transaction.execute(text("UPDATE tenants SET name = 'lost'"))
                await transaction.execute(text("SELECT 1/0"))

    async with system.read(None) as read:
        assert (await read.scalar(select(Tenant))).name == "Acme"


async def test_json_of_the_drivers_own_ids_can_be_stored(system: Db) -> None:
    async with system.raw_transaction() as connection:
        drivers_id = await connection.fetchval("SELECT gen_random_uuid()")
    tenant = Tenant(id=uuid7(), slug="acme", name="Acme", settings={"id": drivers_id})
    async with system.transaction(None) as transaction:
        transaction.add(tenant)

    async with system.read(None) as read:
        assert await read.scalar(text("SELECT settings->>'id' FROM tenants")) == str(drivers_id)


async def test_a_session_lock_ends_with_its_pin(system: Db) -> None:
    async with system.pinned() as holder:
        await holder.execute("SELECT pg_advisory_lock(7)")
        async with system.raw_transaction() as other:
            assert not await other.fetchval("SELECT pg_try_advisory_xact_lock(7)")
    async with system.raw_transaction() as other:
        await other.execute("SELECT pg_advisory_xact_lock(7)")


@pytest.mark.parametrize("path", ["session", "raw"])
async def test_after_a_restart_one_failure_replaces_every_connection(
    own_server: RunningServer, path: str
) -> None:
    async def use(db: Db) -> None:
        if path == "raw":
            async with db.raw_transaction() as connection:
                await connection.fetchval("SELECT 1")
        else:
            async with db.transaction(None) as transaction:
                await transaction.scalar(text("SELECT 1"))

    async with open_db(
        own_server.url, role="chorus_system", pool_size=3, application_name="test"
    ) as db:
        async with db.raw_transaction(), db.raw_transaction(), db.raw_transaction():
            pass
        own_server.kill9()
        own_server.restart()

        with pytest.raises(Unavailable):
            await use(db)
        async with db.raw_transaction() as one, db.raw_transaction() as two:
            assert await one.fetchval("SELECT 1") == await two.fetchval("SELECT 1")
            await use(db)


async def test_an_unreachable_database_is_unavailable_at_once(
    own_server: RunningServer,
) -> None:
    own_server.stop()

    with pytest.raises(Unavailable):
        async with open_db(own_server.url, role="chorus_app", pool_size=1, application_name="test"):
            pass


async def test_a_message_updates_its_conversation_without_touching_an_index(
    system: Db,
) -> None:
    tenant_id, conversation_id = await a_conversation(system)
    async with system.raw_transaction() as connection:
        await connection.execute(
            "UPDATE conversations SET last_seq = last_seq + 1, last_ts = now(), preview = 'hi', "
            "unread = unread + 1, waiting_since = now() WHERE id = $1",
            conversation_id,
        )
        hot = await connection.fetchval(
            "SELECT pg_stat_get_xact_tuples_hot_updated('conversations'::regclass)"
        )

    assert hot == 1
    async with system.read(tenant_id) as read:
        assert (await read.scalar(select(Conversation))).last_seq == 1


async def test_an_id_is_unique_in_its_conversation_only(system: Db) -> None:
    first, second, id_ = uuid7(), uuid7(), uuid7()

    def message(conversation_id: UUID, seq: int) -> Message:
        return Message(
            conversation_id=conversation_id, seq=seq, id=id_, tenant_id=uuid7(), role="customer"
        )

    async with system.transaction(None) as transaction:
        transaction.add_all([message(first, 1), message(second, 1)])
    with pytest.raises(IntegrityError, match="messages_conversation_id_id_key"):
        async with system.transaction(None) as transaction:
            transaction.add(message(first, 2))
