"""The servers we stand on: ours, or those that DATABASE_URL, REDIS_URL and CHORUS_CHROMA_URL name."""

import asyncio
import re
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
from redis import asyncio as aioredis
from redis.exceptions import RedisError

from launch.faults import LaunchError
from launch.page import ServerReady

CONNECT_TIMEOUT_S = 3
DEFAULT_PORTS = {
    "postgresql": 5432,
    "postgres": 5432,
    "redis": 6379,
    "rediss": 6379,
    "http": 8000,
    "https": 443,
}


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """What a database says about itself; `clock_skew_s` is its clock minus ours."""

    version: str
    major: int
    clock_skew_s: float


@dataclass(frozen=True, slots=True)
class RedisFacts:
    """What a Redis says about itself."""

    version: str
    maxmemory_policy: str
    appendonly: bool
    writable: bool


def address_of(url: str) -> tuple[str, int]:
    """Read host and port out of a server's URL.

    Raises:
        LaunchError: it is no such URL.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS[parts.scheme.split("+")[0]]
    except (ValueError, KeyError) as error:
        raise LaunchError(
            "DATABASE_URL, REDIS_URL or CHORUS_CHROMA_URL is not a URL of such a server"
        ) from error
    return parts.hostname or "localhost", port


async def ask_database(url: str) -> DatabaseFacts:
    """Connect and ask; nothing in `url` but the address is ever shown.

    Raises:
        LaunchError: it cannot be reached within 3 s, or refuses us.
    """
    host, port = address_of(url)
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S + 1):
            plain = re.sub(r"^postgres(ql)?(\+\w+)?:", "postgresql:", url)
            connection = await asyncpg.connect(plain, timeout=CONNECT_TIMEOUT_S)
            try:
                return await _database_facts(connection)
            finally:
                await connection.close(timeout=1)
    except (OSError, TimeoutError) as error:
        raise LaunchError(
            f"DATABASE_URL: nothing answers at {host}:{port} within {CONNECT_TIMEOUT_S} s"
        ) from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise LaunchError(f"DATABASE_URL: {host}:{port} refuses us: {error}") from error


async def _database_facts(connection: asyncpg.Connection) -> DatabaseFacts:
    before = time.time()
    row = await connection.fetchrow(
        "SELECT current_setting('server_version') AS version, version_number / 10000 AS major,"
        " extract(epoch FROM clock_timestamp())::float8 AS now"
        " FROM (SELECT current_setting('server_version_num')::int AS version_number) AS server"
    )
    skew_s = row["now"] - (before + time.time()) / 2
    return DatabaseFacts(row["version"].split()[0], row["major"], skew_s)


async def ask_redis(url: str) -> RedisFacts:
    """Connect and ask; a managed Redis that hides its configuration counts as well set.

    Raises:
        LaunchError: it cannot be reached within 3 s, or refuses us.
    """
    host, port = address_of(url)
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S + 1):
            client = aioredis.Redis.from_url(
                url, socket_timeout=CONNECT_TIMEOUT_S, socket_connect_timeout=CONNECT_TIMEOUT_S
            )
            async with client:
                return await _redis_facts(client)
    except (OSError, TimeoutError, RedisError, ValueError) as error:
        raise LaunchError(f"REDIS_URL: {host}:{port} does not serve us: {error}") from error


async def _redis_facts(client: aioredis.Redis) -> RedisFacts:
    info = await client.info()
    writable = info.get("aof_last_write_status", "ok") == "ok"
    policy = info.get("maxmemory_policy", "noeviction")
    version = info.get("valkey_version") or info["redis_version"]
    return RedisFacts(version, policy, bool(info.get("aof_enabled")), writable)


async def external_database(url: str) -> ServerReady:
    """Check the database that the environment names."""
    began = time.monotonic()
    facts = await ask_database(url)
    return _external("PostgreSQL", facts.version, "DATABASE_URL", url, began)


async def external_redis(url: str) -> ServerReady:
    """Check the Redis that the environment names."""
    began = time.monotonic()
    facts = await ask_redis(url)
    return _external("Redis", facts.version, "REDIS_URL", url, began)


async def ask_chroma(url: str) -> None:
    """Look whether it answers.

    Raises:
        LaunchError: not within 3 s, or it is something else.
    """
    host, port = address_of(url)
    try:
        async with httpx.AsyncClient(timeout=CONNECT_TIMEOUT_S, trust_env=False) as client:
            answer = await client.get(f"{url.rstrip('/')}/api/v2/heartbeat")
            if "nanosecond heartbeat" not in answer.text:
                raise LaunchError(f"CHORUS_CHROMA_URL: what answers at {host}:{port} is no Chroma")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise LaunchError(f"CHORUS_CHROMA_URL: nothing answers at {host}:{port}") from error


async def external_chroma(url: str) -> ServerReady:
    """Check the Chroma that the environment names."""
    began = time.monotonic()
    await ask_chroma(url)
    return _external("Chroma", "", "CHORUS_CHROMA_URL", url, began)


def _external(name: str, version: str, source: str, url: str, began: float) -> ServerReady:
    host, port = address_of(url)
    return ServerReady(name, version, source, f"{host}:{port}", time.monotonic() - began)


def make_metrics_folder(data: Path) -> None:
    """Empty the folder through which processes share their metrics."""
    folder = data / "metrics"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for leftover in folder.glob("*.db"):
        leftover.unlink()
