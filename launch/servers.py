"""Bring up the servers under supervision, all at once, on ports they keep."""

import asyncio
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from launch import chroma_server, postgres, redis_server
from launch.child import Command
from launch.faults import ServerDied
from launch.page import ServerReady
from launch.spawn import free_port
from launch.stack import Stack

# A port found free may be gone a moment later.
ATTEMPTS = 3
Server = TypeVar("Server", postgres.Cluster, redis_server.RedisServer, chroma_server.ChromaServer)


async def start_postgres(data: Path, stack: Stack) -> tuple[str, ServerReady]:
    """Start the cluster of this data folder and answer its URL."""
    began = time.monotonic()
    prepare = partial(postgres.prepare, data)
    cluster = await _start(stack, prepare, _postgres_command, postgres.wait_ready)
    install, where = cluster.install, f"127.0.0.1:{cluster.port}"
    took_s = time.monotonic() - began
    return cluster.url, ServerReady("PostgreSQL", install.version, install.source, where, took_s)


async def start_redis(data: Path, stack: Stack) -> tuple[str, ServerReady]:
    """Start the Redis of this data folder and answer its URL."""
    began = time.monotonic()
    prepare = partial(redis_server.prepare, data)
    server = await _start(stack, prepare, _redis_command, redis_server.wait_ready)
    binary, where = server.binary, f"127.0.0.1:{server.port}"
    took_s = time.monotonic() - began
    return server.url, ServerReady("Redis", binary.version, binary.source, where, took_s)


async def start_chroma(data: Path, stack: Stack) -> tuple[str, ServerReady]:
    """Start the Chroma of this data folder and answer its URL."""
    began = time.monotonic()
    prepare = partial(chroma_server.prepare, data)
    # Once: everything else starts without it, and waits for nothing longer than it must.
    server = await _start(stack, prepare, _chroma_command, chroma_server.wait_ready, attempts=1)
    where, took_s = f"127.0.0.1:{server.port}", time.monotonic() - began
    return server.url, ServerReady("Chroma", server.version, "embedded", where, took_s)


async def _start(
    stack: Stack,
    prepare: Callable[[int], Server],
    command: Callable[[Server], Command],
    wait_ready: Callable[[Server, Callable[[], bool]], None],
    *,
    attempts: int = ATTEMPTS,
) -> Server:
    """Start one on a free port, on another if it dies of that, and keep it."""
    left = attempts
    while True:
        left -= 1
        server = await asyncio.to_thread(prepare, free_port())
        child = stack.make_child(command(server))
        try:
            await child.start()
            await asyncio.to_thread(wait_ready, server, child.alive)
        except ServerDied:
            await child.stop(1)
            stack.children.remove(child)
            if not left:
                raise
        else:
            stack.keep(child)
            return server


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


def _chroma_command(server: chroma_server.ChromaServer) -> Command:
    return Command(
        "chroma",
        "chroma",
        server.command,
        server.environment,
        signal.SIGTERM,
        f"its log is {server.log}",
        lambda: chroma_server.open_log(server),
    )
