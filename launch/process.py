"""Become one process of Chorus: `python -m launch.process edge`.

Apart from the command line so that a process does not pay for importing that.
"""

import gc
import os
import pkgutil
import sys
from collections.abc import Callable

from launch.faults import LaunchError
from launch.known import refuse_bad_redis, refuse_unknown
from launch.starting import explained

# The entry point of each process; it reads its own environment and returns when told to stop.
PROCESSES = {
    "edge": "launch.edge:main",
    "gateway": "gateway.app:main",
    "api": "launch.api:main",
    "writer": "chat_service.writer:main",
    "conductor": "chat_service.conductor:main",
    "presence": "presence.app:main",
    "indexer": "summary_engine.ingest.worker:main",
    "worker": "summary_engine.worker:main",
    "bot": "bot.app:main",
}


def run(name: str) -> None:
    """Run a process to its end.

    Raises:
        LaunchError: something it needs is wrong or away.
    """
    with explained():
        refuse_unknown(os.environ)
        refuse_bad_redis(os.environ)
        # What the edge starts, for pictures, is another program at once: there is nothing to mend.
        os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
        _entry_of(name)()


def _entry_of(name: str) -> Callable[[], None]:
    """Import a process. What that makes lasts for ever: looking for garbage in it is in vain."""
    gc.disable()
    try:
        entry: Callable[[], None] = pkgutil.resolve_name(PROCESSES[name])
    finally:
        gc.freeze()
        gc.enable()
    return entry


def main() -> None:
    try:
        run(sys.argv[1])
    except LaunchError as error:
        sys.stderr.write(f"{sys.argv[1]}: {error}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
