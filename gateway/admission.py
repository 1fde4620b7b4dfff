"""Who may open a socket at all: decided before accept, from an address and a clock reading.

Pure: no I/O, no clock, no task. Memory is bounded by the open sockets plus `addresses_max` quiet addresses.
"""

from collections import OrderedDict
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from math import ceil

from chorus.web import address_key, is_loopback

FULL_RETRY_S = 5
CROWDED_RETRY_S = 10


@dataclass(slots=True)
class Bucket:
    """A token bucket that starts full. `now_s` must never run backwards."""

    per_s: float
    burst: float
    tokens: float
    at_s: float

    def take(self, now_s: float) -> bool:
        """Take one token if there is one."""
        self.tokens = min(self.burst, self.tokens + (now_s - self.at_s) * self.per_s)
        self.at_s = now_s
        if self.tokens < 1.0:
            return False
        self.tokens -= 1.0
        return True

    def wait_s(self) -> float:
        """Tell how long after the last `take` the next one succeeds."""
        return max(0.0, (1.0 - self.tokens) / self.per_s)


def full_bucket(per_s: float, burst: float, now_s: float) -> Bucket:
    return Bucket(per_s=per_s, burst=burst, tokens=burst, at_s=now_s)


@dataclass(frozen=True, slots=True)
class AdmissionLimits:
    sockets: int = 20_000
    sockets_per_address: int = 200
    pending_per_address: int = 20
    handshakes_per_s: float = 1.0
    handshakes_burst: int = 30
    addresses_max: int = 50_000
    limit_loopback: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """An HTTP answer: 429 blames the address, 503 the server."""

    status: int
    retry_after_s: int
    reason: str


@dataclass(slots=True)
class _Visitor:
    bucket: Bucket
    pending: int = 0
    open: int = 0


@dataclass(slots=True)
class Ticket:
    """One admitted handshake. Call `opened` after accept and `gone` in a `finally`; both may be called twice."""

    _admission: "Admission"
    _key: str
    _stage: str = "pending"

    def opened(self) -> None:
        if self._stage == "pending":
            self._stage = "open"
            self._admission.count_opened(self._key)

    def gone(self, now_s: float) -> None:
        if self._stage != "gone":
            was_open, self._stage = self._stage == "open", "gone"
            self._admission.count_gone(self._key, was_open=was_open, now_s=now_s)


@dataclass(slots=True)
class Admission:
    """Counts sockets and handshakes; one per process, so limits per address hold per process."""

    limits: AdmissionLimits = field(default_factory=AdmissionLimits)
    draining: bool = False
    total: int = 0
    _busy: MutableMapping[str, _Visitor] = field(default_factory=dict)
    # Ordered by the moment of the last handshake or close, so the front is the one to forget first.
    _quiet: "OrderedDict[str, tuple[_Visitor, float]]" = field(default_factory=OrderedDict)

    def admit(self, address: str, now_s: float) -> Ticket | Refused:
        """Count one more handshake of `address` (see `client_address`), or say why not."""
        self._forget_quiet(now_s)
        if self.draining or self.total >= self.limits.sockets:
            return Refused(503, FULL_RETRY_S, "draining" if self.draining else "server full")
        key = address_key(address)
        visitor = self._visitor(key, now_s)
        refusal = None if self._exempt(address) else self._refusal(visitor, now_s)
        if refusal is not None:
            self._settle(key, visitor, now_s)
            return refusal
        visitor.pending += 1
        self.total += 1
        self._busy[key] = visitor
        return Ticket(self, key)

    @property
    def addresses(self) -> int:
        """How many addresses are remembered."""
        return len(self._busy) + len(self._quiet)

    def _exempt(self, address: str) -> bool:
        return not self.limits.limit_loopback and is_loopback(address)

    def _visitor(self, key: str, now_s: float) -> _Visitor:
        if key in self._busy:
            return self._busy[key]
        if key in self._quiet:
            return self._quiet.pop(key)[0]
        return _Visitor(
            full_bucket(self.limits.handshakes_per_s, self.limits.handshakes_burst, now_s)
        )

    def _refusal(self, visitor: _Visitor, now_s: float) -> Refused | None:
        if visitor.open + visitor.pending >= self.limits.sockets_per_address:
            return Refused(429, CROWDED_RETRY_S, "too many sockets from this address")
        if visitor.pending >= self.limits.pending_per_address:
            return Refused(429, 1, "too many unfinished handshakes from this address")
        if not visitor.bucket.take(now_s):
            return Refused(
                429, ceil(visitor.bucket.wait_s()), "too many handshakes from this address"
            )
        return None

    def count_opened(self, key: str) -> None:
        visitor = self._busy[key]
        visitor.pending -= 1
        visitor.open += 1

    def count_gone(self, key: str, *, was_open: bool, now_s: float) -> None:
        visitor = self._busy[key]
        visitor.open -= was_open
        visitor.pending -= not was_open
        self.total -= 1
        self._settle(key, visitor, now_s)

    def _settle(self, key: str, visitor: _Visitor, now_s: float) -> None:
        if visitor.open or visitor.pending:
            return
        self._busy.pop(key, None)
        self._quiet[key] = (visitor, now_s)

    def _forget_quiet(self, now_s: float) -> None:
        # A bucket left alone this long is full again, so forgetting it changes no answer.
        refill_s = self.limits.handshakes_burst / self.limits.handshakes_per_s
        while self._quiet:
            key, (_, since_s) = next(iter(self._quiet.items()))
            if now_s - since_s < refill_s and len(self._quiet) < self.limits.addresses_max:
                return
            del self._quiet[key]
