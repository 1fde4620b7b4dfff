"""`chorus status`: what runs on a data folder, as the system and the edge see it."""

import time
from pathlib import Path

import httpx

from launch import files
from launch.installation import Status, named_pids, process_status

ASK_TIMEOUT_S = 3


def read_status(data: Path) -> Status:
    """Look at lock, `run.json`, processes and readiness; blocks for at most 3 s."""
    supervisor, run = files.holder(data), files.read_run_file(data)
    if run is None:
        return Status(supervisor is not None, supervisor, None, None, ())
    now_s = time.time()
    states = tuple(process_status(name, pid, now_s=now_s) for name, pid in named_pids(run))
    base = run.urls["base"]
    return Status(supervisor is not None, supervisor, base, _readiness(base), states)


def _readiness(base: str) -> int | None:
    """Ask /readyz for its HTTP status; None without an answer."""
    try:
        return httpx.get(f"{base}/readyz", timeout=ASK_TIMEOUT_S, trust_env=False).status_code
    except httpx.HTTPError:
        return None


def render(status: Status) -> str:
    """Lay it out as text, a line a process."""
    if not status.running:
        left = [state for state in status.processes if state.alive]
        return f"not running{f', but {len(left)} processes are left: chorus down' if left else ''}"
    if status.base is None:
        return f"starting (pid {status.supervisor})"
    word = {200: "ready", None: "no answer"}.get(status.ready, f"not ready ({status.ready})")
    lines = [f"{status.base}   {word}   supervisor {status.supervisor}"]
    for state in status.processes:
        if state.alive:
            facts = f"{state.rss_mib:>7} MiB  {state.cpu_s:>8} s CPU  up {state.up_s:.0f} s"
        else:
            facts = "    not alive"
        lines.append(f"  {state.name:<10} {state.pid:>8}  {facts}")
    return "\n".join(lines)
