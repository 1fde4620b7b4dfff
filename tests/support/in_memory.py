"""Clusters of tests in memory, where there is plenty of it.

What a test stores need not outlive the machine, and on ext4 a file that is made where others were
removed a moment ago takes a quarter of a millisecond: of the six hundred of a database, more than
most tests.
"""

import itertools
import os
import shutil
from pathlib import Path

import psutil

MEMORY = Path("/dev/shm")  # the launcher checks whose the folder in it is
NAME = "chorus-tests"
ENOUGH_BYTES = 4 << 30

_numbers = itertools.count(1)


def keep_in_memory(data: Path) -> None:
    """Let the cluster that is going to be made under `data` lie in memory; `forget` removes it."""
    home = data / "postgres"
    if home.is_symlink() or home.exists() or not _is_roomy():
        return
    _sweep()
    data.mkdir(parents=True, exist_ok=True)
    home.symlink_to(MEMORY / f"{NAME}-{os.getpid()}-{next(_numbers)}")


def forget(data: Path) -> None:
    """Remove a cluster that lies outside of `data`: in memory, or where `nobody` can reach it."""
    home = data / "postgres"
    if home.is_symlink():
        shutil.rmtree(home.readlink(), ignore_errors=True)


def _is_roomy() -> bool:
    """Whether programs can run there, and some clusters with their binaries fit."""
    try:
        found = os.statvfs(MEMORY)
    except OSError:
        return False
    return not found.f_flag & os.ST_NOEXEC and found.f_bavail * found.f_frsize > ENOUGH_BYTES


def _sweep() -> None:
    """Remove what runs that were killed have left."""
    for one in MEMORY.glob(f"{NAME}-*"):
        owner = int(one.name.removeprefix(f"{NAME}-").split("-")[0])
        if not psutil.pid_exists(owner):
            shutil.rmtree(one, ignore_errors=True)
