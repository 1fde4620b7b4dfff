"""A process that cannot start says why in a sentence or two and ends with the status that fits."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from chorus import keys
from launch.starting import CONFIGURATION, TEMPORARY
from tests.support.databases import database_of, run_apart
from tests.support.installation import PATIENCE_S, clean_environment

pytestmark = pytest.mark.slow
CLOSED = "127.0.0.1:1"
"""An address where nobody listens."""
NO_POSTGRES, NO_REDIS = f"postgresql://chorus:secret@{CLOSED}/db", f"redis://{CLOSED}/0"
EVERY = ("edge", "api", "gateway", "writer", "conductor", "presence", "indexer", "bot", "worker")
WITH_DATABASE = ("edge", "api", "writer", "conductor", "indexer", "worker")
LISTENING = ("edge", "api", "gateway")


def start(process: str, data: Path, **environment: str) -> subprocess.Popen[str]:
    keys.ensure(data / "keys")
    given = {"CHORUS_DATA": str(data), "CHORUS_PORT": "0", "DATABASE_URL": NO_POSTGRES}
    return subprocess.Popen(
        [sys.executable, "-m", "launch.cli", process],
        env=clean_environment(**{**given, "REDIS_URL": NO_REDIS, **environment}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end_of(process: str, data: Path, **environment: str) -> tuple[int, str]:
    """The status of a process that ends by itself, and all it said."""
    with start(process, data, **environment) as running:
        try:
            out, said = running.communicate(timeout=PATIENCE_S)
        finally:
            running.kill()
    assert "Traceback" not in said + out
    assert "secret" not in said + out
    return running.returncode, said + out


@pytest.mark.parametrize(
    ("process", "url"),
    [
        *((process, "nonsense") for process in WITH_DATABASE),
        ("edge", "postgresql://chorus:secret@localhost:port/db"),
    ],
)
def test_a_wrong_database_url_is_a_matter_of_configuration(
    process: str, url: str, tmp_path: Path
) -> None:
    status, said = end_of(process, tmp_path, DATABASE_URL=url)
    assert (status, len(said.splitlines())) == (CONFIGURATION, 1)
    assert "DATABASE_URL: postgresql://user:password@host:port/database is expected" in said


@pytest.mark.parametrize("process", EVERY)
def test_a_wrong_redis_url_is_a_matter_of_configuration(process: str, tmp_path: Path) -> None:
    status, said = end_of(process, tmp_path, REDIS_URL="nonsense")
    assert (status, len(said.splitlines())) == (CONFIGURATION, 1)
    assert "REDIS_URL: " in said


@pytest.mark.parametrize("process", ["edge", "api"])
def test_a_database_that_does_not_answer_is_temporary(process: str, tmp_path: Path) -> None:
    status, said = end_of(process, tmp_path)
    assert (status, len(said.splitlines())) == (TEMPORARY, 1)
    assert "The database cannot be reached." in said


@pytest.mark.parametrize("process", ["writer", "conductor", "indexer"])
def test_who_waits_for_the_database_by_design_says_so_and_can_be_stopped(
    process: str, tmp_path: Path
) -> None:
    with start(process, tmp_path) as running:
        try:
            assert running.stderr is not None
            assert "store_unavailable" in running.stderr.readline()
            running.terminate()
            said = running.communicate(timeout=PATIENCE_S)[1]
        finally:
            running.kill()
    assert "Traceback" not in said


@pytest.fixture(scope="module")
def stranger(migrated_server: str) -> str:
    """The URL of a login that is a member of no role of ours."""

    async def make() -> None:
        connection = await asyncpg.connect(migrated_server, timeout=10)
        try:
            await connection.execute("CREATE ROLE stranger LOGIN PASSWORD 'secret'")
        finally:
            await connection.close(timeout=10)

    run_apart(make())
    return _as("stranger:secret", migrated_server)


def _as(login: str, url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"{login}@{parts.netloc.rpartition('@')[2]}").geturl()


@pytest.mark.parametrize("process", WITH_DATABASE)
def test_a_role_that_is_refused_names_what_makes_it(
    process: str, tmp_path: Path, stranger: str
) -> None:
    status, said = end_of(process, tmp_path, DATABASE_URL=stranger)
    assert (status, len(said.splitlines())) == (CONFIGURATION, 1)
    assert "`chorus migrate` makes the roles" in said


@pytest.mark.parametrize("process", ["edge", "writer"])
@pytest.mark.parametrize(
    ("login", "database", "named"),
    [("nobody:secret", "postgres", "nobody"), ("stranger:secret", "no_such_one", "no_such_one")],
)
def test_a_login_or_database_that_is_not_there_is_named(
    process: str, login: str, database: str, named: str, tmp_path: Path, stranger: str
) -> None:
    url = database_of(_as(login, stranger), database)
    status, said = end_of(process, tmp_path, DATABASE_URL=url)
    assert (status, len(said.splitlines())) == (CONFIGURATION, 1)
    assert "DATABASE_URL: " in said and named in said


@pytest.fixture
def taken_port() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield str(listener.getsockname()[1])


@pytest.mark.parametrize("process", LISTENING)
def test_a_port_that_is_taken_is_temporary(process: str, tmp_path: Path, taken_port: str) -> None:
    status, said = end_of(process, tmp_path, CHORUS_PORT=taken_port)
    assert (status, len(said.splitlines())) == (TEMPORARY, 1)
    assert f"Cannot listen on 127.0.0.1:{taken_port}" in said
