"""`chorus api` is a public server, too: it gives up on whom the edge would give up on."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from launch.spawn import free_port
from tests.support.installation import clean_environment, eventually
from tests.support.raw_socket import RawSocket

pytestmark = pytest.mark.slow
END_S = 20


@dataclass(frozen=True, slots=True)
class ApiAlone:
    port: int
    process: subprocess.Popen[bytes]

    def is_up(self) -> bool:
        assert self.process.poll() is None, "it ended instead of listening"
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/healthz", trust_env=False).is_success
        except httpx.TransportError:
            return False


@pytest.fixture
def alone(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[ApiAlone]:
    port = free_port()
    environment = clean_environment(
        DATABASE_URL=database_url,
        REDIS_URL=redis_url,
        CHORUS_DATA=str(tmp_path),
        CHORUS_RPC=f"unix:{os.path.relpath(tmp_path / 'rpc.sock')}",
        CHORUS_PORT=str(port),
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "launch.process", "api"], env=environment, stdin=subprocess.DEVNULL
    )
    api = ApiAlone(port, process)
    try:
        eventually(api.is_up)
        yield api
    finally:
        process.kill()
        process.wait(END_S)


def test_headers_that_are_never_finished_are_cut(alone: ApiAlone) -> None:
    with RawSocket(alone.port, timeout_s=30) as peer:
        peer.send(b"GET /healthz HTTP/1.1\r\nHost: chorus.test\r\nX-Slow: ")
        assert peer.read_until_eof().startswith(b"HTTP/1.1 408 ")


def test_headers_over_8_kb_get_431(alone: ApiAlone) -> None:
    with RawSocket(alone.port) as peer:
        peer.send(b"GET /healthz HTTP/1.1\r\nHost: chorus.test\r\nX-Long: " + b"x" * 9_000)
        peer.send(b"\r\n\r\n")
        assert peer.read_until_eof().startswith(b"HTTP/1.1 431 ")


def test_it_ends_well_when_told_to(alone: ApiAlone) -> None:
    alone.process.send_signal(signal.SIGTERM)
    assert alone.process.wait(END_S) == 0
