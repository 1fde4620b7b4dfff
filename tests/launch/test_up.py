"""`chorus up` as a person meets it: the whole thing on real processes, and its refusals."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from launch import postgres
from launch.spawn import free_port

pytestmark = pytest.mark.slow
PATIENCE_S = 60
PAGE_END = "Ctrl-C stops everything"


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "data"
    yield folder
    shutil.rmtree(postgres.shelter_of(folder), ignore_errors=True)


def environment(**more: str) -> dict[str, str]:
    ours = {"DATABASE_URL", "REDIS_URL"}
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in ours and not key.startswith("CHORUS_")
    }
    return {**kept, **more}


def chorus(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "launch.cli", *words],
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


class Up:
    """A running `chorus up`, read until its page is complete."""

    def __init__(self, data: Path, *words: str) -> None:
        self.data = data
        command = [sys.executable, "-m", "launch.cli", "up", "--data", str(data), *words]
        self.process = subprocess.Popen(
            command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.page = self._read_page()

    def _read_page(self) -> str:
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if PAGE_END in line:
                return "".join(lines)
        pytest.fail("chorus up ended early:\n" + "".join(lines))

    def run(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.data / "run.json").read_bytes())
        return found

    def processes(self) -> list[psutil.Process]:
        pids = self.run()["pids"].values()
        flat = [pid for value in pids for pid in (value if isinstance(value, list) else [value])]
        return [psutil.Process(pid) for pid in flat]

    def end(self, signum: signal.Signals) -> int:
        self.process.send_signal(signum)
        with contextlib.suppress(ValueError):
            self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode


@contextlib.contextmanager
def running(data: Path, *words: str) -> Iterator[Up]:
    up = Up(data, *words)
    try:
        yield up
    finally:
        if up.process.poll() is None:
            up.end(signal.SIGKILL)


def eventually(fact: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_first_run_shows_the_way_in_and_leaves_nothing_behind(data: Path) -> None:
    port = free_port()
    with running(data, "--port", str(port)) as up:
        run = up.run()
        assert (data / "run.json").stat().st_mode & 0o777 == 0o600
        assert (data / "credentials").stat().st_mode & 0o777 == 0o600
        assert run["ports"]["edge"] == port
        assert [agent["role"] for agent in run["agents"]] == ["admin", "agent", "supervisor"]
        assert set(run["pids"]) == {
            "edge", "writer", "conductor", "presence", "postgres", "redis"
        }  # fmt: skip
        assert "✓ round trip visitor → agent → visitor" in up.page
        assert run["agents"][0]["password"] in up.page
        assert httpx.get(f"{run['urls']['base']}/readyz", trust_env=False).status_code == 200

        second = chorus("up", "--data", str(data))
        assert second.returncode == 2
        assert "already runs" in second.stderr

        status = json.loads(chorus("status", "--data", str(data), "--json").stdout)
        assert status["running"] and status["ready"] == 200
        assert all(process["alive"] for process in status["processes"])

        examined = chorus("doctor", "--data", str(data), "--json")
        findings = {finding["check"]: finding for finding in json.loads(examined.stdout)}
        assert [name for name, found in findings.items() if found["state"] == "broken"] == []
        assert findings["round trip"]["state"] == "ok"

        processes = up.processes()
        assert up.end(signal.SIGINT) == 0
        assert psutil.wait_procs(processes, timeout=1)[1] == []
        assert not (data / "run.json").exists()


def test_a_killed_part_comes_back_and_a_killed_supervisor_takes_all_along(data: Path) -> None:
    with running(data, "--port", str(free_port()), "--edges", "2") as up:
        before = up.run()
        assert len(before["pids"]["edge"]) == 2
        for name in ("writer", "redis"):
            os.kill(before["pids"][name], signal.SIGKILL)
        eventually(
            lambda: all(
                up.run()["pids"][name] != before["pids"][name] for name in ("writer", "redis")
            )
        )
        after = up.run()
        assert after["ports"] == before["ports"]
        talk = chorus("doctor", "--data", str(data), "--json")
        assert '"check": "round trip",\n    "state": "ok"' in talk.stdout

        processes = [process for process in up.processes() if process.is_running()]
        backends = psutil.Process(after["pids"]["postgres"]).children()
        assert up.end(signal.SIGKILL) == -signal.SIGKILL
        assert psutil.wait_procs([*processes, *backends], timeout=PATIENCE_S)[1] == []


def test_a_taken_port_is_one_sentence(data: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused = chorus("up", "--data", str(data), "--port", port)
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert f"Port {port} on 127.0.0.1 is taken" in refused.stderr


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("postgresql://u:secret@127.0.0.1:1/db", "nothing answers at 127.0.0.1:1"),
        ("postgresql://u:secret@192.0.2.1:5432/db", "192.0.2.1:5432"),
    ],
)
def test_an_unreachable_database_is_one_sentence(data: Path, url: str, sentence: str) -> None:
    refused = chorus("up", "--data", str(data), DATABASE_URL=url)
    assert refused.returncode == 2
    assert sentence in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert "secret" not in refused.stderr + refused.stdout
    assert not (data / "run.json").exists()


def test_data_of_another_version_is_one_sentence(data: Path) -> None:
    cluster = postgres.prepare(data, 1)
    (cluster.data / "PG_VERSION").write_text("13\n")
    refused = chorus("up", "--data", str(data))
    assert refused.returncode == 2
    assert "was made by PostgreSQL 13" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_commands_without_an_installation_say_so(data: Path) -> None:
    for words in (["tail", "x"], ["chat"], ["widget", "snippet"], ["migrate"]):
        refused = chorus(*words, "--data", str(data))
        assert refused.returncode == 2
        assert "start it with `chorus up`" in refused.stderr
    assert chorus("down", "--data", str(data)).stdout.startswith("nothing runs")
    assert chorus("status", "--data", str(data)).returncode == 1
