"""Look at and act on an installation from another terminal, through its data folder."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from launch import files, postgres
from launch.faults import LaunchError

DOWN_WAIT_S = 75
SERVER_WAIT_S = 10
MARKS = ("launch.process", "postgres", "redis-server", "valkey-server", "chroma_run")


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """One process as the system sees it; memory and CPU are None once it is gone."""

    name: str
    pid: int
    alive: bool
    rss_mib: float | None = None
    cpu_s: float | None = None
    up_s: float | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """What runs here; `running` means that a supervisor holds the data folder."""

    running: bool
    supervisor: int | None
    base: str | None
    ready: int | None
    processes: tuple[ProcessStatus, ...]

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def the_run(data: Path) -> files.RunFile:
    """Read `run.json` of a running installation.

    Raises:
        LaunchError: nothing runs there.
    """
    run = files.read_run_file(data)
    if run is None or files.holder(data) is None:
        raise LaunchError(f"Nothing runs on {data}; start it with `chorus up`")
    return run


def the_database_url(data: Path, environment: Mapping[str, str]) -> str:
    """Find the database: DATABASE_URL, or the embedded one while it runs.

    Raises:
        LaunchError: neither is there.
    """
    if url := environment.get("DATABASE_URL"):
        return url
    run = the_run(data)
    with contextlib.suppress(FileNotFoundError):
        password = (data / "postgres" / "password").read_text().strip()
        port = run.ports["postgres"]
        return f"postgresql://{postgres.SUPERUSER}:{password}@127.0.0.1:{port}/postgres"
    raise LaunchError("The database of this installation is not embedded; set DATABASE_URL")


def the_redis_url(data: Path, environment: Mapping[str, str]) -> str:
    """Find Redis: REDIS_URL, or the embedded one while it runs.

    Raises:
        LaunchError: neither is there.
    """
    if url := environment.get("REDIS_URL"):
        return url
    if (url := embedded_redis_url(data, the_run(data))) is None:
        raise LaunchError("The Redis of this installation is not embedded; set REDIS_URL")
    return url


def embedded_redis_url(data: Path, run: files.RunFile | None) -> str | None:
    """None: there is none, or it does not run."""
    if run is None or "redis" not in run.pids:
        return None
    lines = (data / "redis" / "redis.conf").read_text().splitlines()
    settings = dict(line.split(" ", 1) for line in lines if " " in line)
    return f"redis://:{settings['requirepass']}@127.0.0.1:{settings['port']}/0"


def named_pids(run: files.RunFile) -> Iterator[tuple[str, int]]:
    """List every process of a run by name."""
    for name, value in run.pids.items():
        several = value if isinstance(value, list) else [value]
        for number, pid in enumerate(several):
            yield (f"{name}-{number}" if len(several) > 1 else name), pid


def process_status(name: str, pid: int, *, now_s: float) -> ProcessStatus:
    """Ask the system about a process."""
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            if process.status() == psutil.STATUS_ZOMBIE:
                return ProcessStatus(name, pid, alive=False)
            used = process.cpu_times()
            return ProcessStatus(
                name,
                pid,
                alive=True,
                rss_mib=round(process.memory_info().rss / (1 << 20), 1),
                cpu_s=round(used.user + used.system, 2),
                up_s=round(now_s - process.create_time(), 1),
            )
    except psutil.Error:
        return ProcessStatus(name, pid, alive=False)


def stop_installation(data: Path) -> bool:
    """Stop what runs on a data folder; False when nothing did. Blocks until all of it is gone.

    Raises:
        LaunchError: the supervisor does not end.
    """
    supervisor = files.holder(data)
    if supervisor is not None:
        os.kill(supervisor, signal.SIGTERM)
        _await_release(data)
        return True
    run = files.read_run_file(data)
    if run is None:
        return False
    # The supervisor was killed where the kernel does not take its children along.
    stopped = [_stop_orphan(name, pid, data) for name, pid in named_pids(run)]
    files.forget_run(data)
    return any(stopped)


def _await_release(data: Path) -> None:
    deadline = time.monotonic() + DOWN_WAIT_S
    while files.holder(data) is not None:
        if time.monotonic() > deadline:
            raise LaunchError(f"Still stopping after {DOWN_WAIT_S} s; see `chorus status`")
        time.sleep(0.05)


def _stop_orphan(name: str, pid: int, data: Path) -> bool:
    """End a process by its pid, unless that pid belongs to a stranger by now."""
    written_s = (data / files.RUN_FILE).stat().st_mtime
    try:
        process = psutil.Process(pid)
        words = " ".join(process.cmdline())
        if process.create_time() > written_s + 1 or not any(mark in words for mark in MARKS):
            return False
        process.send_signal(signal.SIGINT if name == "postgres" else signal.SIGTERM)
        try:
            process.wait(SERVER_WAIT_S)
        except psutil.TimeoutExpired:
            process.kill()
    except psutil.NoSuchProcess:
        return False
    return True
