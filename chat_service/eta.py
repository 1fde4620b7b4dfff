"""How long a waiting customer will probably wait. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median


@dataclass(frozen=True, slots=True)
class Service:
    """What a queue can do now. `handle_times_s`: recent sessions, from accept to resolve."""

    slots: int
    """Sessions its online agents can answer at once."""
    free_slots: int
    handle_times_s: Sequence[float]
    presence_known: bool = True


def expected_wait_s(position: int, service: Service) -> int | None:
    """Seconds until the session at `position` (1 is next) is probably answered.

    Sessions end one after the other, `slots` of them in the median handle time. None promises
    nothing: presence is unknown, nobody serves, or nothing is known of how long it takes.
    """
    if not service.presence_known or service.slots <= 0:
        return None
    ahead = position - max(0, service.free_slots)
    if ahead <= 0:
        return 0
    if not service.handle_times_s:
        return None
    return ceil(ahead * median(service.handle_times_s) / service.slots)


def longer(one_s: int | None, other_s: int | None) -> int | None:
    """The longer of two waits that both have to pass; None where one of them is not known."""
    return None if one_s is None or other_s is None else max(one_s, other_s)
