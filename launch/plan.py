"""What `chorus up` starts, decided before anything is started; pure but for looking at paths."""

import hashlib
import ipaddress
import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ai.models.plan import PLAN_FILE
from chat_service import demo_shop
from chorus.auth import AUD_VISITOR
from launch.child import Command
from launch.spawn import bound_to_us

# A Unix socket path has room for 107 bytes; the kernel refuses more.
SOCKET_PATH_MAX_BYTES = 100
EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - recognised, not chosen
# The embedded PostgreSQL takes 200 connections; all edges together leave room for the others.
POOL_SIZE = 30
POOLED_CONNECTIONS = 120
# `/readyz` of an edge waits for them, so that the first message finds a writer.
READY_NEEDS = "postgres,redis,writer"
SINGLE_PROCESSES = ("writer", "conductor", "presence", "bot", "indexer")


@dataclass(frozen=True, slots=True)
class Options:
    """What the person asked for; None leaves the choice to us."""

    data: Path
    host: str = "127.0.0.1"
    port: int | None = None
    edges: int = 1
    database_url: str | None = None
    redis_url: str | None = None
    chroma_url: str | None = None
    pages: Path | None = None

    @property
    def loopback(self) -> bool:
        """Demo pages, seeded passwords and the one-click link exist only then."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def base_url(host: str, port: int) -> str:
    """Name the address a browser on this machine uses.

    Loopback is shown as `localhost`: browsers treat it as secure, and it is easy to type.
    """
    if is_loopback(host) or host in EVERY_ADDRESS:
        return f"http://localhost:{port}"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def urls(host: str, port: int) -> dict[str, str]:
    """Name every address a person or a script needs."""
    base = base_url(host, port)
    return {
        "base": base,
        "ws": "ws" + base.removeprefix("http"),
        "demo": f"{base}/demo",
        "console": f"{base}/console",
        "docs": f"{base}/docs",
        "metrics": f"{base}/metrics",
    }


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the servers are, embedded or not; without a Chroma, knowledge is found by its words."""

    database_url: str
    redis_url: str
    chroma_url: str = ""


def commands(
    options: Options, port: int, servers: Servers, *, inherited: Mapping[str, str]
) -> list[Command]:
    """List the processes to start, in their order; every edge serves and dials its own socket."""
    shared = shared_environment(options, port, servers, inherited=inherited)
    targets = [rpc_target(options.data, edge, options.edges) for edge in range(options.edges)]
    alone = [
        _process(name, name, {**shared, "CHORUS_RPC": targets[0]})
        for name in singles(options.data, inherited)
    ]
    several = options.edges > 1
    edges = [
        _process(
            f"edge-{n}" if several else "edge",
            "edge",
            {"CHORUS_READY_NEEDS": READY_NEEDS, **shared, "CHORUS_RPC": target},
        )
        for n, target in enumerate(targets)
    ]
    return [*alone, *edges]


def singles(data: Path, inherited: Mapping[str, str]) -> tuple[str, ...]:
    """The processes there is one of; a worker only where somebody wrote a plan of models."""
    planned = inherited.get("CHORUS_MODELS") or (data / PLAN_FILE).exists()
    return (*SINGLE_PROCESSES, "worker") if planned else SINGLE_PROCESSES


def shared_environment(
    options: Options, port: int, servers: Servers, *, inherited: Mapping[str, str]
) -> dict[str, str]:
    """Build what every process reads; a value the person set for logs or limits stays."""
    ours = {
        "DATABASE_URL": servers.database_url,
        "REDIS_URL": servers.redis_url,
        "CHORUS_CHROMA_URL": servers.chroma_url,
        "CHORUS_HOST": options.host,
        "CHORUS_PORT": str(port),
        "CHORUS_EDGES": str(options.edges),
        "CHORUS_DATA": str(options.data),
        "CHORUS_KEYS": str(options.data / "keys"),
        "CHORUS_DEV": "1" if options.loopback else "0",
        "PROMETHEUS_MULTIPROC_DIR": str(options.data / "metrics"),
        "PYTHONUNBUFFERED": "1",
    }
    if options.pages is not None:
        ours["CHORUS_PAGES"] = str(options.pages)
    defaults = {
        "CHORUS_LOG_FORMAT": "console",
        "CHORUS_POOL_SIZE": str(max(4, min(POOL_SIZE, POOLED_CONNECTIONS // options.edges))),
    }
    if options.loopback:
        defaults["CHORUS_ISSUERS"] = demo_issuer(options.host, port)
    return {**defaults, **inherited, **ours}


def demo_issuer(host: str, port: int) -> str:
    """Trust the back end of the made-up shop, so that its customer can be signed in."""
    url = f"{base_url(host, port)}/dev/demo/jwks.json"
    entry = {"name": demo_shop.ISSUER, "jwks_url": url, "audiences": [AUD_VISITOR]}
    return json.dumps([entry])


def rpc_target(data: Path, edge: int, edges: int) -> str:
    """Name the gRPC socket of an edge; a data path too long for one moves it to the temp folder."""
    name = "rpc.sock" if edges == 1 else f"rpc-{edge}.sock"
    path = data / name
    if len(os.fsencode(path)) > SOCKET_PATH_MAX_BYTES:
        digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
        path = Path(tempfile.gettempdir()) / f"chorus-{os.geteuid()}-{digest}" / name
    return f"unix:{path}"


def _process(name: str, group: str, environment: Mapping[str, str]) -> Command:
    words = bound_to_us([sys.executable, "-m", "launch.process", group], dies_by="TERM")
    hint = f"the whole log is in logs/{name}.log; `chorus doctor` looks for the usual causes"
    return Command(name, group, words, environment, signal.SIGTERM, hint)
