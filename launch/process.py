"""Become one process of Chorus: `python -m launch.process edge`.

Apart from the command line so that a process does not pay for importing that.
"""

import pkgutil
import sys

from chorus.settings import BadSettings
from launch.faults import LaunchError

# The entry point of each process; it reads its own environment and returns when told to stop.
PROCESSES = {
    "edge": "launch.edge:main",
    "gateway": "gateway.app:main",
    "api": "chat_service.app:main",
    "writer": "chat_service.writer:main",
    "conductor": "chat_service.conductor:main",
    "presence": "presence.app:main",
}


def run(name: str) -> None:
    """Run a process to its end.

    Raises:
        LaunchError: its settings do not fit.
    """
    try:
        pkgutil.resolve_name(PROCESSES[name])()
    except BadSettings as error:
        raise LaunchError(str(error)) from error


def main() -> None:
    try:
        run(sys.argv[1])
    except LaunchError as error:
        sys.exit(f"{sys.argv[1]}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
