"""What an installation keeps in its data folder: lock, `run.json` and `credentials`."""

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
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
    bot_inbox_key: str = ""
    """Of the inbox where a bot answers first; empty where there is none."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The secrets of an installation; `dev_token` is new at each start and works once.

    `shown` says that a person has seen the password on the first-run page.
    """

    password: str
    dev_token: str
    emails: tuple[str, ...] = ()
    shown: bool = False


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
    kept = read_credentials(data)
    password = kept.password if kept else f"chorus-{secrets.token_hex(8)}"
    shown = kept is not None and kept.shown
    credentials = Credentials(password, secrets.token_urlsafe(32), emails, shown)
    write_credentials(data, credentials)
    return credentials


def write_credentials(data: Path, credentials: Credentials) -> None:
    """Keep the secrets where only their owner can read them."""
    replace_private(data / CREDENTIALS_FILE, json.dumps(asdict(credentials), indent=2) + "\n")


def read_credentials(data: Path) -> Credentials | None:
    """Read the secrets of this installation; None before there are any."""
    with contextlib.suppress(FileNotFoundError, ValueError, TypeError):
        return Credentials(**json.loads((data / CREDENTIALS_FILE).read_bytes()))
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
