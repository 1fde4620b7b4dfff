"""Real PostgreSQL and Redis for tests, killable and restartable on the same port.

    with start_postgres(tmp_path) as server:
        connect(server.url); server.kill9(); server.restart()

Call these from the main thread: the servers die with the thread that starts them.
"""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from launch import chroma_server, postgres, redis_server
from launch.faults import ServerDied
from launch.spawn import free_port
from tests.support.in_memory import forget

# The data of a test need not survive a crash of the machine, only of the process.
FAST = ("fsync=off", "full_page_writes=off")
LAST_ATTEMPT = 30


class RunningServer:
    """One server process; `url` and `port` stay the same over `kill9`, `stop` and `restart`."""

    def __init__(
        self,
        url: str,
        port: int,
        *,
        launch: Callable[[], subprocess.Popen[bytes]],
        wait_ready: Callable[[Callable[[], bool]], None],
        stop_signal: signal.Signals,
        data: Path | None = None,
    ) -> None:
        self.url, self.port, self._data = url, port, data
        self._launch, self._wait_ready, self._stop_signal = (
            launch,
            wait_ready,
            stop_signal,
        )
        self._process = launch()
        wait_ready(self.alive)

    @property
    def pid(self) -> int:
        return self._process.pid

    def alive(self) -> bool:
        return self._process.poll() is None

    def kill9(self) -> None:
        """Kill it without warning and wait until it is gone."""
        self._process.kill()
        self._process.wait(10)

    def pause(self) -> None:
        """Freeze it: connections stay open and nothing answers."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it in good order, by force after 10 s; harmless when it is down."""
        if not self.alive():
            return
        self._process.send_signal(signal.SIGCONT)
        self._process.send_signal(self._stop_signal)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill9()

    def restart(self) -> None:
        """Start it again on the same port and data, stopping it first if it runs."""
        self.stop()
        for attempt in range(LAST_ATTEMPT + 1):
            self._process = self._launch()
            try:
                self._wait_ready(self.alive)
            except ServerDied:
                # Orphans of a killed postmaster hold its shared memory for a moment.
                if attempt == LAST_ATTEMPT:
                    raise
            else:
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: object,
        _trace: TracebackType | None,
    ) -> None:
        self.stop()
        if self._data is not None:
            forget(self._data)


def start_postgres(directory: Path, *, options: tuple[str, ...] = FAST) -> RunningServer:
    """Start a fresh or existing cluster under `directory`; `url` names database `postgres`."""
    cluster = postgres.prepare(directory, free_port(), options=options)
    return RunningServer(
        cluster.url,
        cluster.port,
        launch=lambda: _launch(cluster.command, postgres.open_log(cluster)),
        wait_ready=lambda alive: postgres.wait_ready(cluster, alive),
        stop_signal=signal.SIGINT,
        data=directory,
    )


def start_redis(directory: Path) -> RunningServer:
    """Start a Redis with an append-only file under `directory`."""
    server = redis_server.prepare(directory, free_port())
    return RunningServer(
        server.url,
        server.port,
        launch=lambda: _launch(server.command, redis_server.open_log(server)),
        wait_ready=lambda alive: redis_server.wait_ready(server, alive),
        stop_signal=signal.SIGTERM,
    )


def start_chroma(directory: Path) -> RunningServer:
    """Start a Chroma with its data under `directory`."""
    server = chroma_server.prepare(directory, free_port())
    return RunningServer(
        server.url,
        server.port,
        launch=lambda: _launch(server.command, chroma_server.open_log(server), server.environment),
        wait_ready=lambda alive: chroma_server.wait_ready(server, alive),
        stop_signal=signal.SIGTERM,
    )


def _launch(
    command: list[str], log: int, environment: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            cwd="/",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    finally:
        os.close(log)
