"""A whole Chorus of its own for a benchmark: started, measured from outside, stopped."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
import psutil

from launch.postgres import shelter_of
from launch.spawn import free_port

START_S = 90.0
STOP_S = 60.0
PARALLEL_REQUESTS = 8
WIDE_LIMITS = {
    "CHORUS_CUSTOMER_MESSAGES_PER_S": "1000000",
    "CHORUS_CUSTOMER_MESSAGES_BURST": "1000000",
    "CHORUS_AGENT_MESSAGES_PER_S": "1000000",
    "CHORUS_AGENT_MESSAGES_BURST": "1000000",
    "CHORUS_SOCKETS_PER_TENANT": "1000000",
    "CHORUS_SOCKETS_PER_AGENT": "1000000",
    "CHORUS_LOG_LEVEL": "WARNING",
}


@dataclass(frozen=True, slots=True)
class Visitor:
    token: str
    contact_id: str
    conversation_id: str


@dataclass(frozen=True, slots=True)
class Stage:
    """A running installation and what is known of it."""

    run: dict[str, Any]
    data: Path

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", int(self.run["ports"]["edge"])

    @property
    def base(self) -> str:
        return f"http://{self.address[0]}:{self.address[1]}"

    @property
    def database_url(self) -> str:
        """The superuser's URL of the embedded PostgreSQL."""
        password = (self.data / "postgres" / "password").read_text().strip()
        return f"postgresql://chorus:{password}@127.0.0.1:{self.run['ports']['postgres']}/postgres"

    @property
    def redis_url(self) -> str:
        """The embedded Redis, with the password of this run."""
        said = (self.data / "redis" / "redis.conf").read_text().splitlines()
        password = next(one.split()[1] for one in said if one.startswith("requirepass "))
        return f"redis://:{password}@127.0.0.1:{self.run['ports']['redis']}/0"

    def now(self) -> dict[str, Any]:
        """`run.json` as it is now: pids change when a process is restarted."""
        found: dict[str, Any] = json.loads((self.data / "run.json").read_text())
        return found

    def processes(self) -> dict[str, list[int]]:
        pids = self.now()["pids"]
        return {name: pid if isinstance(pid, list) else [pid] for name, pid in pids.items()}

    def cpu_seconds(self) -> dict[str, float]:
        """CPU seconds used so far by each process and its children."""
        return {name: sum(map(_cpu_s, pids)) for name, pids in self.processes().items()}

    def rss_bytes(self, name: str) -> int:
        return sum(psutil.Process(pid).memory_info().rss for pid in self.processes()[name])

    async def visitors(self, count: int, *, first: int = 0) -> list[Visitor]:
        """Create visitors, each with a conversation of their own, in the inbox without a bot."""
        gate = asyncio.Semaphore(PARALLEL_REQUESTS)
        async with self._api() as api:

            async def one(number: int) -> Visitor:
                async with gate:
                    body = {
                        "inboxKey": self.run["load_inbox_key"],
                        "traits": {"name": f"Load {number}"},
                    }
                    answer = await api.post("/livechat/visitors", json=body)
                    if answer.is_error:
                        raise RuntimeError(answer.text)
                    made = answer.json()
                    return Visitor(made["token"], made["contactId"], made["conversationId"])

            return await asyncio.gather(*(one(first + number) for number in range(count)))

    async def agent_token(self, role: str = "agent") -> str:
        agent = next(one for one in self.run["agents"] if one["role"] == role)
        async with self._api() as api:
            body = {"email": agent["email"], "password": agent["password"]}
            answer = await api.post("/auth/login", json=body)
            answer.raise_for_status()
            return str(answer.json()["accessToken"])

    def _api(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self.base, headers={"Origin": self.base}, timeout=30, trust_env=False
        )


def _cpu_s(pid: int) -> float:
    try:
        process = psutil.Process(pid)
        times = [
            process.cpu_times(),
            *(child.cpu_times() for child in process.children(recursive=True)),
        ]
    except psutil.NoSuchProcess:
        return 0.0
    return sum(
        one.user + one.system + one.children_user + one.children_system for one in times[:1]
    ) + sum(one.user + one.system for one in times[1:])


@contextmanager
def stage(
    *, environment: dict[str, str] | None = None, options: tuple[str, ...] = ()
) -> Iterator[Stage]:
    """Start `chorus up` in an empty folder with wide limits; stop it whatever happens."""
    with tempfile.TemporaryDirectory(prefix="chorus-load-") as folder:
        data = Path(folder) / "data"
        log = Path(folder) / "up.log"
        command = [sys.executable, "-m", "launch.cli", "up", "--data", str(data)]
        command += ["--port", str(free_port()), *options]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                env={**os.environ, **WIDE_LIMITS, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                yield _ready(process, data, log)
            except BaseException:
                kept = shutil.copy(log, f"{folder}.log")
                sys.stderr.write(f"what the processes said is kept in {kept}\n")
                raise
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(STOP_S)
                # As root the cluster stands where its own account can reach it.
                shutil.rmtree(shelter_of(data), ignore_errors=True)


@contextmanager
def running(data: Path) -> Iterator[Stage]:
    """Take the installation that `chorus up` runs in `data`, with the limits it has."""
    yield Stage(json.loads((data / "run.json").read_text()), data)


def _ready(process: subprocess.Popen[bytes], data: Path, log: Path) -> Stage:
    ends = monotonic() + START_S
    while monotonic() < ends:
        if process.poll() is not None:
            break
        if b"Ctrl-C stops everything" in log.read_bytes():
            return Stage(json.loads((data / "run.json").read_text()), data)
        sleep(0.1)
    raise RuntimeError(f"chorus up did not get ready:\n{log.read_text()[-3000:]}")


async def every(period_s: float, count: int) -> AsyncIterator[int]:
    """Count up at a fixed rate: an open model, which does not slow down with the server."""
    started = monotonic()
    for number in range(count):
        wait_s = started + number * period_s - monotonic()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        yield number
