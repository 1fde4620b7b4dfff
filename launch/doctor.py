"""`chorus doctor`: the usual causes, each with what to do about it."""

import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from chat_service import migrate
from launch import dependencies, files, postgres, public_address
from launch.faults import LaunchError
from launch.findings import Finding, broken, fine, warning
from launch.installation import embedded_redis_url, named_pids, process_status, the_database_url
from launch.round_trip import round_trip_ms

PYTHON_OLDEST = (3, 11)
NODE_OLDEST = 20
FILES_NEEDED = 4_096
DISK_NEEDED_MIB = 500


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined; `run` is None while nothing runs."""

    data: Path
    environment: Mapping[str, str]
    run: files.RunFile | None


async def examine(
    data: Path, environment: Mapping[str, str], *, public_url: str = ""
) -> list[Finding]:
    """Run every check that makes sense now: the machine, what runs, and then what others see."""
    findings = await _examine_here(data, environment)
    if not public_url:
        return findings
    base = public_address.origin(public_url, "--url")
    return [*findings, *await public_address.examine(base)]


async def _examine_here(data: Path, environment: Mapping[str, str]) -> list[Finding]:
    running = files.holder(data) is not None
    patient = Patient(data, environment, files.read_run_file(data) if running else None)
    findings = [check(patient) for check in MACHINE_CHECKS]
    findings.append(await _database(patient))
    findings.append(await _redis(patient))
    findings.append(await _chroma(patient))
    if patient.run is None:
        findings.append(warning("running", f"nothing runs on {data}", "start it: chorus up"))
        return findings
    running_now = [await examine_one(patient, patient.run) for examine_one in RUNNING_CHECKS]
    return [*findings, *running_now]


def check_python(_patient: Patient) -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < PYTHON_OLDEST:
        return broken("python", found, "install Python 3.11 or newer")
    return fine("python", found)


def check_node(_patient: Patient) -> Finding:
    node = shutil.which("node")
    if node is None:
        return warning("node", "not found", "install Node 20 or newer to build the pages")
    asked = subprocess.run(
        [node, "--version"], capture_output=True, text=True, timeout=10, check=False
    )
    version = asked.stdout.strip().lstrip("v")
    if not version or int(version.split(".")[0]) < NODE_OLDEST:
        return warning("node", version, "install Node 20 or newer to build the pages")
    return fine("node", version)


def check_data(patient: Patient) -> Finding:
    try:
        files.make_data_folder(patient.data)
    except LaunchError as error:
        return broken("data folder", str(error), "choose another with --data, or fix its owner")
    cluster = patient.data / "postgres" / "cluster" / "PG_VERSION"
    if not cluster.exists() or patient.environment.get("DATABASE_URL"):
        return fine("data folder", f"{patient.data} can be written")
    made, found = cluster.read_text().strip(), postgres.find_install()
    if made != str(found.major):
        fact = f"the database was made by PostgreSQL {made}, the binaries are {found.version}"
        return broken("data folder", fact, "run that version and set DATABASE_URL, or move it away")
    return fine("data folder", f"{patient.data} can be written; PostgreSQL {made}")


def check_disk(patient: Patient) -> Finding:
    free_mib = shutil.disk_usage(patient.data if patient.data.exists() else Path.cwd()).free >> 20
    fact = f"{free_mib} MiB free"
    if free_mib < DISK_NEEDED_MIB:
        return broken("disk", fact, "free some space: PostgreSQL and Redis stop when it is full")
    return fine("disk", fact)


def check_open_files(_patient: Patient) -> Finding:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FILES_NEEDED:
        fix = "raise it (ulimit -Hn, or LimitNOFILE= of the service): every socket is a file"
        return warning("open files", f"limit {hard}", fix)
    return fine("open files", "no limit" if hard == resource.RLIM_INFINITY else f"limit {hard}")


def check_processes(patient: Patient) -> Finding:
    if patient.run is None:
        return fine("processes", "none expected")
    states = [process_status(name, pid, now_s=time.time()) for name, pid in named_pids(patient.run)]
    gone = [state.name for state in states if not state.alive]
    if gone:
        fix = "read logs/<name>.log in the data folder; the supervisor starts it again"
        return broken("processes", f"not alive: {', '.join(gone)}", fix)
    used_mib = sum(state.rss_mib or 0 for state in states)
    return fine("processes", f"{len(states)} alive, {used_mib:.0f} MiB")


async def _database(patient: Patient) -> Finding:
    try:
        url = the_database_url(patient.data, patient.environment)
        facts = await dependencies.ask_database(url)
        waiting = await migrate.pending(url)
    except migrate.DatabaseNewer as error:
        return broken("database", str(error), "start the newer version of Chorus")
    except LaunchError as error:
        if patient.run is None and not patient.environment.get("DATABASE_URL"):
            return fine("database", "embedded, not running")
        return broken("database", str(error), "check DATABASE_URL, the server and its firewall")
    if abs(facts.clock_skew_s) > public_address.SKEW_MAX_S:
        fact = f"its clock is {facts.clock_skew_s:+.1f} s from ours"
        return broken("database", fact, "synchronise both clocks (NTP): tokens and timers need it")
    if waiting:
        return broken("database", f"{waiting} migrations are pending", "run: chorus migrate")
    return fine(
        "database", f"PostgreSQL {facts.version}, migrated, clock {facts.clock_skew_s:+.2f} s"
    )


async def _redis(patient: Patient) -> Finding:
    url = patient.environment.get("REDIS_URL") or embedded_redis_url(patient.data, patient.run)
    if url is None:
        return fine("redis", "embedded, not running")
    try:
        facts = await dependencies.ask_redis(url)
    except LaunchError as error:
        return broken("redis", str(error), "check REDIS_URL, the server and its firewall")
    if not facts.writable:
        return broken("redis", "it refuses writes (MISCONF)", "its data folder must be writable")
    if facts.maxmemory_policy != "noeviction":
        fix = "CONFIG SET maxmemory-policy noeviction: it holds messages that are not stored yet"
        return broken("redis", f"maxmemory-policy is {facts.maxmemory_policy}", fix)
    if not facts.appendonly:
        fix = "set appendonly yes: what was accepted but not stored survives its restart"
        return warning("redis", "no append-only file", fix)
    return fine("redis", f"Redis {facts.version}, noeviction, append-only")


async def _chroma(patient: Patient) -> Finding:
    url = patient.environment.get("CHORUS_CHROMA_URL") or _embedded_chroma_url(patient)
    if url is None:
        return fine("chroma", "not running; knowledge is found by its words")
    try:
        await dependencies.ask_chroma(url)
    except LaunchError as error:
        fix = "check CHORUS_CHROMA_URL and the server; until then knowledge is found by its words"
        return warning("chroma", str(error), fix)
    return fine("chroma", "answers")


def _embedded_chroma_url(patient: Patient) -> str | None:
    if patient.run is None or "chroma" not in patient.run.pids:
        return None
    return f"http://127.0.0.1:{patient.run.ports['chroma']}"


async def _http(_patient: Patient, run: files.RunFile) -> Finding:
    base = run.urls["base"]
    fix = "read logs/edge.log; a proxy in between must forward to the port in run.json"
    try:
        async with httpx.AsyncClient(base_url=base, timeout=10, trust_env=False) as http:
            alive, ready = await http.get("/healthz"), await http.get("/readyz")
    except httpx.HTTPError as error:
        return broken("edge", f"no answer from {base}: {error}", fix)
    if alive.is_error:
        return broken("edge", f"/healthz answers {alive.status_code}", fix)
    if ready.is_error:
        return broken("edge", f"/readyz answers {ready.status_code}: {ready.text[:200]}", fix)
    if degraded := ready.json().get("degraded"):
        return warning("edge", f"degraded: {', '.join(degraded)}", "see database and redis above")
    return fine("edge", f"{base} is ready")


async def _websocket(_patient: Patient, run: files.RunFile) -> Finding:
    return await public_address.upgrade(run.urls["ws"])


async def _message(_patient: Patient, run: files.RunFile) -> Finding:
    """Send a real message: the one check that the writer is alive and keeps up."""
    if not run.agents:
        return warning("round trip", "no seeded agent to try it with", "say something yourself")
    try:
        took_ms = await round_trip_ms(run)
    except LaunchError as error:
        fix = "the writer or Redis does not keep up: read logs/writer.log"
        return broken("round trip", str(error), fix)
    return fine("round trip", f"visitor → agent → visitor {took_ms:.0f} ms")


MACHINE_CHECKS: tuple[Callable[[Patient], Finding], ...] = (
    check_python,
    check_node,
    check_data,
    check_disk,
    check_open_files,
    check_processes,
)
RUNNING_CHECKS: tuple[Callable[[Patient, files.RunFile], Awaitable[Finding]], ...] = (
    _http,
    _websocket,
    _message,
)
