"""A whole `chorus up` for tests: real processes, random ports, nothing left behind.

with running(tmp_path / "data", "--edges", "2") as up:
    up.urls["base"]; up.pid("writer"); up.end(signal.SIGKILL)
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from launch import files
from launch.spawn import free_port
from tests.support.in_memory import forget, keep_in_memory

PATIENCE_S = 60
# A machine that does much else at once starts slowly.
START_PATIENCE_S = 120
PAGE_END = "Ctrl-C stops everything"


def clean_environment(**more: str) -> dict[str, str]:
    """Take our environment without anything that would lead to another installation."""
    foreign = ("CHORUS_", "DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "PROMETHEUS_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    return {**kept, **more}


def chorus(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the command line to its end."""
    return subprocess.run(
        [sys.executable, "-m", "launch.cli", *words],
        env=clean_environment(**more),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


class Up:
    """A running `chorus up`, read until its page is complete; its later output goes to a file."""

    def __init__(self, data: Path, *words: str, **more: str) -> None:
        self.data = data
        data.mkdir(parents=True, exist_ok=True)
        self._output = data / "up.log"
        command = [sys.executable, "-m", "launch.cli", "up", "--data", str(data), *words]
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                env=clean_environment(**more),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.page = self._read_page()

    def _read_page(self) -> str:
        deadline = time.monotonic() + START_PATIENCE_S
        while PAGE_END not in self.output():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.terminate()
                self.process.wait(PATIENCE_S)
                pytest.fail(f"chorus up did not start:\n{self.output()}")
            time.sleep(0.02)
        return self.output()

    def output(self) -> str:
        """All it has printed so far."""
        return self._output.read_text(errors="replace")

    def run(self) -> dict[str, Any]:
        """`run.json` as it stands."""
        found: dict[str, Any] = json.loads((self.data / "run.json").read_bytes())
        return found

    @property
    def run_file(self) -> files.RunFile:
        found = files.read_run_file(self.data)
        assert found is not None
        return found

    @property
    def urls(self) -> dict[str, str]:
        found: dict[str, str] = self.run()["urls"]
        return found

    def pids(self, name: str) -> list[int]:
        """The processes of a name: `edge`, `writer`, `postgres`, …"""
        found = self.run()["pids"][name]
        return found if isinstance(found, list) else [found]

    def processes(self) -> list[psutil.Process]:
        return [psutil.Process(pid) for name in self.run()["pids"] for pid in self.pids(name)]

    def kill9(self, name: str, number: int = 0) -> int:
        """Kill a process without warning and answer its pid; the supervisor starts it again."""
        pid = self.pids(name)[number]
        os.kill(pid, signal.SIGKILL)
        return pid

    def end(self, signum: signal.Signals = signal.SIGINT) -> int:
        """Signal the supervisor and answer its exit status."""
        self.process.send_signal(signum)
        return self.process.wait(PATIENCE_S)


@contextlib.contextmanager
def running(data: Path, *words: str, **more: str) -> Iterator[Up]:
    """Run `chorus up` on a free port; `words` are arguments, `more` environment."""
    keep_in_memory(data)
    up = Up(data, "--port", str(free_port()), *words, **more)
    try:
        yield up
    finally:
        if up.process.poll() is None:
            up.end()
        forget(data)


def eventually(fact: Callable[[], bool], *, patience_s: float = PATIENCE_S) -> None:
    """Wait until another process has made something true."""
    deadline = time.monotonic() + patience_s
    while not fact():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)
