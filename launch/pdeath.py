"""Drop privileges, ask the kernel for a signal at the parent's death, then become the command.

    python -I -S pdeath.py SIGNAL PARENT_PID UID|- GID|- COMMAND [ARGUMENT...]

Stands in for util-linux `setpriv` where that is missing. It runs by path in a bare interpreter
and imports nothing of ours: as another user our packages may be out of reach.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Replace this process; the order matters, since a change of user clears the death signal."""
    name, parent, uid, gid, *command = arguments
    if gid != "-":
        os.setgroups([])
        os.setgid(int(gid))
    if uid != "-":
        os.setuid(int(uid))
    if sys.platform == "linux":
        _die_with_parent(getattr(signal, f"SIG{name}"), int(parent))
    # A full path: searching one imports more of Python, which this user may not reach any more.
    os.execv(command[0], command)


def _die_with_parent(signum: int, parent: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signum, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    # The parent may have gone before the request was in place; then no signal would ever come.
    if os.getppid() != parent:
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
