"""How an installation is: what `/readyz` and the doctor know, for the people who run it.

Each check says what was found and, where it is not well, what to do about it.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Final, Literal

from chat_service.readiness import Readiness
from chat_service.store import health as store
from chat_service.store import streams
from chat_service.store.health import State
from chorus import presence, topics
from chorus.bus import Client, RedisFailure
from chorus.clock import Clock
from chorus.db import Db
from chorus.errors import Overloaded, Unavailable
from chorus.jobs import Queue

Standing = Literal["ok", "warning", "broken"]
TIMEOUT_S: Final = 3.0
BACKLOG_WARNING: Final = 1_000
LATE_WARNING_S: Final = 30.0
SKEW_WARNING_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `fix` is empty where it is well."""

    name: str
    state: Standing
    says: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    at: datetime
    version: str
    checks: tuple[Check, ...]

    @property
    def state(self) -> Standing:
        """The worst of the checks."""
        found: set[Standing] = {one.state for one in self.checks}
        return "broken" if "broken" in found else "warning" if "warning" in found else "ok"


@dataclass(frozen=True, slots=True)
class RedisState:
    version: str
    policy: str
    append_only: bool
    writable: bool
    now_s: float
    backlog: int
    """Messages that are accepted and not stored yet."""
    dead: int
    """Messages that could not be stored, and were put aside."""
    watched: bool
    """Presence is looked after."""
    worker_does: str
    """What a warm worker does; empty: none is there."""


async def examine(system: Db, redis: Client, readiness: Readiness, clock: Clock) -> Health:
    """Look at everything that this process can reach."""
    state, broken = await _postgres(system)
    seen = await _redis(redis, state.parts if state else 0)
    now = clock.now()
    checks = [_edge(readiness), *broken]
    if state is not None:
        checks += [*_of_postgres(state, now), _writer(state), *_conductor(state)]
    checks += _of_redis(seen, now) if seen is not None else [_LOST_REDIS]
    return Health(now, version("chorus-livechat"), tuple(checks))


_LOST_REDIS: Final = Check(
    "redis",
    "broken",
    "Redis does not answer. Messages are stored past it; typing and presence rest.",
    "Look at REDIS_URL, the server and its firewall.",
)
_LOST_POSTGRES: Final = Check(
    "postgres",
    "broken",
    "PostgreSQL does not answer. Messages wait in Redis.",
    "Look at DATABASE_URL, the server and its firewall.",
)


async def _postgres(system: Db) -> tuple[State | None, list[Check]]:
    try:
        async with asyncio.timeout(TIMEOUT_S), system.raw_transaction() as raw:
            return await store.state(raw), []
    except (Unavailable, Overloaded, TimeoutError):
        return None, [_LOST_POSTGRES]


async def _redis(client: Client, parts: int) -> RedisState | None:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            info: dict[str, Any] = await client.info()
            seconds, micros = await client.time()
            return RedisState(
                version=str(info.get("valkey_version") or info.get("redis_version", "?")),
                policy=info.get("maxmemory_policy", "noeviction"),
                append_only=bool(info.get("aof_enabled")),
                writable=info.get("aof_last_write_status", "ok") == "ok",
                now_s=seconds + micros / 1e6,
                backlog=await streams.backlog(client, range(parts)),
                dead=await _dead(client, parts),
                watched=bool(await client.exists(presence.WATCH)),
                worker_does=(await client.get(topics.WORKER_READY) or b"").decode(),
            )
    except (*RedisFailure, TimeoutError):
        return None


async def _dead(client: Client, parts: int) -> int:
    pipe = client.pipeline(transaction=False)
    for part in range(parts):
        pipe.xlen(topics.dead_letter(part))
    return sum(await pipe.execute())


def _edge(readiness: Readiness) -> Check:
    if readiness.draining:
        return Check("edge", "warning", "This process is shutting down.", "Ask another one.")
    lost = readiness.degraded
    if lost:
        return Check("edge", "warning", f"It works without: {', '.join(lost)}.", "See below.")
    return Check("edge", "ok", "It answers.")


def _of_postgres(state: State, now: datetime) -> list[Check]:
    says = f"PostgreSQL {state.version}, schema {state.migration or 'none'}."
    return [Check("postgres", "ok", says), _clock("postgres clock", state.now, now)]


def _clock(name: str, theirs: datetime, ours: datetime) -> Check:
    skew_s = (theirs - ours).total_seconds()
    if abs(skew_s) > SKEW_WARNING_S:
        what = f"It is {abs(skew_s):.1f} s {'ahead of' if skew_s > 0 else 'behind'} ours."
        return Check(name, "warning", what, "Let both machines follow the same time server.")
    return Check(name, "ok", "It agrees with ours.")


def _writer(state: State) -> Check:
    if state.led < state.parts:
        what = f"{state.parts - state.led} of {state.parts} partitions have no writer."
        return Check("writer", "broken", what, "Start `chorus writer`; read its log.")
    return Check("writer", "ok", f"All {state.parts} partitions have a writer.")


def _conductor(state: State) -> list[Check]:
    fix = "Start `chorus conductor`; read its log."
    late = [
        what
        for what, age_s in (
            (f"{state.unsent} events wait to be told", state.unsent_s),
            (f"{state.overdue} jobs are due", state.overdue_s),
        )
        if (age_s or 0.0) > LATE_WARNING_S
    ]
    checks = [
        Check("conductor", "broken", f"{', '.join(late)} for too long.", fix)
        if late
        else Check("conductor", "ok", "Events are told and timers kept.")
    ]
    if state.unsearched > BACKLOG_WARNING:
        what = f"{state.unsearched} batches of messages cannot be found yet."
        checks.append(Check("search", "warning", what, fix))
    if state.dead:
        what = f"{state.dead} jobs were given up in the last seven days."
        checks.append(Check("jobs", "warning", what, "Look for job_failed in the conductor's log."))
    return checks


def _of_redis(seen: RedisState, now: datetime) -> list[Check]:
    return [
        _server(seen),
        _clock("redis clock", datetime.fromtimestamp(seen.now_s, UTC), now),
        _backlog(seen),
        Check("presence", "ok", "Who is here is known.")
        if seen.watched
        else Check(
            "presence",
            "warning",
            "Nobody watches who is here: nobody is offered anything.",
            "Start `chorus presence`; after a restart it needs a minute.",
        ),
        _worker(seen.worker_does),
        Check(
            "dead letters",
            "warning",
            f"{seen.dead} messages could not be stored and were put aside.",
            "Look for entry_buried in the writer's log.",
        )
        if seen.dead
        else Check("dead letters", "ok", "None."),
    ]


def _worker(does: str) -> Check:
    """Nobody waits for a worker: summaries by rules are there without one."""
    if Queue.SUMMARY.value in does.split(","):
        return Check("worker", "ok", "Models refine summaries.")
    return Check("worker", "ok", "Summaries are made by rules alone.")


def _server(seen: RedisState) -> Check:
    if not seen.writable:
        fix = "Its data folder must be writable, its disk not full."
        return Check("redis", "broken", "It refuses writes.", fix)
    if seen.policy != "noeviction":
        fix = "CONFIG SET maxmemory-policy noeviction: it holds messages that are not stored yet."
        return Check("redis", "broken", f"maxmemory-policy is {seen.policy}.", fix)
    if not seen.append_only:
        fix = "Set appendonly yes: what was accepted but not stored survives its restart."
        return Check("redis", "warning", f"Redis {seen.version}, no append-only file.", fix)
    return Check("redis", "ok", f"Redis {seen.version}, noeviction, append-only.")


def _backlog(seen: RedisState) -> Check:
    says = f"{seen.backlog} messages wait to be stored."
    if seen.backlog > BACKLOG_WARNING:
        return Check("ingest", "warning", says, "Look at the writer and at PostgreSQL.")
    return Check("ingest", "ok", says)
