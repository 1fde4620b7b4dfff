"""Bring a database to the revision this code was written for, and never past it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util.exc import CommandError
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

import migrations
from migrations.roles import ensure_roles

# Any constant will do, as long as no one else locks it: b"chorus" as a number.
_LOCK_KEY = int.from_bytes(b"chorus")
_CONNECT_TIMEOUT_S = 5
_STATEMENT_TIMEOUT_S = 600


class DatabaseNewer(Exception):
    """The database was migrated by a newer version of Chorus than this one."""


async def upgrade(database_url: str) -> int:
    """Run the pending migrations and return how many there were.

    Any number of processes may call this at once: an advisory lock lets one work and the
    others find nothing to do. Within one process call it once at a time (Alembic's context is
    a global). Raises DatabaseNewer and RolesRefused before changing anything.
    """
    async with _session(database_url) as connection:
        raw = await _driver(connection)
        await raw.execute(f"SELECT pg_advisory_lock({_LOCK_KEY})")
        waiting = _pending(await _revision(raw))
        await ensure_roles(raw)
        await connection.run_sync(_run)
        return waiting


async def pending(database_url: str) -> int:
    """Count the migrations this database still needs. Raises DatabaseNewer."""
    async with _session(database_url) as connection:
        return _pending(await _revision(await _driver(connection)))


async def is_behind(database_url: str) -> bool:
    """Say whether the database has a schema of ours, and an older one. Raises DatabaseNewer."""
    async with _session(database_url) as connection:
        revision = await _revision(await _driver(connection))
        return revision is not None and _pending(revision) > 0


def _run(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    (package,) = migrations.__path__
    config.set_main_option("script_location", str(Path(package)).replace("%", "%%"))
    return config


def _pending(revision: str | None) -> int:
    script = ScriptDirectory.from_config(_config())
    try:
        return len(list(script.iterate_revisions("head", revision or "base")))
    except (CommandError, RevisionError) as error:
        head = script.get_current_head()
        raise DatabaseNewer(
            f"This database is at revision {revision}, which this version of Chorus (up to "
            f"{head}) does not know: start the newer version instead."
        ) from error


async def _revision(raw: asyncpg.Connection) -> str | None:
    if await raw.fetchval("SELECT to_regclass('public.alembic_version')") is None:
        return None
    revision: str | None = await raw.fetchval("SELECT version_num FROM public.alembic_version")
    return revision


@asynccontextmanager
async def _session(database_url: str) -> AsyncIterator[AsyncConnection]:
    """Open one connection as the login itself; the advisory lock ends with it."""

    async def connect() -> asyncpg.Connection:
        return await asyncpg.connect(
            database_url,
            timeout=_CONNECT_TIMEOUT_S,
            command_timeout=_STATEMENT_TIMEOUT_S,
            server_settings={"application_name": "chorus migrate"},
        )

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


async def _driver(connection: AsyncConnection) -> Any:
    return (await connection.get_raw_connection()).driver_connection
