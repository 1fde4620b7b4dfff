"""When Python looks for garbage.

What our processes make dies by reference count or lives as long as the connection it belongs to, so
a look finds little. But each passes over everything that was made since the last one and still
lives: with 10,000 sockets, which replace what they wait with at each frame, a look for every 5,000
objects stalled the edge for 10 to 24 ms every other second, and for 80 ms at each tenth.
"""

import gc
from typing import Final

LONG_LIVED: Final = (500, 1_000, 20)
"""Short looks at what is new, and rare ones at what has lived through one."""


def settle(thresholds: tuple[int, int, int]) -> None:
    """Take what was loaded until now for eternal, and look for garbage as `thresholds` say."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*thresholds)
