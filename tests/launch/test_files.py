"""What an installation writes about itself."""

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from launch import files
from launch.faults import LaunchError
from launch.installation import process_status, stop_installation, the_database_url, the_run
from launch.ports import choose_port
from tests.support.waiting import wait_until

RUN = files.RunFile(
    {"edge": [11, 12], "writer": 13, "postgres": 14},
    {"edge": 8080, "postgres": 5, "redis": 6},
    {"base": "http://localhost:8080"},
    tenant="demo",
    inbox_key="pk_a",
    load_inbox_key="pk_b",
    agents=(files.SeededAgent("ada@demo.test", "secret", "admin"),),
)


def test_the_run_file_is_private_and_reads_back(tmp_path: Path) -> None:
    files.write_run_file(tmp_path, RUN)
    path = tmp_path / "run.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert files.read_run_file(tmp_path) == RUN
    assert set(json.loads(path.read_text())) == {
        "pids",
        "ports",
        "urls",
        "tenant",
        "inbox_key",
        "load_inbox_key",
        "bot_inbox_key",
        "agents",
    }


def test_a_replaced_run_file_leaves_no_drafts(tmp_path: Path) -> None:
    files.write_run_file(tmp_path, RUN)
    files.write_run_file(tmp_path, RUN)
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_a_broken_run_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(LaunchError, match=r"Cannot read .*run\.json"):
        files.read_run_file(tmp_path)


def test_the_password_of_an_installation_stays_and_its_token_does_not(tmp_path: Path) -> None:
    first = files.renew_credentials(tmp_path, ("ada@demo.test",))
    second = files.renew_credentials(tmp_path, ("ada@demo.test",))
    assert first.password == second.password
    assert first.dev_token != second.dev_token
    assert (tmp_path / "credentials").stat().st_mode & 0o777 == 0o600


def test_a_held_folder_names_its_holder(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from launch.files import only_one\n"
        "with only_one(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    other.stdout.readline()
    assert files.holder(tmp_path) == other.pid
    with pytest.raises(LaunchError, match=f"already runs .*{other.pid}"), files.only_one(tmp_path):
        pass
    other.kill()
    other.communicate(timeout=10)
    assert files.holder(tmp_path) is None
    with files.only_one(tmp_path):
        pass


def test_a_data_folder_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(LaunchError, match="Cannot write to the data folder"):
        files.make_data_folder(tmp_path / "data")


def test_without_a_run_the_sentence_says_how_to_start(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match="start it with `chorus up`"):
        the_run(tmp_path)
    assert the_database_url(tmp_path, {"DATABASE_URL": "postgresql://x"}) == "postgresql://x"


def test_down_spares_a_stranger_that_has_an_old_pid(tmp_path: Path) -> None:
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        files.write_run_file(tmp_path, replace(RUN, pids={"writer": stranger.pid}))
        assert stop_installation(tmp_path) is False
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait(10)


def test_down_stops_what_a_killed_supervisor_left(tmp_path: Path) -> None:
    words = [sys.executable, "-c", "import time; time.sleep(60)", "launch.process"]
    orphan = subprocess.Popen(words)
    # Its words are there a moment after it is.
    wait_until(lambda: bool(psutil.Process(orphan.pid).cmdline()))
    files.write_run_file(tmp_path, replace(RUN, pids={"writer": orphan.pid}))
    assert stop_installation(tmp_path) is True
    assert orphan.poll() is not None
    assert not (tmp_path / "run.json").exists()


def test_the_system_is_asked_about_processes() -> None:
    assert process_status("self", os.getpid(), now_s=2e9).alive
    assert not process_status("nobody", 2**22 + 1, now_s=0).alive


def test_a_taken_port_is_an_error_only_when_it_was_asked_for() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(LaunchError, match=f"Port {port} on 127.0.0.1 is taken"):
            choose_port("127.0.0.1", port)
    assert choose_port("127.0.0.1", None) >= 8080


def test_an_impossible_port_is_one_sentence() -> None:
    with pytest.raises(LaunchError, match="no port 70000"):
        choose_port("127.0.0.1", 70_000)
