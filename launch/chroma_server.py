"""A private Chroma, from the binary of its wheel; none where there is no wheel for this machine."""

import contextlib
import importlib.metadata
import importlib.util
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from launch.faults import ServerDied
from launch.spawn import bound_to_us, tail

PACKAGE = "chromadb"
BINARY = "chromadb_rust_bindings"
SCRIPT = Path(__file__).with_name("chroma_run.py")


@dataclass(frozen=True, slots=True)
class ChromaServer:
    """A configured server and how to run it."""

    version: str
    home: Path
    port: int

    @property
    def log(self) -> Path:
        return self.home / "chroma.log"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def command(self) -> list[str]:
        """The command to start from the main thread, in a session of its own."""
        script: list[str | Path] = [sys.executable, "-I", SCRIPT, self.home / "chroma.yaml"]
        return bound_to_us(script, dies_by="TERM")

    @property
    def environment(self) -> dict[str, str]:
        """All that it is given: it needs no secret of ours, and is told to say little."""
        return {"PATH": os.environ.get("PATH", ""), "HOME": str(self.home), "RUST_LOG": "warn"}


def is_here() -> bool:
    return importlib.util.find_spec(BINARY) is not None


def prepare(data: Path, port: int) -> ChromaServer:
    """Write the configuration of `<data>/chroma`. Loopback only: it asks nobody who they are."""
    home = (data / "chroma").resolve()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    server = ChromaServer(importlib.metadata.version(PACKAGE), home, port)
    lines = (
        f"port: {port}",
        'listen_address: "127.0.0.1"',
        f'persist_path: "{home / "data"}"',
        "allow_reset: false",
        "",
    )
    (home / "chroma.yaml").write_text("\n".join(lines))
    return server


def open_log(server: ChromaServer) -> int:
    """Open the server's log, emptied."""
    return os.open(server.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


def wait_ready(server: ChromaServer, alive: Callable[[], bool], *, timeout_s: float = 15) -> None:
    """Block until the server answers.

    Raises:
        ServerDied: it ended first, or is still not ready after `timeout_s`.
    """
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if not alive():
            raise ServerDied(f"Chroma ended while starting:\n{tail(server.log, 5)}")
        with contextlib.suppress(OSError, HTTPException):
            if _answers(server.port):
                return
        time.sleep(0.01)
    raise ServerDied(f"Chroma is not ready after {timeout_s:.0f} s; see {server.log}")


def _answers(port: int) -> bool:
    link = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        link.request("GET", "/api/v2/heartbeat")
        return link.getresponse().status == 200
    finally:
        link.close()
