"""How many examples a property is tried with: a fifth of them, all in `make test-long`."""

import os


def examples(full: int) -> int:
    return full if os.environ.get("CHORUS_LONG") else max(10, full // 5)
