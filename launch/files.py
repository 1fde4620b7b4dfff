"""What an installation keeps in its data folder: lock, `run.json` and `credentials`."""

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from launch.faults import LaunchError

RUN_FILE = "run.json"
CREDENTIALS_FILE = "credentials"
LOCK_FILE = "lock"


@dataclass(frozen=True, slots=True)
class SeededAgent:
    """Somebody who can sign in to the seeded tenant."""

    email: str
    password: str
    role: str


@dataclass(frozen=True, slots=True)
class RunFile:
    """What runs here and how to reach it; processes that do not exist are absent."""

    pids: dict[str, int | list[int]]
    ports: dict[str, int]
    urls: dict[str, str]
    tenant: str
    inbox_key: str
    load_inbox_key: str
    agents: tuple[SeededAgent, ...] = ()


@dataclass(frozen=True, slots=True)
class Credentials:
    """The secrets of an installation; `dev_token` is new at each start and works once."""

    password: str
    dev_token: str
    emails: tuple[str, ...] = field(default=())


def write_run_file(data: Path, run: RunFile) -> None:
    """Replace `run.json` in one step: a reader sees the old or the new, never half."""
    replace_private(data / RUN_FILE, json.dumps(asdict(run), indent=2) + "\n")


def read_run_file(data: Path) -> RunFile | None:
    """Read what runs; None when nothing was started or it was stopped in good order."""
    try:
        body: dict[str, Any] = json.loads((data / RUN_FILE).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise LaunchError(f"Cannot read {data / RUN_FILE}: {error}") from error
    agents = tuple(SeededAgent(**agent) for agent in body.pop("agents"))
    return RunFile(**body, agents=agents)


def forget_run(data: Path) -> None:
    """Remove `run.json`: nothing runs here any more."""
    (data / RUN_FILE).unlink(missing_ok=True)


def renew_credentials(data: Path, emails: tuple[str, ...]) -> Credentials:
    """Keep the password of this installation, made once, and draw a new one-click token."""
    password = kept_password(data) or f"chorus-{secrets.token_hex(8)}"
    credentials = Credentials(password, secrets.token_urlsafe(32), emails)
    replace_private(data / CREDENTIALS_FILE, json.dumps(asdict(credentials), indent=2) + "\n")
    return credentials


def kept_password(data: Path) -> str | None:
    """Read the password of this installation; None before there is one."""
    with contextlib.suppress(FileNotFoundError, ValueError, KeyError):
        return str(json.loads((data / CREDENTIALS_FILE).read_bytes())["password"])
    return None


def replace_private(path: Path, text: str) -> None:
    """Write a file only its owner may read, in one step."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)


def make_data_folder(data: Path) -> Path:
    """Make the data folder and answer its real path.

    Raises:
        LaunchError: it is a file, or cannot be written.
    """
    try:
        # Root's PostgreSQL runs as another user, who must be able to pass through.
        data.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        probe = data / f".writable.{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise LaunchError(f"Cannot write to the data folder {data}: {error.strerror}") from error
    return data.resolve()


@contextlib.contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Hold the data folder for this process; the kernel lets go when it dies.

    Raises:
        LaunchError: another `chorus up` holds it.
    """
    with (data / LOCK_FILE).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise LaunchError(
                f"Chorus already runs on {data} (pid {file.read().strip()});"
                " use `chorus status` or `chorus down`"
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def holder(data: Path) -> int | None:
    """Name the pid of the `chorus up` that holds this data folder, if one does."""
    try:
        with (data / LOCK_FILE).open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read().strip() or 0) or None
    except FileNotFoundError:
        pass
    return None
