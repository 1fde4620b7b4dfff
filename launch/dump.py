"""A copy of the embedded database, taken before migrations change it."""

import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from launch import postgres
from launch.faults import LaunchError

FOLDER: Final = "dumps"
KEPT: Final = 3
TIMEOUT_S: Final = 240


def dump(url: str, data: Path) -> Path:
    """Write everything of a database to a file of our own, and keep the last few. Blocks.

    Raises:
        LaunchError: it cannot be written; says why, and nothing else has happened.
    """
    folder = data / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.dump"
    half = target.with_suffix(".half")
    words = [str(postgres.find_install().bin / "pg_dump"), "--format=custom", f"--file={half}"]
    try:
        half.touch(mode=0o600)
        done = subprocess.run(
            words,
            env={**os.environ, **_where(url)},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        half.unlink(missing_ok=True)
        raise _failed(folder, str(error)) from error
    if done.returncode:
        half.unlink(missing_ok=True)
        raise _failed(folder, done.stderr.strip()[-300:])
    half.replace(target)
    for old in sorted(folder.glob("*.dump"))[:-KEPT]:
        old.unlink(missing_ok=True)
    return target


def _where(url: str) -> Mapping[str, str]:
    """Name the database in the environment: what stands in arguments, everybody may read."""
    parts = urlsplit(url)
    return {
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port),
        "PGUSER": parts.username or "",
        "PGPASSWORD": parts.password or "",
        "PGDATABASE": parts.path.lstrip("/"),
    }


def _failed(folder: Path, why: str) -> LaunchError:
    return LaunchError(
        f"No copy of the database could be made in {folder} before it changes: {why}"
    )
