"""Places where a test kills its own process: armed only by the environment of that process."""

import os
import signal
from collections import Counter

_armed: dict[str, int] = {}
_passed: Counter[str] = Counter()


def arm(spec: str) -> None:
    """Arm `name` or `name:n`, several with commas: the n-th time the process comes by it is killed."""
    for one in spec.split(","):
        name, _, nth = one.partition(":")
        if name:
            _armed[name] = int(nth or 1)


def due(name: str) -> bool:
    """Count a passage; say whether it is the deadly one."""
    if name not in _armed:
        return False
    _passed[name] += 1
    return _passed[name] == _armed[name]


def passing(name: str) -> None:
    """Die here if it is time, as `kill -9` would have it: nothing is cleaned up."""
    if due(name):
        die()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
