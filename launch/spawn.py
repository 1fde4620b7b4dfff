"""Commands that cannot outlive us, and the account that servers run under."""

import functools
import os
import pwd
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launch import pdeath
from launch.faults import LaunchError


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged user that stands in for root where a server refuses root."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """Name the account PostgreSQL runs under; None means the current user."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise LaunchError(
            "PostgreSQL refuses to run as root and this system has no user 'nobody';"
            " run chorus as a normal user or set DATABASE_URL"
        ) from error
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def bound_to_us(
    command: Sequence[str | Path], *, dies_by: str, account: Account | None = None
) -> list[str]:
    """Wrap `command` so that the kernel sends it SIG`dies_by` when this process dies.

    The signal follows the *thread* that starts it: start such commands from the main thread
    only. On macOS there is no such signal and the command is merely run as `account`.
    """
    program, *arguments = (str(word) for word in command)
    words = [shutil.which(program) or program, *arguments]
    setpriv = _setpriv()
    if setpriv is None:
        uid, gid = (str(account.uid), str(account.gid)) if account else ("-", "-")
        wrapper = [sys.executable, "-I", "-S", pdeath.__file__]
        return [*wrapper, dies_by, str(os.getpid()), uid, gid, *words]
    become = (
        ["--reuid", str(account.uid), "--regid", str(account.gid), "--clear-groups"]
        if account
        else []
    )
    return [setpriv, *become, "--pdeathsig", dies_by, "--", *words]


@functools.cache
def _setpriv() -> str | None:
    """Find util-linux's setpriv; BusyBox has one that lacks the option."""
    found = shutil.which("setpriv")
    if found is None:
        return None
    usage = run_as(None, [found, "--help"], timeout_s=5)
    return found if "--pdeathsig" in usage.stdout else None


def run_as(
    account: Account | None, command: Sequence[str | Path], *, timeout_s: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run a short command to its end, as `account` if there is one; blocks."""
    words = [str(word) for word in command]
    who: dict[str, Any] = {}
    if account is not None:
        who = {"user": account.uid, "group": account.gid, "extra_groups": []}
    return subprocess.run(
        words,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
        **who,
    )


def reachable(path: Path, account: Account | None) -> bool:
    """Say whether `account` can open `path`, folders above it included."""
    return account is None or run_as(account, ["test", "-r", path]).returncode == 0


def free_port(host: str = "127.0.0.1") -> int:
    """Find a port nobody listens on; it may be taken before you bind it, so be ready to retry."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def tail(log: Path, lines: int = 20) -> str:
    """Read the last words of a log; empty when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""
