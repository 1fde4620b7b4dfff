"""Bring up the two servers under supervision, both at once, on ports they keep."""

import asyncio
import signal
import time
from pathlib import Path

from launch import postgres, redis_server
from launch.child import Command
from launch.faults import ServerDied
from launch.page import ServerReady
from launch.spawn import free_port
from launch.stack import Stack

# A port found free may be gone a moment later.
ATTEMPTS = 3


async def start_postgres(data: Path, stack: Stack) -> tuple[str, ServerReady]:
    """Start the cluster of this data folder and answer its URL."""
    began = time.monotonic()
    for attempt in range(1, ATTEMPTS + 1):
        cluster = await asyncio.to_thread(postgres.prepare, data, free_port())
        child = stack.make_child(_postgres_command(cluster))
        try:
            await child.start()
            await asyncio.to_thread(postgres.wait_ready, cluster, child.alive)
            break
        except ServerDied:
            await child.stop(1)
            stack.children.remove(child)
            if attempt == ATTEMPTS:
                raise
    stack.keep(child)
    where = f"127.0.0.1:{cluster.port}"
    took_s = time.monotonic() - began
    install = cluster.install
    return cluster.url, ServerReady("PostgreSQL", install.version, install.source, where, took_s)


def _postgres_command(cluster: postgres.Cluster) -> Command:
    return Command(
        "postgres",
        "postgres",
        cluster.command,
        None,
        # The fast shutdown: on SIGTERM it would wait for every client to leave.
        signal.SIGINT,
        f"its log is {cluster.log}",
        lambda: postgres.open_log(cluster),
    )


async def start_redis(data: Path, stack: Stack) -> tuple[str, ServerReady]:
    """Start the Redis of this data folder and answer its URL."""
    began = time.monotonic()
    for attempt in range(1, ATTEMPTS + 1):
        server = await asyncio.to_thread(redis_server.prepare, data, free_port())
        child = stack.make_child(_redis_command(server))
        try:
            await child.start()
            await asyncio.to_thread(redis_server.wait_ready, server, child.alive)
            break
        except ServerDied:
            await child.stop(1)
            stack.children.remove(child)
            if attempt == ATTEMPTS:
                raise
    stack.keep(child)
    where = f"127.0.0.1:{server.port}"
    took_s = time.monotonic() - began
    binary = server.binary
    return server.url, ServerReady("Redis", binary.version, binary.source, where, took_s)


def _redis_command(server: redis_server.RedisServer) -> Command:
    return Command(
        "redis",
        "redis",
        server.command,
        None,
        signal.SIGTERM,
        f"its log is {server.log}",
        lambda: redis_server.open_log(server),
    )
