"""Migrations run once, whoever starts them, and never on a database from the future."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import migrations
from chat_service.migrate import DatabaseNewer, pending, upgrade
from migrations.roles import RolesRefused
from tests.support.databases import database_of, fresh_database
from tests.support.servers import RunningServer, start_postgres

pytestmark = pytest.mark.anyio

(PACKAGE,) = migrations.__path__
UPGRADE = """
import asyncio, sys
from chat_service.migrate import upgrade
print(asyncio.run(upgrade(sys.argv[1])))
"""
REVISIONS = len(list(Path(PACKAGE, "versions").glob("[0-9]*.py")))


@pytest.fixture
def empty_url(postgres_url: str) -> Iterator[str]:
    with fresh_database(postgres_url, template="template1") as url:
        yield url


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RunningServer]:
    """A cluster without roles: they outlive the databases of a shared one."""
    with start_postgres(tmp_path) as server:
        yield server


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        yield connection
    finally:
        await connection.close(timeout=10)


async def upgrade_in_a_process(url: str) -> int:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", UPGRADE, url, stdout=PIPE, cwd=Path(PACKAGE).parent
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    return int(output)


def login_url(server_url: str, login: str, database: str) -> str:
    address = server_url.rpartition("@")[2].partition("/")[0]
    return f"postgresql://{login}:secret@{address}/{database}"


async def test_an_empty_database_needs_every_revision(empty_url: str) -> None:
    assert await pending(empty_url) == REVISIONS
    assert await upgrade(empty_url) == REVISIONS
    assert await pending(empty_url) == 0
    assert await upgrade(empty_url) == 0


async def test_of_processes_that_start_at_once_one_migrates(empty_url: str) -> None:
    applied = await asyncio.gather(*(upgrade(empty_url) for _ in range(4)))

    assert sorted(applied) == [0, 0, 0, REVISIONS]


async def test_databases_of_one_cluster_may_be_migrated_at_once(
    own_server: RunningServer,
) -> None:
    names = [f"chorus_{number}" for number in range(3)]
    async with connected(own_server.url) as connection:
        for name in names:
            await connection.execute(f"CREATE DATABASE {name}")

    applied = await asyncio.gather(
        *(upgrade_in_a_process(database_of(own_server.url, name)) for name in names)
    )

    assert applied == [REVISIONS] * len(names)


async def test_a_newer_database_is_refused_and_left_alone(database_url: str) -> None:
    async with connected(database_url) as connection:
        await connection.execute("UPDATE alembic_version SET version_num = '9999'")

        for act in (upgrade, pending):
            with pytest.raises(DatabaseNewer, match="revision 9999"):
                await act(database_url)

        assert await connection.fetchval("SELECT version_num FROM alembic_version") == "9999"


async def test_a_login_with_createrole_can_migrate_its_own_database(
    own_server: RunningServer,
) -> None:
    async with connected(own_server.url) as connection:
        await connection.execute("CREATE ROLE maker LOGIN CREATEROLE PASSWORD 'secret'")
        await connection.execute("CREATE DATABASE theirs OWNER maker")

    assert await upgrade(login_url(own_server.url, "maker", "theirs")) == REVISIONS


async def test_a_login_that_may_not_make_roles_is_told_what_to_ask_for(
    own_server: RunningServer,
) -> None:
    async with connected(own_server.url) as connection:
        await connection.execute("CREATE ROLE plain LOGIN PASSWORD 'secret'")
        await connection.execute("CREATE DATABASE theirs OWNER plain")

    with pytest.raises(RolesRefused, match=r"CREATE ROLE chorus_owner NOLOGIN.*TO plain"):
        await upgrade(login_url(own_server.url, "plain", "theirs"))


async def test_a_plain_login_migrates_once_it_was_given_the_roles(
    own_server: RunningServer,
) -> None:
    async with connected(own_server.url) as connection:
        await connection.execute("CREATE ROLE plain LOGIN PASSWORD 'secret'")
        await connection.execute("CREATE DATABASE theirs OWNER plain")
        for role in ("chorus_owner", "chorus_app", "chorus_system", "chorus_lookup"):
            await connection.execute(f"CREATE ROLE {role} NOLOGIN")
            await connection.execute(f"GRANT {role} TO plain")

    assert await upgrade(login_url(own_server.url, "plain", "theirs")) == REVISIONS


async def test_every_installation_has_its_own_epoch(postgres_url: str) -> None:
    epochs = set()
    for _ in range(2):
        with fresh_database(postgres_url, template="template1") as url:
            await upgrade(url)
            async with connected(url) as connection:
                epochs.add(await connection.fetchval("SELECT epoch FROM installation"))

    assert len(epochs) == 2


def test_every_script_says_on_line_1_which_locks_it_takes() -> None:
    scripts = sorted(Path(PACKAGE, "versions").glob("*.sql"))

    assert len(scripts) == REVISIONS
    assert all(script.read_text().startswith("-- Locks: ") for script in scripts)
